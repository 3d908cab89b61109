"""Long lists in pages: `Spooler.ListJobs` and `Recovery.ListQuestions`, both in the order of acceptance."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from passbook.protocol.messages import LARGEST_NUMBER, JobView, Number, Payload, Question

MOST_ROWS: Final = 500
"""The most rows of one page, whatever number the terminal asks for."""

T = TypeVar("T")


class Page(Payload, frozen=True):
    """A part of a list: the rows behind the job with the sequence number `after`, at most `limit`."""

    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=LARGEST_NUMBER)] = MOST_ROWS

    @property
    def read(self) -> int:
        """The number of rows that fill the page, and one more to know whether there are others."""
        return min(self.limit, MOST_ROWS) + 1


class JobPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Completion of `Spooler.ListJobs`.

    Attributes:
        age: seconds since the appliance told this list, where an agent answers in its place; 0 for now.
    """

    jobs: tuple[JobView, ...]
    more: bool = False
    age: int = 0


class QuestionPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Completion of `Recovery.ListQuestions`.

    Attributes:
        count: the open questions that the terminal may decide about, on all pages together.
    """

    questions: tuple[Question, ...]
    more: bool = False
    count: int = 0


def page_of(rows: Iterable[T], limit: int) -> tuple[tuple[T, ...], bool]:
    """The first rows, at most `limit` and never more than MOST, and whether there are more; needs one row too many."""
    size = min(limit, MOST_ROWS)
    found = tuple(islice(rows, size + 1))
    return found[:size], len(found) > size
