"""Golden bytes: what the manuals say must leave for a PR2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.pr2.commands import columns_of, encode_line, set_up
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.profile import encode_run
from passbook.document.plan import Eject, Line, Run, Sheet
from passbook.errors import PassbookError
from tests.drivers.workbench import SHEET

PR2 = builtin_pr2()
PAGES = PR2.code_pages


def test_set_up_goes_in_the_order_that_the_mechanism_demands_before_an_insertion() -> None:
    assert set_up(PR2, SHEET, "cp858") == (
        b"\x1bn"  # Olivetti procedure
        b"\x1bl"  # reset error
        b"\x1bS5"  # front stand
        b"\x1bQ036\x1bZ"  # 36 line feeds
        b"\x1bT070"
        b"\x1bM000"
        b"\x1b&40"
        b"\x1bJ000"
        b"\x1b<"  # 10 to the inch
        b"\x1b|A000"  # what an earlier sheet left is undone
        b"\x1b[058"
        b"\x1b."  # automatic booking
    )


def test_a_line_is_an_absolute_place_then_runs_then_its_strike() -> None:
    line = Line(3, 7, 421 * 9, (Run(1, "12.05.26"), Run(40, "5 €")))
    encoded = encode_line(PR2, SHEET, "cp858", line)
    assert encoded.position == b"\x1b/10421"
    assert encoded.text == b"\x7f\x1bH00112.05.26\x1bH0405 \xd5"
    assert encoded.strike == b"\r"


def test_simple_commands() -> None:
    commands = PR2.commands
    assert commands.eject.encode() == b"\x1bO"
    assert commands.discard.encode() == b"\x7f"
    assert commands.status.encode() == b"\x1bj"
    assert commands.document_status.encode() == b"\x1b B"


def test_a_clean_up_ends_stripe_data_parameters_and_lists_and_strikes_nothing() -> None:
    sent = PR2.clean_up.encode()
    assert sent == b"\x1d" + b"\x7f" * 8 + b"\x1bZ" + b"\x7f" * 8 + b"\x1bl\x1b_\x1bZ"
    assert not set(sent) & set(b"\r\n\x0c")


@given(st.sampled_from(sorted(PAGES)), st.text(max_size=30))
def test_only_printable_bytes_come_out_of_any_text(code_page: str, text: str) -> None:
    try:
        encoded = b"".join(encode_run(PAGES[code_page], code_page, Run(1, text), "here"))
    except PassbookError as error:
        assert error.code in {"control-byte", "not-in-code-page"}
        assert str(error).startswith("here: character ")
    else:
        encoded = encoded.removeprefix(b"\x1c." if PAGES[code_page].wide else b"")
        assert not set(encoded) & {*range(0x20), 0x7F}
        assert encoded.decode(PAGES[code_page].codec) == text


@given(st.sampled_from(sorted(PAGES)), st.integers(0x20, 0x7E).map(chr))
def test_plain_ascii_is_printable_everywhere(code_page: str, letter: str) -> None:
    assert encode_run(PAGES[code_page], code_page, Run(1, letter), "here")[-1] == letter.encode()


@pytest.mark.parametrize("letter", ["\x1b", "\r", "\x7f", "\x9b", "\u200b", "\u2028", "\ud800"])
def test_a_control_character_is_named_by_its_place_only(letter: str) -> None:
    with pytest.raises(PassbookError) as caught:
        encode_line(PR2, SHEET, "latin-1", Line(3, 4, 1800, (Run(1, "ok"), Run(9, f"ab{letter}"))))
    assert (caught.value.facts["where"], caught.value.facts["number"]) == ("page 3 line 4 column 9", 3)


@pytest.mark.parametrize("run", [Run(0, "x"), Run(95, "x"), Run(90, "123456")])
def test_what_does_not_fit_the_carriage_is_refused(run: Run) -> None:
    with pytest.raises(PassbookError) as caught:
        encode_line(PR2, SHEET, "cp858", Line(1, 1, 1800, (run,)))
    assert caught.value.code == "column-overflow"


def test_the_last_column_can_be_printed() -> None:
    assert encode_line(PR2, SHEET, "cp858", Line(1, 1, 1800, (Run(90, "12345"),))).text == b"\x7f\x1bH09012345"


def test_a_line_does_not_show_its_text_in_a_log() -> None:
    assert "secret" not in repr(encode_line(PR2, SHEET, "cp858", Line(1, 1, 1800, (Run(1, "secret"),))))


def test_an_unknown_code_page_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PassbookError, match=r"cp858, cp866, .*gbk, latin-1"):
        set_up(PR2, SHEET, "cp1")


@pytest.mark.parametrize(
    ("sheet", "sent"),
    [
        (Sheet(SHEET.height, 10, 255), b"\x1b<\x1b|A014"),
        (Sheet(SHEET.height, 12, 18 * 999), b"\x1b=\x1b|A999"),
        (Sheet(SHEET.height, 16.7, 0), b"\x1b>\x1b|A000"),
    ],
)
def test_pitch_and_left_edge_are_those_of_the_sheet(sheet: Sheet, sent: bytes) -> None:
    assert sent in set_up(PR2, sheet, "cp858")


@given(st.integers(0, 999 * 18))
def test_a_left_edge_is_rounded_to_the_nearest_step(left: int) -> None:
    sent = set_up(PR2, Sheet(SHEET.height, 10, left), "cp858")
    steps = int(sent.partition(b"\x1b|A")[2][:3])
    assert abs(steps * 18 - left) <= 9


@pytest.mark.parametrize(
    ("sheet", "columns"), [(SHEET, 94), (Sheet(9999, 12), 112), (Sheet(9999, 16.7), 156), (Sheet(9999, 10, 2160), 84)]
)
def test_the_carriage_has_the_columns_that_the_left_edge_leaves(sheet: Sheet, columns: int) -> None:
    assert columns_of(PR2, sheet) == columns
    for column, printable in ((columns, True), (columns + 1, False)):
        assert refusal_of(sheet, Line(1, 1, 1800, (Run(column, "x"),))) == (
            "" if printable else f"page 1 line 1 needs more than the {columns} columns that the carriage has there"
        )


def refusal_of(sheet: Sheet, *lines: Line) -> str:
    """Why a plan is not printable; empty when it is."""
    try:
        Pr2(PR2).check_printable(sheet, (*lines, Eject(1)), layout="book", printer="counter-1")
    except PassbookError as error:
        assert error.code == "layout-not-printable"
        assert str(error).startswith("Printer counter-1 cannot print on layout book: ")
        return str(error.facts["why"])
    return ""


@pytest.mark.parametrize(
    ("sheet", "y", "why"),
    [
        (SHEET, 630, ""),
        (SHEET, 625, "page 1 line 1 is less than 0.29 inch below the top edge"),
        (SHEET, SHEET.height, ""),
        (SHEET, SHEET.height + 9, "page 1 line 1 is below the page"),
        (Sheet(70 * 2160 // 26), 1800, "the page is not between 70 and 500 mm high"),
        (Sheet(500 * 2160 // 25), 1800, "the page is not between 70 and 500 mm high"),
        (Sheet(SHEET.height, 17), 1800, "there is no pitch of 17 characters to the inch, only 10, 12, 16.7"),
        (Sheet(SHEET.height, 10, 1000 * 18), 1800, "the number does not fit 3 digits"),
        (Sheet(SHEET.height, 10, -19), 1800, "the number does not fit 3 digits"),
    ],
)
def test_what_the_printer_cannot_do_is_said_before_it_is_tried(sheet: Sheet, y: int, why: str) -> None:
    assert refusal_of(sheet, Line(1, 1, y, (Run(1, "secret"),))) == why


@given(
    st.builds(Sheet, st.integers(0, 50_000), st.sampled_from([9, 10, 12, 15, 16.7, 17.1]), st.integers(0, 20_000)),
    st.builds(
        Line,
        st.just(1),
        st.integers(1, 99),
        st.integers(0, 50_000),
        st.tuples(st.builds(Run, st.integers(1, 150), st.text("ab", max_size=99))),
    ),
)
def test_whatever_is_printable_can_be_built(sheet: Sheet, line: Line) -> None:
    if not refusal_of(sheet, line):
        assert set_up(PR2, sheet, "cp858").startswith(b"\x1bn")
        assert encode_line(PR2, sheet, "cp858", line).strike == b"\r"
