"""How many SQL statements and calls of Python functions one thing takes, with two areas; counts, not times."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

import apsw
from msgspec.structs import replace

from bench.filling import AT, DATA_KEY, PRINTER, open_store, prepared
from bench.report import Bound, Figure, Reach, Results
from firmware.config.configuration import RecoveryConfig
from firmware.people.questions import Questions
from passbook.book.claim import BookClaim, BookPlace
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.record import Record, Verdict
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.messages import AnswerQuestion, view_of
from spooler.clock import ClockTrust
from spooler.data_keys import DataKeys
from spooler.hub import Hub
from spooler.jobs import Jobs
from spooler.news import JobChanged, News
from storage import ApplianceKey

QUOTA: Final = 64 * 2**20
TELLER: Final = Actor.of_terminal("teller-1", representative=False, serial=1)
MOST: Final = {
    "acceptance": 12,
    "acceptance for a known book": 12,
    "journaled step": 10,
    "stop": 9,
    "stop in a known book": 10,
    "question": 6,
    "answer": 16,
}
"""SQL statements that each may take; a known book costs none at the acceptance, and one at a stop."""
BOOK: Final = BookClaim(("ab" * 32,), ("cd" * 32,), BookPlace(1, 1), BookPlace(1, 1), BookPlace(1, 21))


@dataclass(slots=True)
class Count:
    """What was counted of one thing.

    Attributes:
        statements: the SQL, in the order in which it was run; those of a transaction's frame count too.
        calls: of Python functions, in the thread that asks and in that of the area's writer.
    """

    statements: list[str] = field(default_factory=list)
    calls: int = 0


class Counter:
    """Counts in every thread and on every connection that begins while it is in use."""

    def __init__(self) -> None:
        self._count: Count | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Watch what is made inside."""
        apsw.connection_hooks.append(self._watch)
        threading.setprofile(self._called)
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            apsw.connection_hooks.remove(self._watch)

    @contextmanager
    def counting(self) -> Iterator[Count]:
        """Count what is done inside; all of it is done when that ends."""
        self._count = count = Count()
        try:
            yield count
        finally:
            self._count = None

    def _watch(self, connection: apsw.Connection) -> None:
        connection.exec_trace = self._executed

    def _executed(self, _cursor: object, sql: str, _bindings: object) -> bool:
        if self._count is not None:
            self._count.statements.append(sql)
        return True

    def _called(self, _frame: FrameType, event: str, _argument: object) -> None:
        if self._count is not None and event == "call":
            self._count.calls += 1


class _Clock:
    """A clock that stands."""

    def now(self) -> dt.datetime:
        return dt.datetime.fromisoformat(AT)

    def monotonic(self) -> float:
        return 1.0

    def trusted(self) -> bool:
        return True

    def standing(self) -> ClockTrust:
        return ClockTrust.SYNCHRONIZED

    def business_date(self) -> str:
        return AT[:10]

    def business_day_left(self) -> float:
        return 3600.0

    def for_certificates(self) -> dt.datetime:
        return self.now()


class _Ear:
    """A connection of the requester."""

    def __init__(self) -> None:
        self.actor = TELLER

    def post(self, name: str, payload: Any) -> None:
        """Nothing is sent."""

    def close(self, code: str) -> None:
        """Nothing is open."""


def counted(folder: Path) -> dict[str, Count]:
    """What an acceptance, a journaled step, a stop, a question and an answer take, in a new store of two areas."""
    counter = Counter()
    with counter.in_use():
        spool = open_store(folder, quota=QUOTA)
        spool.power_on(Reason.RESTART, AT)
        hub = Hub()
        asked: list[Questions] = []

        def hear(news: News) -> None:
            if isinstance(news, JobChanged) and asked:
                asked[0].note(news.record, was_asked=news.was_asked)

        jobs = Jobs(spool, DataKeys(), hear)
        hub.join(_Ear())
        try:
            return asyncio.run(_all(counter, jobs, hub, asked))
        finally:
            spool.close()


async def _all(counter: Counter, jobs: Jobs, hub: Hub, asked: list[Questions]) -> dict[str, Count]:
    found: dict[str, Count] = {}
    for _ in range(4):
        _accept(jobs)
    with counter.counting() as found["acceptance for a known book"]:
        update = _accept(jobs, BOOK).job_id
    with counter.counting() as found["acceptance"]:
        job = _accept(jobs).job_id
    for one in (update, job):
        for change in (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2)):
            jobs.change(one, change).result()
    with counter.counting() as found["journaled step"]:
        jobs.journal(job, 2, 3)
    stop = changes.stop(Reason.SILENT, Media.UNKNOWN, AT)
    with counter.counting() as found["stop in a known book"]:
        jobs.change(update, stop).result()
    with counter.counting() as found["stop"]:
        stopped = jobs.change(job, stop).result()
    questions = _questions(jobs, hub)
    asked.append(questions)
    with counter.counting() as found["question"]:
        questions.note(stopped)
    answer = AnswerQuestion(job, stopped.epoch, Verdict.RESUME, "Ann", step=3, in_doubt=3, key=DATA_KEY)
    with counter.counting() as found["answer"]:
        await questions.answer(TELLER, answer)
    return found


def _accept(jobs: Jobs, book: BookClaim | None = None) -> Record:
    """One job, from its reservation on; what seals it reads no store."""
    ticket, record, sealed, wraps = prepared(jobs.spool, TELLER.name)
    return jobs.accept(ticket, replace(record, book=book), sealed, wraps, DATA_KEY).result()


def _questions(jobs: Jobs, hub: Hub) -> Questions:
    return Questions(
        jobs,
        hub,
        RecoveryConfig(),
        ApplianceKey(bytes(32)),
        printers=[PRINTER],
        view=view_of,
        clock=_Clock(),
        rng=secrets.token_bytes,
    )


def measure(folder: Path, *, quick: bool) -> Results:  # noqa: ARG001  # a count takes no longer where more is wanted
    """Count once: it comes out the same each time."""
    figures = []
    for name, count in counted(folder).items():
        reach = Reach(Bound.MOST, MOST[name])
        figures.append(Figure(f"SQL statements of one {name}", len(count.statements), "", reach=reach))
        figures.append(Figure(f"calls of Python functions of one {name}", count.calls, ""))
    return Results("Statements and calls", tuple(figures), (), _NOTES)


_NOTES: Final = (
    (
        "Counted with two areas, in the thread that asks and in the writer's. The frame of a transaction (BEGIN, "
        "COMMIT) and the look at the pages in use count as statements. An acceptance is counted from the reservation "
        "on, with what seals the document among its calls. A step confirms a line and journals the next. A question "
        "is put to a connected requester. An answer brings its requester's key, and closes the question."
    ),
)
