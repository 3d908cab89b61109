"""The memory of books of all areas together: where a book stands, and which of its jobs waits for which.

The rows of one book may lie in several areas, since each job leaves its row in its own one; the highest ordinal tells
the last update, and the furthest place is true.  While an area is not in use, or may have been rolled back, it may hold
a newer row: then a missing row is no first visit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from passbook.book.holding import BookJob
from passbook.book.judging import KnownBook, standing_now, united
from passbook.book.standing import Heads
from passbook.errors import PassbookError
from passbook.job.record import Change, Record
from storage.area.area import Area, AreaSettings, AreaState

ROWS_MISSED: Final = 2**32
"""More rows of one book than are written while an area is away: a row of that time is newer than all that lie there."""


class BookMemory:
    """Any thread may ask; reads no disk."""

    def __init__(self, areas: Sequence[Area], left_out: Mapping[AreaSettings, PassbookError]) -> None:
        """Both are shared with the store, which changes them."""
        self._areas = areas
        self._left_out = left_out

    def adopt(self) -> None:
        """Have every open area give its rows ordinals that count over all areas."""
        for area in self._areas:
            area.ledger.books.ordinal = self._next_ordinal
            area.ledger.books.newest = self.known
            area.ledger.books.heads = self._heads

    def known(self, names: Sequence[str]) -> KnownBook | None:
        """Where a book with these names stands by the rows of all open areas; None where there is none."""
        found = [known for area in tuple(self._areas) if (known := area.ledger.books.known(names)) is not None]
        return united(found)

    def renewed(self, record: Record) -> Record:
        """The record whose objection says where its book stands now: jobs before it may have printed since."""
        claim = record.book
        if claim is None or claim.objection is None or claim.objection.is_overruled:
            return record
        known = self.known(claim.names)
        return record if known is None else replace(record, book=standing_now(claim, known))

    def renewing(self, change: Change) -> Change:
        """The change of a record whose objection says where its book stands now; for one that prints nothing.

        An order to print counts for the place that was shown with the question.
        """
        return lambda record: change(self.renewed(record))

    def is_whole(self, names: Sequence[str]) -> bool:
        """Whether no newer row of this book can lie where it is not seen."""
        return not self._is_area_away() and not any(area.ledger.books.is_damaged(names) for area in tuple(self._areas))

    def holder(self, record: Record, job: BookJob) -> str:
        """The unfinished job of the same book for which this one waits; empty for none."""
        for area in tuple(self._areas):
            for other, known in area.ledger.books.jobs(job.names).items():
                if other != record.job_id and known.holds(job) and other in area.usage:
                    return other
        return ""

    def waiting(self, names: Sequence[str]) -> list[str]:
        """The unfinished jobs of a book, in the order of acceptance."""
        found = [
            (known.sequence, job)
            for area in tuple(self._areas)
            for job, known in area.ledger.books.jobs(names).items()
            if job in area.usage
        ]
        return [job for _, job in sorted(found)]

    def is_used(self) -> bool:
        """Whether a book is known, or an unfinished job is for one."""
        return self.count() > 0 or any(area.ledger.books.has_jobs() for area in tuple(self._areas))

    def count(self) -> int:
        """The number of books that are known."""
        return len(set().union(*(area.ledger.books.names() for area in tuple(self._areas))))

    def _next_ordinal(self, names: Sequence[str]) -> int:
        known = self.known(names)
        return (0 if known is None else known.row.ordinal) + (ROWS_MISSED if self._is_area_away() else 1)

    def _heads(self, names: Sequence[str]) -> Heads:
        """The heads of the areas in use, and those that their rows have of all others."""
        books = [area.ledger.books for area in tuple(self._areas)]
        heads = {head.area: head for head in (one.head(names) for one in books)}
        rows = [known.row for one in books if (known := one.known(names)) is not None]
        for told in sorted(head for row in rows for head in row.heads):
            if told.area not in heads or not heads[told.area].is_there:
                heads[told.area] = told._replace(is_there=False)
        return tuple(heads.values())

    def _is_area_away(self) -> bool:
        areas = tuple(self._areas)
        return bool(self._left_out) or any(
            area.state is not AreaState.READY or area.suspect or not area.adds_up for area in areas
        )
