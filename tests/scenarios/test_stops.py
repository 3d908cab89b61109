"""What stops a job besides a power cut of a line leads to the same question, and to the same paper."""

from __future__ import annotations

from typing import Any

import pytest

from demo.people import Printing
from drivers.simulator.control import SimulatorControl
from drivers.simulator.faults import AtLineByte, FaultKind, Target
from passbook.document.plan import StepKind
from passbook.protocol.media import Media
from passbook.protocol.messages import Question
from tests.scenarios.books import Statement
from tests.scenarios.clerk import PATIENCE
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office, check_truth, next_line

STATEMENT = Statement(300, 4)
LINE = 2
OVER_THE_PAGE = Statement(310, 3, line=23)
"""Two lines on page 3, a turn, one line on page 4."""
TURN_STEP = 3
LONG = pytest.mark.soak
"""A form that differs little from one beside it, or waits out the twenty seconds of a silent printer."""
EVERYTHING = 1_000_000
"""A byte number that stands for the last byte of a line."""


def go_on(office: Office, printing: Printing, statement: Statement, question: Question) -> None:
    """A person looks at the paper, answers, and has it printed to its end."""
    check_truth(office, statement, question)
    line, again = next_line(office, statement, question)
    office.answer(office.counter, question.job.job, "--from-line", str(line))
    office.finish(printing)
    office.judge(statement, *again)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.JAM, "media-jam"),
        (FaultKind.COVER_OPEN, "cover-open"),
        (FaultKind.RIBBON_OUT, "marker-supply-empty"),
        (FaultKind.GARBAGE, "printer-garbled"),
        pytest.param(FaultKind.HALF_REPLY, "printer-garbled", marks=LONG),
        pytest.param(FaultKind.SILENT, "printer-silent", marks=LONG),
    ],
)
def test_a_fault_in_a_line_asks_about_that_line(office: Office, kind: FaultKind, reason: str) -> None:
    office.hands.fault(kind, LINE, characters=9)
    printing = office.print(STATEMENT)
    question = office.await_question(printing)
    assert (question.in_doubt, [one.value for one in question.job.reasons]) == (LINE, [reason])
    strikes = office.world.paper.strikes
    office.hands.mend()
    if kind is not FaultKind.JAM:
        office.wait("taken")
    assert office.world.paper.strikes == strikes, "what was mended must not print by itself"
    go_on(office, printing, STATEMENT, question)


@pytest.mark.long
@pytest.mark.parametrize("byte", [pytest.param(1, marks=LONG), 18, pytest.param(EVERYTHING, marks=LONG)])
def test_a_cable_unplugged_in_a_line_asks_about_that_line(office: Office, byte: int) -> None:
    # The mechanism keeps its power and its memory; only the cable has gone.
    office.hands.cut(Target.APPLIANCE, AtLineByte(LINE, byte), None)
    printing = office.print(STATEMENT)
    office.wait("cut")
    question = office.await_question(printing)
    assert [one.value for one in question.job.reasons] == ["printer-unplugged"]
    strikes = office.world.paper.strikes
    office.wait("taken")
    assert office.world.paper.strikes == strikes, "the clean-up must not print what is left in the mechanism"
    go_on(office, printing, STATEMENT, question)


@pytest.mark.long
@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("turn", Target.BOTH),
        ("insert", Target.APPLIANCE),
        pytest.param("turn", Target.APPLIANCE, marks=LONG),
        pytest.param("insert", Target.BOTH, marks=LONG),
    ],
)
def test_power_is_cut_while_the_page_is_turned(office: Office, target: Target, action: str) -> None:
    pid = office.world.appliance_pid
    hands = SimulatorControl(office.world.folder / "printer")

    def cut(event: dict[str, Any]) -> None:
        prompt = event["payload"]
        if event["event"] == "Spooler.MediaPromptEvent" and (prompt["action"], prompt["page"]) == (action, 4):
            printing.watch = None
            hands.cut(target, pid=pid)

    printing = office.print(OVER_THE_PAGE)
    printing.watch = cut
    office.await_cut(target)
    office.give_power_back(target)
    question = office.await_question(printing)
    assert (question.job.confirmed, question.in_doubt) == (TURN_STEP, 0)
    assert question.outline[TURN_STEP - 1].kind is StepKind.TURN
    check_truth(office, OVER_THE_PAGE, question)
    office.take_book()
    office.answer(office.counter, question.job.job, "--from-line", "3")
    office.finish(printing)
    office.judge(OVER_THE_PAGE)


@pytest.mark.parametrize("order", [pytest.param(("--from-line", "4"), marks=LONG), ("--all-on-paper",)])
def test_power_is_cut_while_the_book_is_given_back(office: Office, order: tuple[str, ...]) -> None:
    statement = Statement(320, 3)
    printing, question = office.print_until_cut(statement, Target.PRINTER, AtLineByte(3, EVERYTHING))
    assert question.outline[question.in_doubt - 1].kind is StepKind.EJECT
    check_truth(office, statement, question)
    office.answer(office.counter, question.job.job, *order)
    office.finish(printing)
    office.judge(statement)


@pytest.mark.long
def test_a_stop_finishes_the_step_under_way_and_gives_the_book_back(open_office: OpenOffice) -> None:
    office = open_office(pace="real")
    hands = SimulatorControl(office.world.folder / "printer")
    printing = office.print(Statement(330, 20))
    hands.wait("struck", PATIENCE)
    hands.wait("struck", PATIENCE)
    assert office.world.stop_appliance() == 0
    assert hands.state().media is Media.ENTERING
    strikes = office.world.paper.strikes
    office.world.start_appliance()
    question = office.await_question(printing)
    assert (question.in_doubt, question.job.confirmed) == (0, strikes)
    assert 2 <= strikes < 20
    office.wait("taken")
    go_on(office, printing, Statement(330, 20), question)
