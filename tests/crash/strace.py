"""System calls of a running process that fail, or are slow, as strace can make them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.needed import need

TRACED = ("-m", "tests.crash.traced")
"""The appliance under strace from its first call on; behind it: the call, what happens to it, and the file."""


def need_strace() -> None:
    """Skip where no process can be traced."""
    need("strace")
    probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"this machine lets no process be traced: {probe.stderr.strip()}")


def command(call: str, what: str, path: Path) -> list[str]:
    """strace, making `what` (`error=EIO:when=3`) of a call on this file."""
    quiet = ["-f", "-qq", "-o", "/dev/null"]
    return ["strace", *quiet, "-P", str(path), "-e", f"trace={call}", "-e", f"inject={call}:{what}"]


@contextmanager
def injected(pid: int, call: str, what: str, path: Path) -> Iterator[None]:
    """While this lasts, it happens to the calls of a running process."""
    with subprocess.Popen([*command(call, what, path), "-p", str(pid)]) as tracer:
        while not all(_tracer_of(task) in {None, tracer.pid} for task in Path(f"/proc/{pid}/task").iterdir()):
            assert tracer.poll() is None, "strace could not attach"
            os.sched_yield()
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)


def _tracer_of(task: Path) -> int | None:
    """Who traces a thread; None for one that has ended meanwhile."""
    try:
        lines = (task / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(next(line for line in lines if line.startswith("TracerPid:")).split()[1])
