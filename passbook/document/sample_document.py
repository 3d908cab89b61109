"""A document that shows a layout: the widest contents that its columns and fields hold, over its first pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from passbook.document.amount_style import print_amount
from passbook.document.characters import usual_cells
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.date_style import print_date
from passbook.document.documents import Document, Entry, FormDocument, PassbookUpdate, StartLine, TextDocument
from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.layout_parts import Column, ColumnName, Overflow
from passbook.document.ruler import ruler_text

_FIRST_DAY: Final = date(2026, 3, 2)
_DIGITS: Final = "1234567890"
_MOST_DIGITS: Final = 12
_ACCOUNT: Final = "001-22-334455"
_WORDS: Final = "Sample text in a column that is wide "
_BEHIND: Final = 2
"""Entries on the second page."""
_WRAPPED_LINES: Final = 3
_EACH: Final = 4
"""Of so many entries the first half has the widest amounts."""
_SHORTER: Final = 1000


def sample_document(layout: BookLayout, currency: str) -> Document:
    """A document of the kind of the layout; `currency` is a key of MINOR_DIGITS."""
    if layout.kind is LayoutKind.TEXT:
        return TextDocument(tuple(ruler_text(layout.lines_per_page, layout.columns_total).splitlines()), layout.name)
    if layout.kind is LayoutKind.FORM:
        fields = tuple((one.name, (f"{one.name} " * one.width)[: one.width].rstrip()) for one in layout.fields)
        return FormDocument(layout.name, fields)
    page = layout.pages[0]
    start = layout.entry_lines(page)[0]
    wraps = any(one.overflow is Overflow.WRAP for one in layout.columns)
    spare = _WRAPPED_LINES if wraps and layout.lines_left(page, start) > _WRAPPED_LINES else 0
    count = min(len(layout.entry_lines(page)) + _BEHIND, layout.lines_left(page, start) - spare)
    entries = tuple(_entries(layout, MINOR_DIGITS[currency], count, is_long=spare > 0))
    return PassbookUpdate(layout.name, _ACCOUNT, currency, StartLine(page, start), entries)


def _entries(layout: BookLayout, digits: int, count: int, *, is_long: bool) -> Iterator[Entry]:
    for number in range(1, count + 1):
        is_deposit, is_wide = bool(number % 2), (number - 1) % _EACH < _EACH // 2
        amounts = {
            name: _amount(layout, name, digits, is_wide=is_wide)
            for name in (ColumnName.WITHDRAWAL, ColumnName.DEPOSIT, ColumnName.BALANCE, ColumnName.AMOUNT)
        }
        moved = amounts[ColumnName.AMOUNT] or amounts[ColumnName.DEPOSIT if is_deposit else ColumnName.WITHDRAWAL]
        balance = amounts[ColumnName.BALANCE]
        yield Entry(
            _day(layout, number),
            _text(layout.column(ColumnName.TEXT), is_long=is_long and number == 1),
            None if is_deposit else moved,
            moved if is_deposit else None,
            balance if is_deposit or balance is None else -balance,
            tuple((one.name, _text(one, is_long=False)) for one in layout.columns if one.own),
        )


def _day(layout: BookLayout, number: int) -> date | None:
    column, day = layout.column(ColumnName.DATE), _FIRST_DAY + timedelta(number)
    return day if column is not None and usual_cells(print_date(layout.dates, day)) <= column.width else None


def _amount(layout: BookLayout, name: str, digits: int, *, is_wide: bool) -> int | None:
    """The amount of the most digits that fits, also with its sign, or a shorter one; None where none fits."""
    column = layout.column(name)
    if column is None:
        return None
    style = layout.amounts.of(column.sign, "")
    for count in range(_MOST_DIGITS, 0, -1):
        minor = int((_DIGITS * 2)[:count])
        if max(usual_cells(print_amount(style, one, digits)) for one in (minor, -minor)) <= column.width:
            return minor if is_wide else minor // _SHORTER
    return None


def _text(column: Column | None, *, is_long: bool) -> str:
    if column is None:
        return ""
    width = column.width * (_WRAPPED_LINES - 1) if is_long else column.width
    return (_WORDS * (width // len(_WORDS) + 1))[:width].rstrip(" ")
