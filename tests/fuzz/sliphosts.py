"""The bytes that a host sends to the simulated slip printer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from drivers.dialects.escpos.escpos_profile import builtin_escpos
from drivers.dialects.escpos.slip_answers import AutomaticStatus, SlipReader
from drivers.dialects.escpos.slip_commands import ASK_IN_ORDER, CLEAN_UP, INITIALIZE
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Ruler
from drivers.simulator.slip_hostbytes import MOST_COLUMNS
from tests.fuzz.hostbytes import MemoryCable, UnsavedPaper, work_off

SLIPS: Final = builtin_escpos()


LONGEST_IMAGE: Final = 3 * MOST_COLUMNS
"""Bytes that the longest bit image has behind its head; the product sends none longer than a line of the roll."""
AGAIN: Final = CLEAN_UP + ASK_IN_ORDER


def check(data: bytes) -> None:
    """After any bytes a clean-up, or within a foreign picture a later one, brings an answer.

    The initialization behind that answer leaves no slip selected and no text.
    """
    earlier, _ = answers(data)
    begin = data + AGAIN
    if len(answers(begin)[0]) == len(earlier):
        begin = data + AGAIN * (LONGEST_IMAGE // len(AGAIN) + 2)
    cleaned, _ = answers(begin)
    assert len(cleaned) > len(earlier)
    told, buffered = answers(begin + INITIALIZE + ASK_IN_ORDER)
    assert len(told) == len(cleaned) + 1
    assert not told[-1].is_slip_selected
    assert buffered == 0


def answers(data: bytes) -> tuple[list[AutomaticStatus], int]:
    """What the printer answers in order to these bytes, and the text that it holds then."""
    cable = MemoryCable(data)
    machine = Machine(SLIPS, 144, UnsavedPaper(Path("unused")), cable, lambda _process: None)
    machine.insert("slip", 1, Ruler(first_y=1620, pitch=360, lines=30))
    work_off(machine)
    told = [one for one in SlipReader().feed(bytes(cable.answered)) if isinstance(one, AutomaticStatus)]
    return told, machine.state().buffered
