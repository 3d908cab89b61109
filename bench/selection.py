"""The cost of accepting one job and of finding the next one, by the number of pending jobs."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.filling import AT, DOCUMENT_BYTES, PRINTER, accept, fill, open_store
from bench.report import Bound, Curve, Figure, Line, Reach, Results, say
from passbook.job.states import Reason
from storage import Spool

SIZES: Final = (100, 1_000, 10_000, 100_000, 1_000_000)
ROUNDS: Final = 500
"""Repetitions of each operation at each size."""
SMALL: Final = 64
"""Bytes of the jobs that only wait: only their number could cost time."""
QUOTA: Final = 1 << 40
TIMES: Final = Reach(Bound.MOST, 1.2)

Points = list[tuple[float, float]]


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure by pending jobs; see bench.report."""
    sizes, rounds = ((20, 60), 5) if quick else (SIZES, ROUNDS)
    accepting: Points = []
    working: Points = []
    selecting: Points = []
    spool = open_store(folder, quota=QUOTA)
    spool.power_on(Reason.RESTART, AT)
    there = 0
    for size in sizes:
        say(f"  {size} pending jobs")
        fill(spool, size - there, document_bytes=SMALL, first=there)
        worked = time.process_time()
        accepting.append((size, _median(functools.partial(_accept, spool, f"teller-at-{size}"), rounds)))
        working.append((size, (time.process_time() - worked) / rounds))
        selecting.append((size, _median(lambda: spool.next_valid(PRINTER), rounds)))
        there = size + rounds
    spool.close()
    named = {"accept a job": accepting, "accept a job: processor": working, "find the next job": selecting}
    figures = tuple(figure for name, points in named.items() for figure in _figures(name, points))
    lines = tuple(Line(name, tuple((x, y * 1000) for x, y in points)) for name, points in named.items())
    curve = Curve("selection", "Accepting and finding a job by jobs pending", "pending jobs", "ms", lines, True)
    return Results("Many pending jobs", figures, (curve,), _NOTES)


def _accept(spool: Spool, requester: str) -> None:
    accept(spool, requester).result()


def _median(work: Callable[[], object], rounds: int) -> float:
    """The seconds of one call."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _figures(name: str, points: Points) -> tuple[Figure, ...]:
    (few, before), (many, after) = points[0], points[-1]
    return (
        Figure(f"{name}: {few:.0f} pending", before * 1000, "ms"),
        Figure(f"{name}: {many:.0f} pending", after * 1000, "ms", f"{few:.0f} pending", after / before, TIMES),
    )


_NOTES: Final = (
    (
        f"Jobs of {DOCUMENT_BYTES} bytes in two areas, straight into the store; one is accepted after the other, so "
        "each waits for a flush of its own. Values are medians; `processor` is the mean of what all threads took."
    ),
)
