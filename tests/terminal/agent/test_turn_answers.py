"""The agent's answer to a turn that is told once more: one owner of the printer, and the same answer (P13, P15)."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import Acknowledged, Change, Record
from passbook.job.states import JobState
from passbook.protocol.two_spools import PrinterFacts, TurnTaken, YourTurn
from terminal.agent.turn_answers import TurnAnswers
from tests.passbook.test_changes import pending

FACTS = PrinterFacts("hall", "pr2", "cp858", "tcp://127.0.0.1:1", True, 120.0, 120.0)
TURN = YourTurn("j1", 0, 1, hands_over=True)


class Terminal:
    """The own copy of one job, an appliance that answers by a script, and a printer that is driven until told."""

    def __init__(self, **facts: Any) -> None:
        choice = Choice(Keep.BOTH, Side.TERMINAL, IfApart.ASK)
        copy = replace(pending(), job_id="j1", side=Side.TERMINAL, choice=choice, right=PrintRight(RightState.AWAY))
        self.copy = replace(copy, **facts)
        self.sent: list[Any] = []
        self.answers: list[TurnTaken | PassbookError] = [TurnTaken(offered=1, printer=FACTS)]
        self.driven = 0
        self.back = asyncio.Event()
        self.turns = TurnAnswers(cast("Any", self), cast("Any", self), self.drive)

    def record(self, _job: str) -> Record:
        return self.copy

    async def change(self, _job: str, change: Change) -> Record:
        self.copy = change(self.copy).record
        return self.copy

    async def command(self, name: str, payload: Any, _kind: Any) -> Any:
        self.sent.append(getattr(payload, "answer", name))
        return None

    async def command_with(self, _name: str, payload: Any, _document: bytes, _kind: Any) -> Any:
        self.sent.append(payload.answer)
        answer = self.answers.pop(0)
        if isinstance(answer, PassbookError):
            raise answer
        return answer

    async def drive(self, _job: str, _facts: PrinterFacts) -> None:
        self.driven += 1
        await self.back.wait()


def test_a_turn_that_is_told_again_while_its_printer_is_driven_opens_no_second_port() -> None:
    async def story() -> None:
        terminal = Terminal()
        driving = asyncio.create_task(terminal.turns.answer(TURN))
        while not terminal.driven:  # noqa: ASYNC110 - it happens in the same loop
            await asyncio.sleep(0)
        await terminal.turns.answer(TURN)
        assert (terminal.driven, terminal.sent) == (1, ["ready", "Spooler.ConfirmRight"])
        terminal.back.set()
        await driving

    asyncio.run(story())


def test_a_turn_whose_answer_was_lost_is_taken_when_it_is_told_again() -> None:
    async def story() -> None:
        terminal = Terminal()
        terminal.back.set()
        terminal.answers.insert(0, PassbookError("connection-lost"))
        with pytest.raises(PassbookError):
            await terminal.turns.answer(TURN)
        await terminal.turns.answer(TURN)
        assert (terminal.driven, terminal.copy.right.state) == (1, RightState.HERE)

    asyncio.run(story())


def test_a_turn_that_is_told_while_an_earlier_one_is_answered_is_answered_when_that_is_over() -> None:
    async def story() -> None:
        terminal = Terminal()
        at_appliance, choice = asyncio.Event(), asyncio.Event()

        async def chosen_anew(_name: str, payload: Any, _document: bytes, _kind: Any) -> TurnTaken:
            terminal.sent.append((payload.turn, payload.answer.value))
            at_appliance.set()
            await choice.wait()
            if payload.turn == 1:
                raise PassbookError("turn-over", job="j1", turn=1)
            return TurnTaken()

        terminal.command_with = chosen_anew  # type: ignore[method-assign]
        answering = asyncio.create_task(terminal.turns.answer(YourTurn("j1", 0, 1)))
        await at_appliance.wait()
        await terminal.turns.answer(YourTurn("j1", 0, 2))
        choice.set()
        await answering
        assert terminal.sent == [(1, "ready"), (2, "ready")]

    asyncio.run(story())


def test_a_printer_of_an_earlier_boot_of_the_appliance_is_declined() -> None:
    async def story() -> None:
        terminal = Terminal()
        terminal.answers = [PassbookError("turn-over", job="j1", turn=1)]
        await terminal.turns.answer(TURN)
        assert (terminal.driven, terminal.sent) == (0, ["ready", "not-spooled"])

    asyncio.run(story())


def test_a_copy_of_an_earlier_boot_of_the_agent_does_not_take_the_printer() -> None:
    async def story() -> None:
        terminal = Terminal(valid=False)
        await terminal.turns.answer(TURN)
        assert (terminal.driven, terminal.sent) == (0, ["not-spooled"])

    asyncio.run(story())


def test_a_turn_of_a_job_whose_end_is_not_told_yet_puts_no_question() -> None:
    async def story() -> None:
        ended = {"state": JobState.COMPLETED, "valid": False, "right": PrintRight(RightState.HERE)}
        terminal = Terminal(**ended)
        await terminal.turns.answer(TURN)
        assert terminal.sent == [], "the report of its end says what became of it"
        told = Terminal(**ended, acknowledged=Acknowledged("counter-1", "2026-03-02T09:30:00.000+00:00"))
        await told.turns.answer(TURN)
        assert told.sent == ["not-spooled"]

    asyncio.run(story())
