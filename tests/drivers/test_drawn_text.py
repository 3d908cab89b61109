"""Text of scripts that no code page has, from a form to the paper of a simulated slip printer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.pr2.pr2_dialect import make_pr2
from drivers.simulator.paper import Paper, Ruler
from firmware.config.configuration import PrinterConfig
from passbook.book.claim import BookPlace
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.document.plan import Band, Line, Plan
from passbook.document.rendered_pages import TextPicture, TextRequest, row_bytes
from passbook.document.text_bands import DrawTexts
from passbook.errors import PassbookError
from passbook.protocol.messages import SubmitJob
from spooler.page_renderer import render_texts
from spooler.printer import Printer
from tests.drivers.slip_bench import WAIT, SlipBench
from tests.needed import need_font

ACROSS, DOWN = 27, 30
PITCH = 360
LAYOUT = parse_layout(
    "receipt",
    b"""kind = "form"
page = { width = "148 mm", height = "210 mm" }
first_line = "1 in"
pitch = "1/6 in"
lines_per_page = 20
cpi = 10
left = "2 mm"
width = 46
fields = [
    { name = "holder", line = 1, start = 1, width = 20 },
    { name = "amount", line = 1, start = 30, width = 12, align = "right" },
    { name = "place", line = 2, start = 10, width = 20, align = "right" },
    { name = "note", line = 3, start = 1, width = 40 },
]
""",
    "receipt.toml",
)
HOLDER, PLACE = "आदा ओकाफ़ोर", "सड़क"
FIELDS = {"holder": HOLDER, "amount": "1,250.00", "place": PLACE, "note": "in words"}


class Blocks:
    """Draws each character as a block of 5 dots by all rows but the outermost, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[TextRequest] = []

    def __call__(self, request: TextRequest, places: Sequence[str]) -> tuple[TextPicture, ...]:
        assert len(places) == len(request.texts)
        self.asked.append(request)
        return tuple(self._block(text, request) for text in request.texts)

    def _block(self, text: str, request: TextRequest) -> TextPicture:
        width = 5 * len(text)
        row = (((1 << width) - 1) << (-width % 8)).to_bytes(row_bytes(width), "big")
        white = bytes(len(row))
        return TextPicture(width, white + row * (request.rows - 2) + white)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SlipBench]:
    with closing(SlipBench.build(tmp_path / "rig")) as bench:
        yield bench


def printer(
    bench: SlipBench, draw: DrawTexts | None = None, font: bytes = b"a font", layout: BookLayout = LAYOUT
) -> Printer:
    settings = PrinterConfig("slips", "tcp://127.0.0.1:1", "escpos")
    return Printer(
        settings,
        EscposSlip(bench.profile),
        {"receipt": layout},
        connect=bench.session,
        tell=lambda _news: None,
        draw=draw or Blocks(),
        font=font,
    )


def form(fields: dict[str, str]) -> bytes:
    return json.dumps({"form": "receipt", "fields": fields}).encode()


def prepared(to: Printer, **fields: str) -> Plan:
    return to.prepare(SubmitJob("r", "slips", "form"), form(FIELDS | fields)).plan


def refusal(to: Printer, **fields: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        prepared(to, **fields)
    assert HOLDER not in str(caught.value)
    return caught.value


def printed(bench: SlipBench, plan: Plan) -> Paper:
    """The paper after the plan was printed on a slip."""
    ruler = Ruler(LAYOUT.first_y, LAYOUT.pitch_units, LAYOUT.lines_per_page)
    session = bench.session()
    session.clean_up()
    session.insert(LAYOUT.sheet, WAIT, lambda: bench.machine.insert("S1", 1, ruler))
    for step in plan:
        if isinstance(step, Line | Band):
            session.print_line(step)
            session.confirm()
    bench.machine.state()
    return Paper.load(bench.paper_file)


def block(left: int, characters: int, line: int) -> Counter[tuple[int, int]]:
    """The ink of a text of Blocks at a dot from the left edge, on a line of 12 rows: 9 above its base line."""
    top = LAYOUT.line_y(1, line) - 9 * DOWN
    return Counter(
        (left * ACROSS + column * ACROSS, top + row * DOWN) for column in range(5 * characters) for row in range(1, 11)
    )


def test_drawn_text_stands_beside_printed_text_on_its_line(bench: SlipBench) -> None:
    draw = Blocks()
    paper = printed(bench, prepared(printer(bench, draw)))
    assert paper.lines("S1") == {(1, 1): [(" " * 33 + "1,250.00", 1)], (1, 3): [("in words", 1)]}
    left = -(-LAYOUT.left_units // ACROSS)
    right = (LAYOUT.left_units + 29 * LAYOUT.cell_units) // ACROSS - 5 * len(PLACE)
    expected = block(left, len(HOLDER), 1) + block(right, len(PLACE), 2)
    assert paper.ink("S1", 1) == expected
    assert [one.texts for one in draw.asked] == [(HOLDER, PLACE)]


def test_each_band_of_a_line_is_a_step_in_the_order_of_the_head(bench: SlipBench) -> None:
    steps = [step for step in prepared(printer(bench)) if isinstance(step, Line | Band)]
    assert [(type(step), step.line) for step in steps] == [
        (Band, 1),
        (Line, 1),
        (Band, 1),
        (Band, 2),
        (Band, 2),
        (Line, 3),
    ]


@pytest.mark.slow
def test_a_job_goes_on_at_any_band_and_prints_the_rest_once(bench: SlipBench, tmp_path: Path) -> None:
    plan = [step for step in prepared(printer(bench)) if isinstance(step, Line | Band)]
    whole = printed(bench, tuple(plan))
    for at in range(1, len(plan)):
        with closing(SlipBench.build(tmp_path / f"again-{at}")) as other:
            rest = printed(other, tuple(plan[at:]))
        before = Counter[tuple[int, int]]()
        with closing(SlipBench.build(tmp_path / f"first-{at}")) as other:
            before = printed(other, tuple(plan[:at])).ink("S1", 1)
        assert before + rest.ink("S1", 1) == whole.ink("S1", 1)


def test_text_that_the_code_page_has_is_never_drawn(bench: SlipBench) -> None:
    draw = Blocks()
    plan = prepared(printer(bench, draw), holder="Müller", place="Köln")
    assert not draw.asked
    assert not any(isinstance(step, Band) for step in plan)


def test_without_a_font_the_text_is_refused_by_its_place(bench: SlipBench) -> None:
    found = refusal(printer(bench, font=b""))
    assert (found.code, found.facts["where"], found.facts["number"]) == ("not-in-code-page", "field holder, text", 1)


def test_drawn_text_that_is_wider_than_its_field_is_refused(bench: SlipBench) -> None:
    found = refusal(printer(bench), holder=HOLDER * 3)
    assert found.code == "drawn-too-wide"
    assert (found.facts["where"], found.facts["width"]) == ("field holder, text", 20)
    # 33 blocks of 5 dots of 1/80 inch, in cells of 1/10 inch.
    assert found.facts["length"] == 21


def test_lines_that_are_too_low_are_refused(bench: SlipBench) -> None:
    low = replace(LAYOUT, usual_page=replace(LAYOUT.usual_page, pitch_units=9 * DOWN))
    found = refusal(printer(bench, layout=low))
    assert (found.code, found.facts["layout"]) == ("layout-not-drawable", "receipt")


def test_ink_that_the_head_does_not_reach_is_refused(bench: SlipBench) -> None:
    high = replace(LAYOUT, usual_page=replace(LAYOUT.usual_page, first_y=1080))
    assert refusal(printer(bench, layout=high)).code == "layout-not-printable"


@pytest.mark.parametrize("control", ["\u202e", "\u200d", "\u2066"])
def test_controls_are_refused_before_anything_is_drawn(bench: SlipBench, control: str) -> None:
    draw = Blocks()
    found = refusal(printer(bench, draw), note=f"{HOLDER}{control}x")
    assert (found.code, found.facts["where"]) == ("control-byte", "fields, note")
    assert not draw.asked


def test_a_long_text_is_not_drawn(bench: SlipBench) -> None:
    draw = Blocks()
    assert refusal(printer(bench, draw), note="आ" * 401).code == "document-malformed"
    assert not draw.asked


@pytest.mark.slow
def test_the_renderer_draws_what_comes_on_paper(bench: SlipBench) -> None:
    """The whole way: the program that draws, the plan, the bytes, the paper."""
    font = need_font()
    words = {"holder": "سلام دنیا", "place": "Привет", "note": "plain"}
    paper = printed(bench, prepared(printer(bench, render_texts, font), **words))
    places = ["field holder, text", "field place, text"]
    asked = TextRequest(font, (words["holder"],), ACROSS, DOWN, 9, 3)
    [picture] = render_texts(asked, places)
    whole = row_bytes(picture.width)
    left, top = -(-LAYOUT.left_units // ACROSS), LAYOUT.line_y(1, 1) - 9 * DOWN
    expected = {
        ((left + column) * ACROSS, top + row * DOWN)
        for row in range(12)
        for column in range(picture.width)
        if picture.dots[row * whole + column // 8] >> (7 - column % 8) & 1
    }
    on_line = {place for place in paper.ink("S1", 1) if place[1] < LAYOUT.line_y(1, 1) + 3 * DOWN}
    assert on_line == expected
    assert set(paper.ink("S1", 1).values()) == {1}
    assert paper.lines("S1")[1, 3] == [("plain", 1)]


def test_a_printer_without_graphics_draws_nothing(bench: SlipBench) -> None:
    draw = Blocks()
    settings = PrinterConfig("books", "tcp://127.0.0.1:1")

    to = Printer(
        settings,
        make_pr2(),
        {"receipt": LAYOUT},
        connect=bench.session,
        tell=lambda _news: None,
        draw=draw,
        font=b"x",
    )
    assert refusal(to).code == "not-in-code-page"
    assert not draw.asked


BOOK = parse_layout(
    "booklet",
    b"""kind = "passbook"
page = { width = "148 mm", height = "140 mm" }
first_line = "1 in"
pitch = "1/4 in"
lines_per_page = 12
pages = { first = 1, last = 2 }
cpi = 10
left = "2 mm"
columns = [
    { name = "date", start = 1, width = 10 },
    { name = "text", start = 12, width = 14, overflow = "wrap" },
    { name = "balance", start = 30, width = 10, align = "right" },
]
""",
    "booklet.toml",
)
UPDATE = f"""# layout: booklet
# account: 1
# currency: INR
# start: page 1 line 10
date,text,withdrawal,deposit,balance
2026-03-02,{PLACE},,,100.00
2026-03-03,Rent,,,90.00
2026-03-04,{PLACE},,,80.00
"""


def test_texts_of_other_scripts_are_drawn_on_a_page_of_a_book_too(bench: SlipBench) -> None:
    settings = PrinterConfig("slips", "tcp://127.0.0.1:1", "escpos")
    to = Printer(
        settings,
        EscposSlip(bench.profile),
        {"booklet": BOOK},
        connect=bench.session,
        tell=lambda _news: None,
        draw=Blocks(),
        font=b"a font",
    )
    done = to.prepare(SubmitJob("r", "slips", "passbook-update+csv"), UPDATE.encode())
    places = [(step.page, step.line) for step in done.plan if isinstance(step, Line | Band)]
    # Each drawn entry is a line of letters and its bands; none is wrapped, and each entry has a line of its own.
    assert list(dict.fromkeys(places)) == [(1, 10), (1, 11), (1, 12)]
    assert Counter(places)[1, 10] > 1 == Counter(places)[1, 11]
    struck = [(step.line, run.column, run.text) for step in done.plan if isinstance(step, Line) for run in step.runs]
    assert (10, 1, "2026-03-02") in struck
    assert (10, 34, "100.00") in struck
    assert not any(PLACE in text for _, _, text in struck)
    assert done.book is not None
    assert (done.book.first, done.book.end) == (BookPlace(1, 10), BookPlace(2, 1))


def test_a_drawn_text_that_is_too_wide_for_its_column_of_a_book_is_refused(bench: SlipBench) -> None:
    wide = replace(BOOK, columns=(BOOK.columns[0], replace(BOOK.columns[1], width=1), BOOK.columns[2]))
    to = printer(bench, layout=wide)
    update = UPDATE.replace("booklet", "receipt")
    with pytest.raises(PassbookError) as refused:
        to.prepare(SubmitJob("r", "slips", "passbook-update+csv"), update.encode())
    assert refused.value.code == "drawn-too-wide"
    assert "entry 1" in str(refused.value)
    assert PLACE not in str(refused.value)
