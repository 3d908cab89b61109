"""Bytes from the host, one at a time, into commands of an ESC/POS printer; it takes any bytes and keeps few.

A real-time request is recognized wherever its three bytes stand, also among the parameters of a command, which swallow
them besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from drivers.simulator.hostbytes import ESC, FS, GS, Control, Reading, Text

DLE: Final = 0x10
_EOT, _ENQ = 0x04, 0x05
_PRINTABLE_FROM: Final = 0x20
_DELETE: Final = 0x7F
_REQUEST: Final = 3
BIT_IMAGE: Final = "*"
_IMAGE_HEAD: Final = 3
_24_ROWS: Final = 0x20
_IMAGE_MODES: Final = frozenset({0, 1, 32, 33})
MOST_COLUMNS: Final = 1023
"""Columns of a bit image; a larger one, or another mode, is none and its dots are read as text (assumed)."""
_PARAMETERS: Final = {
    "\x1b": {
        **dict.fromkeys("@2<Lim", 0),
        **dict.fromkeys(" !%-3=?CEGJRSTUaderstuvz{", 1),
        **dict.fromkeys("$\\fc", 2),
        "p": 3,
    },
    "\x1c": dict.fromkeys("!-CWS", 1) | {"S": 2},
    "\x1d": {**dict.fromkeys("!IarzV", 1), **dict.fromkeys("LPW", 2)},
}
"""Bytes behind the letter of a command; a letter that is not here has none."""


@dataclass(frozen=True)
class SlipCommand:
    """ESC, FS or GS, a letter, and its parameter bytes."""

    lead: int
    letter: str
    parameters: bytes = b""


SlipItem: TypeAlias = Text | Control | SlipCommand


@dataclass(frozen=True)
class RealTimeRequest:
    """DLE EOT or DLE ENQ with its number; and the command whose last parameter it was, if any."""

    is_enquiry: bool
    number: int
    besides: SlipItem | None


class SlipParser:
    """The reading of one printer; a power cut forgets it."""

    def __init__(self) -> None:
        self.reading = Reading.GROUND
        self._lead = 0
        self._letter = ""
        self._held = bytearray()
        self._last = bytearray()

    def feed(self, byte: int) -> SlipItem | RealTimeRequest | None:
        """Take one byte; return the item that it completes, if any."""
        self._last = (self._last + bytes([byte]))[-_REQUEST:]
        item = self._read(byte)
        if len(self._last) == _REQUEST and self._last[0] == DLE and self._last[1] in {_EOT, _ENQ}:
            return RealTimeRequest(self._last[1] == _ENQ, byte, None if isinstance(item, Control) else item)
        return item

    def _wanted(self) -> int:
        """The parameter bytes of the open command, as far as those that came tell."""
        if (self._lead, self._letter) != (ESC, BIT_IMAGE):
            return _PARAMETERS[chr(self._lead)].get(self._letter, 0)
        if self._held and self._held[0] not in _IMAGE_MODES:
            return 1
        columns = int.from_bytes(self._held[1:_IMAGE_HEAD], "little")
        if len(self._held) < _IMAGE_HEAD or columns > MOST_COLUMNS:
            return _IMAGE_HEAD
        return _IMAGE_HEAD + columns * (3 if self._held[0] & _24_ROWS else 1)

    def _read(self, byte: int) -> SlipItem | None:
        match self.reading:
            case Reading.GROUND if byte in {ESC, FS, GS}:
                self.reading = Reading.ESCAPE
                self._lead = byte
                return None
            case Reading.GROUND:
                return Control(byte) if byte < _PRINTABLE_FROM or byte == _DELETE else Text(byte)
            case Reading.ESCAPE:
                self._letter = chr(byte)
                self.reading = Reading.PARAMETERS
            case _:
                self._held.append(byte)
        if len(self._held) < self._wanted():
            return None
        command = SlipCommand(self._lead, self._letter, bytes(self._held))
        self.reading = Reading.GROUND
        self._held.clear()
        return command
