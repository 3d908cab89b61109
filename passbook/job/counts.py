"""The number of jobs by their state; each job that has not ended is counted once."""

from __future__ import annotations

import msgspec

from passbook.job.record import Record
from passbook.job.states import JobState


class JobCounts(msgspec.Struct, frozen=True, rename="camel"):
    """Jobs that have not ended.

    Attributes:
        pending: valid; each prints when its turn comes.
        processing: valid and at a mechanism, also while a person is asked to handle the book.
        questions: invalid; people are asked.
        held: invalid; a person holds them back, so that no terminal is asked.
    """

    pending: int = 0
    processing: int = 0
    questions: int = 0
    held: int = 0

    @property
    def jobs(self) -> int:
        """The number of all jobs."""
        return self.pending + self.processing + self.questions + self.held

    def __add__(self, other: JobCounts) -> JobCounts:
        """The sums of both, count by count."""
        return JobCounts(
            self.pending + other.pending,
            self.processing + other.processing,
            self.questions + other.questions,
            self.held + other.held,
        )


def counts_of(record: Record, number: int = 1) -> JobCounts:
    """The counts of one job that has not ended, `number` times."""
    if not record.valid:
        return JobCounts(questions=number) if record.asked else JobCounts(held=number)
    return JobCounts(pending=number) if record.state is JobState.PENDING else JobCounts(processing=number)
