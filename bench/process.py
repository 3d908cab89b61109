"""Processor time and memory of processes, by the figures of the kernel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time that all threads of a process took so far."""
    # Behind the name, which may hold any text: proc(5), fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Memory(NamedTuple):
    """Memory of one process in KiB.

    Attributes:
        resident: RSS.
        proportional: PSS: counts pages of several processes in parts.
    """

    resident: int
    proportional: int


def memory(pid: int) -> Memory:
    """The present memory of a process."""
    sizes = dict.fromkeys(("Rss", "Pss"), 0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in sizes:
            sizes[name] = int(rest.split()[0])
    return Memory(sizes["Rss"], sizes["Pss"])
