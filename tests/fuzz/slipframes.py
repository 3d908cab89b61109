"""Answers of a slip printer."""

from __future__ import annotations

from drivers.dialects.escpos.slip_answers import STATUS_BYTES, AutomaticStatus, RealTimeStatus, SlipReader
from drivers.frame_reading import Garbage


def check(data: bytes) -> None:
    """Bytes become the same answers however they are cut, and the answers written down again are those bytes."""
    whole = SlipReader().feed(data)
    reader = SlipReader()
    singly = [answer for byte in data for answer in reader.feed(bytes([byte]))]
    assert singly == whole
    told = b"".join(map(written_answer, whole))
    assert data.startswith(told)
    assert reader.partial == (len(told) < len(data))
    assert len(data) - len(told) < STATUS_BYTES


def written_answer(answer: object) -> bytes:
    """The bytes that an answer was read from."""
    match answer:
        case RealTimeStatus(bits):
            return bytes([bits])
        case AutomaticStatus(printer, errors, sensors, slip):
            return bytes([printer, errors, sensors, slip])
        case Garbage(data):
            return data
        case _:
            raise AssertionError(answer)
