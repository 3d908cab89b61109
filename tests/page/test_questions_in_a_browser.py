"""A power cut, the question with its picture, and what people answer in a browser; the paper judges."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from demo.world import PRINTER, Terminal, ruler_of, shipped_layout
from drivers.simulator.faults import AtLineByte, Target
from tests.page.conftest import OpenPage
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import LAYOUT, Office, book_of

CUT: Final = AtLineByte(line=6, byte=18)
STATEMENT: Final = Statement(1, count=12)
ANSWERS: Final = {"answered", "ended"}
KEY_TIME: Final = 60_000.0
"""Milliseconds that a busy machine may take to open a key ring."""


def stopped(open_office: OpenOffice) -> tuple[Office, str]:
    """An office with one job that a power cut stopped in its sixth line, and the job."""
    office = open_office()
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    printing.kill()
    return office, question.job.job


def card_of(page: Page, job: str) -> Locator:
    card = page.locator(f"#question-{job[:8]}")
    expect(card).to_be_visible()
    return card


def answers_of(office: Office, job: str) -> list[dict[str, Any]]:
    """The answers that the history has of a job; by a process of its own, because a browser keeps the event loop."""
    records = [one["entry"]["record"] for one in office.world.ctl("history") if one["entry"]["kind"] in ANSWERS]
    return [one["answered"] for one in records if one["jobId"] == job]


def sign(card: Locator, terminal: Terminal, person: str) -> None:
    """Say who answers, with which key ring."""
    card.locator("input[type=file]").set_input_files(terminal.home / "keyring")
    card.get_by_label("Passphrase").fill(terminal.passphrase)
    card.get_by_label("Your name").fill(person)


def test_the_picture_says_what_is_on_paper_and_an_answer_goes_on_there(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = stopped(open_office)
    page = open_page(office, office.counter)
    card = card_of(page, job)
    expect(card).to_contain_text("Lines 1 to 5 are on paper; line 6 is in doubt; lines 7 to 12 are to come.")
    expect(card.get_by_role("img").first).to_have_accessible_name(re.compile("line 6 is in doubt"))
    expect(card.locator("svg .bar.doubt").first).to_be_visible()
    sign(card, office.counter, "Ann Example")
    card.get_by_role("button", name="Line 6 is not on paper: go on from line 6").click()
    expect(page.get_by_text("your answer counts")).to_be_visible(timeout=KEY_TIME)
    expect(page.locator(".closed")).to_contain_text("Ann Example")
    [answer] = answers_of(office, job)
    assert (answer["step"], answer["inDoubt"], answer["person"]) == (6, 6, "Ann Example")


def test_a_card_says_where_the_book_is_and_who_is_connected_also_when_that_changes(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = stopped(open_office)
    page, other = open_page(office, office.manager), open_page(office, office.counter)
    card_of(other, job)
    card = card_of(page, job)
    expect(card).to_contain_text(f"{PRINTER} is empty: the person has the book.")
    expect(card).to_contain_text("Its terminal counter-1 is asked too and is connected.")
    card.get_by_label("Your name").fill("Rita Example")
    office.hands.insert(book_of(STATEMENT), 3, ruler_of(shipped_layout(LAYOUT)))
    # It may be another one by now.
    expect(card).to_contain_text("The book or sheet lies in")
    other.close()
    expect(card).to_contain_text("Its terminal counter-1 is not connected now.")
    # The card is the same one, so nothing that a person typed is lost.
    expect(card.get_by_label("Your name")).to_have_value("Rita Example")


def test_no_answer_is_given_by_enter_and_what_is_lost_is_said_before(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = stopped(open_office)
    page = open_page(office, office.counter)
    card = card_of(page, job)
    assert page.evaluate("document.activeElement.className") != "answer"
    card.get_by_label("Your name").fill("Ann Example")
    discard = card.get_by_role("button", name="Discard it: 6 lines stay unprinted.")
    discard.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Space")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Lines 7 to 12 will not be printed.")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    assert answers_of(office, job) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".closed")).to_contain_text("discard it")
    assert [one["verdict"] for one in answers_of(office, job)] == ["discard"]


def test_lines_on_paper_are_printed_again_by_two_people_and_the_slower_one_is_told(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = stopped(open_office)
    first, second = open_page(office, office.manager), open_page(office, office.counter)
    card = card_of(first, job)
    sign(card, office.manager, "Rita Example")
    card.get_by_role("button", name="Print all from the start").click()
    expect(first.get_by_role("dialog")).to_contain_text("Lines 1 to 5 are on paper already and will stand there twice.")
    first.get_by_role("button", name="Yes: Print all").click()
    expect(card_of(second, job)).to_contain_text("Ordered by Rita Example at manager", timeout=KEY_TIME)
    card = card_of(second, job)
    sign(card, office.counter, "Ann Example")
    card.get_by_role("button", name="Confirm as the second person").click()
    second.get_by_role("button", name="Yes: Confirm").click()
    expect(first.locator(".closed")).to_contain_text("confirmed by Ann Example at counter-1", timeout=KEY_TIME)


def test_a_wrong_passphrase_changes_nothing_and_the_texts_open_with_the_right_one(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = stopped(open_office)
    page = open_page(office, office.counter)
    card = card_of(page, job)
    sign(card, office.counter, "Ann Example")
    card.get_by_label("Passphrase").fill("another one")
    card.get_by_role("button", name="Line 6 is not on paper").click()
    expect(card.get_by_role("alert")).to_contain_text("The key ring does not open", timeout=KEY_TIME)
    assert answers_of(office, job) == []
    expect(card.get_by_label("Passphrase")).to_have_value("")
    card.get_by_label("Passphrase").fill(office.counter.passphrase)
    card.get_by_role("button", name="Show the texts").click()
    for text in (STATEMENT.entry(5)[1], STATEMENT.entry(6)[1], STATEMENT.entry(7)[1]):
        expect(card.locator("svg text.run", has_text=text).first).to_be_visible(timeout=KEY_TIME)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "\u202ealuap", "'\"><script>alert(1)</script>"])
def test_a_name_is_text_whatever_it_says(open_office: OpenOffice, open_page: OpenPage, name: str) -> None:
    office, job = stopped(open_office)
    first, second = open_page(office, office.manager), open_page(office, office.counter)
    dialogs: list[str] = []
    first.on("dialog", lambda one: dialogs.append(one.message))
    card_of(first, job)
    card = card_of(second, job)
    card.get_by_label("Your name").fill(name)
    card.get_by_role("button", name="Hold it").click()
    expect(second.locator(".closed, .trouble:not(:empty)").first).to_be_visible()
    expect(first.locator("main img, main script")).to_have_count(0)
    assert dialogs == []
    assert "\u202e" not in (first.text_content("main") or "")


def test_a_page_without_its_appliance_says_so_and_takes_no_order(open_office: OpenOffice, open_page: OpenPage) -> None:
    office, job = stopped(open_office)
    page = open_page(office, office.counter)
    card_of(page, job)
    office.world.kill_appliance()
    expect(page.locator("#link")).to_contain_text("Not connected since")
    assert page.evaluate("document.getElementById('main').inert")
    office.world.start_appliance()
    expect(page.locator("#link")).to_be_empty(timeout=KEY_TIME)
    expect(card_of(page, job)).to_contain_text("line 6 is in doubt")
    assert not page.evaluate("document.getElementById('main').inert")


def test_a_book_that_is_printed_in_part_stands_above_the_answer_for_many(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, AtLineByte(line=6, byte=18))
    printing.kill()
    for number in (201, 202):
        file = Statement(number, count=4).save(office.world.folder)
        office.counter.run("print", str(file), "--no-wait", "--printer", PRINTER)
    office.world.kill_appliance()
    office.world.start_appliance()
    page = open_page(office, office.counter)
    expect(page.locator(".many")).to_contain_text("2 jobs of counter-1 were not begun")
    expect(page.locator(".question, .many").first).to_have_id(f"question-{question.job.job[:8]}")
