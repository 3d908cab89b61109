"""What the agent prints is told to the appliance: how far each job is, and its end.

What is to be told is the record itself.  An end that the appliance has not taken yet is an ended record without an
acknowledgement, so it is told again after any cut; the newest state of a job takes the place of older ones.

The appliance refuses a report for what is in it, or for what it has not: the area of the job is absent there, or a row
of it is damaged.  Only the first is final.  After the other the end stays without an acknowledgement, and is told again
whenever `resume` is called, not before: the job may come back with its area.  An appliance that lost the job for ever
answers the same each time.  That costs one small command for the job, and is logged once in a run of the agent.
"""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.expiry import is_end_undated
from passbook.job.print_right import RightState
from passbook.job.record import Record, Reported, told_of
from passbook.protocol.messages import JobView
from passbook.protocol.two_spools import ReportJob
from spooler.logs import Log
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.submission import Submissions
from terminal.agent.upstream import Upstream, is_outage

_LOG: Final = Log("reports")

FINAL: Final = frozenset({"report-not-credible", "not-allowed-in-state", "not-permitted"})
"""Codes that are about the report itself: the same one will never be taken."""
ENDS_AT_ONCE: Final = 500
"""Ends that are read at a time after a reconnect."""


class Reporting:
    """Lives in the event loop."""

    def __init__(self, own: OwnJobs, upstream: Upstream, submissions: Submissions, terminal: str) -> None:
        self._own = own
        self._upstream = upstream
        self._submissions = submissions
        self._terminal = terminal
        self._due: dict[str, None] = {}
        self._held: set[str] = set()
        self._given_back: set[str] = set()
        self._refused: set[str] = set()
        self._news = asyncio.Event()

    def note(self, record: Record) -> None:
        """An own copy changed: the appliance is told where the print right is here and something was printed.

        It is told of a copy that a person was asked about too: it may wait for a word, or for its printer.
        """
        is_news = record.ended or not record.untouched or record.epoch > 0 or record.job_id in self._given_back
        if record.right.state is RightState.HERE and is_news:
            self._due[record.job_id] = None
            self._news.set()

    def hold(self, job: str) -> None:
        """Do not tell the end or stop of this job yet: its printer is not back."""
        self._held.add(job)
        self._given_back.discard(job)

    def free(self, record: Record) -> None:
        """Its printer is back, and the appliance is told so."""
        self._held.discard(record.job_id)
        self._given_back.add(record.job_id)
        self.note(record)

    def resume(self) -> None:
        """The appliance can be reached, again or still: tell it all that it may not know."""
        for record in self._own.unfinished():
            self.note(record)
        after = 0
        while found := self._own.spool.notices.oldest(after=after, limit=ENDS_AT_ONCE):
            for ended in found:
                self.note(ended.record)
            after = found[-1].record.sequence
        self._news.set()

    async def run(self) -> None:
        """Tell what is due, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            for job in list(self._due):
                if not await self._tell(job):
                    break

    async def _tell(self, job: str) -> bool:
        """Tell the present state of one job; False where the appliance cannot be reached."""
        record = self._own.record(job)
        if record is None or self._submissions.is_waiting(job) or (not record.valid and job in self._held):
            # The appliance hears of it first, or its printer comes back first; then it is noted again.
            self._due.pop(job, None)
            return True
        self._due.pop(job, None)
        told = told_of(record, await asyncio.to_thread(self._end_of, record) if record.ended else None)
        if job in self._given_back:
            # A job that was ordered on meanwhile needs a new turn.
            told = replace(told, valid=False)
        try:
            await self._upstream.command("Spooler.ReportJob", ReportJob(job, told), JobView)
        except PassbookError as error:
            if is_outage(error):
                self._due[job] = None
                return False
            if job not in self._refused:
                _LOG.warning("report-refused", job=job, code=error.code)
                self._refused.add(job)
            if error.code not in FINAL:
                return True
        self._refused.discard(job)
        if job in self._given_back:
            self._given_back.discard(job)
            if record.valid:
                self._due[job] = None
                self._news.set()
        if record.ended and record.acknowledged is None:
            await self._own.acknowledge(job, self._terminal)
        return True

    def _end_of(self, record: Record) -> Reported:
        """The entry of an end in the history of this spool, so that the appliance knows the same one again."""
        # The stamp is of the day of the record at the earliest, and no clock that is wrong now is believed of then.
        is_believed = self._own.clock.trusted() and not is_end_undated(record)
        at = self._own.spool.notices.end_of(record.job_id)
        if at is None:
            return Reported(record.changed_at, is_believed)
        return Reported(record.changed_at, is_believed, at.area, at.entries, at.chain.hex())

    async def tell_now(self, job: str) -> None:
        """Tell that the agent still works on a job, whose state is the same as before."""
        self._due[job] = None
        self._news.set()
