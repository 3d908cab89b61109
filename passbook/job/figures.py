"""The printed and the remaining books, pages and lines of a job (F6).

A step counts when it becomes confirmed, by the printer or by a person's word, and once more whenever it is printed
again. The figures count the steps on paper, not the requests.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from passbook.document.plan import StepOutline
from passbook.job.record import Record


class Figures(msgspec.Struct, frozen=True):
    """Numbers of books, pages and lines.

    Attributes:
        books: books or sheets given back finished: the last step of each job, and each change to a next sheet or to a
            new book.  A full book on which the job printed nothing is none of its books.
        pages: pages begun: a line whose job has no line before it on the same page.  Going on in the middle of a page
            begins none.
        lines: lines struck.
    """

    books: int = 0
    pages: int = 0
    lines: int = 0

    def __add__(self, other: Figures) -> Figures:
        """The sums of both, figure by figure."""
        return Figures(self.books + other.books, self.pages + other.pages, self.lines + other.lines)


NO_FIGURES = Figures()


def counted(before: Record, after: Record) -> Figures:
    """The figures that a change of one job put on paper: those of the steps that it confirmed."""
    return _of_steps(after.outline, before.confirmed, after.confirmed)


def counted_too(before: Record, there: Record) -> Figures:
    """The figures of the other copy, printed too, which is `there`; its pages are not known once the job ended here."""
    if before.outline:
        return _of_steps(before.outline, 0, there.confirmed)
    lines = 0 if there.on_paper is None else there.on_paper.confirmed
    return Figures(books=int(there.confirmed == there.steps), lines=lines)


def printed_at(record: Record) -> str:
    """The name of the printer that prints a job: its own, or the one that stood in for it."""
    return record.printer if record.fed is None else record.fed.printer or record.printer


def left(record: Record) -> Figures:
    """The figures of a job's unconfirmed steps; a step in doubt is one, until a person or the printer confirms it."""
    return _of_steps(record.outline, record.confirmed, len(record.outline))


def _of_steps(outline: Sequence[StepOutline], done: int, last: int) -> Figures:
    """The figures of steps done + 1 to `last`."""
    books = pages = lines = 0
    page = _page_begun(outline[:done])
    for number, step in enumerate(outline[done:last], done):
        traits = step.kind.traits
        if traits.is_line:
            lines += 1
            pages += step.page != page
            page = step.page
        elif traits.ends_medium:
            books += number > 0
            page = None
    return Figures(books, pages, lines)


def _page_begun(done: Sequence[StepOutline]) -> int | None:
    """The page of the last line, if the medium that has it is not finished."""
    for step in reversed(done):
        if step.kind.traits.ends_medium:
            return None
        if step.kind.traits.is_line:
            return step.page
    return None
