"""The parts that stand on the pages of a layout: columns, fields, texts, and the lines that carry a balance."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from passbook.document.amount_style import SignStyle
from passbook.document.characters import usual_cells

NUMBER_DIGITS: Final = 10
"""The most digits of the number of a sheet, and the least cells of its place."""
MOST_CELLS: Final = 400
"""The most cells of a line."""
MOST_PAGE_LINES: Final = 200
"""The most lines of a page."""
FIELD_NAME: Final = r"[a-z0-9][a-z0-9-]{0,39}"
"""The pattern of the name of a field, of a column of a layout's own, and of a kind of form."""

Cell = Annotated[int, msgspec.Meta(ge=1, le=MOST_CELLS)]
LineNumber = Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGE_LINES)]
FormName = Annotated[str, msgspec.Meta(pattern=rf"\A{FIELD_NAME}\Z")]


class ColumnName(StrEnum):
    """The parts of an entry that have a meaning of their own."""

    DATE = "date"
    TEXT = "text"
    WITHDRAWAL = "withdrawal"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    AMOUNT = "amount"
    """The deposit, or the withdrawal as a negative amount, in one column."""


class Align(StrEnum):
    """The place in its column of a text that is shorter than the column."""

    LEFT = "left"
    RIGHT = "right"


class Overflow(StrEnum):
    """The fate of a text that is longer than its place."""

    REFUSE = "refuse"
    """The document is refused."""
    CUT = "cut"
    """The end that does not fit is not printed."""
    WRAP = "wrap"
    """It goes on in the lines below; in columns of a book alone."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of an entry: first character cell (1-based) and number of cells.

    Attributes:
        name: one of ColumnName, or any other one where `own` says so.
        own: it holds a text that the document has under this name.
        sign: of its amounts; None for that of all amounts.
        fill: what fills the cells to the left of its amounts; None for that of all amounts.
    """

    name: FormName
    start: Cell
    width: Cell
    align: Align = Align.LEFT
    overflow: Overflow = Overflow.REFUSE
    own: bool = False
    sign: SignStyle | None = None
    fill: Annotated[str, msgspec.Meta(max_length=1)] | None = None

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + self.width - 1

    def first_cell(self, length: int) -> int:
        """The first cell of a text of `length` characters; `length` is at most the width."""
        return self.start if self.align is Align.LEFT else self.end - length + 1


class FormField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The place of one field of a form: its line, its first character cell (both from 1) and its number of cells."""

    name: FormName
    line: LineNumber
    start: Cell
    width: Cell
    align: Align = Align.LEFT
    overflow: Overflow = Overflow.REFUSE

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + self.width - 1

    def first_cell(self, length: int) -> int:
        """The first cell of a text of `length` characters; `length` is at most the width."""
        return self.start if self.align is Align.LEFT else self.end - length + 1


class FixedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that stands on every sheet of a form, or on pages of a book."""

    line: LineNumber
    start: Cell
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_CELLS)]

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + usual_cells(self.text) - 1


class NumberPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The place of the number that a sheet has in its stock; it is printed with zeros in front."""

    line: LineNumber
    start: Cell
    width: Annotated[int, msgspec.Meta(ge=NUMBER_DIGITS, le=40)] = NUMBER_DIGITS

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + self.width - 1


class Fold(msgspec.Struct, frozen=True):
    """The fold of a page, which lies behind one line.

    Attributes:
        after: the line above the fold.
        last: the last line that is not printed because it lies on the fold; `after` where no line has a number there.
        gap_units: the distance that the fold adds to the pitch between the line `after` and the next one.
        at: the distance of the fold from the top edge where it was measured; None for the middle.
    """

    after: int
    last: int
    gap_units: int = 0
    at: int | None = None


class PageLines(msgspec.Struct, frozen=True):
    """The lines of one page, and the texts that stand on it besides entries.

    Attributes:
        first_y: top edge of the page to the base line of line 1, in 1/2160 inch.
        pitch_units: base line to base line.
        count: the number of lines, those on the fold counted.
        entries: the first and the last line that entries stand on.
        heading: printed when the first entry of the page is.
        footer: printed when the last line for entries is.
    """

    first_y: int
    pitch_units: int
    count: int
    fold: Fold | None
    entries: tuple[int, int]
    heading: tuple[FixedText, ...] = ()
    footer: tuple[FixedText, ...] = ()

    def y(self, line: int) -> int:
        """Top edge of the page to the base line of `line`, which is 1 to `count`."""
        gap = self.fold.gap_units if self.fold is not None and line > self.fold.after else 0
        return self.first_y + self.pitch_units * (line - 1) + gap

    def numbers(self) -> list[int]:
        """The lines that can be printed on: all but those on the fold."""
        return [line for line in range(1, self.count + 1) if not self.is_on_fold(line)]

    def is_on_fold(self, line: int) -> bool:
        """Whether the line lies on the fold."""
        return self.fold is not None and self.fold.after < line <= self.fold.last

    @property
    def fold_y(self) -> int:
        """The distance of the fold from the top edge; 0 for a page without one."""
        if self.fold is None:
            return 0
        if self.fold.at is not None:
            return self.fold.at
        return (self.y(self.fold.after) + self.y(self.fold.last + 1)) // 2
