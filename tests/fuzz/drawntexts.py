"""Pictures of texts from the renderer, which reads a font and texts of strangers."""

from __future__ import annotations

from typing import Final

from passbook.document.layout_file import parse_layout
from passbook.document.plan import Band, DotPitch, Eject, Line, Run, decode_plan, encode_plan, is_outline, outline
from passbook.document.rendered_pages import TextPicture, TextRequest, read_texts
from passbook.document.text_bands import Pen, UndrawnRun, draw_runs
from passbook.errors import PassbookError
from tests.fuzz.renderings import ink_of

LAYOUT: Final = parse_layout(
    "slip",
    b"""kind = "text"
page = { width = "148 mm", height = "210 mm" }
first_line = "1 in"
pitch = "1/6 in"
lines_per_page = 20
cpi = 10
left = "2 mm"
width = 40
""",
    "slip.toml",
)
PLAN: Final = (
    Line(1, 1, LAYOUT.line_y(1, 1), (UndrawnRun(1, "ab", width=4, where="one"), Run(30, "5.00"))),
    Line(1, 2, LAYOUT.line_y(1, 2), (UndrawnRun(5, "c", width=3, is_right=True, where="two"),)),
    Eject(1),
)
REFUSALS: Final = frozenset(
    {"drawn-too-wide", "font-lacks-character", "font-not-readable", "renderer-failed", "text-too-costly"}
)


def check(data: bytes) -> None:
    """Any bytes are one picture for each text, whose ink lies in bands within its cells, or one of a few refusals."""
    told: list[TextPicture] = []

    def draw(request: TextRequest, places: object) -> tuple[TextPicture, ...]:
        assert places == ["one", "two"]
        told.extend(read_texts(data, request, ["one", "two"]))
        return tuple(told)

    try:
        plan = draw_runs(PLAN, LAYOUT, Pen(b"", DotPitch(27, 30, 8), 7, draw))
    except PassbookError as error:
        assert error.code in REFUSALS, error.code
        return
    bands = [step for step in plan if isinstance(step, Band)]
    assert sum(ink_of(one.dots) for one in bands) == sum(ink_of(one.dots) for one in told)
    for band in bands:
        first, width = (1, 4) if band.line == 1 else (5, 3)
        left = LAYOUT.left_units + (first - 1) * LAYOUT.cell_units
        assert left - band.across <= band.x
        assert band.x + band.width * band.across <= left + width * LAYOUT.cell_units + band.across
    assert [step.runs for step in plan if isinstance(step, Line)] == [(Run(30, "5.00"),)]
    assert is_outline(outline(plan))
    assert decode_plan(encode_plan(plan)) == plan
