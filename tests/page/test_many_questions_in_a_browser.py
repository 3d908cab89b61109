"""Many questions at once, and people who answer elsewhere while the page is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import expect

from demo.world import PRINTER, World, ruler_of, shipped_layout
from drivers.simulator.faults import Now, Target
from tests.page.conftest import OpenPage
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import card_of, sign
from tests.scenarios.books import Statement
from tests.scenarios.conftest import an_office
from tests.scenarios.office import LAYOUT, Office, book_of

STATEMENTS: Final = [Statement(number, count=4) for number in (201, 202, 203)]


class Untouched(NamedTuple):
    """An office with jobs of which no line was ever sent, and which a power cut locked."""

    office: Office
    jobs: list[str]


@pytest.fixture(scope="module")
def untouched(furnished: World) -> Iterator[Untouched]:
    with an_office(furnished, address=furnished.address) as office:
        office.hands.cut(Target.PRINTER, Now())
        jobs = []
        for statement in STATEMENTS:
            file = statement.save(office.world.folder)
            shown = office.counter.run("print", str(file), "--no-wait", "--printer", PRINTER)
            jobs.append(str(shown["payload"]["job"]))
        office.world.kill_appliance()
        office.world.start_appliance()
        yield Untouched(office, jobs)


def test_while_another_terminal_answers_the_page_tells_it_and_a_person_goes_on_typing(
    untouched: Untouched, open_page: OpenPage
) -> None:
    office, (held, other, _last) = untouched
    page = open_page(office, office.counter)
    name = card_of(page, other).get_by_label("Your name")
    name.press_sequentially("Ann Ex")
    expect(page.locator(".many")).to_contain_text("3 jobs of counter-1 were not begun")
    office.answer(office.manager, held, "--hold")
    expect(page.locator(".closed")).to_contain_text("person at manager")
    expect(page.locator(f"#question-{held[:8]}")).to_have_count(0)
    expect(page.locator(".many")).to_contain_text("2 jobs of counter-1 were not begun")
    expect(name).to_be_focused()
    page.keyboard.type("ample")
    expect(name).to_have_value("Ann Example")


def test_one_answer_is_for_many_untouched_jobs_and_each_is_printed_once(
    untouched: Untouched, open_page: OpenPage
) -> None:
    office, jobs = untouched
    # It is held already where the test before this one came first; the same answer again changes nothing.
    office.answer(office.manager, jobs[0], "--hold")
    page = open_page(office, office.counter)
    many = page.locator(".many")
    sign(many, office.counter, "Ann Example")
    many.get_by_role("button", name="Discard all 2: 8 lines stay unprinted.").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 jobs are erased unprinted: 8 lines.")
    dialog.get_by_role("button", name="Go back").click()
    expect(many).to_be_visible()
    office.hands.restore()
    many.get_by_role("button", name="Print all 2: 8 lines.").click()
    expect(page.locator("#said")).to_contain_text("2 jobs were answered.")
    expect(page.locator(".closed")).to_have_count(2)
    now = show(page, "Now")
    ruler = ruler_of(shipped_layout(LAYOUT))
    for _ in range(2):
        prompt = now.locator(".prompt", has_text="Put the book, opened at page 3, into window-1.")
        job = re.search(r"\((\w{8})\)", prompt.inner_text())
        assert job is not None
        [statement] = [one for one, known in zip(STATEMENTS, jobs, strict=True) if known.startswith(job[1])]
        office.hands.insert(book_of(statement), 3, ruler)
        expect(now.locator(".prompt", has_text="Take the book out of window-1.")).to_be_visible()
        office.hands.take()
    expect(now.locator("tbody tr")).to_have_count(1)
    expect(now.locator("tbody tr")).to_contain_text("It is held by person at manager at manager.")
    for statement in STATEMENTS[1:]:
        office.judge(statement)
    assert book_of(STATEMENTS[0]) not in office.world.paper.books
