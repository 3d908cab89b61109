"""From 1/2160 inch to the steps in which mechanisms count."""

from __future__ import annotations

from passbook.document.plan import UNITS_PER_INCH


def whole_steps(length: int, unit: int) -> int:
    """`length` in 1/2160 inch as steps of 1/`unit` inch, halves rounded up.

    >>> whole_steps(2160, 240), whole_steps(2160, 216), whole_steps(13, 240), whole_steps(14, 240)
    (240, 216, 1, 2)
    """
    return (2 * length * unit + UNITS_PER_INCH) // (2 * UNITS_PER_INCH)
