"""The place of the book in the mechanism; no power cut moves it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from passbook.protocol.media import Media


class MediumEvent(StrEnum):
    """An event that moves a book."""

    PUT = "put"
    """A person puts the book into the slot."""
    DRAW = "draw"
    """The mechanism draws the book in."""
    EJECT = "eject"
    """The mechanism gives the book back into the slot."""
    TAKE = "take"
    """A person takes the book out of the slot."""
    JAM = "jam"
    """The book gets stuck."""
    PULL = "pull"
    """A person pulls the book out by force."""
    FREE = "free"
    """A person opens the mechanism and takes the book out."""


_M, _E = Media, MediumEvent
TRANSITIONS: Final = MappingProxyType(
    {
        (_M.NOT_PRESENT, _E.PUT): _M.ENTERING,
        (_M.ENTERING, _E.DRAW): _M.PRESENT,
        (_M.PRESENT, _E.EJECT): _M.ENTERING,
        (_M.ENTERING, _E.TAKE): _M.NOT_PRESENT,
        (_M.PRESENT, _E.JAM): _M.JAMMED,
        (_M.PRESENT, _E.PULL): _M.NOT_PRESENT,
        (_M.JAMMED, _E.FREE): _M.NOT_PRESENT,
    }
)
"""(where, event) -> where; every other pair cannot happen."""


@dataclass(frozen=True)
class Lying:
    """The book in the mechanism and the page at which it lies open."""

    book: str
    page: int


class Medium:
    """One path with room for one book."""

    def __init__(self) -> None:
        self.where = Media.NOT_PRESENT
        self.lying: Lying | None = None
        self.y = 0
        """The distance of the head from the top of the page, in 1/2160 inch; valid while a book is in."""

    def move(self, event: MediumEvent, lying: Lying | None = None) -> None:
        """Move the book. Raises ValueError when the event cannot happen now."""
        if (self.where, event) not in TRANSITIONS:
            raise ValueError(f"cannot {event.value} while the medium is {self.where.value}")
        self.where = TRANSITIONS[self.where, event]
        if event is MediumEvent.PUT or self.where is Media.NOT_PRESENT:
            self.lying = lying
