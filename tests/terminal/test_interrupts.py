from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from passbook.errors.kinds import INTERRUPTED
from terminal.interrupts import Interrupts, interruptible
from terminal.leaving import LeftBehind
from tests.terminal.person import Person


def run(command: Any, lines: Sequence[str] = ("left",)) -> tuple[int, list[str]]:
    left, person = LeftBehind(), Person()
    left.lines = lines
    before = signal.getsignal(signal.SIGINT)
    code = Interrupts(person, left).run(command)
    assert signal.getsignal(signal.SIGINT) is before
    return code, person.lines


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
