"""The places of lines and columns on the paper of one kind of book or sheet.

Every line's place is counted from the top edge of the page, never from the line before. So a job that goes on at line k
lands exactly on line k.  A layout comes from a file (passbook.document.layout_file), which keeps out impossible ones.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Final

import msgspec

from passbook.document.amount_style import AmountStyle
from passbook.document.date_style import DateStyle
from passbook.document.layout_parts import Column, FixedText, FormField, NumberPlace, PageLines
from passbook.document.pitches import cell_width
from passbook.document.plan import Sheet

CAPITAL_HEIGHT: Final = 210
"""The height of a capital letter above its base line: 7 wires of a 9-wire head, 1/72 inch apart, in 1/2160 inch."""
MOST_COPIES: Final = 20
"""The most copies of one form document."""
LAYOUT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""The pattern of a layout's name."""


class LayoutKind(StrEnum):
    """The kind of a medium."""

    PASSBOOK = "passbook"
    """A book: pages that are turned, lines, columns."""
    TEXT = "text"
    """One sheet with lines and no columns."""
    FORM = "form"
    """A sheet with named fields and fixed texts; each copy is a sheet of its own."""


class BookLayout(msgspec.Struct, frozen=True):
    """The geometry of a book or sheet; lengths in 1/2160 inch, lines and pages and cells counted from 1."""

    name: str
    kind: LayoutKind
    page_width: int
    page_height: int
    usual_page: PageLines
    """The lines of every page, but for the first one where that is of its own."""
    pages: tuple[int, int]
    """The first and the last page that are printed on."""
    cpi: int | float
    """The name of the pitch (passbook.document.pitches)."""
    left_units: int
    """Left edge of the page to the left edge of cell 1."""
    columns_total: int
    """Number of cells of a line."""
    columns: tuple[Column, ...]
    """The columns from left to right; empty for a sheet."""
    fields: tuple[FormField, ...] = ()
    """The fields of a form."""
    texts: tuple[FixedText, ...] = ()
    """The texts that stand on each sheet of a form."""
    number: NumberPlace | None = None
    """The place of the number of a sheet; None where it is not printed."""
    form: str = ""
    """The kind of form in stock of which each copy takes a sheet; empty where no stock is kept."""
    book: str = ""
    """The kind of book, which several layouts of the same book name alike; empty for the name of the layout."""
    single_appliance: bool = False
    """No other appliance prints into books of this kind, so a gap in one is asked about."""
    substitutes: dict[str, str] = {}
    """Typographic characters and what is printed where a code page lacks them."""
    amounts: AmountStyle = AmountStyle()
    """How amounts are printed."""
    dates: DateStyle = DateStyle()
    """How days are printed."""
    import_name: str = ""
    """The import profile by which CSV documents of this layout are read; empty for none."""
    first_page: PageLines | None = None
    """The lines of the first page; None where it is as the others."""
    page_brought: str = ""
    """The text beside the balance on the first line of every page but the first; empty for no such line."""
    page_carried: str = ""
    """The text beside the balance on the last line of every page; empty for no such line."""
    carried: tuple[str, ...] = ()
    """The texts of the last lines of a full book, the balance beside the last one; empty where no new book follows."""
    brought: tuple[str, ...] = ()
    """The texts of the first lines for entries of the new book, likewise."""
    staggering: tuple[int, ...] = ()
    """How much lower the lines of each page lie, one page after the other and again from the first."""

    def page_lines(self, page: int) -> PageLines:
        """The lines of a page."""
        return self.first_page if self.first_page is not None and page == self.pages[0] else self.usual_page

    def line_y(self, page: int, line: int) -> int:
        """Top edge of the page to the base line of `line`, which is one of the page."""
        y = self.page_lines(page).y(line)
        return y + self.staggering[(page - self.pages[0]) % len(self.staggering)] if self.staggering else y

    def column(self, name: str) -> Column | None:
        """The column of that name, if the layout has one."""
        return next((column for column in self.columns if column.name == name), None)

    def has(self, page: int, line: int) -> bool:
        """Whether the book has this page and line, and the line does not lie on the fold."""
        first, last = self.pages
        lines = self.page_lines(page)
        return first <= page <= last and 1 <= line <= lines.count and not lines.is_on_fold(line)

    def entry_lines(self, page: int) -> tuple[int, ...]:
        """The lines of a page that entries stand on; brought and carried balances stand on others."""
        lines = self.page_lines(page)
        first, last = lines.entries
        free = tuple([line for line in range(first, last + 1) if not lines.is_on_fold(line)])
        return free[self._brings(page) : len(free) - bool(self.page_carried)]

    def brought_line(self, page: int) -> int | None:
        """The line of the balance that is brought to a page; None for a page without one."""
        lines = self.page_lines(page)
        first = next(line for line in range(lines.entries[0], lines.count + 1) if not lines.is_on_fold(line))
        return first if self._brings(page) else None

    def carried_line(self, page: int) -> int | None:
        """The line of the balance that is carried on from a page; None for a page without one."""
        lines = self.page_lines(page)
        last = next(line for line in range(lines.entries[1], 0, -1) if not lines.is_on_fold(line))
        return last if self.page_carried else None

    def _brings(self, page: int) -> bool:
        return bool(self.page_brought) and page != self.pages[0]

    def start_at(self, page: int, line: int) -> tuple[int, int] | None:
        """The first line for entries from a place on, which is one itself or the begin of a page; None for any other.

        The begin of a page are its lines above the first one for entries.
        """
        if not self.has(page, line):
            return None
        free = self.entry_lines(page)
        if line in free:
            return page, line
        return (page, free[0]) if line < free[0] else None

    def places_from(self, page: int, line: int) -> Iterator[tuple[int, int]]:
        """Pages and lines for entries, from one of them to the end of the book."""
        yield from ((page, one) for one in self.entry_lines(page) if one >= line)
        for later in range(page + 1, self.pages[1] + 1):
            yield from ((later, one) for one in self.entry_lines(later))

    def place_after(self, page: int, line: int, count: int) -> tuple[int, int]:
        """The page and line of the entry that is `count` entries after a place, be it in the book or not.

        A place behind the lines for entries is taken for the next one.
        """
        free = self.entry_lines(page)
        at = bisect_left(free, line) + count
        if at < len(free):
            return page, free[at]
        usual = self.entry_lines(page + 1)
        turns, below = divmod(at - len(free), len(usual))
        return page + 1 + turns, usual[below]

    def lines_left(self, page: int, line: int) -> int:
        """The number of lines for entries of the book from a place on, that one counted."""
        here = sum(one >= line for one in self.entry_lines(page))
        return here + max(0, self.pages[1] - page) * len(self.entry_lines(self.pages[0] + 1))

    @property
    def lines_per_page(self) -> int:
        """The lines of a usual page."""
        return self.usual_page.count

    @property
    def first_y(self) -> int:
        """Top edge of a usual page to the base line of line 1."""
        return self.usual_page.first_y

    @property
    def pitch_units(self) -> int:
        """Base line to base line."""
        return self.usual_page.pitch_units

    @property
    def sheet(self) -> Sheet:
        """The measures of its pages."""
        return Sheet(self.page_height, self.cpi, self.left_units, self.usual_page.fold_y)

    @property
    def cell_units(self) -> Fraction:
        """The width of one character cell."""
        return cell_width(self.cpi)
