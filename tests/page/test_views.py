"""Every view for everybody: what axe-core finds in each language and theme, narrow screens, and pictures to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from demo.world import PRINTER, CommandFailed, World
from drivers.simulator.faults import AtLineByte, Target
from tests.house import ROOT
from tests.page.conftest import OpenPage
from tests.scenarios.books import Statement
from tests.scenarios.conftest import an_office
from tests.scenarios.office import Office

VIEWS: Final = ("questions", "now", "send", "history", "printers", "terminals", "wall")
CUT: Final = AtLineByte(line=6, byte=18)
AXE: Final = ROOT / "tests" / "page" / "axe.min.js"
LEVELS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES: Final = ROOT / "build" / "page"
"""The pictures of the last run; `docs/pictures` has two of them."""
NARROW: Final = 360


SIZES: Final = {NARROW: 740, 1600: 1000}
"""The height for each width."""
MARKS: Final = ("--name", "a name", "--date", "2026-03-01", "--share-name", "--application", "an application")


class Stopped(NamedTuple):
    """An office with something in every view, and the beginning of the id of its stopped job."""

    office: Office
    job: str


@pytest.fixture(scope="module")
def stopped(furnished: World) -> Iterator[Stopped]:
    with an_office(furnished, address=furnished.address) as office:
        office.arm_cut(Target.BOTH, CUT)
        printing = office.print(Statement(1, count=12), *MARKS)
        office.await_cut(Target.BOTH)
        office.give_power_back(Target.BOTH)
        office.wait("taken")
        job = office.await_question(printing).job.job
        printing.kill()
        for number, order in ((2, "hold"), (3, "cancel")):
            file = Statement(number, count=4).save(office.world.folder)
            shown = office.counter.run("print", str(file), "--no-wait", "--printer", PRINTER, *MARKS)
            office.counter.run(order, shown["payload"]["job"], "--person", "Ann Example")
        with pytest.raises(CommandFailed, match="second-person-needed"):
            office.answer(office.counter, job, "--print")
        yield Stopped(office, job[:8])


def turn_to(page: Page, view: str) -> None:
    """Show a view and wait until it has what it shows."""
    page.goto(f"{page.url.partition('#')[0]}#{view}")
    expect(page.locator("body")).to_have_attribute("data-view", view)
    expect(page.locator("#main")).not_to_be_empty()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def found_by_axe(page: Page) -> list[str]:
    """Every rule that the page breaks, with the places."""
    run = "levels => axe.run(document, {runOnly: levels, resultTypes: ['violations']})"
    found: dict[str, Any] = page.evaluate(run, LEVELS)
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]


def states_of(page: Page, view: str) -> Iterator[str]:
    """Show a view in each of its states, one after the other; the name of each."""
    turn_to(page, view)
    if view == "now":
        page.locator("main .row-orders button").first.click()
        yield "now, with a dialog"
        page.keyboard.press("Escape")
    if view == "history":
        page.locator(".bar button").nth(1).click()
        expect(page.locator(".plot").first).to_be_visible()
        yield "history, added up"
        page.locator(".plots summary").first.click()
        expect(page.locator(".plots table").first).to_be_visible()
    if view == "send":
        check = page.locator("main button").first
        check.click()
        expect(page.locator("main [role=alert]").first).not_to_be_empty()
        yield "send, refused"
        page.locator("textarea").fill(Statement(4, count=3).csv())
        check.click()
        expect(page.locator(".preview svg text.run").first).to_be_visible()
    yield view


def too_wide(page: Page) -> list[str]:
    """The parts of the page that are wider than what shows them, each with the beginning of its widest element."""
    found: list[str] = page.evaluate(
        """() => {
          const reach = (one) => one.getBoundingClientRect().right;
          const wider = (most, one) => (reach(one) >= reach(most) ? one : most);
          return [document.documentElement, ...document.querySelectorAll("main, .wide, dialog, dialog article")]
            .filter((one) => one.checkVisibility({contentVisibilityAuto: true}))
            .filter((one) => one.scrollWidth > one.clientWidth + 1)
            .map((one) => [...one.querySelectorAll("*")].reduce(wider, one).outerHTML.slice(0, 300));
        }"""
    )
    return found


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing_on_any_view_and_none_is_wider_than_its_screen(
    stopped: Stopped, open_page: OpenPage, language: str, theme: str, width: int
) -> None:
    size = {"width": width, "height": SIZES[width]}
    page = open_page(stopped.office, stopped.office.manager, locale=language, color_scheme=theme, viewport=size)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(f"#question-{stopped.job}")).to_be_visible()
    held = page.locator(".question").last
    expect(held).to_contain_text({"en": "To release it, turn to Now.", "ja": "解除は「現在」で行います。"}[language])
    expect(held).not_to_contain_text({"en": "The first answer counts.", "ja": "最初の回答が有効です。"}[language])
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, list[str]] = {}
    for view in VIEWS:
        for state in states_of(page, view):
            found[state] = found_by_axe(page) + too_wide(page)
        page.screenshot(path=PICTURES / f"{view}-{language}-{theme}-{width}.png", full_page=True)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_axe_finds_what_a_page_lacks(stopped: Stopped, open_page: OpenPage) -> None:
    page = open_page(stopped.office, stopped.office.manager)
    expect(page.locator(f"#question-{stopped.job}")).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate("document.getElementById('main').append(document.createElement('button'))")
    assert any(one.startswith("button-name") for one in found_by_axe(page))
