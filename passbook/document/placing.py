"""From a document and a layout to a plan: the place of each line, decided once, before the job is accepted.

Text that does not fit is an error, never wrapped, and cut off only in a field of a form whose layout says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from msgspec.structs import astuple

from passbook.document.characters import CodePageText, is_plain, refuse_controls
from passbook.document.documents import Document, Entry, FormDocument, PassbookUpdate, PdfDocument, StartLine
from passbook.document.layout import Align, BookLayout, Column, ColumnName, FormField, LayoutKind, Overflow
from passbook.document.plan import NUMBER_MARK, Eject, Line, NextSheet, Plan, Run, Step, Turn
from passbook.document.rendered_pages import LONGEST_TEXT
from passbook.document.substitutes import TextSubstitutes
from passbook.document.text_bands import Pen, UndrawnRun, draw_runs
from passbook.errors import PassbookError

R = TypeVar("R", Entry, str)


class _Text(NamedTuple):
    """How text is put on paper: in which code page, and with which substitutes; `draws` the rest is drawn."""

    page: CodePageText
    substitutes: TextSubstitutes
    draws: bool


class _Cells(NamedTuple):
    """The cells that a text may take where it always stands at the first of them."""

    start: int
    width: int
    align: Align = Align.LEFT

    def first_cell(self, length: int) -> int:  # noqa: ARG002 - a column needs it
        """The first cell."""
        return self.start


def place(
    document: Document,
    layout: BookLayout,
    *,
    codec: str,
    code_page: str,
    has_wide: bool = False,
    start: StartLine | None = None,
    substitutes: TextSubstitutes | None = None,
    pen: Pen | None = None,
) -> Plan:
    """The steps that print the document: a line for each entry or line that is not blank, turns, and the eject.

    Args:
        document: the document to print; one that is drawn has no lines (passbook.document.band_placing).
        layout: of the document's kind.
        codec: Python's name of the mechanism's code page.
        code_page: its name in an error for people.
        has_wide: its characters of two bytes are printed too, each in two cells.
        start: the place that a person gives; it wins over the document's own. A sheet without a given place starts at
            its first line.
        substitutes: counts the characters that were replaced; None where they need not be counted.
        pen: draws text that the code page lacks; None where no text is drawn.

    Raises:
        PassbookError: `layout-unfit`, `start-not-in-book`, `past-last-line`, `control-byte`, `column-overflow`,
            `not-in-code-page`, `needs-substitute`, `document-empty`, `start-not-given`, `form-field-unknown`,
            `form-field-missing`, `too-many-copies`, and as draw_runs().  Without a start, `past-last-line` if all of
            the book has too few lines. LookupError: there is no such codec.
    """
    page = CodePageText(codec, code_page, has_wide)
    code = _Text(page, substitutes or TextSubstitutes(layout, page), pen is not None)
    plan = _plan(document, layout, code, start)
    return plan if pen is None else draw_runs(plan, layout, pen)


def _plan(document: Document, layout: BookLayout, code: _Text, start: StartLine | None) -> Plan:
    """The plan, in which text that is to be drawn is not drawn yet."""
    first = StartLine(layout.pages[0], 1)
    if isinstance(document, PdfDocument):
        raise PassbookError("layout-unfit", layout=layout.name, kind=layout.kind.value)
    if isinstance(document, FormDocument):
        _require_kind(layout, LayoutKind.FORM)
        if start not in {None, first}:
            raise PassbookError("start-not-in-book", page=start.page, line=start.line)
        return tuple(_sheets(_form_rows(document, layout, code), layout, document.copies))
    if isinstance(document, PassbookUpdate):
        _require_kind(layout, LayoutKind.PASSBOOK)
        wanted = start or document.start
        entries = _fitting(document.entries, document.more, layout, wanted or first)
        rows = [_entry_runs(entry, layout, f"entry {n}", code) for n, entry in enumerate(entries, 1)]
    else:
        _require_kind(layout, LayoutKind.TEXT)
        wanted = start or first
        lines = _fitting(document.lines, document.more, layout, wanted)
        rows = [_text_runs(line, layout, f"line {n}", code) for n, line in enumerate(lines, 1)]
    if not any(rows):
        raise PassbookError("document-empty")
    if wanted is None:
        raise PassbookError("start-not-given")
    return tuple(_steps(_placed(rows, layout, wanted)))


def _require_kind(layout: BookLayout, kind: LayoutKind) -> None:
    if layout.kind is not kind:
        raise PassbookError("layout-unfit", layout=layout.name, kind=layout.kind.value)


def _fitting(rows: Sequence[R], more: int, layout: BookLayout, start: StartLine) -> Sequence[R]:
    """The rows that fit on the paper; all rows behind them are blank.

    The function decides before it looks closely at any row. Raises PassbookError `start-not-in-book` or
    `past-last-line`.
    """
    if not layout.has(start.page, start.line):
        raise PassbookError("start-not-in-book", page=start.page, line=start.line)
    room = layout.lines_left(start.page, start.line)
    left_over = more + sum(not _is_blank(row) for row in rows[room:])
    if left_over:
        last_page, last_line = layout.pages[1], layout.lines_per_page
        raise PassbookError("past-last-line", page=last_page, line=last_line, left=left_over)
    return rows[:room]


def _is_blank(row: Entry | str) -> bool:
    return not (row.strip(" ") if isinstance(row, str) else any(astuple(row)))


def _entry_runs(entry: Entry, layout: BookLayout, where: str, code: _Text) -> tuple[Run, ...]:
    runs: list[Run] = []
    for name in ColumnName:
        text: str = getattr(entry, name)
        if text:
            column = layout.column(name)
            runs += _printed(text, column or _Cells(1, 0), where, name, code)
    return tuple(sorted(runs, key=lambda run: run.column))


def _text_runs(line: str, layout: BookLayout, where: str, code: _Text) -> tuple[Run, ...]:
    runs = _printed(line, _Cells(1, layout.columns_total), where, ColumnName.TEXT, code)
    return () if _is_blank(line) else tuple(runs)


def _printed(text: str, cells: Column | FormField | _Cells, where: str, column: ColumnName, code: _Text) -> list[Run]:
    """The runs of a text in its cells.  Raises PassbookError for one that cannot be printed there."""
    # Looking at the characters one by one took two fifths of the processor time of an acceptance.
    if len(text) > cells.width or not is_plain(text, code.page.codec):
        exact = f"{where}, {column.value}"
        refuse_controls(text, exact)
        # Each character takes a cell at least, so a text that is far too long is not looked at closely.
        text = code.substitutes.text(text, exact) if len(text) <= LONGEST_TEXT else text
        if code.draws and len(text) <= LONGEST_TEXT and code.page.missing(text) is not None:
            return [UndrawnRun(cells.start, text, width=cells.width, is_right=cells.align is Align.RIGHT, where=exact)]
        length = code.page.cells(text) if len(text) <= LONGEST_TEXT else len(text)
        if length > cells.width:
            raise PassbookError("column-overflow", where=where, column=column.value, length=length, width=cells.width)
    return list(_runs(cells.first_cell(code.page.cells(text)), text, code))


def _runs(column: int, text: str, code: _Text) -> Iterator[Run]:
    """The text from a cell on, in runs of characters that are equally wide."""
    if not code.page.has_wide or text.isascii():
        yield Run(column, text)
        return
    for wide, group in groupby(text, key=code.page.is_wide):
        run = Run(column, "".join(group), wide)
        yield run
        column += run.cells


def _form_rows(document: FormDocument, layout: BookLayout, code: _Text) -> dict[int, tuple[Run, ...]]:
    """The runs of each line of one sheet.  Raises PassbookError."""
    given, known = dict(document.fields), ", ".join(field.name for field in layout.fields) or "none"
    for name in given.keys() - {field.name for field in layout.fields}:
        raise PassbookError("form-field-unknown", form=layout.name, field=name, known=known)
    if document.copies > layout.pages[1]:
        raise PassbookError("too-many-copies", form=layout.name, count=document.copies, most=layout.pages[1])
    placed: list[tuple[int, Run]] = []
    for text in layout.texts:
        where = f"layout {layout.name}, line {text.line}"
        cells = _Cells(text.start, text.end - text.start + 1)
        placed += [(text.line, run) for run in _printed(text.text, cells, where, ColumnName.TEXT, code)]
    for field in layout.fields:
        if field.name not in given:
            raise PassbookError("form-field-missing", form=layout.name, field=field.name)
        value = given[field.name]
        value = _cut(value, field.width, code) if field.overflow is Overflow.CUT else value
        if value:
            runs = _printed(value, field, f"field {field.name}", ColumnName.TEXT, code)
            placed += [(field.line, run) for run in runs]
    if not placed:
        raise PassbookError("document-empty")
    if layout.number is not None:
        placed.append((layout.number.line, Run(layout.number.start, NUMBER_MARK * layout.number.width)))
    placed.sort(key=lambda one: (one[0], one[1].column))
    return {line: tuple([run for _, run in runs]) for line, runs in groupby(placed, key=lambda one: one[0])}


def _cut(text: str, width: int, code: _Text) -> str:
    """As much of the text as so many cells hold, without blanks at its end."""
    text = text[:width]
    while code.page.cells(text) > width:
        text = text[:-1]
    return text.rstrip(" ")


def _sheets(rows: dict[int, tuple[Run, ...]], layout: BookLayout, copies: int) -> Iterator[Step]:
    """The same sheet so many times, each given back before the next one comes in."""
    for page in range(1, copies + 1):
        for line, runs in rows.items():
            yield Line(page, line, layout.line_y(line), runs)
        yield Eject(page) if page == copies else NextSheet(page + 1)


def _placed(rows: Sequence[tuple[Run, ...]], layout: BookLayout, start: StartLine) -> Iterator[Line]:
    """A line for each row that is not blank; blank rows move on."""
    for count, runs in enumerate(rows):
        if runs:
            page, line = layout.place_after(start.page, start.line, count)
            yield Line(page, line, layout.line_y(line), runs)


def _steps(lines: Iterable[Line]) -> Iterator[Step]:
    page = None
    for line in lines:
        if page is not None and line.page != page:
            yield Turn(line.page)
        page = line.page
        yield line
    if page is not None:
        yield Eject(page)
