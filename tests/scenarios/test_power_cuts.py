"""Power is cut at any byte of a line: a person looks at the paper and answers, and every line is on paper once."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from drivers.simulator.faults import POWER, AfterStrike, AtLineByte, DuringStrike, Target, When
from tests.scenarios.books import Place, Statement
from tests.scenarios.office import Office, check_truth, next_line

COUNT = 3
CUT_LINE = 2
SAMPLE = 1
"""Bytes between the first and the last one; the soak cuts at every byte."""


def line_bytes(office: Office, number: int) -> int:
    """How many bytes go over the cable for a line of these statements, in both directions."""
    statement = Statement(number, COUNT)
    office.finish(office.print(statement))
    office.judge(statement)
    return office.hands.state().last_line_bytes


def print_through(office: Office, statement: Statement, target: Target, when: When) -> list[Place]:
    """Print with one cut in it; the places that were ordered again."""
    office.arm_cut(target, when)
    printing = office.print(statement)
    strikes = office.await_cut(target)
    office.give_power_back(target)
    # The clean-up of the mechanism ends with the book in the person's hand.
    office.wait("taken")
    question = office.await_question(printing)
    check_truth(office, statement, question)
    line, again = next_line(office, statement, question)
    assert office.world.paper.strikes == strikes, "something was printed between the cut and the answer"
    office.search_disk(statement, questions=[question])
    office.answer(office.counter, question.job.job, "--from-line", str(line))
    office.finish(printing)
    office.wait("taken")
    office.judge(statement, *again)
    office.search_paper(statement)
    return again


def cut_all(office: Office, target: Target, moments: Iterable[When], first_number: int) -> None:
    """One job after the other, each with a cut of its own; what ended long ago must not be readable either."""
    statements = []
    for number, when in enumerate(moments, first_number):
        statements.append(Statement(number, COUNT))
        print_through(office, statements[-1], target, when)
    office.search_disk(*statements)
    assert office.world.ctl("verify") == []


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", list(POWER))
def test_cut_at_some_bytes_of_a_line(office: Office, target: Target, seed: int) -> None:
    count = line_bytes(office, 100)
    office.wait("taken")
    drawn = random.Random(f"{seed} {target.value}").sample(range(2, count), SAMPLE)
    cut_all(office, target, [AtLineByte(CUT_LINE, byte) for byte in [1, *sorted(drawn), count]], 101)


@pytest.mark.soak
@pytest.mark.parametrize("target", list(POWER))
def test_cut_at_every_byte_of_a_line(office: Office, target: Target) -> None:
    count = line_bytes(office, 100)
    office.wait("taken")
    cut_all(office, target, [AtLineByte(CUT_LINE, byte) for byte in range(1, count + 1)], 101)


@pytest.mark.parametrize("target", [Target.PRINTER, Target.BOTH])
def test_a_line_struck_in_part_is_completed_when_a_person_orders_it_again(office: Office, target: Target) -> None:
    statement = Statement(100, COUNT)
    again = print_through(office, statement, target, DuringStrike(CUT_LINE, 17))
    assert again == [statement.place(CUT_LINE)]


@pytest.mark.long
@pytest.mark.parametrize("target", list(POWER))
def test_a_line_that_was_struck_is_not_struck_again(office: Office, target: Target) -> None:
    assert print_through(office, Statement(100, COUNT), target, AfterStrike(CUT_LINE)) == []
