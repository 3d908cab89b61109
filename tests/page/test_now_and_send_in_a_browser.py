"""A document goes from a browser to the paper: shown, sent, prompted for, drawn as it grows, and ordered about."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Locator, Page, expect

from demo.world import ruler_of, shipped_layout
from drivers.simulator.faults import AfterStrike, Target
from tests.page.conftest import OpenPage
from tests.page.test_questions_in_a_browser import KEY_TIME, card_of, sign
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import LAYOUT, Office, book_of

STATEMENT: Final = Statement(7, count=8)
TWO_PAGES: Final = Statement(8, count=24)
TOO_LARGE: Final = 50 * 1024 * 1024


def show(page: Page, view: str) -> Locator:
    page.get_by_role("navigation").get_by_role("link", name=view).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(view)
    return page.locator("main")


def sent(office: Office, page: Page, statement: Statement) -> None:
    """Send a statement as the person at the counter does."""
    main = show(page, "Send")
    main.get_by_label("File", exact=True).set_input_files(statement.save(office.world.folder))
    preview = main.locator(".preview")
    expect(preview).to_contain_text("This is what will be printed")
    for position in (1, statement.count):
        expect(preview.locator("svg", has_text=statement.entry(position)[1])).to_be_visible()
    sign(preview, office.counter, "Ann Example")
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1: it is on disk", timeout=KEY_TIME)


def test_a_document_is_shown_before_it_goes_and_grows_on_its_page_while_it_prints(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    sent(office, page, TWO_PAGES)
    now = show(page, "Now")
    ruler = ruler_of(shipped_layout(LAYOUT))
    expect(now.locator(".prompt")).to_contain_text("Put the book, opened at page 3, into window-1.")
    office.hands.insert(book_of(TWO_PAGES), 3, ruler)
    expect(now.locator(".prompt")).to_contain_text("Turn the book to page 4 and put it into window-1 again.")
    expect(now.locator(".summary")).to_have_text("Lines 1 to 20 are on paper; lines 21 to 24 are to come.")
    expect(now.get_by_role("img")).to_have_accessible_name("Page 4: lines 21 to 24 are to come.")
    office.hands.take()
    expect(now.locator(".prompt")).to_contain_text("Put the book, opened at page 4, into window-1.")
    office.hands.insert(book_of(TWO_PAGES), 4, ruler)
    expect(now.locator(".prompt")).to_contain_text("Take the book out of window-1.")
    office.hands.take()
    show(page, "Questions")
    expect(page.locator(".notices")).to_contain_text("24 of 24 lines are on paper.", timeout=KEY_TIME)
    office.judge(TWO_PAGES)


def test_what_is_too_large_or_does_not_fit_is_said_before_anything_is_sent(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    main = show(page, "Send")
    large = office.world.folder / "large.csv"
    with large.open("wb") as file:
        file.truncate(TOO_LARGE)
    main.get_by_label("File", exact=True).set_input_files(large)
    expect(main.get_by_role("alert").first).to_contain_text("Nothing was sent.")
    wide = office.world.folder / "wide.csv"
    wide.write_text(STATEMENT.csv().replace(STATEMENT.entry(2)[1], "<script>alert(1)</script>"))
    main.get_by_label("File", exact=True).set_input_files(wide)
    expect(main.get_by_role("alert").first).to_contain_text("is 25 characters wide and its column holds 14")
    assert office.world.ctl("jobs") == []


def test_a_job_gets_another_priority_is_held_released_and_canceled(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    sent(office, page, STATEMENT)
    now = show(page, "Now")
    row = now.locator("tbody tr")
    dialog = page.get_by_role("dialog")

    def order(name: str, answer: str, fields: dict[str, str]) -> None:
        row.get_by_role("button", name=name).click()
        for label, value in fields.items():
            dialog.get_by_label(label).fill(value)
        dialog.get_by_role("button", name=answer).click()
        expect(dialog).to_have_count(0)

    order("Hold", "Hold it", {"Your name": "Ann Example"})
    expect(row).to_contain_text("It is held by Ann Example at counter-1.")
    order("Priority", "Change it", {"Priority": "90"})
    expect(row).to_contain_text("90")
    history = show(page, "History")
    expect(history).to_contain_text("Priority 90 in place of 50 set by Ann Example at counter-1.")
    show(page, "Now")
    order("Release", "Release it", {})
    expect(row).to_contain_text("A person must decide how it goes on.")
    order("Cancel", "Yes, cancel it: 8 lines stay unprinted", {})
    expect(row).to_have_count(0)
    show(page, "Questions")
    expect(page.locator(".notices")).to_contain_text("was canceled by Ann Example at counter-1")
    page.locator(".notices").get_by_role("button").click()
    expect(page.locator(".notices")).to_have_count(0)


def test_a_problem_and_the_areas_are_said_in_the_language_of_the_person(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    office.world.ctl("printer", "pause", "window-1", "--reason", "Repair", "--person", "Otto")
    page = open_page(office, office.manager, locale="ja")
    page.goto(f"{page.url.partition('#')[0]}#printers")
    main = page.locator("main")
    expect(main.locator(".warning").last).to_contain_text("Otto が")
    expect(main).to_contain_text("プリンター window-1 を一時停止しました")
    expect(main).to_contain_text("a\uff1a使用可")
    expect(main).not_to_contain_text("paused printer")


def test_a_line_in_doubt_is_asked_about_and_the_paper_has_each_line_once(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    printing, question = office.print_until_cut(STATEMENT, Target.PRINTER, AfterStrike(line=3))
    card = card_of(page, question.job.job)
    sign(card, office.counter, "Ann Example")
    # The person looks at the paper: the third line stands there.
    card.get_by_role("button", name="Line 3 is on paper: go on from line 4").click()
    expect(page.locator(".closed")).to_contain_text("go on with line 4", timeout=KEY_TIME)
    office.finish(printing)
    office.judge(STATEMENT)
