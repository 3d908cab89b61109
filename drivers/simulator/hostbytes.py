"""Bytes from the host, one at a time, into commands of the mechanism; it takes any bytes and keeps few.

A command with parameters swallows as many bytes as it has, digits or not, and is judged afterwards. By this one of the
possible readings of the manuals half a command does most harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

ESC: Final = 0x1B
FS: Final = 0x1C
GS: Final = 0x1D
DEL: Final = 0x7F
LONGEST_LIST: Final = 256
"""The bytes kept of a list or of stripe data; the rest is read and forgotten."""

_Z: Final = ord("Z")
_PARAMETERS: Final = {
    **dict.fromkeys("S#*`^'U", 1),
    " ": 1,
    "&": 2,
    "/": 5,
    "|": 4,
    "R": 3,
    **dict.fromkeys("JTMHLIX[", 3),
}
_LISTS: Final = frozenset("Qxy")
_PRINTABLE_FROM: Final = 0x20


@dataclass(frozen=True)
class Text:
    """One byte to be printed, in the code page."""

    code: int


@dataclass(frozen=True)
class Control:
    """One control byte outside every command."""

    code: int


@dataclass(frozen=True)
class HostCommand:
    """ESC, a letter and its parameter bytes, which may have any value."""

    letter: str
    parameters: bytes = b""


@dataclass(frozen=True)
class Switch:
    """FS and a letter, which says how the text behind it is read."""

    letter: str


Item: TypeAlias = Text | Control | HostCommand | Switch


def is_text(byte: int) -> bool:
    """Whether a byte outside every command is printed."""
    return byte >= _PRINTABLE_FROM and byte != DEL


class Reading(StrEnum):
    """The place of the mechanism in the host's bytes."""

    GROUND = "ground"
    """Between commands."""
    ESCAPE = "escape"
    """Behind ESC."""
    SWITCH = "switch"
    """Behind FS."""
    PARAMETERS = "parameters"
    """Among a fixed number of parameter bytes."""
    LIST = "list"
    """In a list that ESC Z ends."""
    LIST_ESCAPE = "list-escape"
    """Behind an ESC inside such a list."""
    STRIPE = "stripe"
    """In stripe data that GS ends."""


class HostParser:
    """The reading of one mechanism; a power cut forgets it."""

    def __init__(self) -> None:
        self.reading = Reading.GROUND
        self._letter = ""
        self._held = bytearray()

    def feed(self, byte: int) -> Item | None:
        """Take one byte; return the item that it completes, if any."""
        match self.reading:
            case Reading.GROUND:
                return self._ground(byte)
            case Reading.ESCAPE:
                return self._escape(byte)
            case Reading.SWITCH:
                self.reading = Reading.GROUND
                return Switch(chr(byte))
            case Reading.LIST if byte == ESC:
                self.reading = Reading.LIST_ESCAPE
                return None
            case Reading.LIST_ESCAPE if byte != _Z:
                self.reading = Reading.LIST
                return None
            case _:
                return self._collect(byte)

    def _collect(self, byte: int) -> Item | None:
        ends = self.reading is Reading.LIST_ESCAPE or (self.reading is Reading.STRIPE and byte == GS)
        if not ends and len(self._held) < LONGEST_LIST:
            self._held.append(byte)
        if ends or (self.reading is Reading.PARAMETERS and len(self._held) == _PARAMETERS[self._letter]):
            return self._complete()
        return None

    def _ground(self, byte: int) -> Item | None:
        if byte in {ESC, FS}:
            self.reading = Reading.ESCAPE if byte == ESC else Reading.SWITCH
            return None
        return Text(byte) if is_text(byte) else Control(byte)

    def _escape(self, byte: int) -> Item | None:
        self._letter = chr(byte)
        if self._letter in _PARAMETERS:
            self.reading = Reading.PARAMETERS
        elif self._letter in _LISTS:
            self.reading = Reading.LIST
        elif self._letter == "t":
            self.reading = Reading.STRIPE
        elif byte != ESC:
            return self._complete()
        return None

    def _complete(self) -> HostCommand:
        command = HostCommand(self._letter, bytes(self._held))
        self.reading = Reading.GROUND
        self._held.clear()
        return command
