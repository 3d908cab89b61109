"""Holds of jobs whose print right is here: the own copy is held, and the appliance's copy follows it.

Theory of operation.  A hold counts where the print right is, or the copy there would print all the same when the two
spools are apart.  So the own copy is held and released here, reached or not.  The appliance is told of the hold in the
name of the same person, at once or when it is back, before its turn of the job is answered.  When a person has then
ordered the own copy printed, the appliance's copy is released and ordered too, so that its turn can come.
"""

from __future__ import annotations

import asyncio
from typing import Final

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.objections import unfit_now
from passbook.job.print_right import RightState
from passbook.job.record import Record, Verdict
from passbook.job.states import APART
from passbook.protocol.messages import AnswerQuestion, JobOrder, JobView
from passbook.protocol.naming import check_name
from spooler.clock import stamp
from spooler.logs import Log
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.own_printers import OwnPrinters
from terminal.agent.submission import Submissions
from terminal.agent.upstream import Upstream

_LOG: Final = Log("holds")

HOLD: Final = "Spooler.HoldJob"
RELEASE: Final = "Spooler.ReleaseJob"
GIVE_UP: Final = 10.0
"""Seconds for a desk to give a job up that waits for its book."""
_LOOK: Final = 0.05


class OwnHolds:
    """Lives in the event loop."""

    def __init__(
        self, own: OwnJobs, upstream: Upstream, printers: OwnPrinters, submissions: Submissions, terminal: str
    ) -> None:
        """`terminal` is the name of this one."""
        self._own = own
        self._upstream = upstream
        self._printers = printers
        self._submissions = submissions
        self._terminal = terminal

    async def hold(self, order: JobOrder, *, is_reached: bool) -> JobView:
        """Hold a job back.

        Raises PassbookError; while the appliance is away also `right-not-here`, or the code of the lost connection for
        a job that only the appliance has.
        """
        record = self._own.record(order.job)
        if is_reached and (record is None or not _has_right(record)):
            return await self._upstream.command(HOLD, order, JobView)
        held = await self._hold_here(self._must_be_here(record, order.job), order.person)
        if is_reached and not self._submissions.is_waiting(order.job):
            try:
                return await self._upstream.command(HOLD, order, JobView)
            except PassbookError as error:
                _LOG.warning("hold-not-told", job=order.job, code=error.code)
        return self._own.view(held)

    async def _hold_here(self, record: Record, person: str) -> Record:
        check_name("person", person)
        job = record.job_id
        if not record.valid:
            raise unfit_now(record, "hold")
        if self._printers.hold(job, self._terminal, person):
            return await self._given_up(record)
        return await self._own.change(job, changes.hold(stamp(self._own.clock), self._terminal, person))

    async def _given_up(self, record: Record) -> Record:
        """The job when its desk has given it up, or in its present state where that takes long."""
        try:
            async with asyncio.timeout(GIVE_UP):
                while record.valid:
                    await asyncio.sleep(_LOOK)
                    record = self._own.spool.record(record.job_id)
        except TimeoutError:
            _LOG.warning("hold-takes-long", job=record.job_id)
        return record

    async def release(self, order: JobOrder, *, is_reached: bool) -> JobView:
        """Ask people again about a held job; the appliance's copy stays held until the own one is answered for.

        Raises PassbookError as hold() does.
        """
        record = self._own.record(order.job)
        if is_reached and (record is None or not is_held(record)):
            return await self._upstream.command(RELEASE, order, JobView)
        here = self._must_be_here(record, order.job)
        check_name("person", order.person)
        released = changes.release(stamp(self._own.clock), self._terminal, order.person)
        return self._own.view(await self._own.change(here.job_id, released))

    def _must_be_here(self, record: Record | None, job: str) -> Record:
        """The own copy, which has the print right or has ended."""
        if record is None:
            self._upstream.must_be_reached()
            raise PassbookError("connection-lost")
        if not record.ended and record.right.state is not RightState.HERE:
            raise PassbookError("right-not-here", job=job)
        return record

    # The appliance's copy follows

    async def resume(self) -> None:
        """The appliance can be reached again: its copies follow.  Raises PassbookError where the connection is lost."""
        for record in self._own.unfinished():
            try:
                await self.follow(record)
            except PassbookError as error:
                _LOG.warning("hold-not-told", job=record.job_id, code=error.code)
                self._upstream.must_be_reached()

    async def follow(self, record: Record) -> bool:
        """Have the appliance's copy follow; whether the own one is held.  Raises the refusal of the appliance."""
        job = record.job_id
        if not _has_right(record) or not record.untouched or self._submissions.is_waiting(job):
            return False
        if is_held(record) and record.held_by is not None:
            await self._upstream.command(HOLD, JobOrder(job, record.held_by.person), JobView)
            return True
        if record.valid and record.answered is not None:
            await self._order_on(record, record.answered.person)
        return False

    async def _order_on(self, record: Record, person: str) -> None:
        """The own copy was ordered printed: so is the appliance's, where only the hold of this terminal keeps it."""
        job = record.job_id
        view = await self._upstream.job(job)
        if view.valid or view.begun or view.held_by is None or view.held_by.terminal != self._terminal:
            return
        released = await self._upstream.command(RELEASE, JobOrder(job, person), JobView)
        if APART.isdisjoint(released.reasons):
            key = self._own.ring.keys.get(record.key_ref, b"")
            given = AnswerQuestion(job, released.epoch, Verdict.PRINT, person, key=key)
            await self._upstream.command("Recovery.AnswerQuestion", given, JobView)


def _has_right(record: Record) -> bool:
    return not record.ended and record.right.state is RightState.HERE


def is_held(record: Record) -> bool:
    """Whether a person holds this copy, which has the print right."""
    return _has_right(record) and record.is_open and not record.asked
