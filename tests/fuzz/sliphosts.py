"""The bytes that a host sends to the simulated slip printer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from drivers.dialects.escpos.escpos_profile import builtin_escpos
from drivers.dialects.escpos.slip_answers import AutomaticStatus, SlipReader
from drivers.dialects.escpos.slip_commands import ASK_IN_ORDER, CLEAN_UP
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Ruler
from tests.fuzz.hostbytes import MemoryCable, UnsavedPaper, work_off

SLIPS: Final = builtin_escpos()


def check(data: bytes) -> None:
    """After any bytes the clean-up brings an answer in order, from a printer whose slip is not selected any more."""
    cable = MemoryCable(data + CLEAN_UP + ASK_IN_ORDER)
    machine = Machine(SLIPS, 144, UnsavedPaper(Path("unused")), cable, lambda _process: None)
    machine.insert("slip", 1, Ruler(first_y=1620, pitch=360, lines=30))
    work_off(machine)
    told = [one for one in SlipReader().feed(bytes(cable.answered)) if isinstance(one, AutomaticStatus)]
    assert told
    assert not told[-1].is_slip_selected
    assert machine.state().buffered == 0
