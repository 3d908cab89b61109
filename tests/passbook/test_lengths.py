from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.lengths import LengthError, parse_length, to_units


@pytest.mark.parametrize(
    ("text", "units"),
    [("1/6 in", 360), ("0.5 in", 1080), ("25.4 mm", 2160), ("21.2 mm", 1803), ("0 mm", 0), ("1000 mm", 85039)],
)
def test_a_length_is_exact_and_then_rounded_once(text: str, units: int) -> None:
    assert to_units(parse_length(text)) == units


def test_a_broken_number_stays_exact() -> None:
    assert parse_length("21.2mm") == Fraction(212, 254)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "mm",
        "-1 mm",
        "+1 mm",
        "1 cm",
        "1  mm",
        " 1 mm",
        "1 mm\n",
        "1/0 in",
        "1.5/2 in",
        "1e3 mm",
        "1000.1 mm",
        "40 in",
        "\u0663 mm",
        ".5 in",
        "1. in",
        "12345 mm",
    ],
)
def test_what_is_not_a_length_is_refused(text: str) -> None:
    with pytest.raises(LengthError):
        parse_length(text)


@given(st.integers(0, 10**6))
def test_a_tie_goes_to_the_even_unit(half: int) -> None:
    units = to_units(Fraction(2 * half + 1, 2 * 2160))
    assert units % 2 == 0
    assert abs(units - half) <= 1


@given(st.text())
def test_nothing_but_a_length_error_is_raised(text: str) -> None:
    with suppress(LengthError):
        assert parse_length(text) >= 0
