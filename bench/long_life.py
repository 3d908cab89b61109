"""A month of work in minutes: growth, and bytes written to the disk for each job."""

from __future__ import annotations

import datetime as dt
import functools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from bench.counting_disk import NAME, CountingDisk
from bench.filling import DOCUMENT_BYTES, LINES, PRINTER, accept, open_store
from bench.process import memory
from bench.report import Bound, Curve, Figure, Line, Reach, Results, say
from passbook.job import changes
from passbook.job.record import Change, Record
from passbook.job.states import Reason
from storage import Spool
from storage.tables import schema

DAYS: Final = 30
JOBS: Final = 150
"""Each day."""
KEPT_DAYS: Final = 7
"""Days for which history and ends are kept, so that the month reaches a steady state."""
UNANSWERED: Final = 10
"""One of this many jobs is still open at the end of the day: a restart makes a question of it, and it expires."""
QUOTA: Final = 256 << 20
FLAT: Final = Reach(Bound.MOST, 1.1)
_FIRST: Final = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


T = TypeVar("T")


@dataclass
class Day:
    """The sizes after one day in bytes, and its times in seconds."""

    database: int = 0
    log: int = 0
    resident: int = 0
    written: int = 0
    accepting: list[float] = field(default_factory=list)
    stepping: list[float] = field(default_factory=list)
    selecting: list[float] = field(default_factory=list)


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure a month of work; see bench.report."""
    days, jobs = (4 * KEPT_DAYS, 3) if quick else (DAYS, JOBS)
    disk = CountingDisk()
    once = _written_for_one(folder / "one", disk)
    say(f"  {days} days of {jobs} jobs")
    month = list(live(folder / "month", disk, days, jobs))
    disk.unregister()
    return Results("A month of work", (*_written(month, once, jobs), *_growth(month)), _curves(month), _NOTES)


def live(folder: Path, disk: CountingDisk, days: int, jobs: int) -> Iterator[Day]:
    """Each day begins with a start and ends with the removal of old jobs and entries."""
    for number in range(days):
        today = _FIRST + dt.timedelta(days=number)
        spool = open_store(folder, quota=QUOTA, vfs=NAME)
        before = disk.written
        spool.power_on(Reason.RESTART, _stamp(today))
        spool.upkeep.settle()
        for record in list(spool.questions()):
            _change(spool, record, changes.expire(record.epoch, _stamp(today)[:10], _stamp(today)))
        day = Day()
        for job in range(jobs):
            _work(spool, day, _stamp(today), unanswered=job % UNANSWERED == 0)
            # A log grows until it is copied, so only its largest size is a figure.
            day.log = max(day.log, _bytes(folder, f"{schema.DATABASE}-wal"))
        for ended in spool.notices.oldest(limit=2 * jobs):
            _change(spool, ended.record, changes.acknowledge("teller", _stamp(today)))
        old = _stamp(today - dt.timedelta(days=KEPT_DAYS))
        spool.upkeep.forget_ended(old, old, old)
        spool.upkeep.keep_history(_stamp(today), old)
        day.resident = memory(os.getpid()).resident * 1024
        spool.close()
        day.written = disk.written - before
        day.database = _bytes(folder, schema.DATABASE)
        yield day


def _work(spool: Spool, day: Day, at: str, *, unanswered: bool) -> None:
    """Do one job to its end."""
    accepted = _timed(day.accepting, lambda: accept(spool, "teller").result())
    if unanswered:
        _change(spool, accepted, changes.hold(at, "teller", "Ms Okafor"))
        return
    record = _timed(day.selecting, lambda: spool.next_valid(PRINTER))
    if record is None:
        raise RuntimeError("there is no next job")
    _change(spool, record, changes.start(at, 1))
    for step in range(LINES + 1):
        _timed(day.stepping, functools.partial(_change, spool, record, changes.journal(step, step + 1)))
    _change(spool, record, changes.finish_job(at))


def _written_for_one(folder: Path, disk: CountingDisk) -> tuple[float, float]:
    """Bytes and flushes to accept one job, with its part of copying the log."""
    jobs = 200
    spool = open_store(folder, quota=QUOTA, vfs=NAME)
    spool.power_on(Reason.RESTART, _stamp(_FIRST))
    written, syncs = disk.written, disk.syncs
    for _ in range(jobs):
        accept(spool, "teller").result()
    syncs = disk.syncs - syncs
    spool.close()
    return (disk.written - written) / jobs, syncs / jobs


def _written(month: list[Day], once: tuple[float, float], jobs: int) -> tuple[Figure, ...]:
    steady = statistics.mean(day.written for day in month[KEPT_DAYS:]) / jobs
    each = [
        ("written to accept a job", once[0]),
        (f"written for the whole life of a job of {LINES} lines", steady),
    ]
    amplified = [Figure(f"{what}, times its {DOCUMENT_BYTES} bytes", size / DOCUMENT_BYTES, "") for what, size in each]
    return (
        *(Figure(what, size / 1024, "KiB") for what, size in each),
        *amplified,
        Figure("flushes to accept a job", once[1], ""),
    )


def _growth(month: list[Day]) -> tuple[Figure, ...]:
    """The last week of the month beside the first week with removals."""
    early, late = month[KEPT_DAYS + 1 : 2 * KEPT_DAYS + 1], month[-KEPT_DAYS:]
    named: dict[str, tuple[str, float, Callable[[Day], float]]] = {
        "databases": ("MiB", 2**20, lambda day: day.database),
        "largest logs": ("MiB", 2**20, lambda day: day.log),
        "resident memory": ("MiB", 2**20, lambda day: day.resident),
        "accept a job": ("ms", 0.001, lambda day: statistics.median(day.accepting)),
        "a step": ("ms", 0.001, lambda day: statistics.median(day.stepping)),
        "find the next job": ("ms", 0.001, lambda day: statistics.median(day.selecting)),
    }
    figures = []
    for what, (unit, size, of) in named.items():
        before, after = (statistics.median(of(day) for day in days) for days in (early, late))
        ratio = after / before if before else None
        figures.append(Figure(f"{what}, last week", after / size, unit, "second week", ratio, FLAT))
    return tuple(figures)


def _curves(month: list[Day]) -> tuple[Curve, ...]:
    def line(name: str, of: Callable[[Day], float]) -> Line:
        return Line(name, tuple((number, of(day)) for number, day in enumerate(month, 1)))

    sizes = (
        line("databases", lambda day: day.database / 2**20),
        line("largest logs", lambda day: day.log / 2**20),
        line("resident", lambda day: day.resident / 2**20),
    )
    times = (
        line("accept a job", lambda day: statistics.median(day.accepting) * 1000),
        line("a step", lambda day: statistics.median(day.stepping) * 1000),
        line("find the next job", lambda day: statistics.median(day.selecting) * 1000),
    )
    return (
        Curve("long-life-sizes", "Sizes over a month of work", "day", "MiB", sizes),
        Curve("long-life-times", "Times over a month of work", "day", "ms", times),
    )


def _timed(seconds: list[float], work: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = work()
    seconds.append(time.perf_counter() - began)
    return result


def _change(spool: Spool, record: Record, change: Change) -> Record:
    return spool.change(record.job_id, change).result()


def _bytes(folder: Path, name: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"*/{name}"))


def _stamp(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


_NOTES: Final = (
    (
        f"{DAYS} days with simulated dates, {JOBS} jobs of {DOCUMENT_BYTES} bytes and {LINES} lines each, one after "
        f"the other, through the store alone; every day one boot, and what is older than {KEPT_DAYS} days goes. One "
        f"of {UNANSWERED} jobs is held, asked about and expires on the next day. Written is all that SQLite writes "
        "into databases and logs; each step is a flush of its own, and a page is 4 KiB."
    ),
)
