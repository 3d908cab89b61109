"""Answers of an ESC/POS printer: bytes in any pieces become answers; what is none becomes Garbage, byte for byte.

Fixed bits tell them apart: the answer to DLE EOT is 0xx1xx10, the first of the four bytes of an automatic status is
0xx1xx00, and its other three are 0xx0xxxx.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.frame_reading import Garbage

STATUS_BYTES: Final = 4
"""The length of an automatic status."""

_FIXED: Final = 0b1001_0011
_FIXED_IN_OTHERS: Final = 0b1001_0000


@dataclass(frozen=True)
class RealTimeStatus:
    """The answer to a DLE EOT; it does not say to which one."""

    bits: int

    def has(self, bit: int) -> bool:
        """Whether bit number `bit` is set."""
        return bool(self.bits >> bit & 1)


@dataclass(frozen=True)
class AutomaticStatus:
    """Four bytes of status: the printer, its errors, its paper sensors, its slip."""

    printer: int
    errors: int
    sensors: int
    slip: int

    @property
    def is_offline(self) -> bool:
        """Whether the printer is off line."""
        return bool(self.printer & 1 << 3)

    @property
    def has_slip(self) -> bool:
        """Whether the slip is selected and loaded, and its insertion sensor sees it."""
        return not self.slip & 0b11 and not self.sensors & 1 << 5

    @property
    def is_slip_selected(self) -> bool:
        """Whether the slip is selected."""
        return not self.slip & 1


class SlipReader:
    """Bytes in, answers out, the same for every way of cutting the bytes."""

    def __init__(self) -> None:
        self._open = bytearray()

    @property
    def partial(self) -> bool:
        """Whether an automatic status has begun and not ended."""
        return bool(self._open)

    def is_announcement(self, _frame: object) -> bool:
        """False: such a printer announces nothing."""
        return False

    def feed(self, data: bytes) -> list[object]:
        """Take `data` and return the answers that it completes; never raises."""
        answers: list[object] = []
        for byte in data:
            self._take(byte, answers)
        return answers

    def _take(self, byte: int, answers: list[object]) -> None:
        if self._open and not byte & _FIXED_IN_OTHERS:
            self._open.append(byte)
            if len(self._open) == STATUS_BYTES:
                answers.append(AutomaticStatus(*self._open))
                self._open.clear()
            return
        if self._open:
            answers.append(Garbage(bytes(self._open)))
            self._open.clear()
        match byte & _FIXED:
            case 0b0001_0010:
                answers.append(RealTimeStatus(byte))
            case 0b0001_0000:
                self._open.append(byte)
            case _:
                answers.append(Garbage(bytes([byte])))
