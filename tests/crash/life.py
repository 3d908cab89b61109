"""One store on a recorded disk: what is done with it, each thing said before and after."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from passbook.book.claim import BookClaim, BookPlace
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.record import Change, Record, Wrap
from spooler.orderly_end import leave_marks, take_marks
from storage.admission import Limits, Ticket
from storage.area import capacity
from storage.area.area import Area, AreaSettings
from storage.crypto.envelope import (
    SealedJob,
    new_data_key,
    open_document,
    open_plan,
    seal,
    sealed_size,
    unwrap_for_requester,
    wrap_for_requester,
)
from storage.crypto.keys import ApplianceKey
from storage.spool import Spool
from tests.crash.coverage import Deed, Doing, deeds_of
from tests.crash.log import Log
from tests.crash.model import Asked, Found, HistoryCut, Model, Moment, Refused, Told, ends_of
from tests.crash.recorder import Recorder
from tests.crash.states import Image
from tests.storage.store import make_record

AT: Final = "2026-03-02T09:30:00Z"
APPLIANCE: Final = "branch-17"
AREAS: Final = ("a", "b")
STEPS: Final = 3
TOP: Final = BookPlace(1, 1)
"""The place of the first line in the book of each job."""
OUTLINE: Final = tuple(StepOutline(StepKind.LINE, 1, line) for line in range(1, STEPS + 1))
KEYS: Final = {name: bytes([number]) * 32 for number, name in enumerate(("key-1", "key-2"), 1)}
LIMITS: Final = Limits(job_bytes=16 * 1024, jobs_per_requester=50)
SETTLED: Final = 0.5
"""How likely records are written after a boot before anything else is done."""
SMALL_LOG: Final = 0
"""Spare pages of the write-ahead log, so that it is full, and copied into the database, every few jobs."""
PLAN: Final = "plan of {}"
_KEY: Final = ApplianceKey(bytes(range(32)))


def settings(folder: Path) -> list[AreaSettings]:
    """The areas of a store; small, because each state of them is copied."""
    return [AreaSettings(name, folder / name, 4 << 20) for name in AREAS]


@contextmanager
def small_logs() -> Iterator[None]:
    """Write-ahead logs that are full soon."""
    with patch.object(capacity, "_LOG_FIXED_PAGES", SMALL_LOG):
        yield


def open_spool(
    folder: Path, *, rng: random.Random, vfs: str | None = None, reported: list[PassbookError] | None = None
) -> Spool:
    told = [] if reported is None else reported
    return Spool.open(
        settings(folder),
        _KEY,
        state=folder / "state",
        appliance=APPLIANCE,
        limits=LIMITS,
        rng=rng.randbytes,
        report=told.append,
        vfs=vfs,
    )


class Life:
    """A store from one boot or power cut to the next one, on a disk that had `image` on it before.

    Attributes:
        log: everything that happened to its disk.
        jobs: every job that has not ended, as the store said last.
        ended: every job that has, and of which something is kept, as the store said last.
        asked: the request of each job that was ever given to it.
        over: nothing more is recorded.
    """

    def __init__(self, folder: Path, number: int, image: Image) -> None:
        """`number` is that of no other life of this store."""
        self._folder = folder
        self._number = number
        self._random = random.Random(number)
        self._numbers = itertools.count(1)
        self._image = image
        self.log = Log()
        self._stack = ExitStack()
        self.over = False
        self.ended: dict[str, Record] = {}
        self.jobs: dict[str, Record] = {}
        self.asked: dict[str, tuple[str, str]] = {}

    def begin(self, known: Model) -> None:
        """Start on a new disk, or after a power cut."""
        put(self._image, self._folder)
        self.log.start_with(self._image.folders, self._image.files)
        recorder = Recorder(self._folder, self.log)
        self._stack.callback(recorder.unregister)
        self._stack.enter_context(small_logs())
        self._stack.enter_context(recorder.recorded())
        self._vfs = recorder.name
        self.asked = known.requests()
        with self._doing() as deeds:
            self._start(known.unended())
            deeds.add(Deed.RECOVER)

    def end(self) -> None:
        """Nothing more is recorded."""
        self._spool.close()
        self._stack.close()
        self.over = True

    @property
    def spool(self) -> Spool:
        return self._spool

    def _start(self, jobs: list[str]) -> None:
        """Power on; what the store then says of these jobs is what it was asked to make of them."""
        self.log.say(Moment.STARTING)
        self._spool = open_spool(self._folder, rng=self._random, vfs=self._vfs)
        reason = take_marks(one.path for one in settings(self._folder))
        self.log.say(Moment.STARTED)
        asked = [self._ask(job, decides=True) for job in jobs]
        report = self._spool.power_on(reason, AT)
        assert not report.failed
        assert not self._spool.problems
        for one in asked:
            one.result = self._record(one.job)
            self.log.say(Told(one))
        if self._random.random() < SETTLED:
            self._spool.upkeep.settle()
        self.jobs = {record.job_id: record for record in self._spool.records()}
        known = {job: self._record(job) for job in self.asked.keys() - self.jobs.keys()}
        self.ended = {job: record for job, record in known.items() if record is not None}

    def restart(self) -> None:
        """End in order, and start again."""
        with self._doing() as deeds:
            self._spool.close()
            self.log.say(Moment.ENDING)
            leave_marks(one.path for one in settings(self._folder))
            self.log.say(Moment.ENDED)
            self._start(list(self.jobs))
            deeds.add(Deed.RESTART)

    def accept(self, *sizes: int, priority: int = 50) -> list[str]:
        """Jobs with documents of these sizes, all at once; their ids."""
        with self._doing() as deeds:
            asked = [self._submit(self._new_request(), size, priority) for size in sizes]
            for one, future in asked:
                if self._finish(one, future):
                    deeds.add(Deed.ACCEPT)
        return [one.job for one, _ in asked]

    def check(self, size: int) -> None:
        """Look through all areas while a job is being accepted."""
        with self._doing() as deeds:
            one, future = self._submit(self._new_request(), size, 50)
            assert self._spool.verify() == []
            self._finish(one, future)
            deeds.add(Deed.CHECK)

    def checkpoint(self) -> None:
        """Have every area copy its log into the database and empty it, as when the log is full."""
        before = len(self.log.entries)
        with self._doing() as deeds, patch.object(Area, "fits", lambda _area, _cost: False):
            for area in self._spool._areas:
                # A transaction that changes nothing.
                area.submit(lambda _ledger: None, cost=lambda: 0, unknown=area.fenced_error()).exception()
            if len(self.log.entries) > before + 1:
                deeds.add(Deed.CHECKPOINT)

    def refuse(self, size: int) -> None:
        """Ask for something that the store cannot take."""
        request = ("teller-1", self._new_request())
        try:
            self._spool.reserve(*request, b"", size)
        except PassbookError:
            self.log.say(Refused(request))
            with self._doing() as deeds:
                deeds.add(Deed.REFUSE)
        else:
            raise AssertionError("it was not refused")

    def change(self, job: str, deed: Deed, change: Change) -> bool:
        """Whether the rule was followed; it may raise, and then nothing may change."""
        return self.change_all({job: (deed, change)})[job]

    def change_all(self, changes: dict[str, tuple[Deed, Change]]) -> dict[str, bool]:
        """One change of each of several jobs, all at once."""
        followed: dict[str, bool] = {}
        with self._doing() as deeds:
            asked = []
            for job, (deed, change) in changes.items():
                one = self._ask(job)
                asked.append((deed, one, self._spool.change(job, change, urgent=True)))
            for deed, one, future in asked:
                before = self.jobs.get(one.job) or self.ended.get(one.job)
                followed[one.job] = self._finish(one, future)
                if one.result is not None:
                    deeds.update(deeds_of(deed, before, one.result))
        return followed

    def forget(self) -> None:
        """Drop what is kept of jobs of whose end somebody took note."""
        noted = [name for name, record in self.ended.items() if record.acknowledged]
        with self._doing() as deeds:
            asked = [self._ask(name, forgets=True) for name in noted]
            assert self._spool.upkeep.forget_ended("9999", "", AT) >= len(noted)
            for one in asked:
                self.log.say(Told(one))
                del self.ended[one.job]
                deeds.add(Deed.FORGET)

    def upkeep(self, *, cut: bool) -> None:
        """Have the areas note how far the others are, and cut off the history."""
        before = len(self.log.entries)
        with self._doing() as deeds:
            self._spool.upkeep.note_heads()
            if len(self.log.entries) > before + 1:
                deeds.add(Deed.HEADS)
        if cut:
            self.log.say(HistoryCut())
            with self._doing() as deeds:
                if self._spool.upkeep.keep_history(AT, "9999"):
                    deeds.add(Deed.CUT_HISTORY)

    def rekeyed(self, job: str, name: str) -> list[Wrap]:
        """The wraps of a job for another key of its requester."""
        identity = self.jobs[job].identity()
        [wrap] = self._spool.job(job).wraps
        data_key = unwrap_for_requester(identity, wrap, KEYS[wrap.key_ref])
        return [wrap_for_requester(identity, data_key, KEYS[name], name, self._random.randbytes)]

    @contextmanager
    def _doing(self) -> Iterator[set[Deed]]:
        """What is done inside, for the log; whoever does it says what it came to."""
        doing = Doing()
        self.log.say(doing)
        yield doing.deeds
        self.log.say(doing)

    def _new_request(self) -> str:
        return f"request-{self._number}-{next(self._numbers)}"

    def _ask(self, job: str, *, decides: bool = False, forgets: bool = False) -> Asked:
        one = Asked(job, self.asked[job], decides, forgets)
        self.log.say(one)
        return one

    def _submit(self, request_id: str, size: int, priority: int) -> tuple[Asked, Future[Record]]:
        request = ("teller-1", request_id)
        ticket, record, sealed, wraps = prepare(self._spool, request, size, self._random, priority)
        self.asked[ticket.job_id] = request
        one = self._ask(ticket.job_id)
        return one, self._spool.accept(ticket, record, sealed, wraps)

    def _finish(self, one: Asked, future: Future[Record]) -> bool:
        """Say what came of it; PassbookErrors are refusals."""
        error = future.exception(timeout=60)
        if error is None:
            one.result = future.result()
            self.jobs.pop(one.job, None)
            (self.ended if one.result.ended else self.jobs)[one.job] = one.result
        elif not isinstance(error, PassbookError):
            raise error
        self.log.say(Told(one))
        return error is None

    def _record(self, job: str) -> Record | None:
        try:
            return self._spool.record(job)
        except PassbookError:
            return None


def prepare(
    spool: Spool, request: tuple[str, str], size: int, chance: random.Random, priority: int
) -> tuple[Ticket, Record, SealedJob, list[Wrap]]:
    """A job of which every byte can be told later from its request and the size of its document."""
    document, plan = document_of(request[1], size), PLAN.format(request[1]).encode()
    ticket = spool.reserve(*request, request[1].encode(), sealed_size(1, len(plan), size))
    assert isinstance(ticket, Ticket)
    day = {"business_date": AT[:10], "clock_trusted": True}
    book = BookClaim((book_of(request[1]),), ("cd" * 32,), TOP, TOP, BookPlace(1, STEPS + 1))
    record = make_record(ticket, steps=STEPS, outline=OUTLINE, priority=priority, book=book, **day)
    key = new_data_key(chance.randbytes)
    sealed = seal(record.identity(), key, attributes=b"-", plan=plan, document=document, rng=chance.randbytes)
    wrap = wrap_for_requester(record.identity(), key, KEYS["key-1"], "key-1", chance.randbytes)
    return ticket, record, sealed, [wrap]


def book_of(request_id: str) -> str:
    """Each job has a book of its own."""
    return hashlib.sha256(request_id.encode()).hexdigest()


def _lines_known(spool: Spool, record: Record) -> int:
    """How many lines the book of a job has, as the memory of books tells."""
    known = spool.books.known((book_of(record.request_id),))
    return 0 if known is None else known.row.place.line - 1


def document_of(request_id: str, size: int) -> bytes:
    return random.Random(request_id).randbytes(size)


def put(image: Image, folder: Path) -> None:
    """Make files of it, in a folder that is empty."""
    for name in image.folders:
        (folder / name).mkdir(mode=0o700)
    for name, data in image.files.items():
        (folder / name).write_bytes(data)


def look(folder: Path, asked: dict[str, tuple[str, str]]) -> Found:
    """Start as the appliance does on what lies in `folder`, and read all of it; the folder is changed by that."""
    problems: list[PassbookError] = []
    spool = open_spool(folder, rng=random.Random("look"), reported=problems)
    try:
        reason = take_marks(one.path for one in settings(folder))
        report = spool.power_on(reason, AT)
        problems += [*spool.verify(), *report.failed.values()]
        spool.upkeep.settle()
        jobs = {record.job_id: record for record in spool.records()}
        jobs |= {job: record for job in asked.keys() - jobs.keys() if (record := _ended(spool, job))}
        told = [(one.entry.kind, one.entry.record.job_id) for one in spool.history(last=100_000)]
        found = Found(
            problems=[],
            jobs=jobs,
            unreadable={job: why for job, record in jobs.items() if (why := _unreadable(spool, record))},
            ends=ends_of(told),
            requests={request: _known(spool, request) for request in asked.values()},
            reason=reason,
            lines={job: _lines_known(spool, record) for job, record in jobs.items()},
            next_job=spool.next_valid("pr-1"),
            next_sequence=_next_sequence(spool),
        )
        # All that was read above may have found something.
        found.problems += sorted({str(problem) for problem in problems})
        return found
    finally:
        spool.close()


def _ended(spool: Spool, job: str) -> Record | None:
    try:
        return spool.record(job)
    except PassbookError:
        return None


def _unreadable(spool: Spool, record: Record) -> str:
    """Why the content of an unfinished job is not what was given; empty when it is."""
    if record.ended:
        return ""
    try:
        sealed, wraps = spool.sealed(spool.job(record.job_id)), spool.job(record.job_id).wraps
        identity = record.identity()
        [wrap] = [wrap for wrap in wraps if wrap.key_ref == record.key_ref]
        key = unwrap_for_requester(identity, wrap, KEYS[wrap.key_ref])
        document = open_document(identity, sealed, key)
        plan = open_plan(identity, sealed, key)
    except (PassbookError, ValueError) as error:
        return str(error) or type(error).__name__
    given = (PLAN.format(record.request_id).encode(), document_of(record.request_id, len(document)))
    return "" if (plan, document) == given else "it is another job's"


def _known(spool: Spool, request: tuple[str, str]) -> str:
    """The job that this request became before."""
    try:
        known = spool.reserve(*request, request[1].encode(), 100)
    except PassbookError as error:
        return error.code
    if isinstance(known, Record):
        return known.job_id
    spool.release(known)
    return ""


def _next_sequence(spool: Spool) -> int:
    try:
        ticket = spool.reserve("nobody", "next", b"", 100)
    except PassbookError:
        return 0
    assert isinstance(ticket, Ticket)
    spool.release(ticket)
    return ticket.sequence
