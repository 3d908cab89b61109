"""The way from a document to the bytes of a mechanism."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from drivers.dialects.pr2.commands import encode_line
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from passbook.document.documents import FORMATS, parse_document
from passbook.document.drafts import StartLine
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.plan import Bar, Line, decode_plan, encode_plan, is_outline, outline, with_numbers
from passbook.errors import PassbookError
from tests.fuzz.documents import REFUSALS

PROFILE: Final = builtin_pr2()
FILES: Final = {
    name: files("passbook.layouts").joinpath(f"{name}.toml").read_bytes()
    for name in ("savings-24", "sheet", "certificate", "india-36", "thai-24", "japan-24")
}
SMALL: Final = FILES["savings-24"].replace(b"last = 16", b"last = 1")
"""A book of one page, which is soon full."""
LAYOUTS: Final = (
    *(parse_layout(name, data, name) for name, data in FILES.items()),
    parse_layout("small", b'carried = ["Carried"]\nbrought = ["Continued", "Brought"]\n' + SMALL, "small"),
)
PLACING: Final = frozenset(
    {
        "balance-not-known",
        "date-not-in-calendar",
        "layout-not-printable",
        "start-not-for-entries",
        "column-overflow",
        "form-field-missing",
        "form-field-unknown",
        "layout-unfit",
        "needs-substitute",
        "not-in-code-page",
        "past-last-line",
        "start-not-given",
        "start-not-in-book",
        "too-many-copies",
    }
)


def check(data: bytes) -> None:
    """What is accepted can be sent: its plan survives sealing, its outline has no text, and every line has its bytes.

    The first byte chooses format and code page, and the layout too, the second the line to start at.
    """
    if len(data) < 2:
        return
    chosen, started = data[0], data[1]
    layout = LAYOUTS[chosen % len(LAYOUTS)]
    page_name = sorted(PROFILE.code_pages)[chosen // 2 % len(PROFILE.code_pages)]
    start = StartLine(1 + started // 64, 1 + started % 64) if started else None
    try:
        document = parse_document(list(FORMATS)[chosen // 16 % len(FORMATS)], data[2:])
        page = PROFILE.find_code_page(page_name)
        plan = place(
            document, layout, codec=page.codec, code_page=page_name, has_wide=page.wide is not None, start=start
        )
        sheet = layout.sheet
        Pr2(PROFILE).check_printable(sheet, plan, layout=layout.name, printer="front")
    except PassbookError as error:
        assert error.code in REFUSALS | PLACING, error.code
        return
    assert decode_plan(encode_plan(plan)) == plan
    plan = with_numbers(plan, {step.page: 7 for step in plan})
    assert len(outline(plan)) == len(plan)
    assert is_outline(outline(plan))
    for step, shown in zip(plan, outline(plan), strict=True):
        if isinstance(step, Line):
            encode_line(PROFILE, sheet, page_name, step)
            assert shown.bars == tuple(Bar(run.column, run.cells) for run in step.runs)
