"""The lines of the entries of an update, by the columns and in the style of a layout, before they have a place.

Text that does not fit is an error; a column of text may say that it is cut, or goes on in the lines below.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from passbook.document.amount_style import AmountStyle, print_amount
from passbook.document.characters import LONGEST_LINE, CodePageText
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.date_style import print_date
from passbook.document.documents import Entry, PassbookUpdate
from passbook.document.layout import BookLayout
from passbook.document.layout_parts import Column, ColumnName, Overflow
from passbook.document.next_book import carrying_width
from passbook.document.plan import Run
from passbook.document.printable_text import Cells, Charset, column_overflow, printable_text, runs_in
from passbook.errors import PassbookError


class EntryRow(NamedTuple):
    """One line of an entry.

    Attributes:
        entry: the number of the entry, from 1.
        runs: empty for a line that only moves on.
        balance: after the entry, where it is known.
    """

    entry: int
    runs: tuple[Run, ...]
    balance: int | None


class EntryPrinter:
    """Prints entries by the columns of a layout."""

    def __init__(self, document: PassbookUpdate, layout: BookLayout, code: Charset) -> None:
        self._code = code
        self._layout = layout
        self._dates = layout.dates
        self._days: dict[datetime.date, str] = {}
        self._digits = MINOR_DIGITS[document.currency]
        self._columns = layout.columns
        self._styles = {one.name: layout.amounts.of(one.sign, one.fill) for one in layout.columns}
        self._blank_zeros = layout.amounts.blank_zeros
        # How a column gets its text is found out once: asked for each entry it took a third of the time of a placing.
        self._readers = [(column, self._reader(column)) for column in layout.columns]
        names = {column.name for column in layout.columns}
        in_one = {ColumnName.WITHDRAWAL, ColumnName.DEPOSIT} if ColumnName.AMOUNT in names else set()
        self._missing = [one for one in _PARTS if one not in names | in_one]
        self._own = {column.name for column in layout.columns if column.own}

    def rows(self, entries: Sequence[Entry], before: int | None) -> Iterator[EntryRow]:
        """The lines of the entries; `before` is the balance before the first one.  Raises PassbookError."""
        balance = before
        for number, entry in enumerate(entries, 1):
            balance = balance_after(entry, balance)
            for runs in self._lines(entry, f"entry {number}"):
                yield EntryRow(number, runs, balance)

    def balance_runs(self, text: str, balance: int, where: str) -> tuple[Run, ...]:
        """The line that carries a balance.  Raises PassbookError."""
        printed = [
            self._runs(column, self._amount(column, balance) if column.name == ColumnName.BALANCE else text, where)
            for column in self._columns
            if column.name in {ColumnName.TEXT, ColumnName.BALANCE}
        ]
        return tuple([run for runs in printed for run in runs])

    def carrying_runs(self, start: int, text: str, balance: int | None, where: str) -> tuple[Run, ...]:
        """A line at the edge of a book: a text from a cell on, and a balance in its column.  Raises PassbookError."""
        cells = Cells(start, carrying_width(self._layout, has_balance=balance is not None))
        runs = runs_in(text, cells, where, "text", self._code)
        for column in self._columns:
            if balance is not None and column.name == ColumnName.BALANCE:
                runs += self._runs(column, self._amount(column, balance), where)
        return tuple(sorted(runs, key=attrgetter("column")))

    def _lines(self, entry: Entry, where: str) -> list[tuple[Run, ...]]:
        """The runs of each line of an entry; there is at least one line."""
        if self._missing or entry.others:
            self._refuse_without_column(entry, where)
        first: list[Run] = []
        below: list[tuple[Column, list[str]]] = []
        for column, read in self._readers:
            text = read(entry, where)
            if not text:
                continue
            # A substitute may be longer than its character, so a text that just fits may be too long in print.
            may_overflow = not text.isascii() or self._code.page.cells(text) > column.width
            if may_overflow and column.overflow is not Overflow.REFUSE:
                text, rest = self._divided(column, text, where)
                below.append((column, rest))
            first += self._runs(column, text, where)
        lines = [tuple(first)]
        if not below:
            return lines
        for number in range(max((len(parts) for _, parts in below), default=0)):
            given = [(one, parts[number]) for one, parts in below if number < len(parts)]
            lines.append(tuple([run for one, part in given for run in self._runs(one, part, where)]))
        return lines

    def _divided(self, column: Column, text: str, where: str) -> tuple[str, list[str]]:
        """The text of a column that it may overflow: what stands on the first line, and on those below."""
        page = self._code.page
        # No cell is too far here, so that nothing but its characters can be refused.
        text = printable_text(text, 2 * LONGEST_LINE, where, column.name, self._code)
        if page.cells(text) <= column.width or self._code.is_drawn(text):
            return text, []
        if column.overflow is Overflow.CUT:
            return text[: page.fitting(text, column.width)].rstrip(" "), []
        first, *rest = _wrapped(text, column.width, page) or [""]
        return first.rstrip(" "), rest

    def _runs(self, column: Column, text: str, where: str) -> list[Run]:
        return runs_in(text, column, where, column.name, self._code) if text else []

    def _reader(self, column: Column) -> Callable[[Entry, str], str]:
        """The function that gives the text of an entry for a column, in its printed form; empty for nothing."""
        if column.own:
            return lambda entry, _where: dict(entry.others).get(column.name, "")
        if column.name == ColumnName.TEXT:
            return lambda entry, _where: entry.text
        if column.name == ColumnName.DATE:
            return lambda entry, where: "" if entry.date is None else self._date(entry.date, where)
        take = _in_one if column.name == ColumnName.AMOUNT else _part(column.name)
        blank_zero = self._blank_zeros and column.name != ColumnName.BALANCE

        def amount(entry: Entry, where: str) -> str:
            value = take(entry, where)
            return "" if value is None or (blank_zero and not value) else self._amount(column, value)

        return amount

    def _amount(self, column: Column, value: int) -> str:
        return print_amount(self._styles[column.name], value, self._digits, column.width, self._code.page.cells)

    def _date(self, day: datetime.date, where: str) -> str:
        if day not in self._days:
            try:
                self._days[day] = print_date(self._dates, day)
            except ValueError:
                raise PassbookError("date-not-in-calendar", where=where, calendar=self._dates.calendar) from None
        return self._days[day]

    def _refuse_without_column(self, entry: Entry, where: str) -> None:
        """Refuse a part of an entry for which the layout has no column."""
        for name in self._missing:
            value = getattr(entry, name)
            if value is not None and value != "":
                usual = print_amount(AmountStyle(), value, self._digits) if isinstance(value, int) else str(value)
                raise column_overflow(where, name, len(usual), 0)
        for name, text in entry.others:
            if text and name not in self._own:
                raise column_overflow(where, name, len(text), 0)


_PARTS: Final = tuple(one.value for one in ColumnName if one is not ColumnName.AMOUNT)


def _part(name: str) -> Callable[[Entry, str], int | None]:
    get = attrgetter(name)
    return lambda entry, _where: get(entry)


def _in_one(entry: Entry, where: str) -> int | None:
    """The deposit, or the withdrawal as a negative amount; one of them may be zero."""
    given = [one for one in (entry.deposit, None if entry.withdrawal is None else -entry.withdrawal) if one is not None]
    moved = [one for one in given if one]
    if len(moved) > 1:
        raise PassbookError("two-amounts", where=where)
    return moved[0] if moved else given[0] if given else None


def balance_after(entry: Entry, before: int | None) -> int | None:
    """The balance after an entry: its own, else that before it and its amounts; None where neither is known."""
    if entry.balance is not None:
        return entry.balance
    return None if before is None else before + (entry.deposit or 0) - (entry.withdrawal or 0)


def balance_before(entries: Iterable[Entry]) -> int | None:
    """The balance before the first entry, by the first balance that is given; None where none is."""
    change = 0
    for entry in entries:
        change += (entry.deposit or 0) - (entry.withdrawal or 0)
        if entry.balance is not None:
            return entry.balance - change
    return None


def _wrapped(text: str, width: int, page: CodePageText) -> list[str]:
    """The text in lines of at most `width` cells, broken at blanks where there are any; no line is blank.

    >>> page = CodePageText("ascii", "ASCII")
    >>> _wrapped("NEFT ACME TRADERS", 8, page), _wrapped("ABCDEFGHIJ K", 4, page)
    (['NEFT', 'ACME', 'TRADERS'], ['ABCD', 'EFGH', 'IJ K'])
    """
    lines: list[str] = []
    at = 0
    while at < len(text):
        end = at + page.fitting(text[at : at + width + 1], width)
        if end < len(text) and text[end] != " ":
            blank = text.rfind(" ", at, end)
            end = blank if blank > at else end
        line = text[at:end].strip(" ")
        if line:
            lines.append(line)
        at = end
        while at < len(text) and text[at] == " ":
            at += 1
    return lines
