"""Money as decimal text: never a float, never rounded."""

from __future__ import annotations

import re
from typing import Final

from passbook.document.currencies import MINOR_DIGITS
from passbook.errors import PassbookError

MAX_INTEGER_DIGITS: Final = 15

_AMOUNT: Final = re.compile(rf"([+-]?)([0-9]{{1,{MAX_INTEGER_DIGITS}}})(?:\.([0-9]{{1,6}}))?")


def render_amount(text: str, currency: str, where: str, column: str) -> str:
    """The amount with exactly the digits its currency has after the point, without plus sign or leading zeros.

    Args:
        text: an optional sign, 1 to 15 digits, and optionally a point and digits.
        currency: a key of MINOR_DIGITS.
        where: the place that an error names, such as `entry 7`.
        column: the column that an error names.

    Raises:
        PassbookError: `amount-not-decimal` or `amount-too-fine`; neither repeats the amount.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise PassbookError("amount-not-decimal", where=where, column=column)
    sign, whole, fraction = match[1], match[2].lstrip("0") or "0", match[3] or ""
    digits = MINOR_DIGITS[currency]
    if len(fraction) > digits:
        raise PassbookError("amount-too-fine", where=where, column=column, digits=digits, currency=currency)
    fraction = fraction.ljust(digits, "0")
    minus = "-" if sign == "-" and (whole + fraction).strip("0") else ""
    return f"{minus}{whole}.{fraction}" if digits else f"{minus}{whole}"
