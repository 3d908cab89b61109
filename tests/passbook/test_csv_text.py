from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.screen.csv_text import csv_text

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=5))
def test_what_was_written_is_read_again(rows: list[list[str]]) -> None:
    text = csv_text(("a", "b", "c"), rows)
    read = list(csv.reader(StringIO(text, newline=""), strict=True))
    assert read[0] == ["a", "b", "c"]
    assert [[cell.removeprefix("'") for cell in row] for row in read[1:]] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\uff1d", "\uff20"])
def test_no_cell_is_a_formula(beginning: str) -> None:
    text = csv_text(("name",), [(f'{beginning}HYPERLINK("x")',)])
    cell = list(csv.reader(StringIO(text, newline="")))[1][0]
    assert cell == f'\'{beginning}HYPERLINK("x")'


def test_lines_end_and_cells_are_quoted_as_the_standard_says() -> None:
    assert csv_text(("a", "b"), [('say "x"', "1,5"), ("two\r\nlines", "plain")]) == (
        'a,b\r\n"say ""x""","1,5"\r\n"two\r\nlines",plain\r\n'
    )
