"""Rules: what the printer has printed and is to print is asked for, and reckoned by the people's own books (F6, P9)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

from hypothesis.stateful import precondition, rule

from passbook.job.states import JobState
from passbook.protocol.environment import Environment, GetEnvironment
from passbook.protocol.media import Media
from tests.firmware.branch import PRINTER
from tests.model.jobs import Sum
from tests.model.judge import stored
from tests.model.machine import BranchMachine, names, prompts
from tests.model.stand_ins import Reply

COMMAND = "Spooler.GetEnvironment"
AT_ONCE = 5
"""Milliseconds to wait for an answer that cannot come."""


class Expected(NamedTuple):
    """What a reading has to tell: which areas are in use, and what was printed, is pending and is held."""

    in_use: frozenset[str]
    figures: list[Sum]


class Figures(BranchMachine):
    """Questions, which wait for a boundary."""

    @precondition(lambda self: self.office.prompt is not None or not self.office.workable())
    @rule(by=names)
    def ask_where_no_boundary_is(self, by: str) -> None:
        """P9: while a job's book is in work the answer is `printer-busy` at the time-out, whoever asks."""
        if not self.requester_is_there(by):
            return
        prompt = self.office.prompt
        with self.watched() as expected:
            (reply,) = self.office.ask((by, COMMAND, GetEnvironment(PRINTER), AT_ONCE))
        if reply.payload is not None:
            assert prompt is None, "P9: figures were told while a book is in work"
            self.judge_reading(reply.payload, expected[-1])
        else:
            assert self.office.dead or reply.code == "printer-busy", f"P9: {reply.code}"
        self.after()

    @rule(by=names, other=names, prompts=prompts)
    def ask_for_the_next_boundary(self, by: str, other: str, prompts: int) -> None:
        """P9: all that wait share the reading of the next boundary, and its figures are exact."""
        if not (self.requester_is_there(by) and self.requester_is_there(other)):
            return
        with self.watched() as expected:
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
            self.judge_replies(self.office.finish(waiting), expected)
        self.after()

    @contextmanager
    def watched(self) -> Generator[list[Expected]]:
        """What every reading has to tell, reckoned as it is taken: work that asks nobody goes on behind it."""
        boundary = self.office.appliance._desks._desks[PRINTER]._boundary
        read, expected = boundary._reading, list[Expected]()

        def reading(*said: Any) -> Environment:
            in_use = frozenset(self.areas) - self.fenced
            expected.append(Expected(in_use, self.reckoned(in_use)))
            return read(*said)

        with mock.patch.object(boundary, "_reading", reading):
            yield expected

    def judge_replies(self, replies: list[Reply], expected: list[Expected]) -> None:
        """One reading for all of them; none for who has gone."""
        one, *others = replies
        assert all(reply == one for reply in others), "P9: those that waited were told different figures"
        if one.payload is not None:
            self.judge_reading(one.payload, expected[-1])
        else:
            assert not one.code, f"P9: {one.code}"

    def judge_reading(self, told: dict[str, Any], expected: Expected) -> None:
        """The figures are those of the people's own books, and no book of a job that goes on lies in the mechanism."""
        counted = {area["name"] for area in told["areas"] if area["counted"]}
        assert counted == expected.in_use, "P9: an area in use is not counted, or one that is out of use is"
        figures = [Sum(**told[name]) for name in ("printed", "pending", "held")]
        assert figures == expected.figures, f"P9: {figures} is told, and it is {expected.figures}"
        state = self.office.machine.state()
        lying = [job for job in self.live() if job.job == state.book and state.media is not Media.NOT_PRESENT]
        assert not lying, "P9: the book of a job that goes on lies in the mechanism"

    def reckoned(self, areas: frozenset[str]) -> list[Sum]:
        """What was printed, is pending and is held, of the jobs in these areas."""
        place = {job: name for name in areas for job, _ in stored(self.areas[name])}
        printed = pending = held = Sum()
        for job in self.jobs:
            record = self.record(job.job) if job.job in place else None
            if record is None:
                continue
            printed = printed.plus(job.printed(record.confirmed))
            left = job.figures(record.confirmed, len(job.steps()))
            if record.valid and record.state is JobState.PENDING:
                pending = pending.plus(left)
            elif not record.ended:
                held = held.plus(left)
        return [printed, pending, held]
