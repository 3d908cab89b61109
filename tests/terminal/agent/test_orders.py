"""Orders of a teller about own copies: held where they are printed, and given to the appliance where they wait."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.record import Change, Decider, Record
from passbook.protocol.messages import JobOrder, JobView, view_of
from passbook.protocol.operation import Call
from spooler.clock import SystemClock
from terminal.agent.agent_operations import AgentOperations
from tests.passbook.test_changes import AT, pending

TELLER = Actor.of_terminal("till-1", representative=False, serial=1)
ORDER = JobOrder("j1", "Ann")
HOLD, RELEASE = "Spooler.HoldJob", "Spooler.ReleaseJob"


class Terminal:
    """One own copy whose print right is here, an appliance that takes every order, and printers as a test says."""

    def __init__(self, *, waits_for_book: bool = False, is_handed: bool = False, gives: bool = False) -> None:
        choice = Choice(Keep.BOTH, Side.TERMINAL, IfApart.TERMINAL)
        self.copy = replace(pending(), job_id="j1", side=Side.TERMINAL, choice=choice)
        self.clock = SystemClock()
        self.sent: list[str] = []
        self.given_up: list[str] = []
        self._waits_for_book = waits_for_book
        parts: dict[str, Any] = defaultdict(lambda: self)
        parts["printers"] = SimpleNamespace(hold=self._give_up, is_handed=lambda _job: is_handed)
        parts["reach"] = SimpleNamespace(is_reached=gives)
        parts["submissions"] = SimpleNamespace(is_waiting=lambda _job: False)
        parts["turns"] = SimpleNamespace(give_right=self._give)
        names = ("own", "upstream", "submissions", "turns", "printers", "notices", "known", "kept", "reach", "config")
        seen = cast("Any", None)
        self.operations = AgentOperations(**{name: parts[name] for name in names}, seen=seen, problems=seen)

    def record(self, _job: str) -> Record:
        return self.copy

    def view(self, record: Record) -> JobView:
        return view_of(record)

    async def change(self, _job: str, change: Change) -> Record:
        self.copy = change(self.copy).record
        return self.copy

    async def command(self, name: str, _payload: Any, _kind: Any) -> JobView:
        self.sent.append(name)
        return view_of(self.copy)

    def _give_up(self, job: str, _terminal: str, _person: str) -> bool:
        if self._waits_for_book:
            self.given_up.append(job)
        return self._waits_for_book

    async def _give(self, _record: Record) -> bool:
        return True

    def held(self) -> JobView:
        call = Call(TELLER, cast("Any", None), 0)
        return asyncio.run(self.operations.hold(call, ORDER))

    def released(self) -> JobView:
        call = Call(TELLER, cast("Any", None), 0)
        return asyncio.run(self.operations.release(call, ORDER))


def test_a_job_that_waits_for_its_turn_is_held_at_the_appliance() -> None:
    terminal = Terminal(gives=True)
    terminal.held()
    assert (terminal.sent, terminal.copy.valid) == ([HOLD], True)


def test_a_job_whose_printer_is_here_and_was_not_begun_is_held_here_and_released_here() -> None:
    terminal = Terminal(is_handed=True, gives=True)
    assert terminal.held().held_by == Decider("till-1", "Ann")
    assert (terminal.sent, terminal.copy.valid, terminal.copy.asked) == ([], False, False)
    terminal.released()
    assert (terminal.sent, terminal.copy.asked) == ([], True)
    terminal.released()
    assert terminal.sent == [RELEASE]


def test_a_job_that_waits_for_its_book_here_is_given_up_by_its_desk() -> None:
    terminal = Terminal(waits_for_book=True, is_handed=True)
    terminal.held()
    assert (terminal.given_up, terminal.sent) == (["j1"], [])


def test_a_job_whose_lines_are_struck_here_is_not_held() -> None:
    terminal = Terminal(is_handed=True)
    terminal.copy = changes.start(AT, 1)(terminal.copy).record
    with pytest.raises(PassbookError) as refused:
        terminal.held()
    assert (refused.value.code, terminal.copy.valid) == ("job-is-printing", True)
