"""Pictures of pages in the browser, on layouts of every kind, against the places that the layout gives."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, expect

from demo.world import read_layout
from drivers.simulator.faults import AtLineByte, Target
from passbook.document.layout import BookLayout
from tests.needed import need_font
from tests.page.conftest import OpenPage
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, card_of, sign
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office
from tests.scenarios.test_scripts import ARABIC, FONT, SLIP, print_text

UNITS: Final = 20
"""1/2160 inch in one unit of a picture."""
BASE: Final = 15
"""From the upper edge of a bar to its base line, in units of a picture."""
STAGGERED: Final = """
kind = "passbook"
page = { width = "148 mm", height = "170 mm" }
first_line = "1 in"
pitch = "1/4 in"
lines_per_page = 12
fold = { first = 6, last = 7 }
pages = { first = 2, last = 9 }
cpi = 16.7
left = "3 mm"
staggering = ["0 mm", "1.5 mm"]
page_brought = "B/F"
page_carried = "C/F"
heading = [{ line = 1, start = 1, text = "{account}" }, { line = 1, start = 47, text = "Page {page}" }]
footer = [{ line = 12, start = 12, text = "see other page" }]
first_page = { first_line = "2 in", lines_per_page = 8, heading = [{ line = 1, start = 12, text = "{account}" }] }
"""
COLUMNS: Final = {"date": (1, 10), "text": (12, 14), "withdrawal": (27, 9), "deposit": (37, 9), "balance": (47, 10)}


def layout_of(folder: Path) -> BookLayout:
    """A book with a first page of its own, a fold, lower pages, heading, footer, and balances carried on."""
    columns = [
        f'[[columns]]\nname = "{name}"\nstart = {at}\nwidth = {width}\n' for name, (at, width) in COLUMNS.items()
    ]
    file = folder / "staggered.toml"
    file.write_text(STAGGERED + "".join(columns))
    return read_layout(file)


def update_of(office: Office, layout: str, count: int) -> Path:
    """Entries from the begin of a book on."""
    file = office.world.folder / "update.csv"
    head = f"# layout: {layout}\n# account: 4711\n# currency: EUR\n# start: page 2 line 1\n"
    file.write_text(
        f"{head}date,text,withdrawal,deposit,balance\n"
        + "".join(f"2026-03-02,entry {n},,1.00,{n}.00\n" for n in range(1, count + 1))
    )
    return file


def held(office: Office, file: Path) -> str:
    """A job of which nothing was printed, and about which people are asked."""
    job: str = office.counter.run("print", str(file), "--printer", "window-1", "--no-wait")["payload"]["job"]
    office.counter.run("hold", job, "--person", "Ann Example")
    office.counter.run("release", job, "--person", "Ann Example")
    return job


def bars_of(picture: Locator) -> list[tuple[int, int]]:
    """Left edge and base line of each bar, in 1/2160 inch."""
    places = picture.locator("rect.bar").evaluate_all(
        "all => all.map((one) => [+one.getAttribute('x'), +one.getAttribute('y')])"
    )
    return [(round(x * UNITS), round((y + BASE) * UNITS)) for x, y in places]


def test_each_line_is_drawn_where_its_layout_puts_it_and_numbered_as_in_the_questions_of_teller(
    open_office: OpenOffice, open_page: OpenPage, tmp_path: Path
) -> None:
    layout = layout_of(tmp_path)
    office = open_office(layouts=tmp_path)
    job = held(office, update_of(office, layout.name, 20))
    [question] = [one for one in office.world.ctl("questions") if one["job"]["job"] == job]
    lines = [one for one in question["outline"] if one["line"]]
    assert {one["page"] for one in lines} == {2, 3, 4, 5}
    page = open_page(office, office.counter)
    card = card_of(page, job)
    pictures = card.locator("svg.page")
    expect(pictures).to_have_count(4)
    cell = 2160 / (50 / 3)
    drawn, numbers = [], []
    for at in range(4):
        drawn += bars_of(pictures.nth(at))
        numbers += pictures.nth(at).locator(".line-number").all_text_contents()
    wanted = [
        (round(layout.left_units + (column - 1) * cell), layout.line_y(one["page"], one["line"]))
        for one in lines
        for column, _ in one["bars"]
    ]
    assert drawn == wanted
    assert numbers == [str(number) for number in range(1, len(lines) + 1)]
    told = office.counter.screen("questions")
    rows = [row.split()[0] for row in told.splitlines() if " line " in row and "|" in row]
    assert rows == numbers


def test_a_representative_reads_the_texts_of_each_line_heading_and_balances_too(
    open_office: OpenOffice, open_page: OpenPage, tmp_path: Path
) -> None:
    layout = layout_of(tmp_path)
    office = open_office(layouts=tmp_path)
    job = held(office, update_of(office, layout.name, 8))
    page = open_page(office, office.manager)
    card = card_of(page, job)
    sign(card, office.manager, "Rita Example")
    card.get_by_role("button", name="Show the texts").click()
    pages = card.locator("svg.page")
    expect(pages.first.locator("text.run").first).to_have_text("4711", timeout=KEY_TIME)
    # Each page has its heading; the second one has the balance that was brought to it, and the entries behind it.
    texts = [pages.nth(at).locator("text.run").all_text_contents() for at in range(2)]
    assert texts[0][-2:] == ["C/F", "6.00"]
    assert texts[1][:4] == ["4711", "Page 3", "B/F", "6.00"]
    assert "entry 7" in texts[1]
    expect(card.locator("rect.bar")).to_have_count(0)
    card.get_by_role("button", name="Show bars").click()
    expect(pages.locator("text.run")).to_have_count(0)
    expect(card.locator("rect.bar").first).to_be_visible()


def test_a_question_shows_wide_letters_over_two_cells(open_office: OpenOffice, open_page: OpenPage) -> None:
    office = open_office(dialect="escpos", printer='code_page = "shift-jis"\n')
    office.arm_cut(Target.BOTH, AtLineByte(2, 6))
    printing = print_text(office, "ﾌﾘｺﾐ 東京電力 1,250\n残高 カナ\n")
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    question = office.await_question(printing)
    printing.kill()
    page = open_page(office, office.counter)
    card = card_of(page, question.job.job)
    sign(card, office.counter, "Ann Example")
    card.get_by_role("button", name="Show the texts").click()
    wide = card.locator("svg text.run", has_text="東京電力")
    expect(wide).to_be_visible(timeout=KEY_TIME)
    narrow = card.locator("svg text.run", has_text="ﾌﾘｺﾐ")
    of_four = [float(one.get_attribute("textLength") or 0) / len(one.text_content() or "") for one in (wide, narrow)]
    assert of_four[0] == 2 * of_four[1]


def test_a_preview_shows_drawn_text_between_printed_lines(open_office: OpenOffice, open_page: OpenPage) -> None:
    need_font()
    office = open_office(dialect="escpos", printer=FONT)
    page = open_page(office, office.counter)
    main = show(page, "Send")
    main.get_by_label("Or paste a text here").fill(f"Teller 4\n{ARABIC}\nEUR 5.00\n")
    main.get_by_label("Kind of document").select_option("text")
    main.get_by_role("combobox", name="Layout Empty").fill(SLIP.partition("-")[0])
    main.get_by_role("button", name="Check it").click()
    preview = main.locator(".preview")
    # The head strikes the drawn text in two bands, and each of them can be asked about.
    expect(preview).to_contain_text("4 lines on 1 pages")
    picture = preview.locator("svg.page")
    assert picture.locator(".line-number").all_text_contents() == ["1", "2", "3"]
    [lower, upper] = [picture.locator("text.run", has_text=text).bounding_box() for text in ("EUR 5.00", "Teller 4")]
    dots = picture.locator("path.dots").bounding_box()
    assert lower
    assert upper
    assert dots
    assert upper["y"] < dots["y"] < lower["y"]
