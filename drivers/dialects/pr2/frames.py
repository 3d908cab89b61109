"""Frames from a PR2 mechanism: bytes in any pieces become frames; what is no frame becomes Garbage, byte for byte.

Only frames that the document session asks for are known.  Each begins with ESC and a letter; then comes one byte, or
all up to ESC Z.  An ESC where none belongs ends the frame as Garbage and begins the next one, so one lost byte costs
one frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from drivers.frame_reading import Garbage

ESC: Final = 0x1B
LARGEST_FRAME: Final = 64
"""A frame that is longer is none; the manuals at hand do not say how long the answer about the set-up is."""

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
class Identity:
    """ESC / x: the primary identity, '7' for the PR2."""

    code: int


@dataclass(frozen=True)
class OwnSetup:
    """ESC a byte1 .. byten ESC Z: the printer's own set-up, in bytes that its profile explains."""

    body: bytes


Frame: TypeAlias = Status | DocumentStatus | Identity | OwnSetup | Garbage

_STATUS: Final = ord("r")
_IDENTITY: Final = ord("/")
_DOCUMENT: Final = ord("B")
_SETUP: Final = ord("a")
_LISTS: Final = frozenset({_DOCUMENT, _SETUP})
"""Letters of frames that end with ESC Z."""
_LETTERS: Final = frozenset({_STATUS, _IDENTITY, *_LISTS})


class FrameReader:
    """Bytes in, frames out, the same for every way of cutting the bytes; keeps at most LARGEST_FRAME of them."""

    def __init__(self) -> None:
        self._open = bytearray()

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._open)

    def is_announcement(self, frame: object) -> bool:
        """Whether it is a status: an insertion announces itself by the frame that also answers a request."""
        return isinstance(frame, Status)

    def feed(self, data: bytes) -> list[object]:
        """Take `data` and return the frames that it completes; never raises."""
        frames: list[object] = []
        for byte in data:
            self._take(byte, frames)
        return frames

    def _take(self, byte: int, frames: list[object]) -> None:
        self._open.append(byte)
        held = self._open
        if len(held) == 1:
            if byte != ESC:
                self._reject(frames)
        elif len(held) == _HEAD:
            self._take_letter(byte, frames)
        elif held[1] in _LISTS:
            self._take_list(byte, frames)
        elif byte == ESC:
            self._restart(1, frames)
        else:
            self._emit(Status(byte) if held[1] == _STATUS else Identity(byte), frames)
        if len(self._open) >= LARGEST_FRAME:
            self._reject(frames)

    def _take_letter(self, byte: int, frames: list[object]) -> None:
        if byte == ESC:
            self._restart(1, frames)
        elif byte not in _LETTERS:
            self._reject(frames)

    def _take_list(self, byte: int, frames: list[object]) -> None:
        held = self._open
        if len(held) == _HEAD + 1 or held[-2] != ESC:
            return
        if byte != _Z:
            self._restart(2, frames)
        elif (body := bytes(held[_HEAD:-2])) and held[1] == _SETUP:
            self._emit(OwnSetup(body), frames)
        elif len(body) == _DOCUMENT_BODY:
            self._emit(DocumentStatus(body[0], body[1]), frames)
        else:
            self._reject(frames)

    def _restart(self, keep: int, frames: list[object]) -> None:
        """Reject all but the last `keep` bytes, and read those again from an empty start."""
        again = bytes(self._open[-keep:])
        del self._open[-keep:]
        self._reject(frames)
        for byte in again:
            self._take(byte, frames)

    def _reject(self, frames: list[object]) -> None:
        self._emit(Garbage(bytes(self._open)), frames)

    def _emit(self, frame: Frame, frames: list[object]) -> None:
        frames.append(frame)
        self._open.clear()
