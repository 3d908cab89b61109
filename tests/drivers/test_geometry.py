from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.pr2.geometry import LEAST_HEIGHT, document_lines, offset_steps
from drivers.dialects.steps import whole_steps

heights = st.integers(0, 60_000)
units = st.sampled_from([180, 216, 240, 360])


@given(heights, units)
def test_steps_are_the_nearest_and_a_half_goes_down_the_page(y: int, unit: int) -> None:
    exact = Fraction(y * unit, 2160)
    steps = whole_steps(y, unit)
    assert -Fraction(1, 2) <= exact - steps < Fraction(1, 2)


@given(st.integers(0, 9999), units)
def test_whole_steps_are_exact(steps: int, unit: int) -> None:
    assert whole_steps(steps * 2160 // unit, unit) == steps


@given(heights, heights, units)
def test_further_down_is_never_fewer_steps(y: int, other: int, unit: int) -> None:
    assert (whole_steps(y, unit) <= whole_steps(other, unit)) or y > other


def test_the_least_page_is_70_mm() -> None:
    assert LEAST_HEIGHT - 1 < Fraction(70 * 21600, 254) <= LEAST_HEIGHT


@given(st.integers(0, 60_000))
def test_offset_steps_are_the_nearest_and_a_half_goes_right(left: int) -> None:
    assert -Fraction(1, 2) <= Fraction(left * 120, 2160) - offset_steps(left) < Fraction(1, 2)


@given(st.integers(LEAST_HEIGHT, 118 * 360))
def test_the_document_is_never_shorter_than_its_page(height: int) -> None:
    assert 0 <= document_lines(height) * 360 - height < 360


@pytest.mark.parametrize("height", [-1, 0, LEAST_HEIGHT - 1, 118 * 360 + 1])
def test_a_page_outside_what_printers_take_is_refused(height: int) -> None:
    with pytest.raises(ValueError, match="70 and 500 mm"):
        document_lines(height)
