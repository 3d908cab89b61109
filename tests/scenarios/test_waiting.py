"""A book in the way, with real processes: whoever must take it out reads that at the own terminal."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from demo.world import Terminal, ruler_of, shipped_layout
from drivers.simulator.faults import FaultKind
from tests.scenarios.books import Statement
from tests.scenarios.clerk import PATIENCE
from tests.scenarios.office import LAYOUT, Office, book_of, check_truth, next_line

FORGOTTEN, NEXT = Statement(950, 2), Statement(951, 2)
STOPPED = Statement(952, 4)
LINE = 2


def second_counter(office: Office) -> Terminal:
    terminal = office.world.enroll("counter-2")
    terminal.run("keys", "new", "k2")
    return terminal


def forget(office: Office, statement: Statement) -> None:
    """A teller has a statement printed, and goes away without the book."""
    command = office.counter.command("print", str(statement.save(office.world.folder)))
    teller = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    office.wait("document-wanted")
    office.hands.insert(book_of(statement), 1, ruler_of(shipped_layout(LAYOUT)))
    assert teller.wait(PATIENCE) == 0


def is_told_of_a_book(event: dict[str, Any]) -> bool:
    waiting = event["payload"].get("waiting") if event["event"] == "Spooler.JobEvent" else None
    return waiting is not None and waiting["why"] == "book-left"


def test_the_next_teller_is_told_of_a_forgotten_book_and_prints_when_it_is_out(office: Office) -> None:
    other = second_counter(office)
    forget(office, FORGOTTEN)
    file = NEXT.save(office.world.folder)
    printing = other.print_in_background(file, book_of(NEXT), LAYOUT, at_once=False)
    printing.wait_for(lambda events: any(map(is_told_of_a_book, events)))
    assert office.told("jobs")[0]["waiting"] == {"why": "book-left", "ahead": 0, "reason": "", "page": 0, "job": ""}
    printing.hands_free.set()
    office.finish(printing)
    office.judge(NEXT)
    [prompt] = [
        one for one in printing.events("Spooler.MediaPromptEvent") if one["action"] == "take" and not one["job"]
    ]
    assert prompt["printer"] == "window-1"


@pytest.mark.long
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.COVER_OPEN,
        pytest.param(FaultKind.RIBBON_OUT, marks=pytest.mark.soak),
        pytest.param(FaultKind.SILENT, marks=pytest.mark.soak),
    ],
)
def test_who_answered_before_the_printer_was_mended_is_told_to_take_the_book_out(
    office: Office, kind: FaultKind
) -> None:
    office.hands.fault(kind, LINE)
    printing = office.print(STOPPED)
    question = office.await_question(printing)
    check_truth(office, STOPPED, question)
    line, again = next_line(office, STOPPED, question)
    office.answer(office.counter, question.job.job, "--from-line", str(line))
    office.hands.mend()
    office.finish(printing)
    office.judge(STOPPED, *again)
    taken = [one["job"] for one in printing.events("Spooler.MediaPromptEvent") if one["action"] == "take"]
    assert question.job.job in taken
