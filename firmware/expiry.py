"""The expiry desk: ends open questions of an earlier business day that were put to people and not answered (F4, N4).

What expires is the rule in passbook/expiry.py, applied inside the store's transaction; this desk only knows which
questions were put to somebody in this start, and for how long that and the end of their day have both been true.
"""

from __future__ import annotations

import asyncio
from typing import Final

from firmware.clock import Clock, stamp
from firmware.jobs import Jobs
from firmware.logs import Log
from passbook import changes
from passbook.errors import PassbookError
from passbook.expiry import is_over, is_undated
from passbook.job import Reason
from passbook.record import Change, Record, Verdict

_LOG: Final = Log("expiry")

LOOK: Final = 60.0
"""Seconds between two looks at most: wall time may jump, and nobody says so."""


class _Question:
    """One open question; `since` is the monotonic second from which on it was put and its day was over."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.put = False
        self.since: float | None = None


class ExpiryDesk:
    """Lives in the event loop; `grace` is seconds that people have once their question was put and its day is over."""

    def __init__(self, jobs: Jobs, clock: Clock, grace: float) -> None:
        self._jobs = jobs
        self._clock = clock
        self._grace = grace
        self._questions: dict[str, _Question] = {}
        self._trusted: bool | None = None
        self._changed = asyncio.Event()

    def note(self, record: Record) -> None:
        """A record changed: a question may have opened, changed or closed."""
        known = self._questions.pop(record.job_id, None)
        if record.is_open and record.untouched:
            question = known if known is not None and known.record.epoch == record.epoch else _Question(record)
            question.record = record
            given = record.answered
            # Who answers `hold` was asked.
            held = given is not None and given.verdict is Verdict.HOLD and given.epoch == record.epoch
            question.put = question.put or held
            self._questions[record.job_id] = question
        self._changed.set()

    def note_put(self, job: str, epoch: int) -> None:
        """The question of that epoch was put to a connected requester or representative."""
        question = self._questions.get(job)
        if question is not None and question.record.epoch == epoch and not question.put:
            question.put = True
            self._changed.set()

    def wake(self) -> None:
        """An operator said something of the clock."""
        self._changed.set()

    async def run(self) -> None:
        """End what is over, when it is, until cancelled."""
        while True:
            self._changed.clear()
            delay = await self.look()
            try:
                await asyncio.wait_for(self._changed.wait(), delay)
            except TimeoutError:
                continue

    async def look(self) -> float:
        """Re-date what has no date, end what is over; seconds until the next look."""
        now, today, trusted = self._clock.monotonic(), self._clock.business_date(), self._clock.trusted()
        self._note_trust(trusted=trusted)
        left = min(LOOK, self._clock.business_day_left())
        for question in list(self._questions.values()):
            record = question.record
            if not trusted or not question.put or not is_over(record, today):
                question.since = None
                if trusted and is_undated(record, today):
                    await self._change(record, changes.redate(today))
                continue
            question.since = now if question.since is None else question.since
            wait = question.since + self._grace - now
            if wait > 0:
                left = min(left, wait)
            else:
                await self._change(record, changes.expire(record.epoch, today, stamp(self._clock)))
        return left

    async def _change(self, record: Record, change: Change) -> None:
        """Apply a change; a question whose storage fails is left to the next start."""
        job = record.job_id
        try:
            changed = await asyncio.wrap_future(self._jobs.change(job, change))
        except PassbookError as error:
            _LOG.error("job-left-undated", job=job, code=error.code)
            self._questions.pop(job, None)
        else:
            if Reason.EXPIRED in changed.reasons:
                _LOG.warning("job-expired", job=job, requester=changed.requester, reason=Reason.EXPIRED.value)

    def _note_trust(self, *, trusted: bool) -> None:
        """The log says whenever the clock begins or ceases to be trusted."""
        if trusted is not self._trusted:
            (_LOG.info if trusted else _LOG.warning)("clock-trusted" if trusted else "clock-not-trusted")
        self._trusted = trusted
