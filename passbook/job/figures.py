"""What of a job counts as printed and what is left to print: books, pages and lines (F6).

A step counts when it becomes confirmed, by the printer or by a person's word, and once more whenever it is printed
again: what is counted is what was put on paper, not what was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from passbook.document.plan import StepOutline
from passbook.job.record import Record


class Figures(msgspec.Struct, frozen=True):
    """So much of each.

    Attributes:
        books: books or sheets given back finished: the last step of each job.
        pages: pages begun: a line whose job has no line before it on the same page.  Going on in the middle of a page
            begins none.
        lines: lines struck.
    """

    books: int = 0
    pages: int = 0
    lines: int = 0

    def __add__(self, other: Figures) -> Figures:
        """Both together."""
        return Figures(self.books + other.books, self.pages + other.pages, self.lines + other.lines)


NO_FIGURES = Figures()


def counted(before: Record, after: Record) -> Figures:
    """What a change of one job put on paper: the steps that were not confirmed before it and are now."""
    return _of_steps(after.outline, before.confirmed, after.confirmed)


def left(record: Record) -> Figures:
    """What of a job is not confirmed; a step in doubt is left, since nobody said yet that it is on paper."""
    return _of_steps(record.outline, record.confirmed, len(record.outline))


def _of_steps(outline: Sequence[StepOutline], done: int, last: int) -> Figures:
    """What steps done + 1 to `last` are."""
    books = pages = lines = 0
    page = next((step.page for step in reversed(outline[:done]) if step.kind.traits.is_line), None)
    for step in outline[done:last]:
        traits = step.kind.traits
        if traits.is_line:
            lines += 1
            pages += step.page != page
            page = step.page
        elif traits.ends_page and not traits.opens_page:
            books += 1
    return Figures(books, pages, lines)
