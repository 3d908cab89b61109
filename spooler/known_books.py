"""Which updates may be printed into their books now: asked by the desks before they take a job up.

Theory of operation.  A desk asks `admits` about the job that is next.  A job of the same book that was begun, or that
a desk of this process has just taken, holds it back; the desk goes on with other jobs.  A printer that is handed to a
terminal asks the same when it is handed over, since its terminal had time to answer meanwhile.  An untouched one is
judged against the memory, and where that objects it becomes a question.  A job that is admitted is taken for its book
until `over`, so that two desks never print into one book at a time.
"""

from __future__ import annotations

import threading
from typing import Final

from passbook.book.claim import BookClaim
from passbook.book.holding import book_job
from passbook.book.judging import objection_to
from passbook.errors import PassbookError
from passbook.job.book_question import ask_about_book
from passbook.job.record import Record
from passbook.protocol.messages import SubmitJob
from spooler.clock import Clock, stamp
from spooler.destination import Prepared
from spooler.jobs import Jobs
from spooler.logs import Log
from storage import book_secrets

_LOG: Final = Log("books")


class KnownBooks:
    """The books of one process; any desk may ask."""

    def __init__(self, jobs: Jobs, clock: Clock, *, asks_gaps: bool = True) -> None:
        """`asks_gaps`: every update of a book of a single appliance comes to this process."""
        self._jobs = jobs
        self._clock = clock
        self._asks_gaps = asks_gaps
        self._lock = threading.Lock()
        self._taken: dict[str, tuple[str, ...]] = {}

    def admits(self, record: Record) -> bool:
        """Whether this valid job may be begun now; a person is asked about one to which the memory objects.

        One whose question cannot be stored waits, and keeps no other job waiting.
        """
        claim, job = record.book, book_job(record)
        if claim is None or job is None:
            return True
        books = self._jobs.spool.books
        with self._lock:
            others = {name for other, names in self._taken.items() if other != record.job_id for name in names}
            if not others.isdisjoint(job.names) or books.holder(record, job):
                return False
            known, is_whole = books.known(job.names), books.is_whole(job.names)
            objection = objection_to(claim, known, is_whole=is_whole, asks_gaps=self._asks_gaps)
            if objection is None or not record.untouched:
                self._taken[record.job_id] = job.names
                return True
        try:
            self._jobs.change(record.job_id, ask_about_book(objection, stamp(self._clock)), urgent=True).result()
        except PassbookError as error:
            _LOG.limited(record.job_id).warning("book-not-asked", job=record.job_id, code=error.code)
        return False

    def over(self, job: str) -> None:
        """The desk has done with a job, or does not begin it yet."""
        with self._lock:
            self._taken.pop(job, None)


def claim_of(request: SubmitJob, prepared: Prepared) -> BookClaim | None:
    """The claim of a job: the one that its terminal's agent made, or one by the secrets of the request.

    None for a document that is for no book, and without a book key.
    """
    if request.book is not None:
        return request.book
    return None if prepared.book is None else book_secrets.book_claim(request.book_secrets, prepared.book)
