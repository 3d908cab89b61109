"""From a document and a layout to a plan: the place of each line, decided once, before the job is accepted.

Text that does not fit is an error; it is cut off or goes on below only where the layout says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeVar

from msgspec.structs import astuple

from passbook.document.book_pages import BookPages
from passbook.document.characters import CodePageText
from passbook.document.documents import Document, Entry, FormDocument, PassbookUpdate, PdfDocument, StartLine
from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.layout_parts import Overflow
from passbook.document.next_book import cut_books, is_full, most_rows
from passbook.document.plan import NUMBER_MARK, Eject, Line, NextBook, NextSheet, Plan, Run, Step, Turn
from passbook.document.printable_text import Cells, Charset, runs_in
from passbook.document.substitutes import TextSubstitutes
from passbook.document.text_bands import Pen, draw_runs
from passbook.errors import PassbookError

R = TypeVar("R", Entry, str)
_NOTHING: Final = (None, "", ())


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

    Where the layout has a full book go on in a new one, the steps lead through the books.

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
        PassbookError: `layout-unfit`, `start-not-in-book`, `start-not-for-entries`, `past-last-line`, `control-byte`,
            `column-overflow`, `not-in-code-page`, `needs-substitute`, `document-empty`, `start-not-given`,
            `form-field-unknown`, `form-field-missing`, `too-many-copies`, `two-amounts`, `date-not-in-calendar`,
            `balance-not-known`, and as draw_runs().  Without a start, `past-last-line` if all of the book has too few
            lines.
        LookupError: there is no such codec.
    """
    page = CodePageText(codec, code_page, has_wide)
    code = Charset(page, substitutes or TextSubstitutes(layout, page), pen is not None)
    plan = _plan(document, layout, code, start)
    return plan if pen is None else draw_runs(plan, layout, pen)


def _plan(document: Document, layout: BookLayout, code: Charset, start: StartLine | None) -> Plan:
    """The plan, in which text that is to be drawn is not drawn yet."""
    first = StartLine(layout.pages[0], 1)
    if isinstance(document, PdfDocument):
        raise PassbookError("layout-unfit", layout=layout.name, kind=layout.kind.value)
    if isinstance(document, FormDocument):
        _require_kind(layout, LayoutKind.FORM)
        if start not in {None, first}:
            raise _not_in_book(layout, start)
        return tuple(_sheets(_form_rows(document, layout, code), layout, document.copies))
    if isinstance(document, PassbookUpdate):
        _require_kind(layout, LayoutKind.PASSBOOK)
        return tuple(_steps(_update_books(document, layout, start or document.start, code), layout))
    _require_kind(layout, LayoutKind.TEXT)
    lines = _fitting(document.lines, document.more, layout, start or first)
    rows = [_text_runs(line, layout, f"line {n}", code) for n, line in enumerate(lines, 1)]
    if not any(rows):
        raise PassbookError("document-empty")
    return tuple(_steps([_text_lines(rows, layout, start or first)], layout))


def _update_books(
    document: PassbookUpdate, layout: BookLayout, wanted: StartLine | None, code: Charset
) -> Iterator[Iterator[Line]]:
    """The lines of an update in each book; it is judged whole before its start is asked for."""
    start = _entry_start(layout, wanted or StartLine(layout.pages[0], 1))
    _fitting(document.entries, document.more, layout, start)
    pages = BookPages(document, layout, code)
    rows = pages.rows()
    if not rows:
        raise PassbookError("document-empty")
    cuts = cut_books(rows, layout, start)
    _refuse_left_over(len(rows) - cuts[-1].end, layout)
    if wanted is None:
        raise PassbookError("start-not-given")
    return pages.books(rows, cuts)


def _entry_start(layout: BookLayout, start: StartLine) -> StartLine:
    """The line for entries at which a person lets an update start: the begin of a page is the first one."""
    if is_full(layout, start):
        return StartLine(start.page, layout.entry_lines(start.page)[0])
    if not layout.has(start.page, start.line):
        raise _not_in_book(layout, start)
    found = layout.start_at(start.page, start.line)
    if found is None:
        free = layout.entry_lines(start.page)
        raise PassbookError("start-not-for-entries", page=start.page, line=start.line, first=free[0], last=free[-1])
    return StartLine(*found)


def _not_in_book(layout: BookLayout, start: StartLine) -> PassbookError:
    """The error for a start that the layout does not have, with the lines that it has."""
    first, last = layout.pages
    page = min(max(start.page, first), last)
    lines = layout.page_lines(page)
    known = f"its pages are {first} to {last}, and page {page} has the lines 1 to {lines.count}"
    if layout.kind is LayoutKind.FORM:
        known = f"a form begins at page {first} line 1"
    elif lines.fold is not None and lines.fold.last > lines.fold.after:
        known += f", of which {lines.fold.after + 1} to {lines.fold.last} lie on the fold"
    return PassbookError("start-not-in-book", page=start.page, line=start.line, known=known)


def _require_kind(layout: BookLayout, kind: LayoutKind) -> None:
    if layout.kind is not kind:
        raise PassbookError("layout-unfit", layout=layout.name, kind=layout.kind.value)


def _fitting(rows: Sequence[R], more: int, layout: BookLayout, start: StartLine) -> Sequence[R]:
    """The rows that fit on the paper; all rows behind them are blank.

    The function decides before it looks closely at any row. Raises PassbookError `start-not-in-book` or
    `past-last-line`.
    """
    if not layout.has(start.page, start.line) and not is_full(layout, start):
        raise _not_in_book(layout, start)
    room = most_rows(layout, start)
    _refuse_left_over(more + sum(not _is_blank(row) for row in rows[room:]), layout)
    return rows[:room]


def _refuse_left_over(count: int, layout: BookLayout) -> None:
    if count > 0:
        last = layout.pages[1]
        raise PassbookError("past-last-line", page=last, line=layout.entry_lines(last)[-1], left=count)


def _is_blank(row: Entry | str) -> bool:
    return not row.strip(" ") if isinstance(row, str) else all(part in _NOTHING for part in astuple(row))


def _text_runs(line: str, layout: BookLayout, where: str, code: Charset) -> tuple[Run, ...]:
    runs = runs_in(line, Cells(1, layout.columns_total), where, "text", code)
    return () if _is_blank(line) else tuple(runs)


def _form_rows(document: FormDocument, layout: BookLayout, code: Charset) -> dict[int, tuple[Run, ...]]:
    """The runs of each line of one sheet.  Raises PassbookError."""
    given, known = dict(document.fields), ", ".join(field.name for field in layout.fields) or "none"
    for name in given.keys() - {field.name for field in layout.fields}:
        raise PassbookError("form-field-unknown", form=layout.name, field=name, known=known)
    if document.copies > layout.pages[1]:
        raise PassbookError("too-many-copies", form=layout.name, count=document.copies, most=layout.pages[1])
    placed: list[tuple[int, Run]] = []
    for text in layout.texts:
        where, cells = f"layout {layout.name}, line {text.line}", Cells(text.start, text.end - text.start + 1)
        placed += [(text.line, run) for run in runs_in(text.text, cells, where, "text", code)]
    for field in layout.fields:
        if field.name not in given:
            raise PassbookError("form-field-missing", form=layout.name, field=field.name)
        value = given[field.name]
        if field.overflow is Overflow.CUT:
            value = value[: code.page.fitting(value, field.width)].rstrip(" ")
        if value:
            placed += [(field.line, run) for run in runs_in(value, field, f"field {field.name}", "text", code)]
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
            yield Line(page, line, layout.line_y(page, line), runs)
        yield Eject(page) if page == copies else NextSheet(page + 1)


def _text_lines(rows: Sequence[tuple[Run, ...]], layout: BookLayout, start: StartLine) -> Iterator[Line]:
    """A line for each row that is not blank; blank rows move on."""
    for (page, line), runs in zip(layout.places_from(start.page, start.line), rows, strict=False):
        if runs:
            yield Line(page, line, layout.line_y(page, line), runs)


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
