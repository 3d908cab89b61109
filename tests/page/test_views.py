"""Every view for everybody: what axe-core finds in each language and theme, narrow screens, and pictures to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from demo.world import World
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


class Stopped(NamedTuple):
    """An office with one job that a power cut stopped, and the beginning of its id."""

    office: Office
    job: str


@pytest.fixture(scope="module")
def stopped(furnished: World) -> Iterator[Stopped]:
    with an_office(furnished, address=furnished.address) as office:
        printing, question = office.print_until_cut(Statement(1, count=12), Target.BOTH, CUT)
        printing.kill()
        yield Stopped(office, question.job.job[:8])


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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing_on_any_view(stopped: Stopped, open_page: OpenPage, language: str, theme: str) -> None:
    page = open_page(stopped.office, stopped.office.manager, locale=language, color_scheme=theme)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(f"#question-{stopped.job}")).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, list[str]] = {}
    for view in VIEWS:
        turn_to(page, view)
        found[view] = found_by_axe(page)
        page.screenshot(path=PICTURES / f"{view}-{language}-{theme}.png", full_page=True)
    assert {view: rules for view, rules in found.items() if rules} == {}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_view_is_wider_than_a_narrow_screen(stopped: Stopped, open_page: OpenPage, language: str) -> None:
    size = {"width": NARROW, "height": 740}
    page = open_page(stopped.office, stopped.office.manager, locale=language, viewport=size)
    expect(page.locator(f"#question-{stopped.job}")).to_be_visible()
    widths = {}
    for view in VIEWS:
        turn_to(page, view)
        widths[view] = page.evaluate("document.documentElement.scrollWidth")
        page.screenshot(path=PICTURES / f"{view}-{language}-narrow.png", full_page=True)
    assert {view: width for view, width in widths.items() if width > NARROW} == {}


def test_axe_finds_what_a_page_lacks(stopped: Stopped, open_page: OpenPage) -> None:
    page = open_page(stopped.office, stopped.office.manager)
    expect(page.locator(f"#question-{stopped.job}")).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate("document.getElementById('main').append(document.createElement('button'))")
    assert any(one.startswith("button-name") for one in found_by_axe(page))
