"""What a person confirms: it says what becomes of the lines, whom it takes, and it does not outlive its question."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from demo.world import PRINTER
from drivers.simulator.faults import AtLineByte, Now, Target
from tests.page.conftest import OpenPage
from tests.page.test_questions_in_a_browser import answers_of, card_of
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

STATEMENT: Final = Statement(601, count=12)
SECOND: Final = "A second person must confirm this at another terminal before it counts."
SLIP: Final = "\n".join(("Filiale am Markt", "Einzahlung", "Betrag 1.250,00", "Mueller", "Danke"))


def cut_in(open_office: OpenOffice, line: int) -> tuple[Office, str]:
    """An office with a statement that a power cut of the mechanism stopped in a line, and the job."""
    office = open_office()
    printing, question = office.print_until_cut(STATEMENT, Target.PRINTER, AtLineByte(line=line, byte=18))
    printing.kill()
    return office, question.job.job


def test_a_whole_reprint_that_one_person_may_order_does_not_ask_for_two(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = cut_in(open_office, 1)
    page = open_page(office, office.counter)
    card = card_of(page, job)
    card.get_by_label("Your name").fill("Ann Example")
    card.get_by_role("button", name="Print all from the start").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Line 1 may be on paper already: then it will stand there twice.")
    expect(dialog).not_to_contain_text("second person")
    dialog.get_by_role("button", name="Yes: Print all").click()
    expect(page.locator("#said")).to_contain_text("your answer counts")
    assert [one["person"] for one in answers_of(office, job)] == ["Ann Example"]


def test_every_line_in_doubt_of_a_slip_is_the_word_of_one_person_and_one_on_paper_takes_two(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office(dialect="escpos")
    file = office.world.folder / "slip.txt"
    file.write_text(SLIP, "utf-8")
    office.arm_cut(Target.PRINTER, AtLineByte(4, 30))
    printing = office.counter.print_in_background(file, "slip-1", "slip", "--layout", "slip")
    office.await_cut(Target.PRINTER)
    office.give_power_back(Target.PRINTER)
    job = office.await_question(printing).job.job
    printing.kill()
    page = open_page(office, office.counter)
    card = card_of(page, job)
    expect(card).to_contain_text("Lines 1 to 2 are on paper; lines 3 to 4 are in doubt; line 5 is to come.")
    card.get_by_label("Your name").fill("Ann Example")
    card.get_by_text("Another line", exact=True).click()
    card.get_by_label("Go on from this line of the document").select_option("2")
    card.get_by_role("button", name="Go on from that line").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Line 2 is on paper already and will stand there twice.")
    expect(dialog).to_contain_text("Lines 3 to 4 may be on paper already: then they will stand there twice.")
    expect(dialog).to_contain_text(SECOND)
    dialog.get_by_role("button", name="Go back").click()
    card.get_by_role("button", name="Line 3 is not on paper: go on from line 3").click()
    expect(page.locator("#said")).to_contain_text("your answer counts")
    assert [(one["step"], one["person"]) for one in answers_of(office, job)] == [(3, "Ann Example")]


@pytest.mark.parametrize(("line", "offers"), [(11, 0), (12, 1)])
def test_print_nothing_more_is_offered_where_the_last_line_was_sent(
    open_office: OpenOffice, open_page: OpenPage, line: int, offers: int
) -> None:
    office, job = cut_in(open_office, line)
    page = open_page(office, office.counter)
    card = card_of(page, job)
    card.get_by_label("Your name").fill("Ann Example")
    ends = card.get_by_role("button", name="Every line is on paper: print nothing more.")
    expect(ends).to_have_count(offers)
    if offers:
        ends.click()
        expect(page.locator("#said")).to_contain_text("your answer counts")


def told(page: Page, **facts: Any) -> None:
    """Have the page hear of every question that its job has these facts too."""

    def connect(page_side: WebSocketRoute) -> None:
        def carry(message: str | bytes) -> None:
            known = json.loads(message)
            if known["header"]["name"] == "Recovery.ListQuestions" and "questions" in known.get("payload", {}):
                for one in known["payload"]["questions"]:
                    one["job"] |= facts
            page_side.send(json.dumps(known))

        page_side.connect_to_server().on_message(carry)

    page.route_web_socket("**/xfs4iot/v1.0/Spooler*", connect)
    page.reload()


def test_whoever_needs_a_second_person_reads_it_before_the_order_goes(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = cut_in(open_office, 6)
    page = open_page(office, office.counter)
    dialog = page.get_by_role("dialog")

    def confirmed(answer: str) -> None:
        card_of(page, job).get_by_label("Your name").fill("Ann Example")
        card_of(page, job).get_by_role("button", name=answer).click()
        expect(dialog).to_be_visible()

    confirmed("Discard it")
    expect(dialog).not_to_contain_text("second person")
    told(page, lent=True, right="away")
    confirmed("Discard it")
    expect(dialog).to_contain_text(SECOND)
    told(page, reasons=["storage-rolled-back"])
    confirmed("Line 6 is not on paper")
    expect(dialog).to_contain_text(SECOND)
    assert answers_of(office, job) == []


def test_a_confirmation_closes_when_somebody_else_holds_its_job(open_office: OpenOffice, open_page: OpenPage) -> None:
    office, job = cut_in(open_office, 6)
    page = open_page(office, office.counter)
    card_of(page, job).get_by_label("Your name").fill("Ann Example")
    card_of(page, job).get_by_role("button", name="Discard it").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    office.answer(office.manager, job, "--hold")
    expect(dialog).to_have_count(0)
    said = page.locator("#said")
    expect(said).to_contain_text("The question changed while you decided: nothing was ordered from here.")
    expect(said).to_contain_text("It is held by person at manager at manager.")
    assert [one["verdict"] for one in answers_of(office, job)] == ["hold"]


def test_a_confirmation_closes_and_nothing_typed_is_lost_when_somebody_else_proposes_an_order(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office, job = cut_in(open_office, 6)
    page, other = open_page(office, office.counter), open_page(office, office.manager)
    card = card_of(page, job)
    name = card.get_by_label("Your name")
    card.get_by_text("Another line", exact=True).click()
    card.get_by_label("Go on from this line of the document").select_option("3")
    card.get_by_label("Passphrase").fill("half a passphra")

    def propose(button: str, told: str) -> None:
        card_of(other, job).get_by_role("button", name=button).click()
        other.get_by_role("dialog").get_by_role("button", name="Yes").click()
        expect(card).to_contain_text(f"Ordered by Rita Example at manager: {told}")

    card_of(other, job).get_by_label("Your name").fill("Rita Example")
    card_of(other, job).get_by_text("Another line", exact=True).click()
    card_of(other, job).get_by_label("Go on from this line of the document").select_option("2")
    name.press_sequentially("Ann Ex")
    propose("Go on from that line", "go on with line 2")
    expect(name).to_be_focused()
    page.keyboard.type("ample")
    expect(name).to_have_value("Ann Example")
    expect(card.get_by_label("Passphrase")).to_have_value("half a passphra")
    expect(card.get_by_label("Go on from this line of the document")).to_be_visible()
    expect(card.get_by_label("Go on from this line of the document")).to_have_value("3")
    card.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    propose("Print all from the start", "print all of it")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#said")).to_contain_text("Rita Example at manager")
    assert answers_of(office, job) == []


def untouched(office: Office) -> list[str]:
    """Two jobs of which no line was ever sent, and which a power cut locked."""
    office.hands.cut(Target.PRINTER, Now())
    jobs = []
    for number in (602, 603):
        file = Statement(number, count=4).save(office.world.folder)
        shown = office.counter.run("print", str(file), "--no-wait", "--printer", PRINTER)
        jobs.append(str(shown["payload"]["job"]))
    cut_appliance(office)
    return jobs


def cut_appliance(office: Office) -> None:
    office.world.kill_appliance()
    office.world.start_appliance()


def test_one_answer_for_many_is_for_the_questions_of_today_after_another_power_cut(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    jobs = untouched(office)
    page = open_page(office, office.counter)
    many = page.locator(".many")
    many.get_by_label("Your name").fill("Ann Example")
    cut_appliance(office)
    expect(page.locator("#said")).to_contain_text("everything was asked anew")
    many.get_by_label("Your name").fill("Ann Example")
    many.get_by_role("button", name="Discard all 2").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    office.answer(office.manager, jobs[0], "--hold")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(many).to_have_count(0)
    office.world.ctl("release", jobs[0], "--person", "Otto")
    many.get_by_role("button", name="Hold all 2").click()
    expect(page.locator("#said")).to_contain_text("2 jobs were answered.")
