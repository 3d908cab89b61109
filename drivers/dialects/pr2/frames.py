"""Frames from a PR2 mechanism: bytes in any pieces become frames; what is no frame becomes Garbage, byte for byte.

Every frame begins with ESC and a letter.  Three shapes follow: a fixed number of bytes, all up to FS, or all up to
ESC Z.  An ESC where none belongs ends the frame as Garbage and begins the next one, so one lost byte costs one frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

ESC: Final = 0x1B
FS: Final = 0x1C
LARGEST_FRAME: Final = 256
"""The longest answer known is a stripe field of 105 characters, twice."""

_Z: Final = ord("Z")
_HEAD: Final = 2
_DOCUMENT_BODY: Final = 2


@dataclass(frozen=True)
class Status:
    """ESC r x: the basic machine status, asked for (ESC j) or announcing an insertion or a key."""

    code: int


@dataclass(frozen=True)
class DocumentStatus:
    """ESC B id m ESC Z: where the document of a device lies; id '5' is the front stand."""

    device: int
    position: int


@dataclass(frozen=True)
class Stripe:
    """ESC s ... FS: what was read from a magnetic stripe; customer data, so its text form does not show it."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Length:
    """ESC S nnnn: a measured length or width."""

    value: int


@dataclass(frozen=True)
class Firmware:
    """ESC b ... ESC Z: releases and versions."""

    data: bytes


@dataclass(frozen=True)
class SetUp:
    """ESC a ... ESC Z: the printer's own set-up."""

    data: bytes


@dataclass(frozen=True)
class Identity:
    """ESC / x: the primary identity, '7' for the PR2."""

    code: int


@dataclass(frozen=True)
class Configuration:
    """ESC p x y z k."""

    data: bytes


@dataclass(frozen=True)
class Garbage:
    """Bytes that belong to no frame; may hold customer data, so its text form does not show it."""

    data: bytes = field(repr=False)


Frame: TypeAlias = Status | DocumentStatus | Stripe | Length | Firmware | SetUp | Identity | Configuration | Garbage

_FIXED: Final = {ord("r"): 1, ord("S"): 4, ord("/"): 1, ord("p"): 4}
_UP_TO_FS: Final = frozenset({ord("s")})
_UP_TO_ESC_Z: Final = frozenset({ord("B"), ord("b"), ord("a")})
_LETTERS: Final = frozenset(_FIXED) | _UP_TO_FS | _UP_TO_ESC_Z


class FrameReader:
    """Bytes in, frames out, the same for every way of cutting the bytes; keeps at most LARGEST_FRAME of them."""

    def __init__(self) -> None:
        self._open = bytearray()

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._open)

    def feed(self, data: bytes) -> list[Frame]:
        """Take `data` and return the frames that it completes; never raises."""
        frames: list[Frame] = []
        for byte in data:
            self._take(byte, frames)
        return frames

    def _take(self, byte: int, frames: list[Frame]) -> None:
        self._open.append(byte)
        held = self._open
        if len(held) == 1:
            if byte != ESC:
                self._reject(frames)
        elif len(held) == _HEAD:
            self._take_letter(byte, frames)
        elif held[1] in _UP_TO_ESC_Z:
            self._take_up_to_esc_z(byte, frames)
        elif byte == ESC:
            self._restart(1, frames)
        elif held[1] in _UP_TO_FS:
            if byte == FS:
                self._emit(Stripe(bytes(held[_HEAD:-1])), frames)
        elif len(held) == _HEAD + _FIXED[held[1]]:
            self._emit(_fixed(held[1], bytes(held[_HEAD:])), frames)
        if len(self._open) >= LARGEST_FRAME:
            self._reject(frames)

    def _take_letter(self, byte: int, frames: list[Frame]) -> None:
        if byte == ESC:
            self._restart(1, frames)
        elif byte not in _LETTERS:
            self._reject(frames)

    def _take_up_to_esc_z(self, byte: int, frames: list[Frame]) -> None:
        held = self._open
        if len(held) == _HEAD + 1 or held[-2] != ESC:
            return
        if byte == _Z:
            self._emit(_closed(held[1], bytes(held[_HEAD:-2])), frames)
        else:
            self._restart(2, frames)

    def _restart(self, keep: int, frames: list[Frame]) -> None:
        """Reject all but the last `keep` bytes, and read those again from an empty start."""
        again = bytes(self._open[-keep:])
        del self._open[-keep:]
        self._reject(frames)
        for byte in again:
            self._take(byte, frames)

    def _reject(self, frames: list[Frame]) -> None:
        self._emit(Garbage(bytes(self._open)), frames)

    def _emit(self, frame: Frame | None, frames: list[Frame]) -> None:
        frames.append(frame or Garbage(bytes(self._open)))
        self._open.clear()


def _fixed(letter: int, body: bytes) -> Frame | None:
    match chr(letter):
        case "r":
            return Status(body[0])
        case "/":
            return Identity(body[0])
        case "p":
            return Configuration(body)
        case _:
            return Length(int(body)) if body.isdigit() else None


def _closed(letter: int, body: bytes) -> Frame | None:
    match chr(letter):
        case "b":
            return Firmware(body)
        case "a":
            return SetUp(body)
        case _:
            return DocumentStatus(body[0], body[1]) if len(body) == _DOCUMENT_BODY else None
