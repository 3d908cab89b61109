from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.geometry import document_lines, vertical_steps

heights = st.integers(0, 60_000)
units = st.sampled_from([180, 216, 240, 360])


@given(heights, units)
def test_steps_are_the_nearest_and_a_half_goes_down_the_page(y: int, unit: int) -> None:
    exact = Fraction(y * unit, 2160)
    steps = vertical_steps(y, unit)
    assert -Fraction(1, 2) <= exact - steps < Fraction(1, 2)


@given(st.integers(0, 9999), units)
def test_whole_steps_are_exact(steps: int, unit: int) -> None:
    assert vertical_steps(steps * 2160 // unit, unit) == steps


@given(heights, heights, units)
def test_further_down_is_never_fewer_steps(y: int, other: int, unit: int) -> None:
    assert (vertical_steps(y, unit) <= vertical_steps(other, unit)) or y > other


@given(st.integers(17 * 360 - 359, 118 * 360))
def test_the_document_is_never_shorter_than_its_page(height: int) -> None:
    assert 0 <= document_lines(height) * 360 - height < 360


@pytest.mark.parametrize("height", [-1, 0, 16 * 360, 118 * 360 + 1])
def test_a_page_outside_what_printers_take_is_refused(height: int) -> None:
    with pytest.raises(ValueError, match="70 and 500 mm"):
        document_lines(height)
