"""Rules: what the printer has printed and is to print is asked for, and reckoned by the people's own books (F6, P9)."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import precondition, rule

from passbook.environment import GetEnvironment
from passbook.job import JobState
from passbook.media import Media
from tests.firmware.branch import PRINTER
from tests.model.jobs import Sum
from tests.model.judge import stored
from tests.model.machine import BranchMachine, names, prompts
from tests.model.stand_ins import Reply

COMMAND = "Spooler.GetEnvironment"
AT_ONCE = 5
"""Milliseconds to wait for an answer that cannot come."""


class Figures(BranchMachine):
    """Inquiries, which wait for a boundary."""

    @precondition(lambda self: self.office.prompt is not None or not self.office.workable())
    @rule(by=names)
    def ask_where_no_boundary_is(self, by: str) -> None:
        """P9: while a job's book is in work the answer is `printer-busy` at the time-out, whoever asks."""
        if not self.requester_is_there(by):
            return
        prompt = self.office.prompt
        (reply,) = self.office.ask((by, COMMAND, GetEnvironment(PRINTER), AT_ONCE))
        if reply.payload is not None:
            assert prompt is None, "P9: figures were told while a book is in work"
            self.judge_reading(reply.payload)
        else:
            assert self.office.dead or reply.code == "printer-busy", f"P9: {reply.code}"
        self.after()

    @rule(by=names, other=names, prompts=prompts)
    def ask_for_the_next_boundary(self, by: str, other: str, prompts: int) -> None:
        """P9: all that wait share the reading of the next boundary, and its figures are exact."""
        if not (self.requester_is_there(by) and self.requester_is_there(other)):
            return
        waiting = self.office.begin(*((who, COMMAND, GetEnvironment(PRINTER)) for who in (by, other)))
        for _ in range(prompts):
            if self.idle or self.office.dead or self.office.finished(waiting):
                break
            self.work(1)
        if self.office.dead:
            self.after()
            self.office.finish(waiting)
            return
        if not self.idle and not self.office.finished(waiting):
            # Who goes away does not wait any more.
            for who in {by, other}:
                self.office.disconnect(who)
        self.judge_replies(self.office.finish(waiting))
        self.after()

    def judge_replies(self, replies: list[Reply]) -> None:
        """One reading for all of them; none for who has gone."""
        one, *others = replies
        assert all(reply == one for reply in others), "P9: those that waited were told different figures"
        if one.payload is not None:
            self.judge_reading(one.payload)
        else:
            assert not one.code, f"P9: {one.code}"

    def judge_reading(self, told: dict[str, Any]) -> None:
        """The figures are those of the people's own books, and no book of a job that goes on lies in the mechanism."""
        counted = {area["name"] for area in told["areas"] if area["counted"]}
        assert counted == self.areas.keys() - self.fenced, (
            "P9: an area in use is not counted, or one that is out of use is"
        )
        figures = [Sum(**told[name]) for name in ("printed", "pending", "held")]
        assert figures == self.reckoned(counted), f"P9: {figures} is told, and it is {self.reckoned(counted)}"
        state = self.office.machine.state()
        lying = [job for job in self.live() if job.job == state.book and state.media is not Media.NOT_PRESENT]
        assert not lying, "P9: the book of a job that goes on lies in the mechanism"

    def reckoned(self, areas: set[str]) -> list[Sum]:
        """What was printed, is pending and is held, of the jobs in these areas."""
        place = {job: name for name in areas for job, _ in stored(self.areas[name])}
        prompt = self.office.prompt
        printed = pending = held = Sum()
        for job in self.jobs:
            record = self.record(job.job) if job.job in place else None
            if record is None:
                continue
            printed = printed.plus(job.printed(record.confirmed))
            left = job.figures(record.confirmed, len(job.steps()))
            # One that was taken up behind the boundary was pending at it.
            taken_up = prompt is not None and prompt.job == job.job
            if record.valid and (record.state is JobState.PENDING or taken_up):
                pending = pending.plus(left)
            elif not record.ended:
                held = held.plus(left)
        return [printed, pending, held]
