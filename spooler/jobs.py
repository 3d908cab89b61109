"""The one way in which the appliance changes a job: the store's change, the end of its data key, and the news of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from msgspec.structs import replace

from passbook.job.changes import journal, report
from passbook.job.record import Change, Outcome, Record, Told, Wrap
from spooler.data_keys import DataKeys
from spooler.news import EndAcknowledged, JobChanged, News, StepDone
from spooler.supervisor import guarded
from storage import Child, SealedJob, Spool, Ticket


class Jobs:
    """The store of jobs together with their data keys; `tell` is called from any thread, after the commit."""

    def __init__(self, spool: Spool, keys: DataKeys, tell: Callable[[News], None]) -> None:
        self.spool = spool
        self.keys = keys
        self._tell = tell

    def accept(
        self, ticket: Ticket, record: Record, sealed: SealedJob | None, wraps: Sequence[Wrap], key: bytes
    ) -> Future[Record]:
        """Accept a job.  Its key is in place before the record can be seen, and gone when it was not accepted.

        A job whose document the other spool keeps has neither content nor key.
        """
        if sealed is not None:
            self.keys.put(record.job_id, key)
        accepted = self.spool.accept(ticket, record, sealed, wraps)
        accepted.add_done_callback(guarded(lambda done: self._accepted(record.job_id, done)))
        return accepted

    def accept_together(self, children: Sequence[Child], keys: Sequence[bytes]) -> Future[list[Record]]:
        """Accept the jobs of one submission, all or none; otherwise as accept()."""
        jobs = [child.record.job_id for child in children]
        for job, key in zip(jobs, keys, strict=True):
            self.keys.put(job, key)
        accepted = self.spool.accept_together(children)

        def told(done: Future[list[Record]]) -> None:
            taken = done.result() if not done.cancelled() and done.exception() is None else []
            for job in jobs if not taken else ():
                self.keys.drop(job)
            for record in taken:
                self._tell(JobChanged(record))

        accepted.add_done_callback(guarded(told))
        return accepted

    def accept_instead(self, child: Child, key: bytes, job: str, change: Change) -> Future[list[Record]]:
        """Accept a job that stands in for another one, which ends with it: both or neither; gives both."""
        self.keys.put(child.record.job_id, key)
        accepted = self.spool.accept_instead(child, job, change)

        def told(done: Future[list[Record]]) -> None:
            if done.cancelled() or done.exception() is not None:
                self.keys.drop(child.record.job_id)
                return
            new, old = done.result()
            self._tell(JobChanged(new))
            if old.ended:
                self.keys.drop(old.job_id)
            self._tell(JobChanged(old))

        accepted.add_done_callback(guarded(told))
        return accepted

    def change(self, job: str, change: Change, *, urgent: bool = False) -> Future[Record]:
        """Apply a change; each terminal that may know is told when it is durable."""
        was_asked = False

        def watched(record: Record) -> Outcome:
            nonlocal was_asked
            was_asked = record.is_open and record.asked
            return change(record)

        changed = self.spool.change(job, watched, urgent=urgent)
        changed.add_done_callback(guarded(lambda done: self._changed(done, was_asked=was_asked)))
        return changed

    def acknowledge(self, job: str, change: Change) -> Future[Record]:
        """Apply a change that notes an acknowledgement; the job stays the same, and no terminal is told of it again."""
        noted = self.spool.change(job, change)
        noted.add_done_callback(guarded(self._noted))
        return noted

    def journal(self, job: str, confirmed: int, sending: int) -> Record:
        """Make progress durable, before every other commit that waits.  Raises PassbookError when it is not.

        A step is told of when it is first known to be on paper; after a turn or a resume the next one only begins.
        """
        is_news = False
        journaled = journal(confirmed, sending)

        def watched(record: Record) -> Outcome:
            nonlocal is_news
            is_news = confirmed > record.confirmed
            return journaled(record)

        record = self.spool.change(job, watched, urgent=True).result()
        if is_news:
            self._tell(StepDone(record))
        return record

    def report(self, job: str, told: Told, at: str) -> Future[Record]:
        """Note what the other spool reports; a step is told of as in journal(), and all else as any change."""
        was_asked = is_news = is_step = False
        reported = report(told, at)

        def watched(record: Record) -> Outcome:
            nonlocal was_asked, is_news, is_step
            was_asked = record.is_open and record.asked
            outcome = reported(record)
            is_news = outcome.record.confirmed > record.confirmed
            is_step = not outcome.record.ended and outcome.record == _stepped(record, outcome.record)
            return outcome

        def tell(done: Future[Record]) -> None:
            if not is_step:
                self._changed(done, was_asked=was_asked)
            elif is_news and not done.cancelled() and done.exception() is None:
                self._tell(StepDone(done.result()))

        noted = self.spool.change(job, watched, urgent=True)
        noted.add_done_callback(guarded(tell))
        return noted

    def _accepted(self, job: str, done: Future[Record]) -> None:
        if done.cancelled() or done.exception() is not None:
            self.keys.drop(job)
        else:
            self._tell(JobChanged(done.result()))

    def _noted(self, done: Future[Record]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._tell(EndAcknowledged(done.result()))

    def _changed(self, done: Future[Record], *, was_asked: bool) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        record = done.result()
        if record.ended or record.content_gone:
            self.keys.drop(record.job_id)
        self._tell(JobChanged(record, was_asked))


def _stepped(before: Record, after: Record) -> Record:
    """The earlier record, as far with its steps as the later one."""
    return replace(
        before,
        confirmed=after.confirmed,
        sending=after.sending,
        sent_before=after.sent_before,
        begun=after.begun,
        media=after.media,
    )
