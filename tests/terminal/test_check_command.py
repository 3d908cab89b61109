from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from passbook.errors import PassbookError
from passbook.protocol.layouts_reply import LayoutsReply
from passbook.protocol.two_spools import PrinterFacts
from spooler.shipped import shipped_imports, shipped_layouts
from tests.client.test_connection import refuse
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import Teller, enrolled, teller

__all__ = ["enrolled", "teller"]

pytestmark = pytest.mark.slow

HEAD = "# layout: savings-24\n# account: 001-22-334455\n# currency: EUR\n"
HEADER = "date,text,withdrawal,deposit,balance\n"
WINDOW = PrinterFacts(
    name="window-1",
    dialect="pr2",
    code_page="cp858",
    port="/dev/x",
    is_on_network=False,
    insert_timeout=1,
    take_timeout=1,
)
TOLD = LayoutsReply((WINDOW,), tuple(shipped_layouts().values()), tuple(shipped_imports().values()), ("text",))
PAGE = [
    "statement.csv, savings-24, page 3",
    "  1 |",
    "  2 |2026-01-05 Salary                     2500.00    3100.00",
]
SHIPPED = "Neither the agent nor the appliance was reached: it is judged by the layouts that come with this software."
UNSENT = "It can be printed. Nothing was sent."


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "statement.csv"
    file.write_text(HEAD + "# start: page 3 line 2\n" + HEADER + "2026-01-05,Salary,,2500.00,3100.00\n", "utf-8")
    return file


def telling(fake: FakeAppliance, told: LayoutsReply = TOLD) -> None:
    fake.answers["Spooler.GetLayouts"] = lambda _: told


def test_a_document_is_judged_by_the_layouts_of_the_appliance_and_not_sent(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    telling(fake)
    ended = teller.run("check", document)
    assert (ended.code, ended.out.splitlines()) == (0, [*PAGE, UNSENT])
    assert fake.received == [("Spooler.GetLayouts", {})]


def test_a_document_that_cannot_be_printed_is_refused_as_an_acceptance_would(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    telling(fake)
    document.write_text(HEAD + HEADER + "03/04/2026,Salary,,2500.00,3100.00\n", "utf-8")
    ended = teller.run("check", document)
    assert (ended.code, ended.out) == (3, "")
    assert (
        "entry 1 (line 5), date: it is written 99/99/9999, which may be day-month-year or month-day-year" in ended.err
    )
    ended = teller.run("check", document, "--import", "us-excel", "--page", "1", "--line", "1")
    assert (ended.code, "2026-03-04 Salary" in ended.out) == (0, True)
    assert teller.run("check", document, "--import", "none").code == 5
    assert {name for name, _ in fake.received} == {"Spooler.GetLayouts"}


def test_a_document_without_a_place_is_shown_from_the_first_line_on(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    telling(fake)
    document.write_text(HEAD + HEADER + "2026-01-05,Salary,,2500.00,3100.00\n", "utf-8")
    ended = teller.run("check", document)
    assert ended.out.splitlines()[:2] == [
        "It does not say where it starts; it is shown from page 1, line 1 on.",
        "statement.csv, savings-24, page 1",
    ]


def test_the_layout_of_the_appliance_counts_and_not_the_shipped_one(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    short = replace(shipped_layouts()["savings-24"], pages=(1, 2))
    telling(fake, replace(TOLD, layouts=(short,)))
    ended = teller.run("check", document)
    assert (ended.code, "[start-not-in-book]" in ended.err) == (3, True)


def test_characters_that_are_printed_as_others_are_counted_before_the_document_is_sent(
    enrolled: tuple[Teller, FakeAppliance], document: Path
) -> None:
    teller, fake = enrolled
    declaring = replace(shipped_layouts()["savings-24"], substitutes={"\u2019": "'"})
    telling(fake, replace(TOLD, layouts=(declaring,)))
    document.write_text(document.read_text("utf-8").replace("Salary", "O\u2019Neill\u2019s"), "utf-8")
    ended = teller.run("check", document)
    assert ended.out.splitlines()[0] == (
        "2 characters are printed as the layout savings-24 declares, since the printer lacks them."
    )
    assert "|2026-01-05 O'Neill's " in ended.out
    assert teller.json("check", document)["substituted"] == 2


def test_one_of_several_printers_is_named(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, fake = enrolled
    telling(fake, replace(TOLD, printers=(WINDOW, replace(WINDOW, name="window-2", code_page="cp437"))))
    ended = teller.run("check", document)
    assert (ended.code, "window-1, window-2" in ended.err) == (5, True)
    assert teller.run("check", document, "--printer", "window-2").code == 0
    document.write_text(document.read_text("utf-8").replace("Salary", "5 \u20ac"), "utf-8")
    assert teller.run("check", document, "--printer", "window-1").code == 0
    assert "[needs-substitute]" in teller.run("check", document, "--printer", "window-2").err


def test_pages_are_written_as_pictures(enrolled: tuple[Teller, FakeAppliance], document: Path, tmp_path: Path) -> None:
    teller, fake = enrolled
    telling(fake)
    picture = tmp_path / "page.png"
    ended = teller.run("check", document, "--png", picture)
    assert (ended.code, ended.out.splitlines()[-2:]) == (0, [str(picture), UNSENT])
    with Image.open(picture) as drawn:
        assert drawn.width > 200
    assert teller.json("check", document, "--png", tmp_path / "pages")["files"] == [
        str(tmp_path / "pages" / "page-3.png")
    ]


def test_a_file_of_another_program_is_not_overwritten_by_a_picture(
    enrolled: tuple[Teller, FakeAppliance], document: Path, tmp_path: Path
) -> None:
    teller, fake = enrolled
    telling(fake)
    own, photo, folder = tmp_path / "own.png", tmp_path / "photo.png", tmp_path / "pages"
    for _ in range(2):
        assert teller.run("check", document, "--png", own).code == 0
    Image.new("RGB", (4, 4)).save(photo)
    folder.mkdir()
    (folder / "page-3.png").write_text("a statement")
    for place, kept in ((photo, photo), (folder, folder / "page-3.png")):
        before = kept.read_bytes()
        ended = teller.run("check", document, "--png", place)
        assert (ended.code, "[file-problem]" in ended.err, "is not overwritten" in ended.err) == (6, True, True)
        assert kept.read_bytes() == before


@pytest.mark.parametrize("code", ["connection-lost", "appliance-locked"])
def test_the_shipped_layouts_count_where_the_appliance_does_not_answer(
    enrolled: tuple[Teller, FakeAppliance], document: Path, code: str
) -> None:
    teller, fake = enrolled
    fake.answers["Spooler.GetLayouts"] = refuse(PassbookError(code))
    assert teller.run("check", document).out.splitlines() == [SHIPPED, *PAGE, UNSENT]


def test_a_terminal_that_is_not_enrolled_judges_by_the_shipped_layouts(teller: Teller, document: Path) -> None:
    assert teller.run("check", document).out.splitlines() == [SHIPPED, *PAGE, UNSENT]
    document.write_text("x", "utf-8")
    assert teller.run("check", document).code == 2


def test_a_wide_book_keeps_its_columns_where_there_is_no_screen(teller: Teller, document: Path) -> None:
    head = HEAD.replace("savings-24", "india-36").replace("EUR", "INR") + "# start: page 1 line 1\n"
    rows = ["2026-01-05,ATM,2000.00,,13382.50", "2026-01-06,NEFT,,2000.00,15382.50"]
    document.write_text(head + HEADER + "\n".join(rows), "utf-8")
    columns = {one.name: one for one in shipped_layouts()["india-36"].columns}
    rows = [row.partition("|")[2] for row in teller.run("check", document).out.splitlines() if "2,000.00" in row]
    ends = [row.index("2,000.00") + len("2,000.00") for row in rows]
    assert ends == [columns[name].end for name in ("withdrawal", "deposit")]
    assert max(map(len, rows)) > 80


def test_words_that_do_not_fit_end_the_command(enrolled: tuple[Teller, FakeAppliance], document: Path) -> None:
    teller, _ = enrolled
    assert teller.run("check", document, "--page", "1").code == 6
    assert teller.run("check", "-").code == 6
    assert teller.run("check", document.with_suffix(".xls")).code == 6
