from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from passbook.screen.columns import LEAST_WIDTH, Row, filled, short, table

WORD = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=70)


@given(
    st.lists(st.tuples(WORD, WORD, WORD), min_size=1, max_size=5), st.integers(LEAST_WIDTH, 160), st.text(max_size=200)
)
def test_a_table_is_never_wider_than_the_screen(rows: list[tuple[str, str, str]], width: int, note: str) -> None:
    drawn = table(("JOB", "STATE", "FROM"), [Row(cells, " ".join(note.split())) for cells in rows], width)
    assert max(map(len, drawn)) <= width
    assert len([line for line in drawn if not line.startswith(" ")]) >= len(rows) + 1


def test_columns_that_do_not_fit_are_named() -> None:
    rows = [Row(("7f3a09c2", "stopped", "a" * 30))]
    assert table(("JOB", "STATE", "FROM"), rows, 40) == [
        "JOB       STATE",
        "7f3a09c2  stopped",
        "Too narrow for FROM; a wider screen or",
        "  --json shows them.",
    ]
    assert table(("JOB", "STATE", "FROM"), rows, None)[0] == "JOB       STATE    FROM"


def test_a_note_stands_below_its_row_and_is_broken_between_words() -> None:
    drawn = table(("JOB",), [Row(("7f3a",), "The power failed. It waits for an answer.")], 40)
    assert drawn == ["JOB", "7f3a", "      The power failed. It waits for an", "      answer."]


def test_a_long_sentence_goes_on_further_in() -> None:
    assert filled(["one two three"], 8) == ["one two", "  three"]
    assert filled(["one two three"], None) == ["one two three"]
    assert filled(["a" * 20], 8) == ["a" * 8, "  " + "a" * 6, "  " + "a" * 6]


def test_an_id_is_shown_by_its_beginning() -> None:
    assert short("7f3a09c2d1e84b55") == "7f3a09c2"
