"""Frames of a mechanism."""

from __future__ import annotations

from typing import Final

from drivers.dialects.pr2.frames import (
    LARGEST_FRAME,
    Configuration,
    DocumentStatus,
    Firmware,
    Frame,
    FrameReader,
    Garbage,
    Identity,
    Length,
    SetUp,
    Status,
    Stripe,
)

_AROUND: Final[dict[type[Frame], tuple[bytes, bytes]]] = {
    Stripe: (b"\x1bs", b"\x1c"),
    Firmware: (b"\x1bb", b"\x1bZ"),
    SetUp: (b"\x1ba", b"\x1bZ"),
    Configuration: (b"\x1bp", b""),
    Garbage: (b"", b""),
}


def check(data: bytes) -> None:
    """Bytes become the same frames however they are cut, and the frames written down again are those bytes."""
    whole = FrameReader().feed(data)
    reader = FrameReader()
    singly = [frame for byte in data for frame in reader.feed(bytes([byte]))]
    assert singly == whole
    told = b"".join(map(written, whole))
    assert data.startswith(told)
    assert reader.partial == (len(told) < len(data))
    assert len(data) - len(told) < LARGEST_FRAME


def written(frame: Frame) -> bytes:
    """The bytes that a frame was read from."""
    match frame:
        case Status(code) | Identity(code):
            return (b"\x1br" if isinstance(frame, Status) else b"\x1b/") + bytes([code])
        case DocumentStatus(device, position):
            return b"\x1bB" + bytes([device, position]) + b"\x1bZ"
        case Length(value):
            return b"\x1bS%04d" % value
        case Stripe() | Firmware() | SetUp() | Configuration() | Garbage():
            before, behind = _AROUND[type(frame)]
            return before + frame.data + behind
