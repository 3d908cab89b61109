"""Rules: orders that are no answers, and taking note of ends."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from passbook.messages import JobRef
from passbook.notices import AcknowledgeNotice
from tests.model.machine import BranchMachine, names, picks


class Orders(BranchMachine):
    """What terminals and operators order."""

    @precondition(lambda self: self.live())
    @rule(pick=picks, by=names)
    def cancel(self, pick: int, by: str) -> None:
        job = self.live()[pick % len(self.live())]
        if not self.requester_is_there(by):
            return
        allowed = by in {job.terminal, "chief"}
        job.may_end |= allowed
        (reply,) = self.office.ask((by, "Spooler.CancelJob", JobRef(job.job, by)))
        assert allowed or not reply.done, "P12: somebody else ended a job"
        self.after()

    @precondition(lambda self: self.live())
    @rule(pick=picks)
    def hold(self, pick: int) -> None:
        job = self.live()[pick % len(self.live())]
        before = self.record(job.job)
        reply = self.office.operate("hold", job=job.job)
        if before is not None and before.asked:
            job.proposal = None
        record = None if self.office.dead else self.record(job.job)
        assert not reply.done or record is None or not record.valid
        self.after()

    @precondition(lambda self: self.office.notices())
    @rule(pick=picks, by=names)
    def acknowledge(self, pick: int, by: str) -> None:
        """P8, P12: the requester or a representative takes note of an end."""
        told = [job for job in self.jobs if job.job in self.office.notices()]
        if not told or not self.requester_is_there(by):
            return
        job = told[pick % len(told)]
        (reply,) = self.office.ask((by, "Spooler.AcknowledgeNotice", AcknowledgeNotice(job.job)))
        allowed = by in {job.terminal, "chief"}
        assert allowed or not reply.done, "P12: somebody else took note of an end"
        if allowed:
            assert reply.done or self.office.dead or self.fenced, f"P8: {reply.code}"
            job.noted = True if reply.done else None
        self.after()
