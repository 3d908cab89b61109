"""The bytes that go to an ESC/POS slip printer, built by pure functions of its profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from escpos import constants  # type: ignore[import-untyped]

from drivers.dialects.dialect import LineBytes
from drivers.dialects.escpos.escpos_profile import EscposProfile
from drivers.dialects.steps import whole_steps
from drivers.profile import encode_run, find_pitch
from passbook.document.plan import UNITS_PER_INCH, Line, Plan, Sheet, Turn
from passbook.errors import PassbookError

_DLE: Final[bytes] = constants.DLE
_ESC: Final[bytes] = constants.ESC
_GS: Final[bytes] = constants.GS
_NUL: Final[bytes] = constants.NUL

SELECT_SLIP: Final[bytes] = constants.SHEET_SLIP_MODE
"""Print on a slip from here on; without one the printer waits for it."""
EJECT: Final[bytes] = constants.SLIP_PRINT_AND_EJECT + constants.SHEET_ROLL_MODE
"""Give the slip back and end the selection: the printer must not wait for another slip by itself."""
STRIKE: Final[bytes] = constants.CTL_LF
"""Print what is in the print memory; the set-up makes its line feed 0.

It is one byte: of a longer command, cut off before its last parameter, a clean-up's zero would be that parameter.
"""
ASK_IN_ORDER: Final = _GS + b"a\xff" + _GS + b"a" + _NUL
"""Have an automatic status sent when everything before was read, and none by itself afterwards (GS a 255, GS a 0)."""
END_WAIT: Final[bytes] = _DLE + constants.ENQ + b"\x03"
"""End the wait for a slip and clear all memory; in real time."""
RECOVER: Final[bytes] = _DLE + constants.ENQ + b"\x02"
"""Clear all memory and end an error; in real time.  1 in place of 2 would strike the line of the error again."""
_LONGEST_COMMAND: Final = 32
"""More bytes than any command has behind its first: a bit image is the longest."""
CLEAN_UP: Final[bytes] = _NUL * _LONGEST_COMMAND + END_WAIT + RECOVER + _GS + b"a" + _NUL
"""End what an earlier owner left open, and let no status be sent by itself.

The zeros fill the parameters of a command that was cut off, whose bytes a real-time command must not become.
"""
INITIALIZE: Final[bytes] = constants.HW_INIT
"""Drop the print memory and every setting; sent behind an answer in order, so that no open picture swallows it."""

_FURTHEST_MOTION: Final = 255
_FURTHEST_ACROSS: Final = 65535


@dataclass(frozen=True)
class SlipLine(LineBytes):
    """One line whose text leaves in pieces, each too short to fill a line of the roll; `rest` follows `text`."""

    rest: tuple[bytes, ...] = field(default=(), repr=False)


def ask_in_real_time(number: int) -> bytes:
    """The request for status `number` of DLE EOT; it must not stand within another command."""
    request: bytes = _DLE + constants.EOT + bytes([number])
    return request


def slip_set_up(profile: EscposProfile, sheet: Sheet, code_page: str) -> bytes:
    """The bytes that must reach the printer before a slip does; it waits for one then.

    Raises ValueError for a sheet that it cannot take, PassbookError `profile-malformed` for a code page that the
    profile has not.
    """
    pitch = find_pitch(profile.pitches, sheet.cpi)
    page = profile.find_code_page(code_page)
    wait = profile.insertion
    return b"".join(
        (
            _ESC + b"t" + bytes([page.number]) + page.set_up,
            _ESC + b"!" + bytes([pitch.font]),
            _ESC + b" " + bytes([pitch.spacing]),
            # The library's name for ESC f has one ESC too many.
            _ESC + b"f" + bytes([wait.minutes, wait.tenths]),
            # Line feeds of the slip (ESC c 1 4) have no length.
            _ESC + b"c1\x04" + _ESC + b"3" + _NUL,
            SELECT_SLIP,
        )
    )


def check_slip(profile: EscposProfile, sheet: Sheet, plan: Plan) -> None:
    """Raise ValueError that says why the printer cannot put a plan on such slips."""
    _check_pages(sheet, plan)
    for step in plan:
        if isinstance(step, Line):
            _check_line(profile, sheet, step)


def _check_pages(sheet: Sheet, plan: Plan) -> None:
    if sheet.fold or any(isinstance(step, Turn) for step in plan):
        raise ValueError("it prints on slips, which have no fold and no pages to turn")


def _check_line(profile: EscposProfile, sheet: Sheet, line: Line) -> None:
    unit, place = profile.vertical_unit, f"page {line.page} line {line.line}"
    steps = whole_steps(line.y, unit)
    if steps < profile.form.start:
        raise ValueError(f"{place} is less than {profile.form.start / unit:.2f} inch below the top edge")
    if steps > sheet.height * unit // UNITS_PER_INCH - profile.form.foot:
        raise ValueError(f"{place} is less than {profile.form.foot / unit:.2f} inch above the bottom edge")
    room = slip_columns(profile, sheet)
    for run in line.runs:
        if run.column < 1 or run.column + run.cells - 1 > room:
            raise ValueError(f"{place} needs more than the {room} columns that the head reaches there")


def slip_columns(profile: EscposProfile, sheet: Sheet) -> int:
    """The number of columns that the head reaches.  Raises ValueError for a pitch that the profile has not."""
    cell = profile.across.unit // find_pitch(profile.pitches, sheet.cpi).cpi
    return (profile.across.reach - _left(profile, sheet)) // cell


def _left(profile: EscposProfile, sheet: Sheet) -> int:
    return whole_steps(sheet.left, profile.across.unit)


def encode_slip_line(profile: EscposProfile, sheet: Sheet, code_page: str, line: Line, from_y: int | None) -> SlipLine:
    """The bytes of a line: the way from `from_y`, None for a slip just loaded, and the text without its strike.

    Raises PassbookError `control-byte`, `not-in-code-page` or `column-overflow` for text that cannot be printed, and
    ValueError for a place above `from_y`, or one that cannot be counted to.
    """
    page = profile.find_code_page(code_page)
    cell, room = profile.across.unit // find_pitch(profile.pitches, sheet.cpi).cpi, slip_columns(profile, sheet)
    parts: list[bytes] = []
    for run in line.runs:
        where = f"page {line.page} line {line.line} column {run.column}"
        text = encode_run(page, code_page, run, where)
        width = room - run.column + 1
        if run.column < 1 or run.cells > width:
            how = "the operator can mend it, in the layout"
            raise PassbookError(
                "column-overflow", where=where, column="text", length=run.cells, width=max(width, 0), how=how
            )
        place = _left(profile, sheet) + (run.column - 1) * cell
        parts += [go_across(place), *text]
    first, *rest = divide(parts, profile.roll.columns)
    return SlipLine(go_down(profile, line.y, from_y), first, rest=tuple(rest))


def go_across(place: int) -> bytes:
    """The way to a horizontal step.  Raises ValueError for one that two bytes cannot say."""
    if not 0 <= place <= _FURTHEST_ACROSS:
        raise ValueError(f"no command goes to the horizontal step {place}")
    return _ESC + b"$" + place.to_bytes(2, "little")


def divide(parts: Iterable[bytes], most: int) -> list[bytes]:
    """Commands and letters in pieces of at most `most` bytes; at least one, and no command is cut."""
    pieces = [b""]
    for part in parts:
        if len(pieces[-1]) + len(part) > most:
            pieces.append(b"")
        pieces[-1] += part
    return pieces


def go_down(profile: EscposProfile, y: int, from_y: int | None) -> bytes:
    """The way from the base line at `from_y`, None for a slip just loaded, to that at `y`.

    Raises ValueError upwards.
    """
    unit = profile.vertical_unit
    begin = profile.form.start if from_y is None else whole_steps(from_y, unit)
    far, rest = divmod(whole_steps(y, unit) - begin, _FURTHEST_MOTION)
    if far < 0:
        raise ValueError("the line is above the one before")
    return (_ESC + b"J" + bytes([_FURTHEST_MOTION])) * far + _ESC + b"J" + bytes([rest])
