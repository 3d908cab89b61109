"""Whose book may lie in a mechanism: remembered from job to job, and looked up after a boot."""

from __future__ import annotations

from typing import Final, NamedTuple

from passbook.job.record import Record
from storage import Spool

ENTRIES_LOOKED_AT: Final = 200
"""Entries of the history in which the last job of a printer is looked for."""


class HeldBook(NamedTuple):
    """The job whose book it is, and who sent it; both empty when that is not known."""

    job: str = ""
    requester: str = ""


class BookOwner:
    """Used by the thread of one print desk.

    A job may be answered, or ended, while its book still lies in the mechanism.  So neither its state nor an open
    question tells whose book it is: the last job that was begun does, until somebody has taken the book.
    """

    def __init__(self, printer: str, spool: Spool) -> None:
        self._printer = printer
        self._spool = spool
        self._last: HeldBook | None = None

    def begins(self, record: Record) -> None:
        """A job is begun: from here on its book may lie there."""
        self._last = HeldBook(record.job_id, record.requester)

    def taken(self) -> None:
        """Forget the owner: nothing lies there, and the owner of a book that comes unasked is not known."""
        self._last = HeldBook()

    def find(self, asked: Record | None) -> HeldBook:
        """The owner of what was found there; `asked` is the job stopped last of those that people are asked about."""
        if self._last is None:
            begun = asked or self._last_begun()
            self._last = HeldBook() if begun is None else HeldBook(begun.job_id, begun.requester)
        return self._last

    def _last_begun(self) -> Record | None:
        """The job of this printer that the history tells of last, if a step of it was ever sent."""
        told = (one.entry.record for one in reversed(self._spool.history(last=ENTRIES_LOOKED_AT)))
        return next((record for record in told if record.printer == self._printer and not record.untouched), None)
