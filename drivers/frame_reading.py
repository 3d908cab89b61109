"""Answers of a mechanism: bytes in any pieces become frames; each dialect has a reader of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Garbage:
    """Bytes that belong to no frame; may hold customer data, so its text form does not show it."""

    data: bytes = field(repr=False)


class AnswerReader(Protocol):
    """Bytes in, frames out.  A frame is a value of the dialect, or Garbage."""

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and not ended."""

    def feed(self, data: bytes) -> list[object]:
        """Take `data` and return the frames that it completes; never raises."""

    def is_announcement(self, frame: object) -> bool:
        """Whether a mechanism may send this frame unasked, when a medium was put in."""
