"""The currencies and their digits behind the decimal mark."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

MINOR_DIGITS: Final = MappingProxyType(
    {"CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3, "NOK": 2, "PLN": 2, "SEK": 2, "USD": 2}
)
"""Currency -> digits after the point: the column "minor unit" of ISO 4217, table A.1."""

MAX_INTEGER_DIGITS: Final = 15
