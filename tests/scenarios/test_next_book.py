"""A full book goes on in a new one at a branch of real processes, and power is cut at each step of the change (N8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.people import Printing
from demo.world import PROJECT
from drivers.simulator.control import SimulatorControl
from drivers.simulator.faults import AfterStrike, AtLineByte, DuringStrike, Target, When
from passbook.document.plan import StepKind, books_of
from passbook.protocol.messages import Question
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

LAYOUTS = PROJECT / "demo" / "layouts"
LAYOUT = "savings-goes-on"
LAST = 1_000_000
"""A byte number that stands for the last byte of a line."""
CARRIED = "           Carried to the next book           {balance:>10}"
HEAD = "           Continued from the book before"
BROUGHT = "           Brought forward                    {balance:>10}"

Place = tuple[str, int, int]
"""Book, page and line."""


@dataclass(frozen=True)
class Account:
    """Entries for a book that is nearly full: entry n takes n cents."""

    book: str
    count: int
    page: int = 16
    line: int = 22

    @staticmethod
    def balance(number: int) -> str:
        cents = 90_000_000 - number * (number + 1) // 2
        return f"{cents // 100}.{cents % 100:02}"

    def save(self, folder: Path) -> Path:
        head = (
            f"# layout: {LAYOUT}\n# account: 4711\n# currency: EUR\n"
            f"# start: page {self.page} line {self.line}\ndate,text,withdrawal,deposit,balance\n"
        )
        rows = [f"2026-03-02,entry {n},{n / 100:.2f},,{self.balance(n)}\n" for n in range(1, self.count + 1)]
        file = folder / f"{self.book}.csv"
        file.write_text(head + "".join(rows))
        return file

    def expected(self) -> dict[Place, str]:
        """Every line of both books, as a person reads them; counted by hand: 24 lines a page, 16 pages a book."""
        wanted: dict[Place, str] = {}
        book, place = self.book, (self.page - 1) * 24 + self.line - 1

        def put(text: str) -> None:
            nonlocal place
            wanted[book, place // 24 + 1, place % 24 + 1] = text
            place += 1

        for number in range(1, self.count + 1):
            if place == 16 * 24 - 1 and number < self.count:
                put(CARRIED.format(balance=self.balance(number - 1)))
                book, place = f"{self.book}-2", 0
                put(HEAD)
                put(BROUGHT.format(balance=self.balance(number - 1)))
            put(f"2026-03-02 {f'entry {number}':14} {number / 100:>9.2f} {'':9} {self.balance(number):>10}")
        return wanted


@pytest.fixture
def branch(open_office: OpenOffice) -> Office:
    return open_office(layouts=LAYOUTS)


def printing_of(office: Office, account: Account) -> Printing:
    return office.counter.print_in_background(account.save(office.world.folder), account.book, LAYOUT)


def on_paper(office: Office, account: Account) -> dict[Place, list[tuple[str, int]]]:
    paper = office.world.paper
    books = [book for book in paper.books if book in {account.book, f"{account.book}-2"}]
    return {(book, page, line or 0): struck for book in books for (page, line), struck in paper.lines(book).items()}


def judge(office: Office, account: Account, again: Place | None = None) -> None:
    """Each line is once at its place in its book; the one ordered again may have a part of it under it."""
    found, wanted = on_paper(office, account), account.expected()
    assert set(found) == set(wanted)
    for place, text in wanted.items():
        if place == again:
            assert found[place][-1][0] == text
            assert sum(times for _, times in found[place]) == 2
        else:
            assert found[place] == [(text, 1)], place


def places_of(question: Question, account: Account) -> list[Place]:
    """Where the lines of a question belong."""
    names = {1: account.book, 2: f"{account.book}-2"}
    steps = zip(books_of(question.outline), question.outline, strict=True)
    return [(names[book], step.page, step.line) for book, step in steps if step.kind is StepKind.LINE]


def look(office: Office, account: Account, question: Question) -> tuple[int, Place | None]:
    """The line at which a person who looks into both books goes on, and the place that is struck again by that."""
    found, wanted = on_paper(office, account), account.expected()
    places = places_of(question, account)
    assert places == list(wanted)
    lines = [n for n, step in enumerate(question.outline, 1) if step.kind is StepKind.LINE]
    for number, (step, place) in enumerate(zip(lines, places, strict=True), 1):
        whole = found.get(place) == [(wanted[place], 1)]
        if step != question.in_doubt:
            assert whole is (step <= question.job.confirmed), f"the question does not say the truth of {place}"
        if not whole:
            return number, place if place in found else None
    return len(places) + 1, None


def go_on(office: Office, account: Account, printing: Printing, question: Question) -> None:
    number, again = look(office, account, question)
    office.take_book()
    office.answer(office.counter, question.job.job, "--from-line", str(number))
    office.finish(printing)
    judge(office, account, again)
    assert office.world.ctl("verify") == []


@pytest.mark.timeout(300)
def test_five_hundred_entries_go_over_two_books_in_one_job(branch: Office) -> None:
    account = Account("long", 500, page=1, line=1)
    printing = printing_of(branch, account)
    assert printing.end(280) == 0, printing.error()
    judge(branch, account)
    prompts = printing.events("Spooler.MediaPromptEvent")
    books = [(one["book"], one["books"], one["isNewBook"]) for one in prompts if one["action"] == "insert"]
    assert books == [(1, 2, False)] * 16 + [(2, 2, True)] + [(2, 2, False)] * 4
    figures = branch.counter.run("environment")["printed"]
    assert figures == {"books": 2, "pages": 21, "lines": 503}


@pytest.mark.parametrize(
    "when",
    [
        AtLineByte(3, 1),
        DuringStrike(3, 17),
        AfterStrike(3),
        AtLineByte(3, LAST),
        AtLineByte(4, 1),
        DuringStrike(4, 17),
        AfterStrike(4),
        AfterStrike(5),
        AfterStrike(6),
    ],
    ids=[
        "before the carried balance",
        "in the carried balance",
        "after the carried balance",
        "as the full book is given back",
        "before the heading",
        "in the heading",
        "after the heading",
        "after the balance brought forward",
        "after the first entry of the new book",
    ],
)
@pytest.mark.parametrize("target", [Target.BOTH, pytest.param(Target.PRINTER, marks=pytest.mark.soak)])
def test_power_is_cut_at_each_step_of_the_change(branch: Office, target: Target, when: When) -> None:
    account = Account("cut", 6)
    branch.arm_cut(target, when)
    printing = printing_of(branch, account)
    strikes = branch.await_cut(target)
    branch.give_power_back(target)
    question = branch.await_question(printing)
    assert branch.world.paper.strikes == strikes, "something was printed before the answer"
    go_on(branch, account, printing, question)


@pytest.mark.parametrize("target", [Target.BOTH, Target.APPLIANCE])
@pytest.mark.parametrize("action", ["take", "insert"])
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
    printing = branch.counter.print_in_background(file, account.book, "savings-24")
    assert printing.end() == 3
    assert "past-last-line" in printing.error()
