"""A full book and the next one: the place at which an update goes on there, and the lines at the edges of both.

A layout with texts for it (`carried`, `brought`) has an update go on in a new book: the last lines of the full one say
which balance is carried, the first lines of the new one say which was brought.  So the cut between two books is known
when the job is accepted, and a job that goes on at line k lands exactly on line k, in the right book.  No entry is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from passbook.document.drafts import StartLine

if TYPE_CHECKING:
    # A layout judges its own texts by this module.
    from passbook.document.entry_rows import EntryRow
    from passbook.document.layout import BookLayout

MOST_BOOKS: Final = 4
"""Books of one job: no person waits longer at a counter."""


class BookCut(NamedTuple):
    """The rows of entries in one book.

    Attributes:
        start: the line for entries at which the book begins or goes on.
        first: the number of the first row in it, from 0.
        end: the number behind the last one; the same for a full book in which no entry has room.
        carries: behind them the balance is carried.
    """

    start: StartLine
    first: int
    end: int
    carries: bool


def goes_on(layout: BookLayout) -> bool:
    """Whether a full book of this layout goes on in a new one."""
    return bool(layout.carried)


def is_full(layout: BookLayout, start: StartLine) -> bool:
    """Whether a start says that the book is full: on the first line for entries behind its last page, or above it."""
    behind = layout.pages[1] + 1
    return goes_on(layout) and start.page == behind and 1 <= start.line <= layout.entry_lines(behind)[0]


def new_book_start(layout: BookLayout) -> StartLine:
    """The first line for entries of a new book."""
    return StartLine(layout.pages[0], layout.entry_lines(layout.pages[0])[0])


def most_rows(layout: BookLayout, start: StartLine) -> int:
    """The most rows of entries for which a book and those behind it have room, from a place on."""
    left = _room(layout, start)
    if not goes_on(layout):
        return left
    carried, new = len(layout.carried), _room_of_new(layout)
    return max(left - carried, 0) + (MOST_BOOKS - 2) * (new - carried) + new


def _room(layout: BookLayout, start: StartLine) -> int:
    return 0 if start.page > layout.pages[1] else layout.lines_left(start.page, start.line)


def _room_of_new(layout: BookLayout) -> int:
    """The lines of a new book below those that bring the balance."""
    return _room(layout, new_book_start(layout)) - len(layout.brought)


def cut_books(rows: Sequence[EntryRow], layout: BookLayout, start: StartLine) -> list[BookCut]:
    """The books for these rows, in their order; rows behind the end of the last one have no room."""
    cuts: list[BookCut] = []
    at, room = 0, _room(layout, start)
    while goes_on(layout) and len(rows) - at > room and len(cuts) < MOST_BOOKS - 1:
        # Where not even the carrying lines have room, the full book stays as it was.
        taken = room - len(layout.carried)
        end = _whole_entries(rows, at, max(taken, 0))
        cuts.append(BookCut(start, at, end, carries=taken >= 0))
        at, start, room = end, new_book_start(layout), _room_of_new(layout)
    cuts.append(BookCut(start, at, min(at + room, len(rows)), carries=False))
    return cuts


def _whole_entries(rows: Sequence[EntryRow], at: int, taken: int) -> int:
    """The number behind the last of `taken` rows from `at` on that ends an entry."""
    end = at + taken
    while end > at and rows[end].entry == rows[end - 1].entry:
        end -= 1
    return end


def first_cell(layout: BookLayout) -> int:
    """The cell at which the texts of carrying lines begin: that of the column of texts, or else the first one."""
    text = layout.column("text")
    return text.start if text is not None else 1


def next_book_faults(layout: BookLayout) -> Iterator[tuple[str, str]]:
    """The faults of the texts for the next book: each with its place, and its cause with what is allowed."""
    for key, texts, other in (
        ("carried", layout.carried, layout.brought),
        ("brought", layout.brought, layout.carried),
    ):
        if texts and not other:
            yield key, "it stands alone; allowed are carried and brought, or neither"
    if not layout.carried or not layout.brought:
        return
    if layout.column("balance") is None:
        yield "carried", "it needs the column balance; allowed is no such key without it"
        return
    most = _room(layout, new_book_start(layout)) - 1
    found = len(layout.carried) + len(layout.brought)
    if found > most:
        yield "brought", f"carried and brought have {found} lines; allowed are {most}, so that a book has one entry"
    for key, texts in (("carried", layout.carried), ("brought", layout.brought)):
        for number, text in enumerate(texts, 1):
            width = carrying_width(layout, has_balance=number == len(texts))
            if len(text) > width:
                yield f"{key}, text {number}", f"it has {len(text)} characters; allowed are {width}"


def carrying_width(layout: BookLayout, *, has_balance: bool) -> int:
    """The cells for a text at the edge of a book, which stands before the balance where one is on its line."""
    start, balance = first_cell(layout), layout.column("balance")
    if not has_balance or balance is None or balance.end < start:
        return layout.columns_total - start + 1
    return max(balance.start - start, 0)
