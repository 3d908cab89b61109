"""What a host sends to the simulated mechanism."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from typing_extensions import override

from drivers.dialects.pr2.frames import FrameReader, Identity
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper, Ruler

PROFILE: Final = builtin_pr2()
RULER: Final = Ruler(first_y=1800, pitch=360, lines=20, fold_after=10, fold_gap=900)
PERSONS: Final = 1000
"""How often a book is put in at most; every time at least one byte was taken in between."""


class MemoryCable:
    """A line to a host that is only bytes."""

    def __init__(self, data: bytes) -> None:
        self.left = data
        self.answered = bytearray()

    def read(self, limit: int) -> bytes | None:
        data, self.left = self.left[:limit], self.left[limit:]
        return data

    def send(self, data: bytes) -> None:
        self.answered += data

    def drop(self) -> None:
        self.left = b""


class UnsavedPaper(Paper):
    """Paper that stays in memory."""

    @override
    def save(self) -> None:
        """Keep it where it is."""


def check(data: bytes) -> None:
    """After any bytes the clean-up brings the mechanism's identity, and no strike is without a book."""
    clean_up = PROFILE.clean_up.encode()
    cable = MemoryCable(data + clean_up)
    paper = UnsavedPaper(Path("unused"))
    machine = Machine(PROFILE, 240, paper, cable, lambda _process: None)
    for _ in range(PERSONS):
        work_off(machine)
        if not cable.left and machine.state().received >= len(data) + len(clean_up):
            break
        # A command waits for a document.
        machine.insert("B1", 1, RULER)
    assert Identity(ord(PROFILE.identity)) in FrameReader().feed(bytes(cable.answered))
    assert not paper.strikes or "B1" in paper.books


def work_off(machine: Machine) -> None:
    """Take in and do everything until nothing moves."""
    before = -1
    while machine.state().received > before:
        before = machine.state().received
        machine.fill()
        while machine.step() is not None:
            pass
