"""Acceptance and bare commits on a disk with the slow flushes of flash."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.acceptance import accept
from bench.bare_commit import commits
from bench.branch import measured
from bench.load import JOB_BYTES
from bench.report import Bound, Figure, Reach, Results, say
from bench.slow_disk import NAME, SlowDisk

FLUSHES: Final = (5, 20)
"""The milliseconds that a flush takes more; the second value is that of an SD card."""
TERMINALS: Final = 64
ROUNDS: Final = 3
SECONDS: Final = 3.0


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure on slow flash; see bench.report."""
    terminals, rounds, seconds = (2, 1, 0.3) if quick else (TERMINALS, ROUNDS, SECONDS)
    figures: list[Figure] = []
    for flush in FLUSHES:
        say(f"  {flush} ms")
        figures += _figures(folder, flush, terminals, rounds, seconds)
    return Results("Acceptance on slow flash", tuple(figures), notes=_NOTES)


def _figures(folder: Path, flush: int, terminals: int, rounds: int, seconds: float) -> Iterator[Figure]:
    bare, jobs = [], []
    disk = SlowDisk(flush / 1000)
    program = ("-m", "bench.slow_appliance", str(flush / 1000))
    with measured(folder / f"w{flush}", terminals, program) as (world, homes):
        for _ in range(rounds):
            bare.append(commits(folder, group=terminals, row_bytes=JOB_BYTES, seconds=seconds / 2, vfs=NAME))
            jobs.append(accept(world, homes, seconds))
    disk.unregister()
    ratio = statistics.median(job.rate / one.rate for job, one in zip(jobs, bare, strict=True))
    what = f"flushes of {flush} ms"
    yield Figure(f"{what}: bare commits of {terminals} rows: rows", statistics.median(one.rate for one in bare), "/s")
    reach = Reach(Bound.LEAST, 0.5)
    rate = statistics.median(one.rate for one in jobs)
    yield Figure(f"{what}: acceptance, {terminals} terminals: jobs", rate, "/s", "these commits", ratio, reach)
    median = statistics.median(one.median for one in jobs)
    yield Figure(f"{what}: acceptance, {terminals} terminals: median", median * 1000, "ms")


_NOTES: Final = (
    "An apsw VFS below both sleeps after each flush (`bench/slow_disk.py`); the product has no option for that.",
)
