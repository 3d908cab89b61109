"""Texts drawn by the renderer's program: letters of any script, and fonts and texts that are refused."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from PIL import features

from passbook.document.rendered_pages import MOST_REQUEST, TextPicture, TextRequest, encode_rendering, read_texts
from passbook.errors import PassbookError
from tests.needed import need_font

ACROSS, DOWN, ABOVE, BELOW = 27, 30, 9, 3
PROGRAM = [sys.executable, "-m", "drivers.renderer"]
PRIVATE = "Привет"
JOINED = "شمس"


def request(*texts: str, font: bytes | None = None) -> TextRequest:
    return TextRequest(need_font() if font is None else font, texts, ACROSS, DOWN, ABOVE, BELOW)


def drawn(asked: TextRequest) -> tuple[TextPicture, ...]:
    done = subprocess.run(PROGRAM, input=encode_rendering(asked), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return read_texts(done.stdout, asked, [f"line {number}, text" for number in range(1, len(asked.texts) + 1)])


def refusal(asked: TextRequest) -> PassbookError:
    with pytest.raises(PassbookError) as refused:
        drawn(asked)
    assert PRIVATE not in str(refused.value)
    return refused.value


def ink(picture: TextPicture) -> set[tuple[int, int]]:
    """The dots: column and row, from 0."""
    whole = (picture.width + 7) // 8
    return {
        (column, row)
        for row in range(ABOVE + BELOW)
        for column in range(picture.width)
        if picture.dots[row * whole + column // 8] >> (7 - column % 8) & 1
    }


def test_letters_stand_on_their_base_line() -> None:
    upper, lower = drawn(request("ПЖ", "фц"))
    assert max(row for _, row in ink(upper)) == ABOVE - 1
    assert max(row for _, row in ink(lower)) >= ABOVE
    assert {column for column, _ in ink(upper)} <= set(range(upper.width))


def test_the_same_text_is_the_same_picture_and_another_one_is_not() -> None:
    one, other, again = drawn(request("Αθήνα", "Αθήνα!", "Αθήνα"))
    assert one == again != other


@pytest.mark.slow
def test_joined_letters_are_not_those_that_stand_alone() -> None:
    if not features.check("raqm"):
        pytest.skip("the Debian package libfribidi0 is missing: this Pillow has no Raqm")
    joined, alone = drawn(request(JOINED, " ".join(JOINED)))
    assert joined.width < alone.width
    [mark] = drawn(request("e\u0323"))
    [plain] = drawn(request("e"))
    assert len(ink(mark)) > len(ink(plain))


def test_a_letter_that_the_font_lacks_is_told_by_its_place() -> None:
    found = refusal(request("ok", f"{PRIVATE}\U0001f9ff"))
    assert found.code == "font-lacks-character"
    assert found.facts == {"where": "line 2, text", "number": len(PRIVATE) + 1}


def test_blanks_and_an_empty_text_are_white() -> None:
    assert [ink(one) for one in drawn(request("", " ", "\u00a0"))] == [set()] * 3


@pytest.mark.parametrize("font", [b"", b"no font", b"\0\1\0\0" + b"\xff" * 400, b"OTTO", b"%PDF-1.4"])
def test_a_file_that_is_no_font_is_refused(font: bytes) -> None:
    assert refusal(request("a", font=font)).code == "font-not-readable"


@pytest.mark.slow
def test_a_font_that_is_cut_or_damaged_ends_in_a_refusal() -> None:
    font = need_font()
    for damaged in (font[:3000], font[: len(font) // 2], font[:5000] + bytes(200_000) + font[205_000:]):
        asked = request(PRIVATE, font=damaged)
        try:
            drawn(asked)
        except PassbookError as error:
            assert error.code in {"font-not-readable", "font-lacks-character", "text-too-costly"}


@pytest.mark.long
def test_the_longest_texts_of_a_book_are_drawn_in_time() -> None:
    assert len(drawn(request(*["Ж" * 60] * 384))) == 384


def test_a_request_beyond_its_bounds_is_none() -> None:
    for data in (
        encode_rendering(request("a" * 401)),
        encode_rendering(request(*["a"] * 2001)),
        encode_rendering(request("a", font=bytes(MOST_REQUEST))),
    ):
        done = subprocess.run(PROGRAM, input=data, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_the_private_words_are_letters_of_another_script() -> None:
    assert {unicodedata.name(one).split()[0] for one in PRIVATE} == {"CYRILLIC"}
