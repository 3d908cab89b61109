from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable

import pytest
from escpos.printer import Dummy  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.escpos import slip_commands
from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.escpos.escpos_profile import EscposProfile, builtin_escpos, load_escpos
from drivers.profile import read_builtin
from passbook.document.plan import Eject, Line, Plan, Run, Sheet, Turn
from passbook.errors import PassbookError
from tests.drivers.slip_bench import RULER, SHEET, slip_line
from tests.drivers.test_code_pages import WORDS
from tests.house import ROOT

ESCPOS = builtin_escpos()
BOTTOM = 210 * 144 * 5 // 127 - 144
"""The last step on which a line of an A5 slip can stand."""


def plan(*lines: Line) -> Plan:
    return (*lines, Eject(1))


def at(y: int, *runs: Run) -> Line:
    return Line(1, 1, y, runs or (Run(1, "x"),))


def refused(sheet: Sheet, steps: Plan) -> str:
    with pytest.raises(PassbookError) as error:
        EscposSlip(ESCPOS).check_printable(sheet, steps, layout="slip", printer="slips")
    assert error.value.code == "layout-not-printable"
    return str(error.value)


def test_the_set_up_is_told_before_the_slip_is_awaited() -> None:
    expected = b"\x1bt\x13" + b"\x1b!\x00" + b"\x1b \x04" + b"\x1bf\x00\x0a" + b"\x1bc1\x04\x1b3\x00" + b"\x1bc0\x04"
    assert slip_commands.slip_set_up(ESCPOS, SHEET, "cp858") == expected


def test_a_line_is_placed_from_the_line_before_and_its_text_by_half_dots() -> None:
    first = slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", slip_line(1), None)
    # 3/4 inch from the top; the head stands at 1/2 inch.
    assert first.position == b"\x1bJ\x24"
    # 2 mm are 13 half dots, and a column is 16.
    assert first.text == b"\x1b$\x0d\x00Einzahlung 1 von Frau M\x81ll"
    assert first.rest == (b"er, in bar" + b"\x1b$\x8d\x02100,00 \xd5",)
    assert slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", slip_line(2), RULER.y(1)).position == b"\x1bJ\x18"
    assert (
        slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", slip_line(30), None).position
        == b"\x1bJ\xff" * 2 + b"\x1bJ\xde"
    )
    assert slip_commands.STRIKE == b"\n"


def test_requests_are_those_of_the_manual() -> None:
    assert slip_commands.ask_in_real_time(5) == b"\x10\x04\x05"
    assert slip_commands.ASK_IN_ORDER == b"\x1da\xff\x1da\x00"
    assert slip_commands.EJECT == b"\x0c\x1bc0\x01"
    assert bytes(32) + b"\x10\x05\x03" + b"\x10\x05\x02" + b"\x1da\x00" == slip_commands.CLEAN_UP
    assert b"\x10\x05\x01" not in slip_commands.CLEAN_UP


def told(act: Callable[[Dummy], None]) -> bytes:
    """The bytes of python-escpos for the same thing."""
    with warnings.catch_warnings(action="ignore"):
        printer = Dummy()
        act(printer)
        output: bytes = printer.output
    return output


def test_python_escpos_builds_the_same_bytes_where_it_has_them() -> None:
    assert told(lambda printer: printer.target("SLIP")) == slip_commands.SELECT_SLIP
    assert told(lambda printer: printer.print_and_eject_slip()) + told(lambda printer: printer.target("ROLL")) == (
        slip_commands.EJECT
    )
    assert told(lambda printer: printer.hw("INIT")) == slip_commands.INITIALIZE
    assert told(lambda printer: printer.control("LF")) == slip_commands.STRIKE
    assert told(lambda printer: printer.line_spacing(0)) in slip_commands.slip_set_up(ESCPOS, SHEET, "cp858")


@pytest.mark.parametrize("code_page", sorted(ESCPOS.code_pages.keys() - {"shift-jis"}))
def test_python_escpos_chooses_the_same_code_page_and_letters(code_page: str) -> None:
    def act(printer: Dummy) -> None:
        printer.magic.force_encoding(code_page.upper())
        printer.text(WORDS[code_page])

    line = at(RULER.y(1), Run(1, WORDS[code_page]))
    select = slip_commands.slip_set_up(ESCPOS, SHEET, code_page)[:3]
    text = slip_commands.encode_slip_line(ESCPOS, Sheet(9000), code_page, line, None).text
    assert told(act) == select + text.removeprefix(b"\x1b$\0\0")


@given(st.lists(st.integers(72, BOTTOM), min_size=1, max_size=30, unique=True).map(sorted))
def test_a_line_is_where_it_belongs_whatever_line_was_before_it(steps: list[int]) -> None:
    place = 72
    before: int | None = None
    for step in steps:
        line = at(step * 15 + 7)
        way = slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", line, before).position
        assert way[::3] == b"\x1b" * (len(way) // 3)
        place += sum(way[2::3])
        assert place == step
        before = line.y


@given(st.text(st.characters(codec="cp858"), min_size=1, max_size=40), st.integers(1, 49), st.integers(1080, 15000))
def test_no_byte_of_a_line_is_taken_for_another_command(text: str, column: int, y: int) -> None:
    try:
        line = slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", at(y, Run(column, text)), None)
    except PassbookError as error:
        assert error.code in {"control-byte", "not-in-code-page", "column-overflow"}
        return
    assert all(0 < len(piece) <= 30 for piece in (line.text, *line.rest))
    told = slip_commands.slip_set_up(ESCPOS, SHEET, "cp858"), line.position, line.text, *line.rest, slip_commands.STRIKE
    sent = b"".join(told)
    assert not any(request in sent for request in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))
    printed = line.text[4:] + b"".join(line.rest)
    assert len(printed) == len(text)
    assert min(printed) >= 0x20
    assert 0x7F not in printed


@pytest.mark.parametrize("text", ["\x10\x04\x05", "\x10\x05\x01", "a\x1b@", "a\nb", "\x0c", "\x1da\x00", "\x7f"])
def test_control_bytes_in_a_text_are_refused(text: str) -> None:
    with pytest.raises(PassbookError) as error:
        slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", at(RULER.y(1), Run(1, text)), None)
    assert error.value.code == "control-byte"


def test_a_line_above_the_one_before_is_refused() -> None:
    with pytest.raises(ValueError, match="above"):
        slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", slip_line(1), RULER.y(2))


@pytest.mark.parametrize("place", [-1, 0x10000])
def test_a_step_across_that_no_command_can_say_is_refused(place: int) -> None:
    with pytest.raises(ValueError, match=f"step {place}"):
        slip_commands.go_across(place)


@pytest.mark.parametrize("y", [-2160, 0, 1000])
def test_a_line_above_the_head_on_a_slip_just_loaded_is_refused(y: int) -> None:
    with pytest.raises(ValueError, match="above"):
        slip_commands.encode_slip_line(ESCPOS, SHEET, "cp858", at(y), None)


def test_the_way_from_the_very_top_is_counted_from_there() -> None:
    assert slip_commands.go_down(ESCPOS, 1080, 0) == b"\x1bJ\x48"
    assert slip_commands.go_down(ESCPOS, 1080, None) == b"\x1bJ\x00"


def test_a_plan_that_fits_the_slip_is_taken() -> None:
    inside = plan(at(72 * 15), at(BOTTOM * 15, Run(1, "x" * 49)))
    EscposSlip(ESCPOS).check_printable(SHEET, inside, layout="slip", printer="slips")


@pytest.mark.parametrize(
    ("sheet", "steps", "why"),
    [
        (SHEET, plan(at(71 * 15)), "page 1 line 1 is less than 0.50 inch below the top edge"),
        (SHEET, plan(at((BOTTOM + 1) * 15)), "page 1 line 1 is less than 1.00 inch above the bottom edge"),
        (SHEET, plan(at(2160, Run(1, "x" * 50))), "page 1 line 1 needs more than the 49 columns"),
        (SHEET, plan(at(2160, Run(0, "x"))), "page 1 line 1 needs more than the 49 columns"),
        (Sheet(9000, cpi=12), plan(at(2160)), "there is no pitch of 12 characters to the inch, only 10"),
        (Sheet(9000, fold=4000), plan(at(2160)), "it prints on slips, which have no fold and no pages to turn"),
        (SHEET, (at(2160), Turn(2), at(2160), Eject(2)), "it prints on slips, which have no fold and no pages to turn"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_and_told_why(sheet: Sheet, steps: Plan, why: str) -> None:
    assert why in refused(sheet, steps)


def test_the_library_is_loaded_only_for_such_a_printer_and_only_its_constants() -> None:
    program = (
        "import sys; from drivers.dialects.known import DIALECTS; assert 'escpos' not in sys.modules;"
        "DIALECTS['escpos']();"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] in {'escpos', 'PIL'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["escpos", "escpos.constants", "escpos.types", "escpos.version"]


PROFILE = read_builtin("escpos").decode()


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("unit = 160", "unit = 155", "pitches[0].cpi: 10 is no whole number of steps; expected a divisor of 155"),
        ("request = 3\nbit = 3 ", "request = 2\nbit = 2 ", "causes[4].bit: 2 of request 2 stands twice"),
        ("[times]", "[[pitches]]\ncpi = 10\nfont = 1\nspacing = 4\n[times]", "pitches[1].cpi: 10 stands twice"),
        ("number = 19,", "number = 300,", "code_pages.cp858.number: 300 is no byte; expected at most 255"),
        ("number = 1\ncodec", "number = 256\ncodec", "code_pages.shift-jis.number: 256 is no byte"),
        ('codec = "cp858"', 'codec = "cp85"', "code_pages.cp858: codec cp85 is no code page of Python"),
        ("minutes = 0", "minutes = 16", "insertion.minutes"),
        ("minutes = 0", "hours = 1", "insertion"),
        ("lines_in_doubt = 2", 'lines_in_doubt = "2"', "lines_in_doubt"),
        ('reason = "cover-open"', 'reason = "on-fire"', "causes"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused_by_its_file_and_key(old: str, new: str, where: str) -> None:
    assert old in PROFILE
    with pytest.raises(PassbookError) as error:
        load_escpos(PROFILE.replace(old, new, 1).encode(), "mine.toml")
    assert error.value.code == "profile-malformed"
    assert "mine.toml" in str(error.value)
    assert where in str(error.value)


def test_a_profile_without_a_pitch_is_refused() -> None:
    with pytest.raises(PassbookError, match="pitches: there is none; expected at least one"):
        load_escpos(b'extends = "escpos"\npitches = []\n', "mine.toml")


def test_the_profile_says_that_two_lines_may_be_in_doubt() -> None:
    profile: EscposProfile = ESCPOS
    assert profile.lines_in_doubt == 2
