"""A full book goes on in a new one at a branch of real processes, and power is cut at each step of the change (N8)."""

from __future__ import annotations

from typing import Any

import pytest

from demo.people import Printing
from demo.world import PRINTER, CommandFailed
from drivers.simulator.control import SimulatorControl
from drivers.simulator.faults import AfterStrike, AtLineByte, DuringStrike, Target, When
from passbook.document.plan import StepKind
from passbook.protocol.messages import Question
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office
from tests.scenarios.two_books import LAYOUT, LAYOUTS, Account, judge, look

LONG = pytest.mark.soak
LAST = 1_000_000
"""A byte number that stands for the last byte of a line."""


@pytest.fixture
def branch(open_office: OpenOffice) -> Office:
    return open_office(layouts=LAYOUTS)


def printing_of(office: Office, account: Account) -> Printing:
    return office.counter.print_in_background(account.save(office.world.folder), account.book, LAYOUT)


def go_on(office: Office, account: Account, printing: Printing, question: Question) -> None:
    number, again = look(office.world.paper, account, question)
    office.take_book()
    office.answer(office.counter, question.job.job, "--from-line", str(number))
    office.finish(printing)
    judge(office.world.paper, account, again)
    assert office.world.ctl("verify") == []


@pytest.mark.long
@pytest.mark.timeout(300)
def test_five_hundred_entries_go_over_two_books_in_one_job(branch: Office) -> None:
    account = Account("long", 500, page=1, line=1)
    printing = printing_of(branch, account)
    assert printing.end(280) == 0, printing.error()
    judge(branch.world.paper, account)
    prompts = printing.events("Spooler.MediaPromptEvent")
    books = [(one["book"], one["books"], one["isNewBook"]) for one in prompts if one["action"] == "insert"]
    assert books == [(1, 2, False)] * 16 + [(2, 2, True)] + [(2, 2, False)] * 4
    figures = branch.counter.run("environment")["printed"]
    assert figures == {"books": 2, "pages": 21, "lines": 503}


CUTS: dict[str, tuple[When, pytest.MarkDecorator | tuple[()]]] = {
    "before the carried balance": (AtLineByte(3, 1), LONG),
    "in the carried balance": (DuringStrike(3, 17), LONG),
    "after the carried balance": (AfterStrike(3), ()),
    "as the full book is given back": (AtLineByte(3, LAST), ()),
    "before the heading": (AtLineByte(4, 1), ()),
    "in the heading": (DuringStrike(4, 17), LONG),
    "after the heading": (AfterStrike(4), LONG),
    "after the balance brought forward": (AfterStrike(5), ()),
    "after the first entry of the new book": (AfterStrike(6), LONG),
}
"""A moment in words -> the cut, and a mark where a cut beside it is much the same."""


@pytest.mark.long
@pytest.mark.parametrize("when", [pytest.param(when, id=name, marks=marks) for name, (when, marks) in CUTS.items()])
@pytest.mark.parametrize("target", [Target.BOTH, pytest.param(Target.PRINTER, marks=LONG)])
def test_power_is_cut_at_each_step_of_the_change(branch: Office, target: Target, when: When) -> None:
    account = Account("cut", 6)
    branch.arm_cut(target, when)
    printing = printing_of(branch, account)
    strikes = branch.await_cut(target)
    branch.give_power_back(target)
    question = branch.await_question(printing)
    assert branch.world.paper.strikes == strikes, "something was printed before the answer"
    go_on(branch, account, printing, question)


@pytest.mark.long
@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("take", Target.APPLIANCE),
        ("insert", Target.BOTH),
        pytest.param("take", Target.BOTH, marks=LONG),
        pytest.param("insert", Target.APPLIANCE, marks=LONG),
    ],
)
def test_power_is_cut_while_the_new_book_is_fetched(branch: Office, target: Target, action: str) -> None:
    account = Account("fetch", 6)
    pid = branch.world.appliance_pid
    hands = SimulatorControl(branch.world.folder / "printer")

    def cut(event: dict[str, Any]) -> None:
        prompt = event["payload"]
        if event["event"] == "Spooler.MediaPromptEvent" and prompt["isNewBook"] and prompt["action"] == action:
            printing.watch = None
            hands.cut(target, pid=pid)

    printing = printing_of(branch, account)
    printing.watch = cut
    branch.await_cut(target)
    branch.give_power_back(target)
    question = branch.await_question(printing)
    assert question.in_doubt == 0
    assert question.outline[question.job.confirmed - 1].kind is StepKind.NEXT_BOOK
    go_on(branch, account, printing, question)


@pytest.mark.long
def test_the_change_in_doubt_is_asked_about_in_words(branch: Office) -> None:
    account = Account("words", 6)
    branch.arm_cut(Target.PRINTER, AtLineByte(3, LAST))
    printing = printing_of(branch, account)
    branch.await_cut(Target.PRINTER)
    branch.give_power_back(Target.PRINTER)
    question = branch.await_question(printing)
    assert question.outline[question.in_doubt - 1].kind is StepKind.NEXT_BOOK
    shown = branch.counter.screen("questions")
    assert "whether the full book was given back, for a new one, is in doubt" in " ".join(shown.split())
    assert "book 1, page 16" in shown
    assert "book 2, page 1" in shown
    go_on(branch, account, printing, question)


def test_a_layout_without_the_texts_refuses_as_before(branch: Office) -> None:
    account = Account("refused", 6)
    file = account.save(branch.world.folder)
    file.write_text(file.read_text().replace(LAYOUT, "savings-24"))
    with pytest.raises(CommandFailed) as failed:
        branch.counter.run("print", str(file), "--printer", PRINTER)
    assert failed.value.error_code == "past-last-line"
