"""Golden bytes: what the manuals say must leave for a PR2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialect import encode_line, encode_text, find_code_page, set_up
from drivers.profile import builtin_profile
from passbook.errors import PassbookError
from passbook.plan import Line, Run

PR2 = builtin_profile("pr2")


def test_set_up_goes_in_the_order_that_the_mechanism_demands_before_an_insertion() -> None:
    assert set_up(PR2, 6 * 2160, "cp858") == (
        b"\x1bn"  # Olivetti procedure
        b"\x1bl"  # reset error
        b"\x1bS5"  # front stand
        b"\x1bQ036\x1bZ"  # 36 line feeds
        b"\x1bT070"
        b"\x1bM000"
        b"\x1b&40"
        b"\x1bJ000"
        b"\x1b<"  # 10 to the inch
        b"\x1b[058"
        b"\x1b."  # automatic booking
    )


def test_a_line_is_an_absolute_place_then_runs_then_its_strike() -> None:
    line = Line(3, 7, 421 * 9, (Run(1, "12.05.26"), Run(40, "5 €")))
    encoded = encode_line(PR2, "cp858", line)
    assert encoded.position == b"\x1b/10421"
    assert encoded.text == b"\x1bH00112.05.26\x1bH0405 \xd5\r"


def test_simple_commands() -> None:
    commands = PR2.commands
    assert commands.eject.encode() == b"\x1bO"
    assert commands.status.encode() == b"\x1bj"
    assert commands.document_status.encode() == b"\x1b B"


def test_a_clean_up_ends_stripe_data_parameters_and_lists_and_strikes_nothing() -> None:
    sent = PR2.clean_up.encode()
    assert sent == b"\x1d" + b"\x7f" * 8 + b"\x1bZ" + b"\x7f" * 8 + b"\x1bl\x1b_\x1bZ"
    assert not set(sent) & set(b"\r\n\x0c")


@given(st.sampled_from(sorted(PR2.code_pages)), st.text(max_size=30))
def test_only_printable_bytes_come_out_of_any_text(code_page: str, text: str) -> None:
    try:
        encoded = encode_text(find_code_page(PR2, code_page), code_page, text, "here")
    except PassbookError as error:
        assert error.code in {"control-byte", "not-in-code-page"}
        assert str(error).startswith("here: character ")
    else:
        assert not set(encoded) & {*range(0x20), 0x7F}
        assert encoded.decode(find_code_page(PR2, code_page).codec) == text


@given(st.sampled_from(sorted(PR2.code_pages)), st.integers(0x20, 0x7E).map(chr))
def test_plain_ascii_is_printable_everywhere(code_page: str, letter: str) -> None:
    assert encode_text(find_code_page(PR2, code_page), code_page, letter, "here") == letter.encode()


@pytest.mark.parametrize("letter", ["\x1b", "\r", "\x7f", "\x9b", "\u200b", "\u2028", "\ud800"])
def test_a_control_character_is_named_by_its_place_only(letter: str) -> None:
    with pytest.raises(PassbookError) as caught:
        encode_line(PR2, "latin-1", Line(3, 4, 1800, (Run(1, "ok"), Run(9, f"ab{letter}"))))
    assert caught.value.facts == {"where": "page 3 line 4 column 9", "number": 3}


@pytest.mark.parametrize("run", [Run(0, "x"), Run(95, "x"), Run(90, "123456")])
def test_what_does_not_fit_the_carriage_is_refused(run: Run) -> None:
    with pytest.raises(PassbookError) as caught:
        encode_line(PR2, "cp858", Line(1, 1, 1800, (run,)))
    assert caught.value.code == "column-overflow"


def test_the_last_column_can_be_printed() -> None:
    assert encode_line(PR2, "cp858", Line(1, 1, 1800, (Run(90, "12345"),))).text == b"\x1bH09012345\r"


def test_a_line_does_not_show_its_text_in_a_log() -> None:
    assert "secret" not in repr(encode_line(PR2, "cp858", Line(1, 1, 1800, (Run(1, "secret"),))))


def test_an_unknown_code_page_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PassbookError, match="cp437, cp850, cp858, latin-1"):
        set_up(PR2, 6 * 2160, "cp1")
