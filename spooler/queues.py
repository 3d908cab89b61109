"""Which jobs print before which, and why each of them waits; lives in the event loop.

All of it is in memory: every job that may print was accepted or answered in this boot, and told here as news.  A
place is found by bisection, so that a list of all jobs costs no more than its length.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from contextlib import suppress
from typing import Final, NamedTuple

from passbook.book.holding import book_job
from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from passbook.job.waiting import QueuePlace, Waiting, waiting_for_turn, waiting_of
from passbook.protocol.events import JOB
from passbook.protocol.media import Device, MechanismStatus
from passbook.protocol.messages import JobView, view_of
from spooler.hub import Hub
from storage import Spool

TOLD_WHY: Final = 50
"""Jobs of one printer that are told at once of a new reason; the others say it when they are asked."""
TOLD_PLACE: Final = 8
"""Jobs of one printer that are told at once that fewer, or more, print before them."""

_Key = tuple[int, int, str]


class _Known(NamedTuple):
    """A job that may print: its printer, its requester, its place among others, and whether it waits for its turn."""

    printer: str
    requester: str
    key: _Key
    waits: bool


class _Queue:
    """The jobs of one printer that may print."""

    def __init__(self) -> None:
        self.keys: list[_Key] = []
        self.working: set[str] = set()
        self.requesters: Counter[str] = Counter()
        self.book_left = False
        self.not_ready: str | None = None

    def place(self, before: int) -> QueuePlace:
        """The place of a job that so many others precede; the one that prints now goes before all."""
        return QueuePlace(before + len(self.working), self.book_left, self.not_ready)


class Queues:
    """The queues of all printers."""

    def __init__(self, hub: Hub, spool: Spool) -> None:
        self._hub = hub
        self._spool = spool
        self._queues: dict[str, _Queue] = {}
        self._known: dict[str, _Known] = {}
        self._told: dict[str, Waiting] = {}
        self._short: dict[str, str] = {}

    def waiting(self, printer: str) -> list[str]:
        """The jobs that wait for their turn at a printer, the next one first."""
        return [job for _, _, job in self._queues[printer].keys] if printer in self._queues else []

    def short_of_forms(self, printer: str) -> list[str]:
        """The jobs that wait for sheets of their form at a printer."""
        return [job for job, where in self._short.items() if where == printer]

    def view(self, record: Record) -> JobView:
        """The job with why it waits."""
        return view_of(record, waiting_of(record, self._place(record)))

    def note(self, record: Record) -> JobView:
        """A job changed; its view, which its requester is told."""
        self.drop(record.job_id)
        waits = record.state is JobState.PENDING
        if record.valid and not record.ended:
            queue = self._queue(record.printer)
            key = _key(record)
            self._known[record.job_id] = _Known(record.printer, record.requester, key, waits)
            if waits and Reason.MEDIA_EMPTY in record.reasons:
                self._short[record.job_id] = record.printer
            if waits:
                insort(queue.keys, key)
                queue.requesters[record.requester] += 1
            else:
                queue.working.add(record.job_id)
        view = self.view(record)
        if record.valid and waits:
            self._told[record.job_id] = waiting_for_turn(self._place(record))
        return view

    def drop(self, job: str) -> None:
        """A job prints no more, or was set aside."""
        self._told.pop(job, None)
        self._short.pop(job, None)
        known = self._known.pop(job, None)
        if known is None:
            return
        queue = self._queue(known.printer)
        queue.working.discard(job)
        if known.waits:
            del queue.keys[bisect_left(queue.keys, known.key)]
            queue.requesters -= Counter([known.requester])

    def requesters(self, printer: str) -> frozenset[str]:
        """Who has a job that waits for its turn there."""
        return frozenset(self._queue(printer).requesters)

    def note_book(self, printer: str, *, left: bool) -> None:
        """People are asked to take a book out there, or not any more."""
        self._queue(printer).book_left = left
        self.retell(printer)

    def note_status(self, printer: str, status: MechanismStatus) -> None:
        """A mechanism said something of itself."""
        reason = status.conditions[0] if status.conditions else ""
        self._queue(printer).not_ready = None if status.device in {Device.ONLINE, Device.BUSY} else reason
        self.retell(printer)

    def retell(self, printer: str) -> None:
        """Tell requesters why their jobs wait, where that changed: the reason to the first, the place to fewer."""
        queue = self._queue(printer)
        for place, (_, _, job) in enumerate(queue.keys[:TOLD_WHY]):
            # Only for what has changed is the disk looked at.
            told, now = self._told[job], waiting_for_turn(queue.place(place))
            if (told.why, told.reason) != (now.why, now.reason) or (told != now and place < TOLD_PLACE):
                self.tell_why(job)

    def tell_why(self, job: str) -> None:
        """Tell the requester of a job that may print why it waits."""
        # A job that cannot be read is told of by its storage, and one that has begun meanwhile by its desk.
        with suppress(PassbookError):
            record = self._spool.record(job)
            if record.valid and record.state is JobState.PENDING:
                self._told[job] = waiting_for_turn(self._place(record))
                self._hub.tell(record.requester, JOB, self.view(record), representatives=False)

    def _place(self, record: Record) -> QueuePlace:
        queue = self._queue(record.printer)
        place = queue.place(bisect_left(queue.keys, _key(record)))
        job = book_job(record) if record.state is JobState.PENDING else None
        return place if job is None else place._replace(same_book=self._spool.books.holder(record, job))

    def _queue(self, printer: str) -> _Queue:
        return self._queues.setdefault(printer, _Queue())


def _key(record: Record) -> _Key:
    return -record.priority, record.sequence, record.job_id
