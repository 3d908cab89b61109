"""How many jobs there are, by what they wait for; each job that has not ended is counted once."""

from __future__ import annotations

import msgspec

from passbook.job.record import Record
from passbook.job.states import JobState


class JobCounts(msgspec.Struct, frozen=True, rename="camel"):
    """Jobs that have not ended.

    Attributes:
        pending: valid; each prints when its turn comes.
        processing: valid and at a mechanism, also while a person is asked to handle the book.
        questions: invalid; people are asked what to do.
        held: invalid; a person holds them back, so that nobody is asked.
    """

    pending: int = 0
    processing: int = 0
    questions: int = 0
    held: int = 0

    @property
    def jobs(self) -> int:
        """All of them."""
        return self.pending + self.processing + self.questions + self.held

    def __add__(self, other: JobCounts) -> JobCounts:
        """Both together."""
        return JobCounts(
            self.pending + other.pending,
            self.processing + other.processing,
            self.questions + other.questions,
            self.held + other.held,
        )


def counts_of(record: Record, number: int = 1) -> JobCounts:
    """One job that has not ended, counted `number` times."""
    if not record.valid:
        return JobCounts(questions=number) if record.asked else JobCounts(held=number)
    return JobCounts(pending=number) if record.state is JobState.PENDING else JobCounts(processing=number)
