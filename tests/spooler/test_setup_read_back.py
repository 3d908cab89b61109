"""The desk and the printer's own set-up: no line of a job at a wrong place, and no restart when it was put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from passbook.errors.troubles import troubles
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Device, MechanismStatus, Media
from tests.drivers.workbench import RULER, Workbench, once
from tests.firmware.counter import PRINTER, OpenCounter, plan_of
from tests.spooler.desk_story import taken_from

Mechanisms = Callable[..., Workbench]


@pytest.fixture
def mechanisms(tmp_path: Path) -> Iterator[Mechanisms]:
    """Further mechanisms with an own set-up, which a counter may have in the place of its first one."""
    with ExitStack() as stack:

        def build(name: str, **own_setup: int | str) -> Workbench:
            built = Workbench.build(tmp_path / name, **own_setup)  # type: ignore[arg-type]  # each test names fields
            stack.callback(built.close)
            return built

        yield build


def differs(status: MechanismStatus) -> bool:
    return status.conditions == (Reason.SETUP_DIFFERS.value,)


def test_another_elementary_step_keeps_jobs_waiting_until_it_was_put_right(
    open_counter: OpenCounter, mechanisms: Mechanisms
) -> None:
    counter = open_counter()
    right, wrong = counter.mechanism, mechanisms("wrong", unit=216)
    counter.mechanism = wrong
    counter.start()
    job = counter.accept(plan_of(1, 2))
    counter.await_news(lambda: sum(differs(view.status) for view in counter.views) > 0)
    status = next(view.status for view in counter.views if differs(view.status))
    assert (status.device, status.media) == (Device.USER_ERROR, Media.NOT_PRESENT)
    [problem] = troubles(PRINTER, status)
    assert problem.code == "printer-set-up-wrong"
    assert "elementary_step is 216 in the printer's own set-up, and 240 is configured" in str(problem)
    assert (counter.record(job).state, counter.record(job).epoch) == (JobState.PENDING, 0)
    assert counter.prompts == []
    # Somebody chooses the right step in the printer's menu: it comes back with it.
    counter.mechanism = right
    assert counter.await_end(job).state is JobState.COMPLETED
    assert right.struck() == once(1, 2)
    assert not wrong.paper_file.exists(), "nothing was ever put on paper there"


def test_a_book_in_a_printer_that_does_not_print_is_given_back(
    open_counter: OpenCounter, mechanisms: Mechanisms
) -> None:
    counter = open_counter()
    counter.mechanism = wrong = mechanisms("wrong", unit=216)
    wrong.machine.insert("B1", 3, RULER)
    counter.start()
    assert counter.await_prompt("take").printer == PRINTER
    counter.await_news(lambda: any(differs(view.status) for view in counter.views))
    assert taken_from(counter) == [("", "")]


def test_another_code_page_prints_and_is_told(open_counter: OpenCounter, mechanisms: Mechanisms) -> None:
    counter = open_counter()
    counter.mechanism = other = mechanisms("other", code_page="cp437")
    counter.start()
    job = counter.accept(plan_of(1, 2))
    assert counter.await_end(job).state is JobState.COMPLETED
    assert other.struck() == once(1, 2)
    [problem] = counter.printer.problems()
    assert problem.code == "printer-set-up-other"
    assert (problem.facts["found"], problem.facts["configured"]) == ("cp437", "cp858")


def test_a_printer_that_says_what_is_configured_has_no_problem(open_counter: OpenCounter) -> None:
    counter = open_counter()
    assert counter.printer.details().read_back is None
    counter.start()
    assert counter.await_end(counter.accept(plan_of(1))).state is JobState.COMPLETED
    found = counter.printer.details()
    assert found.read_back is not None
    assert [(one.key, one.found) for one in found.read_back.values] == [
        ("elementary_step", "240"),
        ("code_page", "cp858"),
    ]
    assert (counter.printer.problems(), found.problems) == ([], ())
