"""Orders about jobs that wait, in the browser: a look before the paper, a grant for it, a substitute, a lost key."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, Page, expect

from demo.mail_servers import free_address
from demo.world import Terminal, ruler_of, shipped_layout
from drivers.simulator.faults import Now, Target
from tests.page.conftest import OpenPage
from tests.page.test_books_in_a_browser import check
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, card_of, sign
from tests.scenarios.books import Statement, seen
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import mail_settings
from tests.scenarios.office import LAYOUT, Office, book_of, next_line
from tests.scenarios.test_moved_by_people import a_second_printer, stopped_after_two_lines

STATEMENT: Final = Statement(31, count=24)
"""On the pages 3 and 4."""


def waiting(office: Office, file: Path) -> str:
    """A job that waits, since the printer has no power."""
    office.hands.cut(Target.PRINTER, Now())
    job: str = office.counter.run("print", str(file), "--printer", "window-1", "--no-wait")["payload"]["job"]
    return job


def dialog_of(page: Page, job: str, name: str) -> Locator:
    """The dialog of a button in the row of a job."""
    row = show(page, "Now").locator("tbody tr", has_text=job[:8])
    row.get_by_role("button", name=f"{name} {job[:8]}", exact=True).click()
    return page.get_by_role("dialog")


def open_with(dialog: Locator, terminal: Terminal) -> None:
    """Have the browser open the sealed content with the ring of a terminal."""
    dialog.locator("input[type=file]").set_input_files(terminal.home / "keyring")
    dialog.get_by_label("Passphrase").fill(terminal.passphrase)
    dialog.get_by_role("button", name="Open it and show its pages").click()


def test_the_pages_of_a_job_are_opened_in_the_browser_and_for_another_terminal_by_a_grant(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    job = waiting(office, STATEMENT.save(office.world.folder))
    own, others = open_page(office, office.counter), open_page(office, office.manager)
    dialog = dialog_of(own, job, "Look")
    open_with(dialog, office.counter)
    pages = dialog.get_by_role("img")
    expect(pages).to_have_count(2, timeout=KEY_TIME)
    expect(pages.first).to_have_accessible_name("Page 3 as it will be printed")
    for position in (1, STATEMENT.count):
        expect(dialog.locator("svg", has_text=STATEMENT.entry(position)[1])).to_be_visible()
    assert dialog.locator("svg").first.locator(".line-number").first.text_content() == "5"
    check(own)
    dialog.get_by_role("button", name="Go back").click()
    # A closed dialog is gone for people at once, and its content a moment later.
    expect(own.locator("dialog")).to_have_count(0)
    assert STATEMENT.entry(1)[1] not in own.content()

    dialog = dialog_of(others, job, "Look")
    open_with(dialog, office.manager)
    expect(dialog.get_by_role("alert")).to_contain_text("ask its requester, who may grant it")
    grant = dialog_of(own, job, "Let another look")
    grant.get_by_label("The other terminal").fill("manager")
    grant.get_by_label("Your name").fill("Ann Example")
    grant.get_by_role("button", name="Let it look").click()
    expect(own.locator("#said")).to_contain_text(f"Terminal manager may look at job {job[:8]}")
    open_with(dialog, office.manager)
    expect(dialog.get_by_role("img")).to_have_count(2, timeout=KEY_TIME)
    expect(dialog.locator("svg", has_text=STATEMENT.entry(1)[1])).to_be_visible()


def test_the_focus_comes_back_to_an_order_whose_row_was_drawn_anew_beside_its_dialog(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    job = waiting(office, STATEMENT.save(office.world.folder))
    page = open_page(office, office.counter)
    dialog = dialog_of(page, job, "Hold")
    expect(dialog.get_by_role("heading")).to_be_focused()
    office.manager.run("priority", job, "61", "--person", "Rita")
    row = page.locator("tbody tr")
    expect(row).to_contain_text("61")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(row.get_by_role("button", name=f"Hold {job[:8]}")).to_be_focused()


def test_an_untouched_update_goes_to_a_substitute_and_another_goal_is_refused_with_their_names(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    with a_second_printer() as other:
        printers = "".join(
            f'[[printer]]\nname = "{name}"\nport = "{port}"\n'
            for name, port in (("window-2", other.simulator_url), ("window-3", "tcp://127.0.0.1:9"))
        )
        office = open_office(mail_settings(free_address(), substitutes=["window-2"]) + printers, own_key_jobs=True)
        job = waiting(office, STATEMENT.save(office.world.folder))
        page = open_page(office, office.counter)
        dialog = dialog_of(page, job, "Substitute")
        expect(dialog).to_contain_text("It is printed there whole, 24 lines, and not at window-1.")
        check(page)
        dialog.get_by_label("Your name").fill("Ann Example")
        go = dialog.get_by_role("button", name="Send it there")
        go.click()
        expect(dialog.get_by_role("alert")).to_contain_text("Name the substitute.")
        dialog.get_by_label("The substitute").fill("window-3")
        go.click()
        expect(dialog.get_by_role("alert")).to_contain_text("its substitutes are: window-2")
        dialog.get_by_label("The substitute").fill("window-2")
        go.click()
        expect(page.locator("#said")).to_contain_text(f"stands in for job {job[:8]} at window-2.")
        row = page.locator("tbody tr")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("window-2")


def test_a_begun_update_goes_on_at_the_substitute_with_the_line_that_was_answered(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    statement = Statement(32, 4)
    with a_second_printer() as other:
        printer = f'[[printer]]\nname = "window-2"\nport = "{other.simulator_url}"\n'
        settings = mail_settings(free_address(), more="grace_offline = 0.2\n", substitutes=["window-2"]) + printer
        office = open_office(settings, own_key_jobs=True)
        question = stopped_after_two_lines(office, statement)
        job = question.job.job
        line, _ = next_line(office, statement, question)
        page = open_page(office, office.counter)
        card = card_of(page, job)
        # Before an answer nothing may go anywhere.
        expect(card.get_by_role("button", name="Send it to a substitute")).to_have_count(0)
        sign(card, office.counter, "Ann Example")
        card.get_by_role("button", name=f"Line {line - 1} is on paper: go on from line {line}").click()
        # Its printer cannot work, so it is asked at once whether it goes to the substitute.
        asked = card_of(page, job)
        expect(asked).to_contain_text("its printer cannot work, and a substitute could take it", timeout=KEY_TIME)
        expect(asked).to_contain_text(f"Answered before: go on with line {line}, by Ann Example at counter-1")
        check(page)
        page.get_by_role("button", name="Send it to a substitute").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"It goes on there with line {line}")
        dialog.get_by_label("Your name").fill("Ann Example")
        dialog.get_by_role("button", name="Send it there").click()
        expect(page.locator("#said")).to_contain_text("at window-2.")
        prompt = show(page, "Now").locator(".prompt")
        expect(prompt).to_contain_text("into window-2")
        other.mechanism.insert(book_of(statement), statement.page, ruler_of(shipped_layout(LAYOUT)))
        expect(prompt).to_contain_text("Take the book out of window-2.")
        papers = (office.world.paper, other.paper)
        for place, text in statement.expected().items():
            assert [one for paper in papers for one in seen(paper, book_of(statement), place)] == [text]


def test_a_representative_reads_what_to_do_about_a_lost_key(open_office: OpenOffice, open_page: OpenPage) -> None:
    office = open_office()
    statement = Statement(33, 4)
    question = stopped_after_two_lines(office, statement)
    job = question.job.job
    card = card_of(open_page(office, office.manager), job)
    card.get_by_text("The key of this job is lost").click()
    told = card.locator("code")
    expect(told).to_have_text(f"teller answer {job[:8]} --from-line N --new-key KEY --person NAME")
    office.manager.run("keys", "new", "mine")
    line, _ = next_line(office, statement, question)
    words = (told.text_content() or "").replace(" N ", f" {line} ").replace("KEY", "mine").replace("NAME", "Rita")
    office.manager.run(*words.split()[1:])
    [view] = [one for one in office.world.ctl("jobs") if one["job"] == job]
    assert view["keyRef"] == "mine"
    own = card_of_or_none(open_page(office, office.counter), job)
    expect(own.get_by_text("The key of this job is lost")).to_have_count(0)


def card_of_or_none(page: Page, job: str) -> Locator:
    """The card of a job, which need not be there."""
    expect(page.locator("#link")).to_be_empty()
    return page.locator(f"#question-{job[:8]}")
