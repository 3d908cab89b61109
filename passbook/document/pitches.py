"""Characters to the inch, as printers and their manuals name them."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import Final

from passbook.document.plan import UNITS_PER_INCH

PITCHES: Final = MappingProxyType(
    {
        10: Fraction(10),
        12: Fraction(12),
        15: Fraction(15),
        16.7: Fraction(50, 3),
        17.1: Fraction(120, 7),
        20: Fraction(20),
    }
)
"""The name of each pitch -> its characters to the inch: 16.7 and 17.1 are 10 and 12 in condensed print."""


def cell_width(cpi: float) -> Fraction:
    """The width of one character cell in 1/2160 inch, exactly.

    >>> cell_width(10), cell_width(16.7)
    (Fraction(216, 1), Fraction(648, 5))
    """
    return UNITS_PER_INCH / PITCHES.get(cpi, Fraction(cpi))


def exact_pitch(cpi: float) -> float:
    """Characters to the inch of a pitch by its name: 16.7 are 16 2/3."""
    return float(PITCHES.get(cpi, Fraction(cpi)))


def pitch_names() -> str:
    """The names of all pitches, for people."""
    return ", ".join(map(str, PITCHES))
