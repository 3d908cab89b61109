"""From a document and a layout to a plan: the place of each line, decided once, before the job is accepted.

Text that does not fit is an error, never wrapped, and cut off only in a field of a form whose layout says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple, TypeVar

from msgspec.structs import astuple

from passbook.document.amount_style import print_amount
from passbook.document.amounts import MINOR_DIGITS
from passbook.document.characters import is_plain, refuse_controls, refuse_unprintable
from passbook.document.date_style import print_date
from passbook.document.documents import Document, Entry, FormDocument, PassbookUpdate, PdfDocument, StartLine
from passbook.document.layout import BookLayout, ColumnName, LayoutKind, Overflow
from passbook.document.next_book import book_parts, first_cell, may_start, most_entries, rows_of
from passbook.document.plan import NUMBER_MARK, Eject, Line, NextBook, NextSheet, Plan, Run, Step, Turn
from passbook.errors import PassbookError

R = TypeVar("R", Entry, str)
_NOTHING: Final = (None, "", ())


def place(
    document: Document,
    layout: BookLayout,
    *,
    codec: str,
    code_page: str,
    start: StartLine | None = None,
) -> Plan:
    """The steps that print the document: a line for each entry or line that is not blank, turns, and the eject.

    Where the layout has a full book go on in a new one, the steps lead through the books.

    Args:
        document: the document to print; one that is drawn has no lines (passbook.document.band_placing).
        layout: of the document's kind.
        codec: Python's name of the mechanism's code page.
        code_page: its name in an error for people.
        start: the place that a person gives; it wins over the document's own. A sheet without a given place starts at
            its first line.

    Raises:
        PassbookError: `layout-unfit`, `start-not-in-book`, `past-last-line`, `control-byte`, `column-overflow`,
            `not-in-code-page`, `document-empty`, `start-not-given`, `form-field-unknown`, `form-field-missing`,
            `too-many-copies`, `balance-not-given`.  Without a start, `past-last-line` if all of the
                book has too few lines. LookupError: there is no such codec.
    """
    code = _CodePage(codec, code_page)
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
        digits = MINOR_DIGITS[document.currency]
        rows = [_entry_runs(entry, layout, digits, f"entry {n}", code) for n, entry in enumerate(entries, 1)]
    else:
        _require_kind(layout, LayoutKind.TEXT)
        wanted = start or first
        lines = _fitting(document.lines, document.more, layout, wanted)
        rows = [_text_runs(line, layout, f"line {n}", code) for n, line in enumerate(lines, 1)]
    if not any(rows):
        raise PassbookError("document-empty")
    if wanted is None:
        raise PassbookError("start-not-given")
    if isinstance(document, PassbookUpdate):
        return tuple(_steps(_over_books(rows, document, layout, wanted, code), layout))
    return tuple(_steps([_placed(rows, layout, wanted)], layout))


class _CodePage(NamedTuple):
    codec: str
    name: str


def _require_kind(layout: BookLayout, kind: LayoutKind) -> None:
    if layout.kind is not kind:
        raise PassbookError("layout-unfit", layout=layout.name, kind=layout.kind.value)


def _fitting(rows: Sequence[R], more: int, layout: BookLayout, start: StartLine) -> Sequence[R]:
    """The rows that fit on the paper; all rows behind them are blank.

    The function decides before it looks closely at any row. Raises PassbookError `start-not-in-book` or
    `past-last-line`.
    """
    if not may_start(layout, start):
        raise PassbookError("start-not-in-book", page=start.page, line=start.line)
    room = most_entries(layout, start)
    left_over = more + sum(not _is_blank(row) for row in rows[room:])
    if left_over:
        last_page, last_line = layout.pages[1], layout.lines_per_page
        raise PassbookError("past-last-line", page=last_page, line=last_line, left=left_over)
    return rows[:room]


def _is_blank(row: Entry | str) -> bool:
    return not row.strip(" ") if isinstance(row, str) else all(part in _NOTHING for part in astuple(row))


def _entry_runs(entry: Entry, layout: BookLayout, digits: int, where: str, code: _CodePage) -> tuple[Run, ...]:
    runs = []
    for name in ColumnName:
        column = layout.column(name)
        width = column.width if column else 0
        text = _printed(getattr(entry, name), layout, digits, width, where)
        if text:
            _check(text, width, where, name, code)
            if column:
                runs.append(Run(column.first_cell(len(text)), text))
    return tuple(sorted(runs, key=_column_of))


def _column_of(run: Run) -> int:
    return run.column


def _printed(value: date | str | int | None, layout: BookLayout, digits: int, width: int, where: str) -> str:
    """A part of an entry in the style of the layout; empty for one that prints nothing."""
    if isinstance(value, int):
        return print_amount(layout.amounts, value, digits, width)
    if isinstance(value, date):
        try:
            return print_date(layout.dates, value)
        except ValueError:
            raise PassbookError("date-not-valid", where=where) from None
    return value or ""


def _text_runs(line: str, layout: BookLayout, where: str, code: _CodePage) -> tuple[Run, ...]:
    _check(line, layout.columns_total, where, ColumnName.TEXT, code)
    return () if _is_blank(line) else (Run(1, line),)


def _form_rows(document: FormDocument, layout: BookLayout, code: _CodePage) -> dict[int, tuple[Run, ...]]:
    """The runs of each line of one sheet.  Raises PassbookError."""
    given, known = dict(document.fields), ", ".join(field.name for field in layout.fields) or "none"
    for name in given.keys() - {field.name for field in layout.fields}:
        raise PassbookError("form-field-unknown", form=layout.name, field=name, known=known)
    if document.copies > layout.pages[1]:
        raise PassbookError("too-many-copies", form=layout.name, count=document.copies, most=layout.pages[1])
    placed: list[tuple[int, Run]] = []
    for text in layout.texts:
        _check(text.text, len(text.text), f"layout {layout.name}, line {text.line}", ColumnName.TEXT, code)
        placed.append((text.line, Run(text.start, text.text)))
    for field in layout.fields:
        if field.name not in given:
            raise PassbookError("form-field-missing", form=layout.name, field=field.name)
        value = given[field.name]
        value = value[: field.width].rstrip(" ") if field.overflow is Overflow.CUT else value
        _check(value, field.width, f"field {field.name}", ColumnName.TEXT, code)
        if value:
            placed.append((field.line, Run(field.first_cell(len(value)), value)))
    if not placed:
        raise PassbookError("document-empty")
    if layout.number is not None:
        placed.append((layout.number.line, Run(layout.number.start, NUMBER_MARK * layout.number.width)))
    placed.sort(key=lambda one: (one[0], one[1].column))
    return {line: tuple([run for _, run in runs]) for line, runs in groupby(placed, key=lambda one: one[0])}


def _sheets(rows: dict[int, tuple[Run, ...]], layout: BookLayout, copies: int) -> Iterator[Step]:
    """The same sheet so many times, each given back before the next one comes in."""
    for page in range(1, copies + 1):
        for line, runs in rows.items():
            yield Line(page, line, layout.line_y(line), runs)
        yield Eject(page) if page == copies else NextSheet(page + 1)


def _check(text: str, width: int, where: str, column: ColumnName, code: _CodePage) -> None:
    """Refuse text that cannot be struck; a column that the layout does not have holds 0 characters."""
    # Looking at the characters one by one took two fifths of the processor time of an acceptance.
    if len(text) <= width and is_plain(text, code.codec):
        return
    exact = f"{where}, {column.value}"
    refuse_controls(text, exact)
    if len(text) > width:
        raise PassbookError("column-overflow", where=where, column=column.value, length=len(text), width=width)
    refuse_unprintable(text, exact, code.codec, code.name)


def _placed(rows: Sequence[tuple[Run, ...]], layout: BookLayout, start: StartLine) -> Iterator[Line]:
    """A line for each row that is not blank; blank rows move on."""
    for count, runs in enumerate(rows):
        if runs:
            page, line = layout.place_after(start.page, start.line, count)
            yield Line(page, line, layout.line_y(line), runs)


def _over_books(
    rows: Sequence[tuple[Run, ...]], update: PassbookUpdate, layout: BookLayout, start: StartLine, code: _CodePage
) -> Iterator[Iterator[Line]]:
    """The lines of each book.  Raises PassbookError."""
    digits = MINOR_DIGITS[update.currency]

    def make(text: str, balance: int | None, where: str) -> tuple[Run, ...]:
        _check(text, len(text), where, ColumnName.TEXT, code)
        carrying = Entry(None, "", None, None, balance)
        return tuple(
            sorted((Run(first_cell(layout), text), *_entry_runs(carrying, layout, digits, where, code)), key=_column_of)
        )

    for number, part in enumerate(book_parts(len(rows), layout, start)):
        of_book = rows_of(part, rows, update.entries, layout, is_new=number > 0, make=make)
        yield _placed(of_book, layout, part.start)


def _steps(books: Iterable[Iterable[Line]], layout: BookLayout) -> Iterator[Step]:
    """The lines of each book, the turns between their pages, and the changes of books."""
    page = 0
    for number, lines in enumerate(books):
        if number:
            page = layout.pages[0]
            yield NextBook(page)
        for line in lines:
            if page and line.page != page:
                yield Turn(line.page)
            page = line.page
            yield line
    yield Eject(page)
