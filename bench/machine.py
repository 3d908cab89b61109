"""The machine of the figures."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Final

import apsw

SYNCS: Final = 200


def describe(folder: Path) -> str:
    """One paragraph: processor, memory, system, versions, the file system of `folder` and its time for a sync."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB, {_system()}, kernel {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}; file system {_file_system(folder)}, "
        f"on which 4 KiB and fdatasync take {_sync_time(folder) * 1000:.2f} ms; load before the run {load:.1f}. "
        f"Measured {time.strftime('%Y-%m-%d')}."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def _file_system(folder: Path) -> str:
    """The type of the mount of `folder`: the one with the longest matching path."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    below = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(below)[1]


def _sync_time(folder: Path) -> float:
    """Median seconds of one appended block with fdatasync."""
    times = []
    path = folder / "sync"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(SYNCS):
            began = time.perf_counter()
            os.write(descriptor, bytes(4096))
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return sorted(times)[SYNCS // 2]
