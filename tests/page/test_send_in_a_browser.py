"""Documents of banks' programs in the browser: import profiles, places that nobody gave, and where a book stands."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from demo.mail_servers import free_address
from demo.world import PRINTER, await_fact, ruler_of, shipped_layout
from tests.page.conftest import OpenPage
from tests.page.test_books_in_a_browser import check
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, sign
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import mail_settings
from tests.scenarios.office import LAYOUT, Office, book_of
from tests.scenarios.test_known_books import FIRST, STALE, known

EXPORT: Final = """# layout: savings-24
# account: 001-22-334455
# currency: EUR
date;text;withdrawal;deposit;balance
05.01.2026;Gehalt;;2500,00;3100,00
07.01.2026;Miete;1.234;;1866,00
"""

FIRST_CUSTOMER: Final = Statement(301, count=2)
SECOND_CUSTOMER: Final = Statement(302, count=3)


def given(page: Page, text: str) -> Locator:
    """The view with a document in its field."""
    main = show(page, "Send")
    main.get_by_label("Or paste a text here").fill(text)
    main.get_by_label("Kind of document").select_option("passbook-update+csv")
    return main


def judged(main: Locator) -> Locator:
    """The pages of the document, or nothing where it was refused."""
    main.get_by_role("button", name="Check it and show its pages").click()
    return main.locator(".preview")


def test_what_has_two_readings_is_refused_with_both_until_a_profile_says_which(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    main = given(page, EXPORT)
    judged(main)
    refusal = main.get_by_role("alert").first
    expect(refusal).to_contain_text("which may be")
    profile = main.get_by_label("Import profile")
    expect(profile).to_be_focused()
    expect(profile).to_have_attribute("aria-invalid", "true")
    check(page)
    profile.select_option("german-excel")
    judged(main)
    # The document names no place, and no person gave one yet.
    expect(refusal).to_contain_text("does not say on which page and line to start")
    expect(main.get_by_label("First page")).to_be_focused()
    main.get_by_label("First page").fill("3")
    main.get_by_label("First line").fill("5")
    preview = judged(main)
    expect(preview.locator("svg.page")).to_contain_text("1234.00")
    expect(refusal).to_be_empty()
    assert preview.locator(".line-number").all_text_contents() == ["5", "6"]
    main.get_by_label("Kind of document").select_option("text")
    expect(profile).to_be_hidden()
    expect(preview).to_contain_text("Something was changed")
    assert office.world.ctl("jobs") == []


def test_characters_that_are_printed_as_others_are_counted_before_the_document_is_sent(
    open_office: OpenOffice, open_page: OpenPage, tmp_path: Path
) -> None:
    shipped = files("passbook.layouts").joinpath("sheet.toml").read_text("utf-8")
    (tmp_path / "sheet.toml").write_text(f"{shipped}\n[substitutes]\n'\u2019' = \"'\"\n", "utf-8")
    office = open_office(layouts=tmp_path)
    page = open_page(office, office.counter)
    main = show(page, "Send")
    main.get_by_label("Kind of document").select_option("text")
    main.get_by_role("combobox", name="Layout Empty").fill("sheet")
    field = main.get_by_label("Or paste a text here")
    field.fill("O\u2019Neill\u2019s")
    preview = judged(main)
    expect(preview).to_contain_text("2 characters are printed as the layout sheet declares")
    expect(preview.locator("svg.page")).to_contain_text("O'Neill's")
    check(page)
    field.fill("plain")
    expect(judged(main).locator("svg.page")).to_contain_text("plain")
    expect(preview).not_to_contain_text("declares")


def test_nothing_of_a_document_that_was_sent_goes_with_the_next_one(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    main = given(page, FIRST_CUSTOMER.csv())
    usual = shown_fields(main)
    marked = {
        "First page": "5",
        "First line": "7",
        "Name of the document": "Miller",
        "Date of the document": "2026-01-05",
    }
    for label, value in {**marked, "Priority": "90", "LayoutEmpty": LAYOUT}.items():
        main.get_by_label(label).fill(value)
    main.get_by_label("Every terminal may see name and date").check()
    preview = judged(main)
    # A place that a person gives goes before the one that the document names.
    expect(preview.locator(".line-number")).to_have_text(["7", "8"])
    sign(preview, office.counter, "Ann Example")
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    assert shown_fields(main) == usual
    main.get_by_label("Or paste a text here").fill(SECOND_CUSTOMER.csv())
    preview = judged(main)
    expect(preview.locator("svg.page")).to_contain_text(SECOND_CUSTOMER.entry(1)[1])
    expect(preview.locator(".line-number")).to_have_text(["5", "6", "7"])
    preview.get_by_label("Passphrase").fill(office.counter.passphrase)
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    sent = sorted(office.counter.run("jobs"), key=lambda one: one["sequence"])
    assert [(one.get("name", ""), one.get("documentDate", ""), one["priority"]) for one in sent] == [
        ("Miller", "2026-01-05", 90),
        ("", "", 50),
    ]


def shown_fields(main: Locator) -> list[str]:
    """What stands in every field that belongs to one document."""
    labels = ("First page", "First line", "Name of the document", "Date of the document", "Priority", "LayoutEmpty")
    shares = main.get_by_label("Every terminal may see name and date")
    return [*(main.get_by_label(label).input_value() for label in labels), str(shares.is_checked())]


def test_a_place_that_a_person_gave_does_not_stand_for_another_file(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    main = given(open_page(office, office.counter), "")
    file = main.get_by_label("File", exact=True)
    file.set_input_files(FIRST_CUSTOMER.save(office.world.folder))
    main.get_by_label("First page").fill("5")
    main.get_by_label("First line").fill("7")
    expect(judged(main).locator(".line-number")).to_have_text(["7", "8"])
    file.set_input_files(SECOND_CUSTOMER.save(office.world.folder))
    preview = main.locator(".preview")
    expect(preview.locator("svg.page")).to_contain_text(SECOND_CUSTOMER.entry(1)[1])
    expect(preview.locator(".line-number")).to_have_text(["5", "6", "7"])


@pytest.fixture
def remembering(open_office: OpenOffice) -> Office:
    """An office whose counter has a book key."""
    office = open_office()
    office.counter.run("keys", "book-new")
    return office


def test_the_page_tells_where_a_book_stands_and_what_it_sends_is_remembered_too(
    remembering: Office, open_page: OpenPage
) -> None:
    office = remembering
    page = open_page(office, office.counter)
    main = given(page, FIRST.csv())
    preview = judged(main)
    sign(preview, office.counter, "Ann Example")
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    office.wait("document-wanted")
    office.hands.insert(book_of(FIRST), 1, ruler_of(shipped_layout(LAYOUT)))
    office.wait("ejected")
    office.take_book()
    await_fact(lambda: office.world.ctl("jobs") == [], lambda: office.world.ctl("jobs"))
    assert known(office)["place"] == [1, 4]
    place = main.locator("details", has_text="Where does a book stand?")
    place.locator("summary").click()
    expect(place.get_by_label("Account")).to_have_value(FIRST.account)
    # Blanks, hyphens and case make no difference.
    place.get_by_label("Account").fill(f" {FIRST.account.lower().replace('-', ' ')} ")
    place.locator("input[type=file]").set_input_files(office.counter.home / "keyring")
    place.get_by_label("Passphrase").fill(office.counter.passphrase)
    place.get_by_role("button", name="Ask where its books stand").click()
    told = place.get_by_role("status")
    expect(told).to_contain_text("savings-24: Its book stands at page 1, line 4, as job", timeout=KEY_TIME)
    check(page)
    # What the page sends is judged by the memory as what a terminal sends.
    main.get_by_label("Or paste a text here").fill(STALE.csv().replace(STALE.account, FIRST.account))
    preview = judged(main)
    expect(preview.locator("svg.page")).to_contain_text(STALE.entry(1)[1])
    preview.get_by_label("Passphrase").fill(office.counter.passphrase)
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    show(page, "Questions")
    expect(page.locator(".question")).to_contain_text("it would print over lines that its book has")


def test_a_ring_without_a_book_key_and_an_account_without_a_book_say_so(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    place = show(page, "Send").locator("details", has_text="Where does a book stand?")
    place.locator("summary").click()
    ask = place.get_by_role("button", name="Ask where its books stand")
    ask.click()
    expect(place.get_by_role("alert")).to_contain_text("Give the account.")
    place.get_by_label("Account").fill("4711")
    place.locator("input[type=file]").set_input_files(office.counter.home / "keyring")
    place.get_by_label("Passphrase").fill(office.counter.passphrase)
    ask.click()
    expect(place.get_by_role("alert")).to_contain_text("has no book key", timeout=KEY_TIME)
    office.counter.run("keys", "book-new")
    place.get_by_label("Passphrase").fill(office.counter.passphrase)
    ask.click()
    # The file is another one now, so it is chosen again.
    expect(place.get_by_role("alert")).to_contain_text("Choose it again.")
    place.locator("input[type=file]").set_input_files(office.counter.home / "keyring")
    ask.click()
    expect(place.get_by_role("status")).to_contain_text("Nothing is known of a book", timeout=KEY_TIME)


def test_a_next_hop_is_no_printer_for_a_document(open_office: OpenOffice, open_page: OpenPage) -> None:
    hop = f'[[hop]]\nname = "bank"\naddress = "{free_address()}"\ntls = "none"\n'
    office = open_office(mail_settings(free_address()) + hop, own_key_jobs=True)
    page = open_page(office, office.counter)
    # The status of both has come when both have a card.
    expect(show(page, "Printers").get_by_role("heading", name="bank")).to_be_visible()
    expect(show(page, "Send").get_by_label("Printer").get_by_role("option")).to_have_text([PRINTER])
