from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.characters import (
    CodePageText,
    control_position,
    is_plain,
    refuse_controls,
    usual_cells,
)
from passbook.errors import PassbookError


@pytest.mark.parametrize(
    "code", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066, 0x200B, 0xD800, 0xFEFF]
)
def test_a_control_is_found_where_it_stands(code: int) -> None:
    assert control_position("ab" + chr(code) + "c") == 3
    with pytest.raises(PassbookError) as caught:
        refuse_controls("ab" + chr(code), "entry 7, text")
    assert caught.value.code == "control-byte"
    assert (caught.value.facts["where"], caught.value.facts["number"]) == ("entry 7, text", 3)


@pytest.mark.parametrize(
    ("text", "codec", "number"),
    [
        ("Mü€", "cp437", 3),
        ("a中", "cp858", 2),
        ("中", "gbk", 1),
        ("ü", "utf-8", 1),
        ("a", "utf-16", 1),
        ("é", "ascii", 1),
        ('a"', "cp500", 2),
    ],
)
def test_a_character_must_be_one_byte_of_the_code_page(text: str, codec: str, number: int) -> None:
    assert CodePageText(codec, "437").missing(text) == number


@given(st.text(), st.sampled_from(["cp437", "cp850", "cp858", "cp1252", "cp864", "latin-1", "koi8-r", "cp500"]))
def test_what_passes_has_as_many_bytes_as_characters_and_no_command(text: str, codec: str) -> None:
    try:
        refuse_controls(text, "line 1")
    except PassbookError as error:
        assert 1 <= int(error.facts["number"]) <= len(text)
        return
    if CodePageText(codec, codec).missing(text) is None:
        encoded = text.encode(codec)
        assert len(encoded) == len(text)
        assert all(0x20 <= byte != 0x7F for byte in encoded)


@given(
    st.text(st.characters(max_codepoint=0x3FF)),
    st.sampled_from(["cp858", "cp1252", "shift_jis", "gbk", "utf-16", "cp500"]),
)
def test_nothing_is_refused_of_what_is_plain(text: str, codec: str) -> None:
    assert not is_plain(text + "\n", codec)
    if is_plain(text, codec):
        refuse_controls(text, "line 1")
        assert CodePageText(codec, codec).missing(text) is None


def test_letters_of_a_code_page_are_plain() -> None:
    assert is_plain("Müller 1.234,56 €", "cp858")
    assert not is_plain("Müller 1.234,56 €", "cp437")


@pytest.mark.parametrize(
    ("text", "usual", "in_shift_jis"),
    [("ABC", 3, 3), ("残高", 4, 4), ("ﾌﾘｺﾐ", 4, 4), ("カナ1", 5, 5), ("Αθήνα", 5, 9), ("ü残", 4, 3)],
)
def test_wide_characters_take_two_cells(text: str, usual: int, in_shift_jis: int) -> None:
    assert usual_cells(text) == usual
    assert CodePageText("cp932", "shift-jis", has_wide=True).cells(text) == in_shift_jis
    assert CodePageText("cp932", "shift-jis").cells(text) == len(text)


@given(st.text(), st.sampled_from(["cp932", "gbk", "big5", "euc_kr", "gb18030", "utf-16", "cp858"]))
def test_what_passes_as_wide_is_a_pair_of_bytes_without_a_command(text: str, codec: str) -> None:
    page = CodePageText(codec, codec, has_wide=True)
    for character in text:
        if page.has(character):
            encoded = character.encode(codec)
            assert len(encoded) == 1 + page.is_wide(character)
            assert all(0x20 <= byte != 0x7F for byte in encoded)
