"""Text that no code page of the printer has, drawn with a font: from places in lines to bands; pure rules.

A line keeps the runs that the printer has letters for, and the drawn ones become bands as high as the head beside it.
Each band is a step of its own, journaled as a line is.  The steps of a line stand in the order in which the head comes
to them, since some mechanisms never move a medium back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from passbook.document.band_placing import cut_band
from passbook.document.layout import BookLayout
from passbook.document.plan import DotPitch, Line, Plan, Run, Step
from passbook.document.rendered_pages import MOST_TEXTS, TextPicture, TextRequest, row_bytes
from passbook.errors import PassbookError

LEAST_TEXT_ROWS: Final = 10
"""Rows of dots of the lowest line in which text is drawn: in fewer no letter can be read."""
MOST_TEXT_ROWS: Final = 16
"""Rows of dots of a drawn text, also in a higher line: two bands of most heads."""

DrawTexts: TypeAlias = Callable[[TextRequest, Sequence[str]], tuple[TextPicture, ...]]
"""Draws texts whose places are named for an error; raises PassbookError as read_texts() does."""


class Pen(NamedTuple):
    """How a printer draws text.

    Attributes:
        font: the file of the font.
        pitch: how the printer prints dots.
        base_rows: rows of a band above the place to which the head is moved for it.
        draw: draws texts.
    """

    font: bytes
    pitch: DotPitch
    base_rows: int
    draw: DrawTexts


class UndrawnRun(Run, frozen=True, array_like=True, gc=False):
    """A text that is to be drawn; it stands in no finished plan.

    Attributes:
        width: cells that it may take.
        is_right: it ends at the last of them.
        where: the place that an error names.
    """

    width: int = 0
    is_right: bool = False
    where: str = ""


class _Placed(NamedTuple):
    """A drawn text in its line: the first dot from the left edge of the page."""

    left: int
    picture: TextPicture


def draw_runs(plan: Plan, layout: BookLayout, pen: Pen) -> Plan:
    """The plan with its undrawn runs as bands.

    Raises PassbookError: `drawn-too-wide`, `layout-not-drawable` where the lines are too low, and as `pen.draw`.
    """
    undrawn = [run for step in plan if isinstance(step, Line) for run in step.runs if isinstance(run, UndrawnRun)]
    if not undrawn:
        return plan
    request = _request(undrawn, layout, pen)
    pictures = iter(pen.draw(request, [run.where for run in undrawn]))
    steps: list[Step] = []
    for step in plan:
        if not isinstance(step, Line):
            steps.append(step)
            continue
        placed = [_place(run, next(pictures), layout, pen) for run in step.runs if isinstance(run, UndrawnRun)]
        kept = tuple([run for run in step.runs if not isinstance(run, UndrawnRun)])
        bands: list[tuple[int, Step]] = list(_bands(step, placed, request, pen)) if placed else []
        lines: list[tuple[int, Step]] = [(step.y, replace(step, runs=kept))] if kept or not placed else []
        steps += [one for _, one in sorted([*bands, *lines], key=itemgetter(0))]
    return tuple(steps)


def _request(undrawn: Sequence[UndrawnRun], layout: BookLayout, pen: Pen) -> TextRequest:
    rows = min(layout.usual_page.pitch_units // pen.pitch.down, MOST_TEXT_ROWS)
    if rows < LEAST_TEXT_ROWS:
        why = f"its lines have room for {rows} rows of dots, and drawn text needs {LEAST_TEXT_ROWS}"
        raise PassbookError("layout-not-drawable", layout=layout.name, why=why)
    if len(undrawn) > MOST_TEXTS:
        raise PassbookError("text-too-costly", limit=f"{MOST_TEXTS} texts")
    above = rows * 3 // 4
    texts = tuple([run.text for run in undrawn])
    return TextRequest(pen.font, texts, pen.pitch.across, pen.pitch.down, above, rows - above)


def _place(run: UndrawnRun, picture: TextPicture, layout: BookLayout, pen: Pen) -> _Placed:
    cell, across = layout.cell_units, pen.pitch.across
    left = layout.left_units + (run.column - 1) * cell
    needed = picture.width * across
    if needed > run.width * cell:
        raise PassbookError("drawn-too-wide", where=run.where, length=-(-needed // cell), width=run.width)
    if run.is_right:
        return _Placed((left + run.width * cell - needed) // across, picture)
    return _Placed(-(-left // across), picture)


def _bands(line: Line, placed: Sequence[_Placed], request: TextRequest, pen: Pen) -> Iterator[tuple[int, Step]]:
    """The bands of a line, each with the place to which the head is moved for it; those without ink are left out."""
    right = max(one.left + one.picture.width for one in placed)
    top, high = line.y - request.above * pen.pitch.down, pen.pitch.rows
    rows = [_row(placed, number, right) for number in range(request.rows)]
    for first in range(0, request.rows, high):
        y = top + first * pen.pitch.down
        band = cut_band(line.page, line.line, y, rows[first : first + high], right, pen.pitch)
        if band is not None:
            yield band.y + pen.base_rows * pen.pitch.down, band


def _row(placed: Sequence[_Placed], number: int, right: int) -> int:
    """One row of all texts of a line, a number of `right` bits whose highest is at the left edge of the page."""
    bits = 0
    for left, picture in placed:
        size = row_bytes(picture.width)
        row = int.from_bytes(picture.dots[number * size : (number + 1) * size], "big") >> (size * 8 - picture.width)
        bits |= row << (right - left - picture.width)
    return bits
