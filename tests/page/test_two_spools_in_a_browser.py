"""The page of an agent: which spool keeps a document, which copy feeds the printer, and what holds while apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from demo.agent_process import AgentProcess
from demo.network import Cable
from demo.world import World
from drivers.simulator.faults import Now, Target
from tests.page.conftest import Browsers
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, sign
from tests.page.test_views import AXE, NARROW, PICTURES, found_by_axe, too_wide, turn_to
from tests.scenarios.books import Statement
from tests.scenarios.conftest import an_office
from tests.scenarios.office import Office


class TwoSpools(NamedTuple):
    """An office whose printer has no power, and the agent of its counter behind a cable."""

    office: Office
    cable: Cable


@pytest.fixture(scope="module")
def spools(furnished: World) -> Iterator[TwoSpools]:
    host, _, port = furnished.address.rpartition(":")
    with an_office(furnished, address=furnished.address) as office, Cable(host, int(port)) as cable:
        office.hands.cut(Target.PRINTER, Now())
        settings = office.counter.home / "terminal.toml"
        settings.write_text(settings.read_text().replace(office.world.address, cable.address))
        (office.counter.home / "agent.toml").write_text("apart_after = 2.0\n")
        agent = AgentProcess(office.counter)
        agent.start()
        try:
            agent.await_log("appliance-reached")
            yield TwoSpools(office, cable)
        finally:
            agent.kill()


def page_of(spools: TwoSpools, browsers: Browsers, **settings: Any) -> Page:
    page = browsers.context(**settings).new_page()
    page.goto(spools.office.counter.run("page")["address"])
    expect(page.locator(".who")).to_contain_text("counter-1")
    return page


def send(spools: TwoSpools, page: Page, number: int, choice: dict[str, str]) -> str:
    """Send a statement with a choice; the beginning of the job's id."""
    main = show(page, "Send")
    main.get_by_label("File", exact=True).set_input_files(Statement(number, count=3).save(spools.office.world.folder))
    expect(main.locator(".preview svg text.run").first).to_be_visible()
    for label, value in choice.items():
        main.get_by_label(label).select_option(value)
    # Another choice is another request, which is looked at anew.
    expect(main.locator(".preview")).to_have_text("Something was changed: check it again.")
    main.get_by_role("button", name="Check it and show its pages").click()
    preview = main.locator(".preview")
    sign(preview, spools.office.counter, "Ann Example")
    preview.get_by_role("button", name="Send it to window-1").click()
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    found = re.search(r"Job (\w{8})", preview.inner_text())
    assert found is not None
    return found[1]


KEEP, FEED, APART = "The document is kept by", "The printer is fed by", "While the other side is silent"


def test_a_person_chooses_who_keeps_who_feeds_and_what_holds_while_apart(spools: TwoSpools, browsers: Browsers) -> None:
    page = page_of(spools, browsers)
    main = show(page, "Send")
    expect(main.get_by_label("Spools and network")).to_be_visible()
    expect(main).to_contain_text("It takes documents.")
    both = send(spools, page, 501, {KEEP: "both", FEED: "terminal", APART: "terminal"})
    own = send(spools, page, 502, {KEEP: "terminal", FEED: "terminal", APART: ""})
    theirs = send(spools, page, 503, {KEEP: "appliance", FEED: "appliance", APART: ""})
    jobs = {one["job"][:8]: one["choice"] for one in spools.office.counter.run("jobs")}
    assert jobs[both] == {"keep": "both", "feed": "terminal", "ifApart": "terminal"}
    assert jobs[own] == {"keep": "terminal", "feed": "terminal"}
    assert jobs[theirs].get("keep", "appliance") == "appliance"
    row = show(page, "Now").locator("tbody tr", has_text=both)
    fed = row.locator("[data-name='Fed by']")
    expect(fed).to_have_text("terminal")
    row.get_by_role("button", name="Other copy").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("At its turn the appliance's own copy feeds the printer.")
    dialog.get_by_label("Your name").fill("Ann Example")
    dialog.get_by_role("button", name="Print the appliance's copy").click()
    expect(fed).to_have_text("appliance")
    expect(main.locator("tbody tr", has_text=own).get_by_role("button", name="Other copy")).to_have_count(0)


def test_a_page_beside_a_spool_says_that_the_appliance_is_silent(spools: TwoSpools, browsers: Browsers) -> None:
    page = page_of(spools, browsers)
    show(page, "Now")
    spools.cable.cut()
    try:
        expect(page.locator("#link")).to_contain_text("The appliance has not answered this terminal for")
        expect(show(page, "Send")).to_contain_text("The appliance has not answered for")
    finally:
        spools.cable.mend()
    expect(page.locator("#link")).to_be_empty()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing_beside_a_spool(spools: TwoSpools, browsers: Browsers, language: str) -> None:
    page = page_of(spools, browsers, locale=language, viewport={"width": NARROW, "height": 740})
    page.evaluate(AXE.read_text("utf-8"))
    found = {}
    for view in ("now", "send"):
        turn_to(page, view)
        found[view] = found_by_axe(page) + too_wide(page)
        page.screenshot(path=PICTURES / f"{view}-beside-a-spool-{language}.png", full_page=True)
    assert found == {"now": [], "send": []}
