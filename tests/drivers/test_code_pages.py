"""Text of many countries on the paper of both simulated printers, from a document that is placed to the strike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from drivers.profile import CodePage, Profile, WideCharacters, assumed_values, encode_run
from drivers.simulator.paper import Paper, Ruler
from passbook.document.documents import TextDocument
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.plan import Line, Run
from passbook.errors import PassbookError
from tests.drivers.slip_bench import SlipBench
from tests.drivers.workbench import WAIT, Workbench

SHEET = parse_layout(
    "slip",
    b"""kind = "text"
page = { width = "148 mm", height = "210 mm" }
first_line = "1 in"
pitch = "1/6 in"
lines_per_page = 30
cpi = 10
left = "2 mm"
width = 40
""",
    "slip.toml",
)
WORDS = {
    "cp437": "Überweisung £ 5",
    "cp850": "Prélèvement São",
    "cp858": "Gebühr 5 €",
    "latin-1": "Ðórr ¼",
    "cp852": "Łódź, Příliš, Őrség",
    "cp1250": "Łódź, Příliš, 5 €",
    "cp737": "Κατάθεση μετρητών",
    "cp869": "Κατάθεση μετρητών",
    "cp1253": "Κατάθεση 5 €",
    "cp857": "İşlem ücreti ğüş",
    "cp1254": "İşlem ücreti 5 €",
    "cp855": "Снятие наличных",
    "cp866": "Снятие наличных ё",
    "cp1251": "Снятие, ґрунт №5",
    "cp874": "ฝากเงินสด",
    "gbk": "存款 ABC 余额",
    "shift-jis": "ﾌﾘｺﾐ 東京電力 ABC カナ",
}
FULL = {"gbk": "存" * 20, "shift-jis": "残ﾀ" + "高" * 18 + "1"}
"""Texts that fill a line of 40 cells."""


class Bench(NamedTuple):
    """A simulated printer and its family's profile."""

    rig: Workbench | SlipBench
    profile: Profile

    def printed(self, code_page: str, *lines: str) -> dict[tuple[int, int | None], list[tuple[str, int]]]:
        """The lines of a sheet of its own after these were placed and printed."""
        page, book = self.profile.find_code_page(code_page), f"of-{code_page}"
        plan = place(TextDocument(lines), SHEET, codec=page.codec, code_page=code_page, has_wide=page.wide is not None)
        ruler = Ruler(SHEET.first_y, SHEET.pitch_units, SHEET.lines_per_page)
        session = self.rig.session(code_page=code_page)
        session.clean_up()
        session.insert(SHEET.sheet, WAIT, lambda: self.rig.machine.insert(book, 1, ruler))
        for step in plan:
            if isinstance(step, Line):
                session.print_line(step)
                session.confirm()
        session.eject()
        self.rig.machine.take()
        session.wait_taken(WAIT)
        session.close()
        return Paper.load(self.rig.paper_file).lines(book)


@pytest.fixture(params=["pr2", "escpos"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        rig = Workbench.build(tmp_path / "rig") if request.param == "pr2" else SlipBench.build(tmp_path / "rig")
        stack.callback(rig.close)
        yield Bench(rig, rig.profile)


@pytest.mark.long
def test_every_code_page_prints_the_words_of_its_country(bench: Bench) -> None:
    for code_page in bench.profile.code_pages:
        assert bench.printed(code_page, WORDS[code_page], "42") == {
            (1, 1): [(WORDS[code_page], 1)],
            (1, 2): [("42", 1)],
        }


def test_a_wide_letter_takes_two_cells(bench: Bench) -> None:
    wide = [name for name, page in bench.profile.code_pages.items() if page.wide is not None]
    assert wide
    for code_page in wide:
        assert bench.printed(code_page, FULL[code_page]) == {(1, 1): [(FULL[code_page], 1)]}
        with pytest.raises(PassbookError) as caught:
            bench.printed(code_page, FULL[code_page] + "1")
        assert caught.value.code == "column-overflow"
        assert (caught.value.facts["length"], caught.value.facts["width"]) == (41, 40)


def test_what_a_code_page_lacks_is_refused_by_its_place(bench: Bench) -> None:
    for code_page, words in (("cp852", "Ж"), ("cp866", "Ł"), ("cp737", "中"), ("cp874", "ü")):
        with pytest.raises(PassbookError) as caught:
            bench.printed(code_page, "ab" + words)
        assert caught.value.code == "not-in-code-page"
        assert (caught.value.facts["where"], caught.value.facts["number"]) == ("line 1, text", 3)


def test_every_code_page_is_only_assumed_and_told(bench: Bench) -> None:
    told = {one.key for one in assumed_values(bench.profile)}
    assert {f"code_pages.{name}" for name in bench.profile.code_pages} <= told


@pytest.mark.parametrize(
    ("wide", "why"),
    [
        ({"begin": "", "end": "1C 2E"}, "bytes of both switches"),
        ({"begin": "FS", "end": "1C 2E"}, "hex"),
    ],
)
def test_a_switch_that_is_none_is_refused(wide: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        WideCharacters(**wide)


def test_a_pair_is_never_cut_from_its_switch() -> None:
    page = CodePage(1, "cp932", WideCharacters("1C 26", "1C 2E"))
    assert encode_run(page, "shift-jis", Run(1, "残高", wide=True), "here") == [
        b"\x1c&",
        b"\x8e\x63",
        b"\x8d\x82",
        b"\x1c.",
    ]
    assert encode_run(page, "shift-jis", Run(1, "ﾀ1"), "here") == [b"\x1c.", b"\xc0", b"1"]
