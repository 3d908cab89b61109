"""The choice between two spools in the page of an agent, and what is told of both of them beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect

from demo.agent_process import AgentProcess
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from tests.page.conftest import Browsers
from tests.page.test_books_in_a_browser import check
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, sign
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

STATEMENT: Final = Statement(41, count=3)
KEEPS: Final = ("", *Keep)
FEEDS: Final = ("", *Side)
APARTS: Final = ("", *IfApart)


@contextmanager
def at_agent(office: Office, browsers: Browsers) -> Iterator[Page]:
    """The page of the counter's agent."""
    agent = AgentProcess(office.counter)
    agent.start()
    try:
        page = browsers.context().new_page()
        page.goto(office.counter.run("page")["address"])
        expect(page.locator(".who")).to_contain_text("counter-1")
        yield page
    finally:
        agent.stop()


def as_chosen(keep: str, feed: str, apart: str) -> Choice | None:
    """What the spools make of this choice of a person; None where it is refused."""
    try:
        return Choice(Keep.BOTH).changed(
            keep=Keep(keep) if keep else None,
            feed=Side(feed) if feed else None,
            if_apart=IfApart(apart) if apart else None,
        )
    except PassbookError as error:
        assert error.code == "choice-not-possible"
        return None


def large_text(folder: Path) -> Path:
    """A text that goes in pieces: most of it are blanks behind its lines."""
    file = folder / "large.txt"
    file.write_text("".join(f"Closing time {n}{' ' * 8000}\n" for n in range(1, 41)))
    return file


def test_every_choice_that_the_spools_refuse_is_refused_before_anything_is_sent_and_no_other(
    open_office: OpenOffice, browsers: Browsers
) -> None:
    office = open_office()
    with at_agent(office, browsers) as page:
        main = show(page, "Send")
        main.get_by_label("File", exact=True).set_input_files(STATEMENT.save(office.world.folder))
        judged = {}
        for keep, feed, apart in product(KEEPS, FEEDS, APARTS):
            main.get_by_label("The document is kept by").select_option(keep)
            main.get_by_label("The printer is fed by").select_option(feed)
            main.get_by_label("While the other side is silent").select_option(apart)
            main.get_by_role("button", name="Check it and show its pages").click()
            preview = main.locator(".preview svg")
            refusal = main.get_by_role("alert").first.get_by_text("is not possible where the document is kept by")
            expect(preview.or_(refusal)).to_be_visible()
            judged[keep, feed, apart] = preview.count() == 1
        assert judged == {one: as_chosen(*one) is not None for one in judged}
        assert len(judged) == 48
        assert sum(judged.values()) == 36
        assert office.world.ctl("jobs") == []


def test_a_document_is_kept_as_chosen_and_both_spools_and_the_network_are_told_beside_it(
    open_office: OpenOffice, browsers: Browsers
) -> None:
    office = open_office()
    office.hands.cut(Target.PRINTER, Now())
    with at_agent(office, browsers) as page:
        main = show(page, "Send")
        spools = main.locator(".card").first
        for told in ("This terminal keeps 0 jobs in", "It takes documents.", "The appliance answers within", "area a"):
            expect(spools).to_contain_text(told)
        check(page)
        main.get_by_label("File", exact=True).set_input_files(large_text(office.world.folder))
        main.get_by_label("The document is kept by").select_option("terminal")
        main.get_by_role("button", name="Check it and show its pages").click()
        preview = main.locator(".preview")
        expect(preview.locator("svg.page")).to_contain_text("Closing time")
        sign(preview, office.counter, "Ann Example")
        preview.get_by_role("button", name="Send it to window-1").click()
        expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
        expect(spools).to_contain_text("This terminal keeps 1 job in", timeout=KEY_TIME)
        row = show(page, "Now").locator("tbody tr")
        expect(row).to_have_count(1)
        expect(row.locator("[data-name='Fed by']")).to_have_text("terminal")
    [job] = office.world.ctl("jobs")
    assert (job["choice"]["keep"], job["choice"]["feed"]) == ("terminal", "terminal")


def test_while_the_appliance_is_away_a_document_is_judged_at_the_terminal_and_kept_there(
    open_office: OpenOffice, browsers: Browsers
) -> None:
    office = open_office()
    with at_agent(office, browsers) as page:
        office.world.kill_appliance()
        expect(page.locator("#link")).to_contain_text("The appliance has not answered this terminal", timeout=KEY_TIME)
        main = show(page, "Send")
        main.get_by_label("File", exact=True).set_input_files(STATEMENT.save(office.world.folder))
        preview = main.locator(".preview")
        expect(preview.locator("svg.page")).to_contain_text(STATEMENT.entry(1)[1])
        sign(preview, office.counter, "Ann Example")
        preview.get_by_role("button", name="Send it to window-1").click()
        expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
        expect(main.locator(".card").first).to_contain_text("This terminal keeps 1 job in", timeout=KEY_TIME)
        office.world.start_appliance()
        expect(page.locator("#link")).to_be_empty(timeout=KEY_TIME)
