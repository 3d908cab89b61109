"""A full book and the next one: how an update goes on there, and the lines that carry the balance; pure rules.

A layout with texts for it (`carried`, `brought`) has an update go on in a new book: the last lines of the full one say
which balance is carried, the first lines of the new one say which was brought.  So the cut between two books is known
when the job is accepted, and a job that goes on at line k lands exactly on line k, in the right book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from passbook.document.characters import control_position
from passbook.document.drafts import StartLine
from passbook.errors import PassbookError

if TYPE_CHECKING:
    # A layout judges its own texts by this module.
    from passbook.document.documents import Entry
    from passbook.document.layout import BookLayout, Column

MOST_BOOKS: Final = 4
"""Books of one job: no person waits longer at a counter."""

T = TypeVar("T")
MakeRow = Callable[[str, int | None, str], T]
"""Makes the row of a carrying line: its text, the balance (None on all but the last), and its place in errors."""


class BookPart(NamedTuple):
    """The rows of one book.

    Attributes:
        start: the place of the first of them.
        first: the number of the first entry in it, from 0.
        end: the number behind the last one; the same for a book in which no entry has room.
        carries: its last lines carry the balance.
    """

    start: StartLine
    first: int
    end: int
    carries: bool


def goes_on(layout: BookLayout) -> bool:
    """Whether a full book of this layout goes on in a new one."""
    return bool(layout.carried)


def may_start(layout: BookLayout, start: StartLine) -> bool:
    """Whether an update may start there: on a line of the book, or behind the last one where a new book follows."""
    behind = layout.place_after(layout.pages[1], layout.lines_per_page, 1)
    return layout.has(start.page, start.line) or (goes_on(layout) and (start.page, start.line) == behind)


def most_entries(layout: BookLayout, start: StartLine) -> int:
    """The number of entries for which a book and those behind it have room, from a place on."""
    left = layout.lines_left(start.page, start.line)
    if not goes_on(layout):
        return left
    carried, new = len(layout.carried), _room_of_new(layout)
    return max(left - carried, 0) + (MOST_BOOKS - 2) * (new - carried) + new


def _room_of_new(layout: BookLayout) -> int:
    """The lines of a new book below those that bring the balance."""
    return layout.lines_left(layout.pages[0], 1) - len(layout.brought)


def book_parts(count: int, layout: BookLayout, start: StartLine) -> Iterator[BookPart]:
    """The books for so many entries, at most `most_entries`, in their order; the last one has the last entry."""
    first, room = 0, layout.lines_left(start.page, start.line)
    while count - first > room:
        taken = room - len(layout.carried)
        # Where not even the carrying lines have room, the full book stays as it was.
        yield BookPart(start, first, first + max(taken, 0), carries=taken >= 0)
        first += max(taken, 0)
        start, room = StartLine(layout.pages[0], 1), _room_of_new(layout)
    yield BookPart(start, first, count, carries=False)


def rows_of(
    part: BookPart, rows: Sequence[T], entries: Sequence[Entry], layout: BookLayout, *, is_new: bool, make: MakeRow[T]
) -> list[T]:
    """The rows of one book from its first line on; `is_new` for every book but the first of the job.

    Raises PassbookError `balance-not-given`.
    """
    found = list(rows[part.first : part.end])
    if is_new:
        found[:0] = _carrying(layout.brought, balance_before(entries, part.first), f"{layout.name}, brought", make)
    if part.carries:
        found += _carrying(layout.carried, balance_before(entries, part.end), f"{layout.name}, carried", make)
    return found


def _carrying(texts: Sequence[str], balance: int, where: str, make: MakeRow[T]) -> list[T]:
    return [make(text, balance if n == len(texts) else None, f"layout {where} {n}") for n, text in enumerate(texts, 1)]


def balance_before(entries: Sequence[Entry], number: int) -> int:
    """The balance before the entry of that number, from 0, in whole minor units.

    It is that of the entry before, or else that of the entry itself without its own amounts.  Raises PassbookError
    `balance-not-given`.
    """
    before = entries[number - 1].balance if number else None
    if before is not None:
        return before
    entry = entries[number]
    if entry.balance is None:
        raise PassbookError("balance-not-given", where=f"entry {number or 1}")
    return entry.balance - (entry.deposit or 0) + (entry.withdrawal or 0)


def first_cell(layout: BookLayout) -> int:
    """The cell at which the texts of carrying lines begin: that of the column of texts, or else the first one."""
    text = next((column for column in layout.columns if column.name == "text"), None)
    return text.start if text is not None else 1


def next_book_faults(layout: BookLayout) -> Iterator[tuple[str, str, bool]]:
    """Each possible fault of the texts for the next book: its place, its cause, and whether the layout has it."""
    if not layout.carried and not layout.brought:
        return
    yield "carried", "it stands without brought; allowed are both, or neither", not layout.brought
    yield "brought", "it stands without carried; allowed are both, or neither", not layout.carried
    balance = next((column for column in layout.columns if column.name == "balance"), None)
    yield "carried", "the book has no column balance, so that none could be carried", balance is None
    lines = (layout.pages[1] - layout.pages[0] + 1) * layout.lines_per_page
    most = lines - 1 - len(layout.carried)
    yield "brought", f"it has {len(layout.brought)} lines; allowed are at most {most}", len(layout.brought) > most
    for key, texts in (("carried", layout.carried), ("brought", layout.brought)):
        for number, text in enumerate(texts, 1):
            width = _width(layout, balance if number == len(texts) else None)
            where = f"{key}, text {number}"
            yield where, "it holds a control character", control_position(text) is not None
            yield where, f"it has {len(text)} characters; allowed are at most {width}", len(text) > width


def _width(layout: BookLayout, balance: Column | None) -> int:
    """The cells for a text, which stands before the balance where one is on its line."""
    start = first_cell(layout)
    if balance is None or balance.end < start:
        return layout.columns_total - start + 1
    return max(balance.start - start, 0)
