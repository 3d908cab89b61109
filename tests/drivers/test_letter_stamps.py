"""Letters of pictures: other scripts by fonts of the machine, Latin-1 by the built-in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers import letter_stamps
from drivers.letter_stamps import letter_stamp
from tests.needed import need_font


@pytest.mark.parametrize("letter", ["Ж", "Ω", "ğ"])
def test_a_letter_of_another_script_is_shown_by_a_font(letter: str) -> None:
    need_font()
    shown = letter_stamp(letter, 12).tobytes()
    assert shown not in {letter_stamp(other, 12).tobytes() for other in "?gZO"}


def test_without_a_font_a_letter_is_shown_by_its_like_or_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_stamps, "FONTS", (Path("/no/such/font.ttf"),))
    letter_stamp.cache_clear()
    assert letter_stamp("ğ", 12).tobytes() == letter_stamp("g", 12).tobytes()
    assert letter_stamp("中", 24).tobytes() == letter_stamp("?", 24).tobytes()
    letter_stamp.cache_clear()


def test_the_euro_has_two_strokes_in_one_cell() -> None:
    assert letter_stamp("€", 12).size == (12, 22)
    assert letter_stamp("€", 12).tobytes() not in {letter_stamp("C", 12).tobytes(), letter_stamp("=", 12).tobytes()}
