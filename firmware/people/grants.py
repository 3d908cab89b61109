"""Grants: terminals that may have the sealed content of a job of another terminal, to preview it (C7, P12).

Theory of operation.  Deciding about a job and seeing its content are different rights.  A representative decides about
every job, and still sees a document only when its requester grants it and its key is at hand.  Grants lie in memory
only and go with their job; after a boot the requester grants anew.  At most MOST_GRANTS of a job are kept.
"""

from __future__ import annotations

from typing import Final

from passbook.job.record import Record

MOST_GRANTS: Final = 16
"""Terminals with a grant for one job; the oldest grant gives way."""


class Grants:
    """The grants of all unfinished jobs; lives in the event loop."""

    def __init__(self) -> None:
        self._granted: dict[str, dict[str, None]] = {}

    def give(self, job: str, terminal: str) -> None:
        """Let `terminal` have the sealed content of a job."""
        granted = self._granted.setdefault(job, {})
        granted.pop(terminal, None)
        granted[terminal] = None
        if len(granted) > MOST_GRANTS:
            del granted[next(iter(granted))]

    def has(self, job: str, terminal: str) -> bool:
        """Whether the terminal was granted that."""
        return terminal in self._granted.get(job, {})

    def note(self, record: Record) -> None:
        """A job changed: the grants of an ended one go."""
        if record.ended or record.content_gone:
            self._granted.pop(record.job_id, None)
