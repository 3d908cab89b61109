"""From 1/2160 inch to the steps in which a PR2 mechanism counts."""

from __future__ import annotations

from typing import Final

from passbook.document.plan import UNITS_PER_INCH

LINE_FEED: Final = UNITS_PER_INCH // 6
"""One line feed of 1/6 inch, in which PR2 counts the length of a document."""

TOP_UNIT: Final = UNITS_PER_INCH // 240
"""The unit of the top of form (ESC T), whatever the elementary step is."""

OFFSET_STEP: Final = UNITS_PER_INCH // 120
"""The unit of a horizontal offset (ESC | A)."""

LEAST_HEIGHT: Final = 5953
"""70 mm in 1/2160 inch, rounded up (ESC Q)."""
MOST_DOCUMENT: Final = 118
"""500 mm in line feeds, rounded down (ESC Q)."""


def offset_steps(left: int) -> int:
    """`left` in 1/2160 inch as the steps of 1/120 inch of a horizontal offset (ESC | A), halves rounded right.

    >>> offset_steps(0), offset_steps(255), offset_steps(26), offset_steps(27)
    (0, 14, 1, 2)
    """
    return (left + OFFSET_STEP // 2) // OFFSET_STEP


def spacing_steps(unit: int) -> int:
    """The line spacing of the set-up, 1/6 inch, in elementary steps of 1/`unit` inch; no line is placed by it.

    >>> spacing_steps(240), spacing_steps(216)
    (40, 36)
    """
    return LINE_FEED * unit // UNITS_PER_INCH


def document_lines(height: int) -> int:
    """A page's height in 1/2160 inch as line feeds, rounded up.  Raises ValueError outside 70 to 500 mm.

    >>> document_lines(6 * 2160)
    36
    """
    lines = -(-height // LINE_FEED)
    if height < LEAST_HEIGHT or lines > MOST_DOCUMENT:
        raise ValueError("the page is not between 70 and 500 mm high")
    return lines
