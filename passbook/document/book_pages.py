"""From the lines of entries to the pages of a book: heading, balance brought, entries, balance carried, footer.

What stands beside the entries of a page follows from the places of entries alone: heading and brought balance are
printed before an entry on the first line for entries, carried balance and footer after one on the last.  So a job that
ends in the middle of a page and one that begins there print each of them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from passbook.document.documents import PassbookUpdate
from passbook.document.drafts import StartLine
from passbook.document.entry_rows import EntryPrinter, EntryRow, balance_before
from passbook.document.layout import BookLayout
from passbook.document.layout_parts import FixedText
from passbook.document.next_book import BookCut, first_cell
from passbook.document.plan import Line, Run
from passbook.document.printable_text import Cells, Charset, runs_in
from passbook.errors import PassbookError


class BookPages:
    """Places the entries of an update on the pages of a book."""

    def __init__(self, document: PassbookUpdate, layout: BookLayout, code: Charset) -> None:
        self._document = document
        self._layout = layout
        self._code = code
        self._printer = EntryPrinter(document, layout, code)
        self._before = balance_before(document.entries)

    def rows(self) -> Sequence[EntryRow]:
        """The lines of all entries, up to the last one that is not blank.  Raises PassbookError."""
        rows = list(self._printer.rows(self._document.entries, self._before))
        while rows and not rows[-1].runs:
            rows.pop()
        return rows

    def lines(self, rows: Sequence[EntryRow], start: StartLine) -> Iterator[Line]:
        """Everything that is printed, from a line for entries on.  Raises PassbookError."""
        layout, balance, current = self._layout, self._before, 0
        free: tuple[int, ...] = ()
        for (page, line), row in zip(layout.places_from(start.page, start.line), rows, strict=False):
            if page != current:
                current, free = page, layout.entry_lines(page)
            if line == free[0]:
                yield from self._texts(page, layout.page_lines(page).heading)
                brought = layout.brought_line(page)
                if brought is not None:
                    yield self._balance(page, brought, layout.page_brought, balance, row.entry)
            balance = row.balance
            if row.runs:
                yield Line(page, line, layout.line_y(page, line), row.runs)
            if line == free[-1]:
                carried = layout.carried_line(page)
                if carried is not None:
                    yield self._balance(page, carried, layout.page_carried, balance, row.entry)
                yield from self._texts(page, layout.page_lines(page).footer)

    def books(self, rows: Sequence[EntryRow], cuts: Sequence[BookCut]) -> Iterator[Iterator[Line]]:
        """Everything that is printed in each book.  Raises PassbookError."""
        for number, cut in enumerate(cuts):
            mine = list(rows[cut.first : cut.end])
            if number:
                mine[:0] = self._carrying(rows, cut.first, "brought", self._layout.brought)
            if cut.carries:
                mine += self._carrying(rows, cut.end, "carried", self._layout.carried)
            yield self.lines(mine, cut.start)

    def _carrying(self, rows: Sequence[EntryRow], number: int, key: str, texts: Sequence[str]) -> Iterator[EntryRow]:
        """The lines that say which balance goes over before the row of that number, from 0."""
        layout, balance = self._layout, rows[number - 1].balance if number else self._before
        entry = rows[number].entry
        if balance is None:
            page, line = layout.pages[1], layout.entry_lines(layout.pages[1])[-1]
            raise PassbookError("balance-not-known", where=f"entry {entry}", page=page, line=line)
        for n, text in enumerate(texts, 1):
            shown = balance if n == len(texts) else None
            where = f"layout {layout.name}, {key} {n}"
            yield EntryRow(entry, self._printer.carrying_runs(first_cell(layout), text, shown, where), balance)

    def _balance(self, page: int, line: int, text: str, balance: int | None, entry: int) -> Line:
        if balance is None:
            raise PassbookError("balance-not-known", where=f"entry {entry}", page=page, line=line)
        runs = self._printer.balance_runs(text, balance, f"page {page} line {line}")
        return Line(page, line, self._layout.line_y(page, line), runs)

    def _texts(self, page: int, texts: Sequence[FixedText]) -> Iterator[Line]:
        """The texts of a heading or footer, from the top."""
        facts = {"page": str(page), "account": self._document.account, "currency": self._document.currency}
        ordered = sorted(texts, key=attrgetter("line", "start"))
        for line, group in groupby(ordered, key=attrgetter("line")):
            runs: list[Run] = []
            row = list(group)
            for number, one in enumerate(row, 1):
                end = row[number].start if number < len(row) else self._layout.columns_total + 1
                runs += self._text(one, facts, end - one.start)
            yield Line(page, line, self._layout.line_y(page, line), tuple(runs))

    def _text(self, one: FixedText, facts: dict[str, str], width: int) -> list[Run]:
        text = one.text
        for word, fact in facts.items():
            text = text.replace(f"{{{word}}}", fact)
        where = f"layout {self._layout.name}, line {one.line}"
        return runs_in(text, Cells(one.start, width), where, "text", self._code)
