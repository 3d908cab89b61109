"""Lengths as people write them ("21.2 mm", "1/6 in") and as plans count them (1/2160 inch)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from passbook.document.plan import UNITS_PER_INCH

MM_PER_INCH: Final = Fraction("25.4")
LONGEST: Final = Fraction(1000) / MM_PER_INCH
"""One metre, in inches: twice what the longest document of the mechanisms in use measures (500 mm)."""

_NUMBER: Final = r"[0-9]{1,4}(?:\.[0-9]{1,4}|/[0-9]{1,4})?"
_LENGTH: Final = re.compile(rf"({_NUMBER}) ?(mm|in)")


class LengthError(ValueError):
    """The text is not a length; its message says why, without the text."""


def parse_length(text: str) -> Fraction:
    """The length in inches, exactly: a whole, decimal or broken number, then `mm` or `in`; at most one metre.

    Raises:
        LengthError: for anything else; a length is never negative.
    """
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise LengthError('it is not a length such as "21.2 mm" or "1/6 in"')
    try:
        number = Fraction(match[1])
    except ZeroDivisionError:
        raise LengthError("it is divided by zero") from None
    inches = number if match[2] == "in" else number / MM_PER_INCH
    if inches > LONGEST:
        raise LengthError("it is longer than one metre")
    return inches


def parse_offset(text: str, most: int) -> int:
    """The length in 1/2160 inch; a minus before it is allowed.  Raises LengthError, also for one above `most`."""
    units = to_units(parse_length(text.removeprefix("-")))
    if units > most:
        raise LengthError(f"it is longer than {shown_length(most)}")
    return -units if text.startswith("-") else units


def shown_length(units: int) -> str:
    """A length of so many 1/2160 inch as people write it, to a hundredth of a millimetre.

    >>> shown_length(2160), shown_length(-85), shown_length(0)
    ('25.4 mm', '-1 mm', '0 mm')
    """
    millimetres = f"{float(units * MM_PER_INCH / UNITS_PER_INCH):.2f}".rstrip("0").rstrip(".")
    return f"{'0' if millimetres == '-0' else millimetres} mm"


def to_units(inches: Fraction) -> int:
    """The nearest whole number of 1/2160 inch; a tie goes to the even one."""
    return round(inches * UNITS_PER_INCH)
