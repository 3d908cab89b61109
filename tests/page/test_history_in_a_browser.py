"""The history in a browser: when a job was sent, and the files for a spreadsheet and for a program."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw
from playwright.sync_api import Locator, expect

from tests.page.conftest import OpenPage
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_orders_in_a_browser import waiting
from tests.scenarios.books import Statement
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

FORMULAS: Final = ("=1+1", "\uff1d1+1", "-1", "\uff0d1", "@SUM(A1)")
"""Names that a spreadsheet would count out; those of a Japanese keyboard too."""
NAME: Final = '佐藤, "Rita"'


def canceled(office: Office, person: str) -> str:
    """A job that a person canceled."""
    job = waiting(office, Statement(5, count=3).save(office.world.folder))
    office.counter.run("cancel", job, f"--person={person}")
    return job


def saved(main: Locator, name: str) -> Path:
    """The file that a button saves."""
    with main.page.expect_download() as download:
        main.get_by_role("button", name=name).click()
    return download.value.path()


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a file as a spreadsheet reads it, which knows UTF-8 by its mark alone."""
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))


def test_a_history_tells_when_each_job_was_sent_and_is_saved_whole(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    job = canceled(office, NAME)
    main = show(open_page(office, office.counter, timezone_id="Asia/Tokyo"), "History")
    line = main.locator("tbody tr", has_text=job[:8]).first
    expect(line.locator('[data-name="Sent"]')).not_to_have_text("-")
    [row, *_] = [one for one in rows_of(saved(main, "Save as CSV")) if one["job"] == job]
    assert row["person"] == NAME
    entries: list[dict[str, Any]] = json.loads(saved(main, "Save as JSON").read_text("utf-8"))
    [entry] = [one for one in entries if one["job"]["job"] == job and one["kind"] == row["kind"]]
    assert row["acceptedAt"] == entry["job"]["acceptedAt"]


def test_an_entry_that_was_altered_is_told_by_its_number_and_the_other_area_is_good(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    canceled(office, "Rita Example")
    world = office.world
    assert world.stop_appliance() == 0
    found = {name: altered(world.data / name / "area.sqlite") for name in ("a", "b")}
    [(area, entries)] = [(name, entries) for name, entries in found.items() if entries]
    world.start_appliance()
    main = show(open_page(office, office.manager), "History")
    main.get_by_role("button", name="Verify the chain").click()
    broken = main.locator(".verified .bad")
    expect(broken).to_contain_text(f"The history of area {area} does not fit at entry {entries[0]}")
    expect(broken).to_contain_text("Keep the disk as evidence.")
    expect(main.locator(".verified .good", has_text=f"Area {'b' if area == 'a' else 'a'}: all")).to_be_visible()


def altered(database: Path) -> list[int]:
    """The entries of an area that named the person, and name another one now."""
    with closing(apsw.Connection(str(database))) as connection:
        named = [
            n for (n,) in connection.execute("SELECT n FROM history WHERE instr(entry, 'Rita Example') ORDER BY n")
        ]
        connection.execute("UPDATE history SET entry = replace(entry, 'Rita Example', 'Otto Example')")
    return named


def test_a_day_on_which_the_clocks_are_changed_begins_and_ends_at_its_own_midnight(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    show(page, "History")
    days = [
        ("Australia/Sydney", "2026-10-04", "2026-10-03T14:00", "2026-10-04T12:59"),
        ("Australia/Sydney", "2026-04-05", "2026-04-04T13:00", "2026-04-05T13:59"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", "2026-03-29T21:59"),
        # Its midnight is left out.
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00", "2026-09-07T02:59"),
        ("Asia/Tokyo", "2026-11-30", "2026-11-29T15:00", "2026-11-30T14:59"),
    ]
    judged = """async ([zone, day]) => {
      const elements = await import("./elements.js");
      elements.setZone(zone);
      return [elements.momentOf(day, false), elements.momentOf(day, true)];
    }"""
    for zone, day, begin, end in days:
        assert page.evaluate(judged, [zone, day]) == [begin, end], (zone, day)


def test_no_name_in_a_saved_history_is_a_formula(open_office: OpenOffice, open_page: OpenPage) -> None:
    office = open_office()
    persons = {canceled(office, person): person for person in FORMULAS}
    main = show(open_page(office, office.counter), "History")
    for job in persons:
        expect(main.locator("tbody tr", has_text=job[:8]).first).to_be_visible()
    told = {one["job"]: one["person"] for one in rows_of(saved(main, "Save as CSV"))}
    assert told == {job: f"'{person}" for job, person in persons.items()}
