"""Money as decimal text: never a float, never rounded."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError

MINOR_DIGITS: Final = MappingProxyType(
    {"CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3, "NOK": 2, "PLN": 2, "SEK": 2, "USD": 2}
)
"""Currency -> digits after the point: the column "minor unit" of ISO 4217, table A.1."""

MAX_INTEGER_DIGITS: Final = 15

_AMOUNT: Final = re.compile(rf"([+-]?)([0-9]{{1,{MAX_INTEGER_DIGITS}}})(?:\.([0-9]{{1,6}}))?")


def read_amount(text: str, currency: str, where: str, column: str) -> int:
    """The amount in whole minor units of its currency, such as cents.

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
    sign, whole, fraction = match[1], match[2], match[3] or ""
    digits = MINOR_DIGITS[currency]
    if len(fraction) > digits:
        raise PassbookError("amount-too-fine", where=where, column=column, digits=digits, currency=currency)
    minor = int(whole + fraction.ljust(digits, "0"))
    return -minor if sign == "-" else minor
