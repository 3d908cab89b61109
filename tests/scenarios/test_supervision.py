"""A part that must go on and does not ends the process, which names it; a connection ends alone (P14)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from demo.world import PRINTER, World
from passbook.errors import PassbookError
from spooler.supervisor import EXIT_CODE
from tests.scenarios.broken_part import CASES, CONNECTION, CONTENT, JOB, MODULE, RETURNS, STRAYS
from tests.scenarios.clerk import as_terminal
from tests.scenarios.door import STATEMENT, request
from tests.scenarios.office import RECOVERY_PUBLIC, Office

ENDED = {"part-failed", "part-ended"}
Start = Callable[[str], Office]


@pytest.fixture
def start(furnished: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start an appliance with a defect; it may end before it is ready."""
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    with ExitStack() as worlds:

        def begin(defect: str) -> Office:
            folder = worlds.enter_context(TemporaryDirectory(prefix="pb-"))
            world = worlds.enter_context(World(Path(folder), program=("-m", MODULE, defect)))
            world.build_like(furnished)
            world.write_config(world.config_file.parent / RECOVERY_PUBLIC)
            with suppress(RuntimeError):
                world.start_appliance()
            return Office(world)

        yield begin


def log_of(office: Office) -> list[dict[str, Any]]:
    """All lines; each is JSON, so none is of a traceback, and none has what the defect had in its hands."""
    text = office.world.log_file.read_text()
    assert CONTENT not in text
    return [json.loads(line) for line in text.splitlines()]


def send_a_job(office: Office) -> None:
    """As far as the appliance gets with it."""
    with suppress(PassbookError):
        as_terminal(office.counter, lambda client: client.submit(request(office, STATEMENT.csv())))


@pytest.mark.long
@pytest.mark.parametrize("defect", CASES)
def test_a_part_that_raises_ends_the_process_by_its_name(start: Start, defect: str) -> None:
    case = CASES[defect]
    office = start(defect)
    if case.needs_command:
        send_a_job(office)
    assert office.world.await_appliance_end() == EXIT_CODE
    [line] = [line for line in log_of(office) if line["event"] in ENDED]
    assert (line["event"], line["level"], line["error"]) == ("part-failed", "error", case.error.__name__)
    # What follows an acceptance is done by the thread that asks for it where the area was ready before.
    assert line["part"] in ({case.part, "MainThread"} if defect == "accepted" else {case.part})
    assert line["at"][-1].startswith("broken_part.py:")


@pytest.mark.long
@pytest.mark.parametrize("defect", RETURNS)
def test_a_part_that_returns_ends_the_process_by_its_name(start: Start, defect: str) -> None:
    office = start(defect)
    assert office.world.await_appliance_end() == EXIT_CODE
    [line] = [line for line in log_of(office) if line["event"] in ENDED]
    assert line["part"] == RETURNS[defect].part


@pytest.mark.long
def test_the_look_at_jobs_of_a_printer_that_is_gone_ends_the_process_where_it_raises(start: Start) -> None:
    office = start(STRAYS)
    send_a_job(office)
    [job] = office.world.ctl("jobs")
    office.world.stop_appliance()
    file = office.world.config_file
    file.write_text(file.read_text().replace(PRINTER, "another"))
    office.world.start_appliance()
    office.world.ctl("cancel", job["job"])
    assert office.world.await_appliance_end() == EXIT_CODE
    [line] = [line for line in log_of(office) if line["event"] in ENDED]
    assert (line["event"], line["error"]) == ("part-failed", "DefectError")


def test_a_connection_that_fails_ends_alone_and_is_logged(start: Start) -> None:
    office = start(CONNECTION)
    send_a_job(office)
    assert office.world.ctl("jobs") == []
    assert office.world.stop_appliance() == 0
    told = [line for line in log_of(office) if line.get("error") == "DefectError"]
    assert {(line["event"], line["terminal"]) for line in told} == {("connection-failed", office.counter.name)}


def test_a_print_desk_that_fails_with_each_try_stands_in_the_status(start: Start) -> None:
    office = start(JOB)
    office.world.await_log("desk-failed")
    [problem] = office.world.ctl("status")["problems"]
    assert "desk-failed" in problem
    assert PRINTER in problem
    assert office.world.stop_appliance() == 0
    assert {line["error"] for line in log_of(office) if line["event"] == "desk-failed"} == {"DefectError"}
