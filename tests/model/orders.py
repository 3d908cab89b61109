"""Rules: orders that are no answers, and taking note of ends."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from passbook.protocol.messages import JobOrder
from passbook.protocol.notice import AcknowledgeNotice
from tests.model.jobs import Job
from tests.model.machine import BranchMachine, chosen, names, picks
from tests.model.stand_ins import Reply


class Orders(BranchMachine):
    """What terminals and operators order."""

    @precondition(lambda self: self.live())
    @rule(pick=picks, by=names)
    def cancel(self, pick: int, by: str) -> None:
        job = self.live()[pick % len(self.live())]
        if not self.requester_is_there(by):
            return
        before = self.record(job.job)
        held = before is not None and before.held_by_operator
        allowed = by == "chief" or (by == job.terminal and not held)
        job.may_end |= allowed
        (reply,) = self.office.ask((by, "Spooler.CancelJob", JobOrder(job.job, by)))
        assert allowed or not reply.done, "P12: somebody else ended a job"
        self.after()

    @precondition(lambda self: self.live() and self.office.workable())
    @rule(pick=picks, by=st.none() | names)
    def hold(self, pick: int, by: str | None) -> None:
        """Where the mechanism works: else its desk tries by itself, and who comes first would be chance."""
        job = self.live()[pick % len(self.live())]
        reply = self.order("hold", job, by)
        record = None if self.office.dead else self.record(job.job)
        assert not reply.done or record is None or not record.valid
        assert not reply.done or record is None or by is not None or record.held_by_operator
        if record is not None and record.proposed is None:
            job.proposal = None
        self.after()

    @precondition(lambda self: self.open_questions())
    @rule(pick=picks, by=st.none() | names)
    def release(self, pick: int, by: str | None) -> None:
        """What an operator holds only an operator or a representative releases."""
        job, record = chosen(self.open_questions(), pick)
        reply = self.order("release", job, by)
        allowed = by in ({None, "chief"} if record.held_by_operator else {None, "chief", job.terminal})
        assert allowed or not reply.done, "P12: somebody else released a job"
        assert not (allowed and reply.code) or self.fenced, reply.code
        self.after()

    def order(self, command: str, job: Job, by: str | None) -> Reply:
        """A terminal's order, or the operator's."""
        name = f"Spooler.{command.capitalize()}Job"
        if by is None:
            return self.office.operate(name, job=job.job, person="Otto")
        if not self.requester_is_there(by):
            return Reply()
        (reply,) = self.office.ask((by, name, JobOrder(job.job, by)))
        return reply

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
