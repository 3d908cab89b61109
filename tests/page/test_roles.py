"""What the page shows to those who only look: an auditor, and everybody in front of a wall screen."""

from __future__ import annotations

from playwright.sync_api import expect

from drivers.simulator.faults import AtLineByte, Target
from tests.page.conftest import OpenPage
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice

STATEMENT = Statement(1, count=12)


def test_an_auditor_verifies_and_a_wall_shows_the_queue_and_neither_decides(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, AtLineByte(line=6, byte=18))
    printing.kill()
    world = office.world
    world.stop_appliance()
    settings = world.config_file.read_text()
    lists = 'auditors = ["manager"]\nwalls = ["counter-1"]\n'
    world.config_file.write_text(settings.replace("[terminals]\n", f"[terminals]\n{lists}"))
    world.start_appliance()

    wall = open_page(office, office.counter)
    expect(wall.locator("body")).to_have_attribute("data-view", "wall")
    expect(wall.locator("#main")).to_contain_text("window-1")
    expect(wall.locator("nav a")).to_have_count(1)
    expect(wall.locator("#main button")).to_have_count(0)

    audit = open_page(office, office.manager)
    expect(audit.locator("#main")).to_contain_text(question.job.job[:8])
    expect(audit.locator("body")).to_have_attribute("data-view", "history")
    audit.get_by_role("button", name="Verify the chain").click()
    expect(audit.locator("#main")).to_contain_text("Area a: all")
    names = audit.locator("nav a").all_text_contents()
    assert not {"Questions", "Now", "Send", "Terminals"} & set(names)
