"""Entries for a book that is nearly full and for the next one, and what must be on paper then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo.world import PROJECT
from drivers.simulator.paper import Paper
from passbook.document.plan import StepKind, books_of
from passbook.protocol.messages import Question

LAYOUTS: Final = PROJECT / "demo" / "layouts"
LAYOUT: Final = "savings-goes-on"
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


def on_paper(paper: Paper, account: Account) -> dict[Place, list[tuple[str, int]]]:
    books = [book for book in paper.books if book in {account.book, f"{account.book}-2"}]
    return {(book, page, line or 0): struck for book in books for (page, line), struck in paper.lines(book).items()}


def judge(paper: Paper, account: Account, again: Place | None = None) -> None:
    """Each line is once at its place in its book; the one ordered again may have a part of it under it."""
    found, wanted = on_paper(paper, account), account.expected()
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


def look(paper: Paper, account: Account, question: Question) -> tuple[int, Place | None]:
    """The line at which a person who looks into both books goes on, and the place that is struck again by that."""
    found, wanted = on_paper(paper, account), account.expected()
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
