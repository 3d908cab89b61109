"""The bytes that go to a PR2 mechanism, built by pure functions of its profile."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.dialects.dialect import LineBytes
from drivers.dialects.pr2.geometry import LINE_FEED, OFFSET_STEP, TOP_UNIT, document_lines, offset_steps, spacing_steps
from drivers.dialects.pr2.pr2_profile import Pr2Profile
from drivers.dialects.steps import whole_steps
from drivers.profile import encode_run, find_pitch
from passbook.document.pitches import cell_width
from passbook.document.plan import UNITS_PER_INCH, Line, Plan, Sheet
from passbook.errors import PassbookError


def set_up(profile: Pr2Profile, sheet: Sheet, code_page: str) -> bytes:
    """The bytes that must reach the mechanism before a medium does.

    A left edge of 0 is sent too: a mechanism that stayed powered has the offset of the sheet before.  Raises ValueError
    for a sheet that the mechanism cannot take, PassbookError `profile-malformed` for a code page that the profile
    has not.
    """
    commands, form, page = profile.commands, profile.form, profile.find_code_page(code_page)
    return b"".join(
        (
            commands.procedure.encode(),
            commands.reset_error.encode(),
            commands.front_stand.encode(),
            commands.document_length.encode(document_lines(sheet.height)),
            commands.top_of_form.encode(form.top_of_form),
            commands.bottom_of_form.encode(form.bottom_of_form),
            commands.line_spacing.encode(spacing_steps(profile.vertical_unit)),
            commands.left_margin.encode(form.left_margin),
            find_pitch(profile.pitches, sheet.cpi).command.encode(),
            commands.horizontal_offset.encode(offset_steps(sheet.left)),
            commands.code_page.encode(page.number),
            page.set_up,
            commands.automatic_booking.encode(),
        )
    )


def check_places(profile: Pr2Profile, sheet: Sheet, plan: Plan) -> None:
    """Raise ValueError that says why the mechanism cannot put a plan on such sheets."""
    _check_sheet(profile, sheet)
    _check_lines(profile, sheet, [step for step in plan if isinstance(step, Line)])


def _check_sheet(profile: Pr2Profile, sheet: Sheet) -> None:
    document_lines(sheet.height)
    find_pitch(profile.pitches, sheet.cpi)
    profile.commands.horizontal_offset.encode(offset_steps(sheet.left))


def _check_lines(profile: Pr2Profile, sheet: Sheet, lines: Iterable[Line]) -> None:
    # What is the same for every line is found out once: line by line it took a tenth of the
    # processor time of an acceptance.
    unit, vertical, room = profile.vertical_unit, profile.commands.vertical, columns_of(profile, sheet)
    top = profile.form.top_of_form * TOP_UNIT
    bottom = document_lines(sheet.height) * LINE_FEED - profile.form.bottom_of_form * LINE_FEED
    farthest = 0
    for line in lines:
        steps = whole_steps(line.y, unit)
        y = steps * UNITS_PER_INCH // unit
        if y < top:
            raise ValueError(f"{_place(line)} is less than {top / UNITS_PER_INCH:.2f} inch below the top edge")
        if y > bottom:
            raise ValueError(f"{_place(line)} is below the page")
        farthest = max(farthest, steps)
        for run in line.runs:
            if run.column < 1 or run.column + run.cells - 1 > room:
                raise ValueError(f"{_place(line)} needs more than the {room} columns that the carriage has there")
    vertical.encode(farthest)


def _place(line: Line) -> str:
    return f"page {line.page} line {line.line}"


def columns_of(profile: Pr2Profile, sheet: Sheet) -> int:
    """The number of columns that the carriage reaches.  Raises ValueError for a pitch that the profile has not."""
    pitch = find_pitch(profile.pitches, sheet.cpi)
    cell = cell_width(pitch.cpi)
    return int((pitch.columns * cell - offset_steps(sheet.left) * OFFSET_STEP) // cell)


def encode_line(profile: Pr2Profile, sheet: Sheet, code_page: str, line: Line) -> LineBytes:
    """The bytes of a line; its text drops what bytes of a way that met a loss have left in the print memory.

    Raises PassbookError `control-byte`, `not-in-code-page` or `column-overflow` for text that cannot be printed, and
    ValueError for a place that the mechanism cannot count to.
    """
    commands = profile.commands
    page = profile.find_code_page(code_page)
    room = columns_of(profile, sheet)
    parts = [commands.discard.encode()]
    for run in line.runs:
        where = f"page {line.page} line {line.line} column {run.column}"
        text = encode_run(page, code_page, run, where)
        _check_columns(room, run.column, run.cells, where)
        parts += [commands.horizontal.encode(run.column - 1 + profile.form.first_column), *text]
    position = commands.vertical.encode(whole_steps(line.y, profile.vertical_unit))
    return LineBytes(position, b"".join(parts), commands.strike.encode())


def _check_columns(room: int, column: int, length: int, where: str) -> None:
    width = room - column + 1
    if column < 1 or length > width:
        how = "the operator can mend it, in the layout"
        raise PassbookError("column-overflow", where=where, column="text", length=length, width=max(width, 0), how=how)
