"""Expiries: open questions of an earlier business day that were put to people and not answered end here (F4, N4).

The rule of expiry is in passbook/job/expiry.py, and the store applies it inside its transaction. Memory has only
the questions that were put to a terminal since the boot. It counts their time from the moment when they were put and
their day was over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.expiry import Day, day_of, redate
from passbook.job.record import Change, Record, Verdict
from passbook.job.states import Reason
from spooler.clock import Clock, stamp
from spooler.jobs import Jobs
from spooler.logs import Log

_LOG: Final = Log("expiry")

CLOCK_LOOK: Final = 60.0
"""Seconds between two looks at most: wall time may jump without a sign."""
RECORD_LOOK: Final = 1.0
"""Seconds until the next look at most while the record of a watched question could not be read."""
WATCHED: Final = 10_000
"""The most questions watched at a time; others are watched when they are put again and there is room."""


@dataclass(slots=True)
class _Question:
    """One open question that was put.

    Attributes:
        day: its business day; None until look() has read its record.
        since: the monotonic second since which it was put and its day was over.
    """

    epoch: int
    day: Day | None = None
    since: float | None = None


class Expiries:
    """Lives in the event loop; `grace` is the seconds for an answer after the question was put and its day is over."""

    def __init__(self, jobs: Jobs, clock: Clock, grace: float) -> None:
        self._jobs = jobs
        self._clock = clock
        self._grace = grace
        self._questions: dict[str, _Question] = {}
        self._trusted: bool | None = None
        self._changed = asyncio.Event()

    def note(self, record: Record) -> None:
        """A record changed: a question may have changed or closed, and a person who answers `hold` was asked."""
        job, given = record.job_id, record.answered
        known = self._questions.pop(job, None)
        if _may_expire(record):
            held = given is not None and given.verdict is Verdict.HOLD and given.epoch == record.epoch
            if known is not None and known.epoch == record.epoch:
                self._questions[job] = known
                known.day = day_of(record)
            elif held:
                self._watch(job, record.epoch)
        if known is not None:
            self._changed.set()

    def note_put(self, job: str, epoch: int) -> None:
        """The question of that epoch was put to a connected requester or representative."""
        known = self._questions.get(job)
        if known is None or known.epoch != epoch:
            self._watch(job, epoch)

    def _watch(self, job: str, epoch: int) -> None:
        if len(self._questions) < WATCHED:
            self._questions[job] = _Question(epoch)
            self._changed.set()

    def wake(self) -> None:
        """An operator gave a word about the clock."""
        self._changed.set()

    async def run(self) -> None:
        """End questions in time, until cancelled."""
        while True:
            self._changed.clear()
            delay = await self.look()
            try:
                await asyncio.wait_for(self._changed.wait(), delay)
            except TimeoutError:
                continue

    async def look(self) -> float:
        """Re-date questions without a credible date, end those that are over; return seconds until the next look."""
        now, today, trusted = self._clock.monotonic(), self._clock.business_date(), self._clock.trusted()
        self._note_trust(trusted=trusted)
        await self._look_at_new()
        left = min(CLOCK_LOOK, self._clock.business_day_left())
        for job, question in list(self._questions.items()):
            if not trusted or question.day is None or not question.day.is_past(today):
                question.since = None
                if question.day is None:
                    left = min(left, RECORD_LOOK)
                if trusted and question.day is not None and not question.day.is_believed(today):
                    await self._change(job, redate(today))
                continue
            question.since = now if question.since is None else question.since
            wait = question.since + self._grace - now
            if wait > 0:
                left = min(left, wait)
            else:
                await self._change(job, changes.expire(question.epoch, today, stamp(self._clock)))
        return left

    async def _look_at_new(self) -> None:
        """Learn the days of the questions that were put since the last look."""
        new = [job for job, question in self._questions.items() if question.day is None]
        for record in await asyncio.to_thread(self._records, new):
            question = self._questions.get(record.job_id)
            if question is not None and not _may_expire(record):
                del self._questions[record.job_id]
            elif question is not None and question.epoch == record.epoch:
                question.day = day_of(record)

    def _records(self, jobs: Sequence[str]) -> list[Record]:
        """The records that can be read now."""
        found: list[Record] = []
        for job in jobs:
            with suppress(PassbookError):
                found.append(self._jobs.spool.record(job))
        return found

    async def _change(self, job: str, change: Change) -> None:
        """Apply a change; a question whose storage fails is left to the next boot."""
        try:
            changed = await asyncio.wrap_future(self._jobs.change(job, change))
        except PassbookError as error:
            _LOG.error("job-left-undated", job=job, code=error.code)
            self._questions.pop(job, None)
        else:
            if Reason.EXPIRED in changed.reasons:
                _LOG.warning("job-expired", job=job, requester=changed.requester, reason=Reason.EXPIRED.value)

    def _note_trust(self, *, trusted: bool) -> None:
        """Log each time that the clock begins or ceases to be trusted."""
        if trusted is not self._trusted:
            (_LOG.info if trusted else _LOG.warning)("clock-trusted" if trusted else "clock-not-trusted")
        self._trusted = trusted


def _may_expire(record: Record) -> bool:
    """Whether it is a question about a job of which no step was sent, and which no operator holds back."""
    return record.is_open and record.untouched and not record.held_by_operator
