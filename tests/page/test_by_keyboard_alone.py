"""The page without a mouse: every control is reached, focus is seen, and Enter alone decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from demo.world import World
from drivers.simulator.faults import AtLineByte, Target
from tests.page.conftest import OpenPage
from tests.page.test_questions_in_a_browser import KEY_TIME, answers_of, card_of
from tests.page.test_views import VIEWS, turn_to
from tests.scenarios.books import Statement
from tests.scenarios.conftest import an_office
from tests.scenarios.office import Office

CUT: Final = AtLineByte(line=6, byte=18)
MOST_STOPS: Final = 120
"""More controls than any view has here."""


class Locked(NamedTuple):
    """An office, and its job that a power cut stopped in the sixth line."""

    office: Office
    job: str


@pytest.fixture(scope="module")
def locked(furnished: World) -> Iterator[Locked]:
    with an_office(furnished, address=furnished.address) as office:
        printing, question = office.print_until_cut(Statement(401, count=12), Target.BOTH, CUT)
        printing.kill()
        yield Locked(office, question.job.job)


CONTROLS: Final = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  window.controls = all.filter((one) => one.checkVisibility() && !one.disabled && one.id !== "skip");
  return window.controls.length;
}"""
FOCUSED: Final = """() => {
  const one = document.activeElement, look = getComputedStyle(one);
  const isSeen = (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2) || look.boxShadow !== "none";
  return [window.controls.indexOf(one), isSeen, one.outerHTML.slice(0, 90)];
}"""


def test_every_control_of_every_view_is_reached_in_its_order_and_focus_is_seen(
    locked: Locked, open_page: OpenPage
) -> None:
    page = open_page(locked.office, locked.office.manager)
    card_of(page, locked.job)
    for view in VIEWS:
        turn_to(page, view)
        page.locator("#skip").focus()
        count = page.evaluate(CONTROLS)
        reached: list[int] = []
        while len(reached) < count:
            page.keyboard.press("Tab")
            at, is_seen, what = page.evaluate(FOCUSED)
            if not reached or at != reached[-1]:
                reached.append(at)
                assert is_seen, f"{view}: focus is not seen on {what}"
                assert reached == list(range(len(reached))), f"{view}: {what}"
        assert reached


def tab_to(page: Page, control: Locator) -> None:
    """Press the tabulator until a control has the focus."""
    expect(control).to_be_visible()
    for _ in range(MOST_STOPS):
        if control.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the tabulator does not lead to {control}")


def type_into(page: Page, control: Locator, text: str) -> None:
    tab_to(page, control)
    page.keyboard.type(text)


def choose_file(page: Page, control: Locator, file: Path) -> None:
    tab_to(page, control)
    # The dialog that the space bar opens is the browser's own.
    control.set_input_files(file)


def is_on_an_answer(page: Page) -> bool:
    found: bool = page.evaluate("document.activeElement.matches('.answer, .answer *')")
    return found


def test_a_document_is_sent_held_released_and_canceled(locked: Locked, open_page: OpenPage) -> None:
    page = open_page(locked.office, locked.office.counter)
    card_of(page, locked.job)
    navigation = page.get_by_role("navigation")
    tab_to(page, navigation.get_by_role("link", name="Send"))
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    statement = Statement(402, count=3)
    main = page.locator("main")
    choose_file(page, main.get_by_label("File", exact=True), statement.save(locked.office.world.folder))
    preview = main.locator(".preview")
    expect(preview).to_be_focused()
    type_into(page, preview.get_by_label("Your name"), "Ann Example")
    choose_file(page, preview.get_by_label("File of the key ring"), locked.office.counter.home / "keyring")
    type_into(page, preview.get_by_label("Passphrase"), locked.office.counter.passphrase)
    tab_to(page, preview.get_by_role("button", name="Send it to window-1"))
    page.keyboard.press("Enter")
    expect(preview).not_to_contain_text("is accepted")
    page.keyboard.press("Space")
    expect(preview).to_contain_text("is accepted for window-1", timeout=KEY_TIME)
    tab_to(page, preview.get_by_role("link", name="Follow it"))
    page.keyboard.press("Enter")
    row = main.locator("tbody tr", has_text="statement-402.csv").or_(main.locator("tbody tr").last)

    def order(name: str, answer: str) -> None:
        tab_to(page, row.get_by_role("button", name=name))
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(row.get_by_role("button", name=name)).to_be_focused()
        page.keyboard.press("Space")
        tab_to(page, dialog.get_by_label("Your name"))
        page.keyboard.press("Control+a")
        page.keyboard.type("Ann Example")
        tab_to(page, dialog.get_by_role("button", name=answer))
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        page.keyboard.press("Space")
        expect(dialog).to_have_count(0)

    order("Hold", "Hold it")
    expect(row).to_contain_text("It is held by Ann Example at counter-1.")
    order("Release", "Release it")
    expect(row).to_contain_text("A person must decide how it goes on.")
    order("Cancel", "Yes, cancel it")
    expect(main.locator("tbody tr")).to_have_count(1)


def test_a_question_is_answered(locked: Locked, open_page: OpenPage) -> None:
    office, job = locked
    page = open_page(office, office.counter)
    card = card_of(page, job)
    assert not is_on_an_answer(page)
    type_into(page, card.get_by_label("Your name"), "Ann Example")
    # Enter in a field presses no answer either.
    page.keyboard.press("Enter")
    choose_file(page, card.get_by_label("File of the key ring"), office.counter.home / "keyring")
    type_into(page, card.get_by_label("Passphrase"), office.counter.passphrase)
    page.keyboard.press("Enter")
    discard = card.get_by_role("button", name="Discard it")
    tab_to(page, discard)
    page.keyboard.press("Space")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert not is_on_an_answer(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(discard).to_be_focused()
    resume = card.get_by_role("button", name="Line 6 is not on paper: go on from line 6")
    for _ in range(MOST_STOPS):
        if resume.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert answers_of(office, job) == []
    page.keyboard.press("Space")
    expect(page.locator(".closed")).to_contain_text("Ann Example", timeout=KEY_TIME)
    assert not is_on_an_answer(page)
    assert [one["person"] for one in answers_of(office, job)] == ["Ann Example"]
