"""The printer's cable is pulled in the middle of a line and put back: one question, no restart, no line twice."""

from __future__ import annotations

from typing import Any

import pytest

from client.connection import TerminalClient
from demo.world import await_fact
from drivers.simulator.faults import AfterStrike, AtLineByte, DuringStrike, Now, Target, When
from passbook.job.states import Reason
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office, check_truth, doubtful_place, next_line

COUNT = 3
PULLED_LINE = 2
STATEMENT = Statement(810, COUNT)


def printer(office: Office) -> Any:
    [view] = as_terminal(office.manager, TerminalClient.status).printers
    return view


def await_cause(office: Office, name: str) -> None:
    """Wait until the status says why the printer cannot be reached."""
    await_fact(lambda: printer(office).status.cause.startswith(f"{name}: "), lambda: printer(office))


@pytest.mark.long
@pytest.mark.parametrize(
    ("when", "has_line"),
    [
        (AtLineByte(PULLED_LINE, 40), True),
        (AtLineByte(PULLED_LINE, 40), False),
        (DuringStrike(PULLED_LINE, 9), True),
        (AfterStrike(PULLED_LINE), True),
    ],
)
def test_a_cable_pulled_in_a_line_is_a_question_about_that_line_and_the_printer_works_again(
    open_office: OpenOffice, when: When, has_line: bool
) -> None:
    office = open_office(has_line=has_line)
    office.hands.cut(Target.CABLE, when)
    printing = office.print(STATEMENT)
    office.wait("cut")
    question = office.await_question(printing)
    assert question.job.reasons == (Reason.UNPLUGGED,)
    assert doubtful_place(question) == STATEMENT.place(PULLED_LINE)
    check_truth(office, STATEMENT, question)
    await_cause(office, "ENOENT" if has_line else "ECONNREFUSED")
    running = office.world.appliance_pid
    office.hands.plug()
    office.wait("taken")
    number, again = next_line(office, STATEMENT, question)
    office.answer(office.counter, printing.job, "--from-line", str(number))
    office.finish(printing)
    office.judge(STATEMENT, *again)
    assert again == []
    assert office.world.appliance_pid == running
    assert office.told("verify") == []


def test_a_cable_that_is_out_between_two_jobs_keeps_the_next_one_waiting(open_office: OpenOffice) -> None:
    office = open_office(has_line=True)
    office.finish(office.print(STATEMENT))
    office.hands.cut(Target.CABLE, Now())
    await_cause(office, "ENOENT")
    other = Statement(811, COUNT)
    printing = office.print(other)
    office.hands.plug()
    office.finish(printing)
    office.judge(other)
    assert office.questions() == []
