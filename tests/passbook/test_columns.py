from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.screen.columns import LEAST_WIDTH, Row, filled, short, table
from passbook.screen.screen_cells import cut_to, screen_cells, wrapped

WORD = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=70)

LETTERS = "ab -é普通預金ｱﾂ「」\u3099\u0301\u200b"
"""Narrow and wide letters, and marks that stand over the letter before them."""


def cells(text: str) -> int:
    """The columns of a screen, told by the tables of Unicode."""
    shown = [one for one in text if unicodedata.category(one) not in {"Mn", "Me", "Cf"}]
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in shown)


@given(st.lists(st.text(LETTERS, max_size=90), min_size=1, max_size=3), st.integers(LEAST_WIDTH, 90), st.booleans())
def test_no_row_is_wider_than_the_screen_and_no_letter_is_lost(texts: list[str], width: int, in_table: bool) -> None:
    if in_table:
        rows = [Row(("7f3a", one), one.strip()) for one in texts]
        drawn = table(("JOB", "FROM"), rows, width)
        assert cells(drawn[0]) <= width
    else:
        drawn = filled(texts, width)
        assert "".join("".join(drawn).split(" ")) == "".join("".join(texts).split(" "))
    assert max(map(cells, drawn), default=0) <= width


@given(st.text(LETTERS), st.integers(0, 30))
def test_a_text_is_cut_before_the_letter_that_has_no_room(text: str, room: int) -> None:
    cut = cut_to(text, room)
    assert text.startswith(cut)
    assert cells(cut) <= room
    assert cut == text or cells(text[: len(cut) + 1]) > room
    assert screen_cells(text) == cells(text)


def test_columns_behind_a_wide_name_are_aligned() -> None:
    drawn = table(("FROM", "JOB"), [Row(("山田太郎", "7f3a")), Row(("か\u3099く", "8a01"))], 40)
    assert drawn == ["FROM      JOB", "山田太郎  7f3a", "か\u3099く      8a01"]


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("保留は山田です", ["保留は山", "  田です"]),
        ("held by 山田太郎", ["held by", "  山田太", "  郎"]),
        ("a か\u3099か\u3099か\u3099か\u3099", ["a か\u3099か\u3099か\u3099", "  か\u3099"]),
        ("one   two three", ["one", "  two", "  three"]),
    ],
)
def test_a_line_is_broken_between_words_and_between_wide_letters(line: str, rows: list[str]) -> None:
    assert filled([line], 8) == rows


def test_a_word_stays_whole_where_it_is_to_be_copied() -> None:
    assert wrapped(f"key {'f' * 12}", 8, breaks_words=False) == ["key", "f" * 12]


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
