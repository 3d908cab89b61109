"""Offsets and rulers: what they move, what they measure, and what is no offset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.lengths import LengthError, parse_length, parse_offset, shown_length, to_units
from passbook.document.plan import Eject, Line, Run, Sheet, Turn
from passbook.document.ruler import offset_by, ruler_text
from passbook.protocol.printer_setup import MOST_OFFSET, PrinterSetup, RulerPlace
from tests.passbook.strategies import SHEET

OFFSETS = st.integers(-MOST_OFFSET, MOST_OFFSET)


@given(OFFSETS, OFFSETS, st.integers(MOST_OFFSET, 9999))
def test_a_set_up_moves_every_line_and_the_left_edge_and_nothing_else(x: int, y: int, left: int) -> None:
    setup = PrinterSetup(x_offset=x, y_offset=y)
    line = Line(1, 2, 2160, (Run(3, "text"),))
    assert setup.moved_sheet(Sheet(9000, 12, left, 70)) == Sheet(9000, 12, left + x, 70)
    assert setup.moved_line(line) == Line(1, 2, 2160 + y, line.runs)
    assert setup.moved_plan((line, Turn(2), Eject(2))) == (setup.moved_line(line), Turn(2), Eject(2))


def test_a_sheet_does_not_begin_left_of_its_edge() -> None:
    assert PrinterSetup(x_offset=-10).moved_sheet(Sheet(9000, 10, 10)).left == 0
    with pytest.raises(ValueError, match="left of the left edge"):
        PrinterSetup(x_offset=-11).moved_sheet(Sheet(9000, 10, 10))


@given(OFFSETS)
def test_an_offset_that_is_shown_is_read_as_the_same_to_a_hundredth_of_a_millimetre(units: int) -> None:
    assert abs(parse_offset(shown_length(units), MOST_OFFSET) - units) <= 1


@pytest.mark.parametrize(("text", "units"), [("1 in", 2160), ("-1/16 in", -135), ("0 mm", 0), ("-0 mm", 0)])
def test_an_offset_is_a_length_with_or_without_a_minus(text: str, units: int) -> None:
    assert parse_offset(text, MOST_OFFSET) == units


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1 cm", "--1 mm", "- 1 mm", "+1 mm", "1 mm ", "50.1 mm", "-2 in", "1/0 in"]
)
def test_what_is_no_offset_is_refused(text: str) -> None:
    with pytest.raises(LengthError):
        parse_offset(text, MOST_OFFSET)


@given(st.integers(1, 99), st.integers(4, 200))
def test_every_line_of_a_ruler_is_numbered_and_every_fifth_column_marked(lines: int, columns: int) -> None:
    rows = ruler_text(lines, columns).splitlines()
    assert [row[:3] for row in rows] == [f"|{number:02}" for number in range(1, lines + 1)]
    for row in rows:
        assert len(row) <= columns
        for column in range(5, columns + 1, 5):
            assert row[column - 1] == (":" if column % 10 else str(column // 10 % 10))


@given(OFFSETS, st.integers(0, 9999), st.integers(-500, 500))
def test_what_a_ruler_measures_is_put_right_by_the_offset_that_follows(before: int, belongs: int, off: int) -> None:
    """A printer that puts ink `off` too far: with the offset that was computed, ink stands where it belongs."""
    stands = belongs + off + before
    after = offset_by(before, belongs, stands)
    assert belongs + off + after == belongs


def test_the_marks_of_a_ruler_belong_where_the_layout_says() -> None:
    place = RulerPlace.on(SHEET)
    assert place.first_line == to_units(parse_length("1 in"))
    assert place.bar == to_units(parse_length("10 mm")) + 216 // 2
