from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from passbook.errors.kinds import INTERRUPTED
from terminal.interrupts import Interrupts, interruptible
from terminal.leaving import LeftBehind, job_left, request_left
from tests.terminal.person import Person


def run(command: Any, lines: Sequence[str] = ("left",)) -> tuple[int, list[str]]:
    left, person = LeftBehind(), Person()
    left.lines = lines
    before = signal.getsignal(signal.SIGINT)
    code = Interrupts(person, left).run(command)
    assert signal.getsignal(signal.SIGINT) is before
    return code, person.lines


def test_the_way_back_names_the_places_that_were_typed() -> None:
    left = LeftBehind(("--home", "/my till"))
    left.lines = job_left("7f3a09c2d1e84b55")
    assert left.lines[1:] == (
        "  teller --home '/my till' follow 7f3a09c2",
        "  teller --home '/my till' cancel 7f3a09c2 --person NAME",
    )
    left.lines = ("  teller watch",)
    assert left.lines == ("  teller --home '/my till' watch",)
    left.lines = request_left("r-1", "teller --home '/my till' print update.csv --request 0123456789abcdef")
    assert left.lines[1].startswith("  teller --home '/my till' print")


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


async def interrupted() -> int:
    press()
    await asyncio.Event().wait()
    return 0


async def interrupted_while_it_holds_up_the_loop() -> int:
    with interruptible():
        press()
    raise AssertionError


async def undisturbed() -> int:
    return 3


@pytest.mark.parametrize("command", [interrupted, interrupted_while_it_holds_up_the_loop])
def test_ctrl_c_ends_a_command_and_says_what_it_leaves(command: Any) -> None:
    assert run(command()) == (INTERRUPTED, ["left"])


def test_a_command_that_ends_by_itself_says_nothing() -> None:
    assert run(undisturbed()) == (3, [])
