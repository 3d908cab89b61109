"""Text of other scripts through real processes: drawn with a font, in kanji, and with substitutes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from demo.people import Printing
from demo.world import CommandFailed
from drivers.simulator.faults import AtLineByte, Target
from passbook.document.layout_file import parse_layout
from passbook.document.rendered_pages import TextRequest, row_bytes
from spooler.page_renderer import render_texts
from tests.needed import need_font
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

SLIP = "slip-1"
ACROSS, DOWN, ABOVE, BELOW = 27, 30, 9, 3
FONT = 'font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"\n'
SHIPPED = files("passbook.layouts").joinpath("slip.toml").read_bytes()
LAYOUT = parse_layout("slip", SHIPPED, "slip.toml")
ARABIC, CYRILLIC = "إيداع نقدي", "Снятие наличных"


def print_text(office: Office, text: str) -> Printing:
    file = office.world.folder / "page.txt"
    file.write_text(text)
    return office.counter.print_in_background(file, SLIP, "slip", "--layout", "slip")


def expected(lines: dict[int, str]) -> dict[tuple[int, int], int]:
    """The ink of these lines, as the renderer draws them."""
    request = TextRequest(need_font(), tuple(lines.values()), ACROSS, DOWN, ABOVE, BELOW)
    found = {}
    for line, picture in zip(lines, render_texts(request, [""] * len(lines)), strict=True):
        left, top, whole = (
            -(-LAYOUT.left_units // ACROSS),
            LAYOUT.line_y(1, line) - ABOVE * DOWN,
            row_bytes(picture.width),
        )
        for row in range(request.rows):
            bits = int.from_bytes(picture.dots[row * whole : (row + 1) * whole], "big")
            for column in range(picture.width):
                if bits >> (whole * 8 - 1 - column) & 1:
                    found[(left + column) * ACROSS, top + row * DOWN] = 1
    return found


@pytest.mark.long
def test_drawn_lines_and_printed_lines_share_a_slip(open_office: OpenOffice) -> None:
    need_font()
    office = open_office(dialect="escpos", printer=FONT)
    office.finish(print_text(office, f"Teller 4\n{ARABIC}\nEUR 5.00\n{CYRILLIC}\n"))
    assert office.world.paper.lines(SLIP) == {(1, 1): [("Teller 4", 1)], (1, 3): [("EUR 5.00", 1)]}
    assert dict(office.world.paper.ink(SLIP, 1)) == expected({2: ARABIC, 4: CYRILLIC})


@pytest.mark.long
def test_power_is_cut_in_a_drawn_line_and_one_answer_completes_it(open_office: OpenOffice) -> None:
    need_font()
    office = open_office(dialect="escpos", printer=FONT)
    office.arm_cut(Target.BOTH, AtLineByte(2, 30))
    printing = print_text(office, f"Teller 4\n{ARABIC}\n")
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    question = office.await_question(printing)
    assert (question.job.confirmed, question.in_doubt) == (1, 2)
    office.answer(office.counter, question.job.job, "--from-line", "2")
    office.finish(printing)
    assert office.world.paper.lines(SLIP) == {(1, 1): [("Teller 4", 1)]}
    assert dict(office.world.paper.ink(SLIP, 1)) == expected({2: ARABIC})


def test_without_a_font_the_sender_hears_the_place_and_nothing_is_kept(open_office: OpenOffice) -> None:
    office = open_office(dialect="escpos")
    file = office.world.folder / "page.txt"
    file.write_text(ARABIC)
    with pytest.raises(CommandFailed) as refused:
        office.counter.run("print", str(file), "--layout", "slip")
    assert refused.value.error_code == "not-in-code-page"
    assert office.world.ctl("history", "--last", "10") == []


@pytest.mark.long
def test_kanji_and_kana_are_printed_in_two_cells_and_in_one(open_office: OpenOffice) -> None:
    office = open_office(dialect="escpos", printer='code_page = "shift-jis"\n')
    office.finish(print_text(office, "ﾌﾘｺﾐ 東京電力 1,250\n残高 カナ\n"))
    assert office.world.paper.lines(SLIP) == {(1, 1): [("ﾌﾘｺﾐ 東京電力 1,250", 1)], (1, 2): [("残高 カナ", 1)]}


@pytest.mark.long
def test_substitutes_are_told_when_the_job_is_accepted(open_office: OpenOffice, tmp_path: Path) -> None:
    (tmp_path / "slip.toml").write_bytes(SHIPPED + '\n[substitutes]\n"\u2019" = "\'"\n"\u2013" = "-"\n'.encode())
    office = open_office(dialect="escpos", layouts=tmp_path)
    printing = print_text(office, "Joe\u2019s Bar \u2013 5.00\n")
    office.finish(printing)
    assert office.world.paper.lines(SLIP) == {(1, 1): [("Joe's Bar - 5.00", 1)]}
    assert [event["substituted"] for event in printing.events("Spooler.JobEvent")][-1] == 2
