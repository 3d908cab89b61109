"""The rules by which cells are read: of amounts and of dates, as an import profile declares them.

Without a rule a cell is read if it has one reading only; see amount_reading and date_reading.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from passbook.document.date_style import Calendar


class DateOrder(StrEnum):
    """The order of the parts of a date."""

    YMD = "year-month-day"
    DMY = "day-month-year"
    MDY = "month-day-year"


class DecimalMark(StrEnum):
    """The mark between the whole and the broken part of an amount."""

    POINT = "."
    COMMA = ","


class GroupMark(StrEnum):
    """The mark between groups of digits."""

    NONE = "none"
    POINT = "."
    COMMA = ","
    BLANK = " "
    """Any blank, also one that keeps a line together."""
    APOSTROPHE = "'"


class WrittenSign(StrEnum):
    """The sign of an amount below zero, as a file writes it."""

    MINUS = "minus"
    """-12.40"""
    TRAILING_MINUS = "trailing-minus"
    """12.40-"""
    BRACKETS = "brackets"
    """(12.40)"""
    CR_DR = "cr-dr"
    """12.40 DR; above zero 12.40 CR or nothing.  In a withdrawal or deposit the word is the direction of its column."""


class DateRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The way in which a file writes dates; `short_years` are years of two digits, from 2000 to 2099."""

    order: DateOrder = DateOrder.YMD
    calendar: Calendar = Calendar.GREGORIAN
    short_years: bool = False


class AmountRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The way in which a file writes amounts.

    Attributes:
        blank_zeros: a withdrawal or deposit of zero prints nothing.
        negative_withdrawals: withdrawals are written below zero.
    """

    decimal: DecimalMark = DecimalMark.POINT
    grouping: GroupMark = GroupMark.NONE
    sign: WrittenSign = WrittenSign.MINUS
    blank_zeros: bool = False
    negative_withdrawals: bool = False


CORRECT: Final = "correct it and send again"
"""How a cell is mended that is read in one way only."""
CORRECT_OR_IMPORT: Final = f"{CORRECT}, or name an import profile that reads it (--import)"
"""How a cell of a CSV document is mended."""
STRICT_DATES: Final = DateRule()
"""2026-01-05."""
STRICT_AMOUNTS: Final = AmountRule()
"""-1234.50."""
