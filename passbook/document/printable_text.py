"""Whether and how a text can be struck in its place, by the code page of a mechanism."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from passbook.document.characters import CodePageText, is_plain, refuse_controls
from passbook.document.layout_parts import Align, Column, ColumnName, FormField
from passbook.document.plan import Run
from passbook.document.rendered_pages import LONGEST_TEXT
from passbook.document.substitutes import TextSubstitutes
from passbook.document.text_bands import UndrawnRun
from passbook.errors import PassbookError

_IN_LAYOUT: Final = "layout "
"""The beginning of the place of a text that the layout has itself."""
_NEVER_SHORTER: Final = frozenset(one.value for one in ColumnName if one is not ColumnName.TEXT)
"""Columns of amounts and days, which say something else when a part of them is missing."""


class Charset(NamedTuple):
    """How text is put on paper: in which code page, and with which substitutes.

    Attributes:
        draws: text that the code page lacks is drawn.
    """

    page: CodePageText
    substitutes: TextSubstitutes
    draws: bool = False

    def is_drawn(self, text: str) -> bool:
        """Whether a text is drawn: it is short enough, and has a character that the code page lacks."""
        return self.draws and len(text) <= LONGEST_TEXT and self.page.missing(text) is not None


class Cells(NamedTuple):
    """The cells that a text may take where it always stands at the first of them."""

    start: int
    width: int
    align: Align = Align.LEFT

    def first_cell(self, length: int) -> int:  # noqa: ARG002 - a column needs it
        """The first cell."""
        return self.start


def printable_text(text: str, width: int, where: str, column: str, code: Charset) -> str:
    """The text in its printed form, with its substitutes; a column that the layout does not have holds 0 cells.

    Raises PassbookError `control-byte`, `column-overflow`, `needs-substitute` or `not-in-code-page`; text that is
    drawn comes back unchanged, and may be too long.
    """
    # Looking at the characters one by one took two fifths of the processor time of an acceptance.
    if len(text) <= width and code.page.codec and is_plain(text, code.page.codec):
        return text
    exact = f"{where}, {column}"
    refuse_controls(text, exact)
    # Each character takes a cell at least, so a text that is far too long is not looked at closely.
    is_short = len(text) <= max(width, LONGEST_TEXT)
    printed = code.substitutes.text(text, exact) if is_short else text
    if code.is_drawn(printed):
        return printed
    length = code.page.cells(printed) if is_short else len(text)
    if length > width:
        raise column_overflow(where, column, length, width)
    return printed


def column_overflow(where: str, column: str, length: int, width: int) -> PassbookError:
    """The error `column-overflow`, with the way in which it can be mended."""
    how = "shorten it"
    if width == 0:
        how = "leave it out, or let the operator give the layout a column for it"
    elif column in _NEVER_SHORTER or where.startswith(_IN_LAYOUT):
        how = "the operator can mend it, in the layout"
    return PassbookError("column-overflow", where=where, column=column, length=length, width=width, how=how)


def runs_in(text: str, cells: Column | FormField | Cells, where: str, column: str, code: Charset) -> list[Run]:
    """The runs of a text in its cells; blanks at its end take cells and are not printed.

    Raises PassbookError as printable_text().
    """
    text = printable_text(text, cells.width, where, column, code)
    if code.draws and not text.isascii() and code.is_drawn(text):
        exact, is_right = f"{where}, {column}", cells.align is Align.RIGHT
        return [UndrawnRun(cells.start, text, width=cells.width, is_right=is_right, where=exact)]
    return list(_runs(cells.first_cell(code.page.cells(text)), text.rstrip(" "), code.page))


def _runs(column: int, text: str, page: CodePageText) -> Iterator[Run]:
    """The text from a cell on, in runs of characters that are equally wide."""
    if not page.has_wide or text.isascii():
        yield Run(column, text)
        return
    for wide, group in groupby(text, key=page.is_wide):
        run = Run(column, "".join(group), wide)
        yield run
        column += run.cells
