"""`teller environment`, against an appliance that answers from a script."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.figures import Figures
from passbook.protocol.environment import AreaFigures, Environment
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.stock_orders import FormNeed, StockLevel, StockView
from tests.client.test_connection import refuse
from tests.terminal.fake_appliance import FakeAppliance
from tests.terminal.running_teller import Teller, enrolled, teller

__all__ = ["enrolled", "teller"]

NAME = "Spooler.GetEnvironment"
AREA = AreaFigures("a", "ready", 268435456, 201326592, 2, counted=True)
READING = Environment(
    "window-1",
    "2026-05-04T09:00:00.000+00:00",
    MechanismStatus(Device.USER_ERROR, Media.NOT_PRESENT, ("cover-open",)),
    Figures(212, 240, 3015),
    Figures(1, 2, 20),
    Figures(1, 0, 9),
    (AREA, AreaFigures("b", "absent", 268435456, 0, 0, counted=False, why="Storage area b is missing.")),
)
Enrolled = tuple[Teller, FakeAppliance]


@pytest.mark.slow
def test_the_figures_are_a_table_and_every_area_has_a_line(enrolled: Enrolled) -> None:
    teller, fake = enrolled
    fake.answers[NAME] = lambda _: READING
    head, *table, first, second = teller.run("environment", "--printer", "window-1").out.splitlines()
    assert head.startswith(
        "Printer window-1 needs a person: a cover of the printer is open. No book lies in it. Read at "
    )
    assert [line.split() for line in table] == [
        ["books", "pages", "lines"],
        ["printed", "212", "240", "3015"],
        ["to", "print", "1", "2", "20"],
        ["held", "1", "0", "9"],
    ]
    assert len({len(line) for line in table}) == 1, "columns are aligned"
    assert first == "Area a: ready, 2 jobs, 192 of 256 MiB free"
    assert second.endswith("; the figures lack it: Storage area b is missing.")
    assert fake.received == [(NAME, {"printer": "window-1"})]


@pytest.mark.slow
def test_the_forms_that_are_left_and_needed_have_a_line_each(enrolled: Enrolled) -> None:
    teller, fake = enrolled
    view = StockView("window-1", "certificate", "1", True, 3, 20, 0, StockLevel.LOW, 1039)
    fake.answers[NAME] = lambda _: replace(READING, stock=(view,), needed=(FormNeed("certificate", 2, 1),))
    assert teller.run("environment").out.splitlines()[-2:] == [
        "Form certificate in cassette 1: 3 left (low), the next is number 1039",
        "Jobs still need certificate: 2 to print, 1 held",
    ]
    fake.answers[NAME] = lambda _: replace(READING, stock=None)
    assert teller.run("environment").out.splitlines()[-1] == "How many forms are left is not known."


def test_json_is_what_the_appliance_said(enrolled: Enrolled) -> None:
    teller, fake = enrolled
    fake.answers[NAME] = lambda _: replace(READING, areas=(AREA,))
    told: dict[str, Any] = teller.json("environment")
    assert told["held"] == {"books": 1, "pages": 0, "lines": 9}
    assert told["areas"][0]["counted"] is True
    assert fake.received == [(NAME, {})]


@pytest.mark.slow
def test_no_boundary_in_time_is_one_sentence(enrolled: Enrolled) -> None:
    teller, fake = enrolled
    error = PassbookError("printer-busy", printer="window-1", seconds="2.5", why="job aa11 is printing")
    fake.answers[NAME] = refuse(error)
    assert teller.run("environment", "--timeout", "2.5") == (3, "", f"{error} [printer-busy]\n")


@pytest.mark.slow
def test_a_wait_that_is_none_ends_with_the_usage(enrolled: Enrolled) -> None:
    teller, _ = enrolled
    for wait in ("0", "301", "soon"):
        said = teller.run("environment", "--timeout", wait)
        assert (said.code, "usage: teller environment" in said.err) == (6, True)
