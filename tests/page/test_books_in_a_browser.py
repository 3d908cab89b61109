"""Books in the browser: a job over two books, and the questions of the memory of books; the paper judges."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from demo.world import read_layout, ruler_of
from drivers.simulator.faults import AfterStrike, AtLineByte, Target
from tests.page.conftest import OpenPage
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, answers_of, card_of, sign
from tests.page.test_views import AXE, found_by_axe
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office
from tests.scenarios.test_known_books import FAR, FIRST, NEXT, STALE, asked, known, on_paper, update
from tests.scenarios.test_next_book import LAST
from tests.scenarios.two_books import LAYOUT, LAYOUTS, Account, judge

CHANGE = Account("change", 6)
"""Two entries and the carried balance for the full book, heading, brought balance and four entries for the new one."""


def check(page: Page) -> None:
    """Nobody is kept from reading or using what is shown."""
    page.evaluate(AXE.read_text("utf-8"))
    assert found_by_axe(page) == []


@pytest.fixture
def remembering(open_office: OpenOffice) -> Office:
    """An office whose counter has a book key."""
    office = open_office()
    office.counter.run("keys", "book-new")
    return office


def test_a_change_of_books_in_doubt_shows_both_books_and_goes_on_in_the_new_one(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office(layouts=LAYOUTS)
    office.arm_cut(Target.PRINTER, AtLineByte(3, LAST))
    printing = office.counter.print_in_background(CHANGE.save(office.world.folder), CHANGE.book, LAYOUT)
    office.await_cut(Target.PRINTER)
    office.give_power_back(Target.PRINTER)
    question = office.await_question(printing)
    page = open_page(office, office.counter)
    card = card_of(page, question.job.job)
    expect(card).to_contain_text("Lines 1 to 3 are on paper; lines 4 to 9 are to come.")
    expect(card).to_contain_text("Whether the full book was given back, for a new one, is in doubt")
    pictures = card.get_by_role("img")
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_have_accessible_name("Book 1, page 16: lines 1 to 3 are on paper.")
    expect(pictures.last).to_have_accessible_name("Book 2, page 1: lines 4 to 9 are to come.")
    # The numbers beside the pictures are those of the answers, also where heading and balances stand.
    assert pictures.first.locator(".line-number").all_text_contents() == ["1", "2", "3"]
    check(page)
    sign(card, office.counter, "Ann Example")
    office.take_book()
    card.get_by_role("button", name="Go on from line 4, in a new book: prints 6 lines.").click()
    expect(page.locator(".closed")).to_contain_text("go on with line 4", timeout=KEY_TIME)
    office.finish(printing)
    judge(office.world.paper, CHANGE)


def test_a_new_book_is_asked_for_and_its_pages_are_drawn_as_its_own(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office(layouts=LAYOUTS)
    page = open_page(office, office.counter)
    main = show(page, "Send")
    main.get_by_label("File", exact=True).set_input_files(CHANGE.save(office.world.folder))
    preview = main.locator(".preview")
    expect(preview.get_by_role("img")).to_have_count(2)
    expect(preview.get_by_role("img").last).to_have_accessible_name("Book 2, page 1 as it will be printed")
    expect(preview.locator("svg").last).to_contain_text("Brought forward")
    expect(preview).to_contain_text("9 lines on 2 pages")
    sign(preview, office.counter, "Ann Example")
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    now = show(page, "Now")
    ruler = ruler_of(read_layout(LAYOUTS / f"{LAYOUT}.toml"))
    prompt = now.locator(".prompt")
    expect(prompt).to_contain_text("Put the book, number 1 of the 2 of this job, opened at page 16, into window-1.")
    office.hands.insert(CHANGE.book, 16, ruler)
    expect(prompt).to_contain_text("Take the full book out of window-1. A new book is asked for next.")
    expect(now.get_by_role("img")).to_have_accessible_name("Book 2, page 1: lines 4 to 9 are to come.")
    office.hands.take()
    expect(prompt).to_contain_text("Put a new book, opened at page 1, into window-1: book 2 of the 2 of this job.")
    expect(now.locator("tbody tr")).to_contain_text("Its book is full: put a new one, opened at page 1, into window-1.")
    check(page)
    office.hands.insert(f"{CHANGE.book}-2", 1, ruler)
    expect(prompt).to_contain_text("Take the book out of window-1.")
    office.hands.take()
    judge(office.world.paper, CHANGE)


def test_a_stale_place_is_printed_over_by_two_people_who_read_what_it_does(
    remembering: Office, open_page: OpenPage
) -> None:
    office = remembering
    office.finish(update(office, FIRST))
    stale = update(office, STALE)
    job = asked(office, stale, "book-over-known-lines")
    first, second = open_page(office, office.counter), open_page(office, office.manager)
    card = card_of(first, job)
    expect(card).to_contain_text("it would print over lines that its book has")
    expect(card).to_contain_text("Its book stands at page 1, line 4, as job")
    expect(card).to_contain_text("This update would begin at page 1, line 2.")
    check(first)
    sign(card, office.counter, "Ann Example")
    all_the_same = "Print it here all the same, from page 1, line 2 on: 2 lines; two people must order it."
    card.get_by_role("button", name=all_the_same).click()
    dialog = first.get_by_role("dialog")
    expect(dialog).to_contain_text("It is printed over lines that the book has already.")
    expect(dialog).to_contain_text("A second person must confirm this at another terminal before it counts.")
    dialog.get_by_role("button", name="Yes: Print it here all the same").click()
    expect(first.locator("#said")).to_contain_text("a second person must confirm it", timeout=KEY_TIME)
    assert office.world.paper.strikes == FIRST.count
    card = card_of(second, job)
    expect(card).to_contain_text("Ordered by Ann Example at counter-1: print all of it, although its book stands")
    sign(card, office.manager, "Rita Example")
    card.get_by_role("button", name="Confirm as the second person").click()
    second.get_by_role("button", name="Yes: Confirm").click()
    office.finish(stale)
    assert office.world.paper.strikes == FIRST.count + STALE.count
    assert known(office)["place"] == [1, 4]


def test_a_repeated_update_is_discarded_and_the_page_says_where_the_book_stands(
    remembering: Office, open_page: OpenPage
) -> None:
    office = remembering
    office.finish(update(office, FIRST))
    again = update(office, FIRST)
    job = asked(office, again, "book-content-repeated")
    page = open_page(office, office.counter)
    card = card_of(page, job)
    card.get_by_label("Your name").fill("Ann Example")
    discard = "Discard it: the book has it already. If it has not, send it again at page 1, line 4."
    card.get_by_role("button", name=discard).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Lines 1 to 3 will not be printed.")
    dialog.get_by_role("button", name="Yes: Discard it").click()
    closed = page.locator(".closed")
    expect(closed).to_contain_text(re.compile(r"Its book stands at page 1, line 4, as job \w{8} left it"))
    expect(closed).to_contain_text("Send it again at page 1, line 4, unless the book has it already.")
    assert again.end() == 1
    assert [one["verdict"] for one in answers_of(office, job)] == ["discard"]
    on_paper(office, FIRST)


def test_a_gap_is_said_to_stay_free(remembering: Office, open_page: OpenPage) -> None:
    office = remembering
    office.finish(update(office, FIRST))
    job = asked(office, update(office, FAR), "book-gap")
    page = open_page(office, office.counter, locale="ja")
    card = card_of(page, job)
    expect(card).to_contain_text("この通帳の次の行は 1 ページ 4 行です")
    expect(card).to_contain_text("この記帳は 1 ページ 9 行から始まります。")
    card.get_by_label("氏名").fill("佐藤")
    card.get_by_role("button", name="それでもここに印刷する\uff1a1 ページ 9 行から 2 行").click()
    expect(page.get_by_role("dialog")).to_contain_text("通帳の 1 ページ 9 行より前の行が空いたままになります。")
    page.get_by_role("button", name="戻る").click()
    assert answers_of(office, job) == []
    card.get_by_role("button", name="破棄し、1 ページ 4 行から送り直す").click()
    page.get_by_role("button", name="はい\uff1a破棄し").click()
    expect(page.locator(".closed")).to_contain_text("1 ページ 4 行から送り直してください。")
    on_paper(office, FIRST)


def test_the_queue_says_which_job_of_the_same_book_holds_a_later_one_back(
    remembering: Office, open_page: OpenPage
) -> None:
    office = remembering
    office.arm_cut(Target.BOTH, AfterStrike(2))
    doubtful = update(office, FIRST)
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    office.wait("taken")
    question = office.await_question(doubtful)
    later = update(office, NEXT)
    page = open_page(office, office.counter)
    show(page, "Now")
    row = page.locator("tbody tr", has_text=later.job[:8]).last
    expect(row).to_contain_text(f"Job {question.job.job[:8]} of the same book has to end first")
    show(page, "Questions")
    card = card_of(page, question.job.job)
    sign(card, office.counter, "Ann Example")
    card.get_by_role("button", name="Line 2 is on paper: go on from line 3").click()
    expect(page.locator(".closed")).to_contain_text("go on with line 3", timeout=KEY_TIME)
    office.finish(doubtful)
    office.finish(later)
    on_paper(office, FIRST, NEXT)


def test_where_a_storage_area_is_out_of_use_one_person_who_looked_at_the_book_decides(
    remembering: Office, open_page: OpenPage
) -> None:
    office = remembering
    office.finish(update(office, FIRST))
    office.world.stop_appliance()
    (office.world.data / "b").rename(office.world.folder / "away")
    office.world.start_appliance()
    printing = update(office, NEXT)
    question = office.await_question(printing)
    assert question.job.reasons == ("book-not-known",)
    page = open_page(office, office.counter)
    card = card_of(page, question.job.job)
    expect(card).to_contain_text("A storage area is out of use that may know more. Look at the book")
    sign(card, office.counter, "Ann Example")
    fits = "I looked at the book, and it fits: print it from page 1, line 4 on, 2 lines."
    card.get_by_role("button", name=fits).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("If the book stands elsewhere, lines are printed over or stay free.")
    expect(dialog).not_to_contain_text("second person")
    dialog.get_by_role("button", name="Yes: I looked").click()
    expect(page.locator(".closed")).to_contain_text("print all of it", timeout=KEY_TIME)
    office.finish(printing)
    on_paper(office, FIRST, NEXT)
