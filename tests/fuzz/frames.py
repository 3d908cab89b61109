"""Frames of a mechanism."""

from __future__ import annotations

from drivers.dialects.pr2.frames import LARGEST_FRAME, DocumentStatus, FrameReader, Identity, OwnSetup, Status
from drivers.frame_reading import Garbage


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


def written(frame: object) -> bytes:
    """The bytes that a frame was read from."""
    match frame:
        case Status(code) | Identity(code):
            return (b"\x1br" if isinstance(frame, Status) else b"\x1b/") + bytes([code])
        case DocumentStatus(device, position):
            return b"\x1bB" + bytes([device, position]) + b"\x1bZ"
        case OwnSetup(body):
            return b"\x1ba" + body + b"\x1bZ"
        case Garbage(data):
            return data
        case _:
            raise AssertionError(frame)
