"""The places of lines and columns on the paper of one kind of book or sheet.

A layout is a TOML file that an operator writes; lengths are written as people measure them and kept as integers in
1/2160 inch.  Every line's place is counted from the top edge of the page, never from the line before. So a job that
goes on at line k lands exactly on line k.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from passbook.document.characters import control_position, usual_cells
from passbook.document.lengths import LengthError, parse_length, to_units
from passbook.document.plan import UNITS_PER_INCH, Sheet
from passbook.document.typography import substitute_faults
from passbook.errors import PassbookError
from passbook.errors.decoding import full_complaint, toml_text

CAPITAL_HEIGHT: Final = 210
"""The height of a capital letter above its base line: 7 wires of a 9-wire head, 1/72 inch apart, in 1/2160 inch."""


NUMBER_DIGITS: Final = 10
"""The most digits of the number of a sheet, and the least cells of its place."""


MOST_COPIES: Final = 20
"""The most copies of one form document."""


class LayoutKind(StrEnum):
    """The kind of a medium."""

    PASSBOOK = "passbook"
    """A book: pages that are turned, lines, columns."""
    TEXT = "text"
    """One sheet with lines and no columns."""
    FORM = "form"
    """A sheet with named fields and fixed texts; each copy is a sheet of its own."""


class ColumnName(StrEnum):
    """The parts of an entry."""

    DATE = "date"
    TEXT = "text"
    WITHDRAWAL = "withdrawal"
    DEPOSIT = "deposit"
    BALANCE = "balance"


class Align(StrEnum):
    """The place in its column of a text that is shorter than the column."""

    LEFT = "left"
    RIGHT = "right"


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of an entry: first character cell (1-based) and number of cells."""

    name: ColumnName
    start: Annotated[int, msgspec.Meta(ge=1, le=400)]
    width: Annotated[int, msgspec.Meta(ge=1, le=400)]
    align: Align = Align.LEFT

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + self.width - 1

    def first_cell(self, length: int) -> int:
        """The first cell of a text of `length` characters; `length` is at most the width."""
        return self.start if self.align is Align.LEFT else self.end - length + 1


class Overflow(StrEnum):
    """The fate of a text that is longer than its field."""

    REFUSE = "refuse"
    """The document is refused."""
    CUT = "cut"
    """The end that does not fit is not printed."""


FIELD_NAME: Final = r"[a-z0-9][a-z0-9-]{0,39}"
"""The pattern of a field's name, and of a kind of form."""
_Cell = Annotated[int, msgspec.Meta(ge=1, le=400)]
_LineNumber = Annotated[int, msgspec.Meta(ge=1, le=200)]
_FormName = Annotated[str, msgspec.Meta(pattern=rf"\A{FIELD_NAME}\Z")]


class FormField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The place of one field of a form: its line, its first character cell (both from 1) and its number of cells."""

    name: _FormName
    line: _LineNumber
    start: _Cell
    width: _Cell
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
    """A text that stands on every sheet of a form."""

    line: _LineNumber
    start: _Cell
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + usual_cells(self.text) - 1


class NumberPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The place of the number that a sheet has in its stock; it is printed with zeros in front."""

    line: _LineNumber
    start: _Cell
    width: Annotated[int, msgspec.Meta(ge=NUMBER_DIGITS, le=40)] = NUMBER_DIGITS

    @property
    def end(self) -> int:
        """The number of the last cell."""
        return self.start + self.width - 1


class BookLayout(msgspec.Struct, frozen=True):
    """The geometry of a book or sheet; lengths in 1/2160 inch, lines and pages and cells counted from 1."""

    name: str
    kind: LayoutKind
    page_width: int
    page_height: int
    first_y: int
    """Top edge of the page to the base line of line 1."""
    pitch_units: int
    """Base line to base line."""
    lines_per_page: int
    fold_after: int | None
    """The number of the line above the fold, if the page has one."""
    fold_gap_units: int
    """The distance that the fold adds to the pitch between that line and the next."""
    pages: tuple[int, int]
    """The first and the last page that are printed on."""
    cpi: int
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
    substitutes: dict[str, str] = {}
    """Typographic characters and what is printed where a code page lacks them."""

    def line_y(self, line: int) -> int:
        """Top edge of the page to the base line of `line`, which is 1 to lines_per_page."""
        below_fold = self.fold_after is not None and line > self.fold_after
        return self.first_y + self.pitch_units * (line - 1) + (self.fold_gap_units if below_fold else 0)

    def column(self, name: ColumnName) -> Column | None:
        """The column of that name, if the layout has one."""
        return next((column for column in self.columns if column.name is name), None)

    def has(self, page: int, line: int) -> bool:
        """Whether the book has this page and line."""
        first, last = self.pages
        return first <= page <= last and 1 <= line <= self.lines_per_page

    def place_after(self, page: int, line: int, count: int) -> tuple[int, int]:
        """The page and line that lie `count` lines after a place, over page ends, be it in the book or not."""
        turns, below = divmod(line - 1 + count, self.lines_per_page)
        return page + turns, below + 1

    def lines_left(self, page: int, line: int) -> int:
        """The number of lines of the book from a place on, that one counted."""
        return (self.pages[1] - page) * self.lines_per_page + self.lines_per_page - line + 1

    @property
    def sheet(self) -> Sheet:
        """The measures of its pages."""
        fold = 0
        if self.fold_after is not None:
            fold = (self.line_y(self.fold_after) + self.line_y(self.fold_after + 1)) // 2
        return Sheet(self.page_height, self.cpi, self.left_units, fold)

    @property
    def cell_units(self) -> int:
        """The width of one character cell."""
        return UNITS_PER_INCH // self.cpi


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    width: Fraction
    height: Fraction


class _Fold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    after: Annotated[int, msgspec.Meta(ge=1)]
    gap: Fraction


class _Pages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first: Annotated[int, msgspec.Meta(ge=1, le=999)]
    last: Annotated[int, msgspec.Meta(ge=1, le=999)]


class _BookFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="passbook"):
    """A layout file of a book."""

    page: _Page
    first_line: Fraction
    pitch: Fraction
    lines_per_page: Annotated[int, msgspec.Meta(ge=1, le=200)]
    pages: _Pages
    cpi: Literal[10, 12]
    left: Fraction
    columns: Annotated[tuple[Column, ...], msgspec.Meta(min_length=1)]
    fold: _Fold | None = None
    substitutes: dict[str, str] = {}


class _SheetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    """A layout file of a sheet; `width` is in character cells."""

    page: _Page
    first_line: Fraction
    pitch: Fraction
    lines_per_page: Annotated[int, msgspec.Meta(ge=1, le=200)]
    cpi: Literal[10, 12]
    left: Fraction
    width: Annotated[int, msgspec.Meta(ge=1, le=400)]
    substitutes: dict[str, str] = {}


class _FormFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="form"):
    """A layout file of a form; `width` is in character cells, `copies` the most sheets of one document."""

    page: _Page
    first_line: Fraction
    pitch: Fraction
    lines_per_page: Annotated[int, msgspec.Meta(ge=1, le=200)]
    cpi: Literal[10, 12]
    left: Fraction
    width: Annotated[int, msgspec.Meta(ge=1, le=400)]
    fields: tuple[FormField, ...] = ()
    texts: tuple[FixedText, ...] = ()
    number: NumberPlace | None = None
    form: _FormName | Literal[""] = ""
    copies: Annotated[int, msgspec.Meta(ge=1, le=MOST_COPIES)] = 1
    substitutes: dict[str, str] = {}


_LayoutFile: TypeAlias = _BookFile | _SheetFile | _FormFile


LAYOUT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""The pattern of a layout's name."""


def parse_layout(name: str, data: bytes, file: str) -> BookLayout:
    """The layout that a TOML file describes.

    Args:
        name: the name in documents.
        data: the file's bytes.
        file: the name of the file in an error.

    Raises:
        PassbookError: `layout-malformed` when no document could name it, when a key is unknown, missing or of the wrong
            kind, or when the description is impossible: a line or column off the page, columns or lines that overlap, a
            fold outside.
    """
    if not LAYOUT_NAME.fullmatch(name):
        why = "its name is not 1 to 40 of a-z, 0-9 and hyphen, so that no document could name it"
        raise PassbookError("layout-malformed", file=file, where="name", why=why)
    try:
        parsed = msgspec.toml.decode(
            toml_text(data.removeprefix(codecs.BOM_UTF8)), type=_LayoutFile, dec_hook=_length_hook
        )
    except (ValueError, RecursionError) as error:
        found = full_complaint(error, _LayoutFile)
        raise PassbookError("layout-malformed", file=file, where=found.where, why=found.why) from None
    layout = _book(name, parsed) if isinstance(parsed, _BookFile) else _sheet(name, parsed)
    layout = replace(layout, substitutes=parsed.substitutes)
    for where, why, wrong in (*_impossibilities(layout), *_form_faults(layout), *substitute_faults(layout.substitutes)):
        if wrong:
            raise PassbookError("layout-malformed", file=file, where=where, why=why)
    return layout


def _length_hook(wanted: type, value: object) -> object:
    if wanted is not Fraction or not isinstance(value, str):
        raise LengthError('it is not a length such as "21.2 mm" or "1/6 in"')
    return parse_length(value)


def _book(name: str, file: _BookFile) -> BookLayout:
    columns = tuple(sorted(file.columns, key=lambda column: column.start))
    return BookLayout(
        name=name,
        kind=LayoutKind.PASSBOOK,
        page_width=to_units(file.page.width),
        page_height=to_units(file.page.height),
        first_y=to_units(file.first_line),
        pitch_units=to_units(file.pitch),
        lines_per_page=file.lines_per_page,
        fold_after=file.fold.after if file.fold else None,
        fold_gap_units=to_units(file.fold.gap) if file.fold else 0,
        pages=(file.pages.first, file.pages.last),
        cpi=file.cpi,
        left_units=to_units(file.left),
        columns_total=max(column.end for column in columns),
        columns=columns,
    )


def _sheet(name: str, file: _SheetFile | _FormFile) -> BookLayout:
    """A layout without columns; that of a form has fields besides."""
    sheet = BookLayout(
        name=name,
        kind=LayoutKind.TEXT,
        page_width=to_units(file.page.width),
        page_height=to_units(file.page.height),
        first_y=to_units(file.first_line),
        pitch_units=to_units(file.pitch),
        lines_per_page=file.lines_per_page,
        fold_after=None,
        fold_gap_units=0,
        pages=(1, 1),
        cpi=file.cpi,
        left_units=to_units(file.left),
        columns_total=file.width,
        columns=(),
    )
    if isinstance(file, _SheetFile):
        return sheet
    return replace(
        sheet,
        kind=LayoutKind.FORM,
        pages=(1, file.copies),
        fields=file.fields,
        texts=file.texts,
        number=file.number,
        form=file.form,
    )


def _impossibilities(layout: BookLayout) -> Iterator[tuple[str, str, bool]]:
    """Each possible fault of a combination of numbers: its place, its cause, and whether the layout has it."""
    yield "first_line", "the tops of line 1 would be off the page", layout.first_y < CAPITAL_HEIGHT
    yield "pitch", "the lines would overlap", layout.pitch_units < CAPITAL_HEIGHT
    fold = layout.fold_after
    yield "fold, after", "no line is below the fold", fold is not None and fold >= layout.lines_per_page
    yield "fold, gap", "the fold has no gap", fold is not None and layout.fold_gap_units == 0
    last_y = layout.line_y(layout.lines_per_page)
    yield "lines_per_page", "the last line would be off the page", last_y > layout.page_height
    yield "pages", "the last page comes before the first", layout.pages[1] < layout.pages[0]
    right = layout.left_units + layout.columns_total * layout.cell_units
    yield ("columns" if layout.columns else "width"), "it reaches over the right edge", right > layout.page_width
    names = [column.name for column in layout.columns]
    yield "columns", "two have the same name", len(set(names)) < len(names)
    for left_one, right_one in pairwise(layout.columns):
        yield "columns", f"{left_one.name} and {right_one.name} overlap", left_one.end >= right_one.start


def _form_faults(layout: BookLayout) -> Iterator[tuple[str, str, bool]]:
    """The same for the fields and texts of a form."""
    if layout.kind is not LayoutKind.FORM:
        return
    yield "fields", "it has neither fields nor texts", not layout.fields and not layout.texts
    names = [field.name for field in layout.fields]
    yield "fields", f"two have the same name; allowed is one of each: {', '.join(names)}", len(set(names)) < len(names)
    yield (
        "number",
        "it draws from no stock; allowed is a number beside a key form",
        bool(layout.number) > bool(layout.form),
    )
    taken: list[tuple[str, int, int, int]] = [
        *((f"field {one.name}", one.line, one.start, one.end) for one in layout.fields),
        *((f"text {n}", one.line, one.start, one.end) for n, one in enumerate(layout.texts, 1)),
        *((("number", layout.number.line, layout.number.start, layout.number.end),) if layout.number else ()),
    ]
    last, width = layout.lines_per_page, layout.columns_total
    for where, line, _, end in taken:
        yield where, f"it stands on line {line}; allowed are the lines 1 to {last}", line > last
        yield where, f"it ends at cell {end}; allowed are the cells 1 to {width}", end > width
    for one, other in pairwise(sorted(taken, key=lambda place: place[1:])):
        overlap = one[1] == other[1] and one[3] >= other[2]
        yield other[0], f"it begins at cell {other[2]} over {one[0]}; allowed is a cell after {one[3]}", overlap
    for n, text in enumerate(layout.texts, 1):
        yield f"text {n}", "it holds a control character", control_position(text.text) is not None
