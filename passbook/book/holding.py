"""Which jobs of one book wait for each other."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from passbook.job.record import Record
from passbook.job.states import JobState


class BookHold(Enum):
    """What an unfinished job does to the other jobs of its book."""

    NOTHING = "nothing"
    """It waits for its turn, or a person holds it back: others go on."""
    LATER = "later"
    """A person is asked about it, and nothing of it was sent: jobs that came later and are untouched wait."""
    ALL = "all"
    """It was begun: no other job knows where the book stands before its end."""


class BookJob(NamedTuple):
    """An unfinished job of a book."""

    names: tuple[str, ...]
    sequence: int
    is_untouched: bool
    hold: BookHold

    def holds(self, other: BookJob) -> bool:
        """Whether the other job of the same book waits for this one."""
        if self.hold is BookHold.ALL:
            # Of two that were begun the one that came first goes on, or both would wait for ever.
            return other.is_untouched or self.sequence < other.sequence
        return self.hold is BookHold.LATER and other.is_untouched and self.sequence < other.sequence


def book_job(record: Record) -> BookJob | None:
    """The job as one of its book; None where it has ended, or its book is not known."""
    if record.book is None or record.ended:
        return None
    return BookJob(record.book.names, record.sequence, record.untouched, _hold_of(record))


def _hold_of(record: Record) -> BookHold:
    works = record.state in {JobState.PROCESSING, JobState.PROCESSING_STOPPED} or record.is_printer_lent
    if not record.untouched or works:
        return BookHold.ALL
    return BookHold.LATER if record.is_open and record.asked else BookHold.NOTHING
