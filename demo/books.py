"""`make demo-books`: one statement in the books of several banks, and a full book that goes on in a new one.

In each book that goes on, the statement begins so near the end that the change comes in its middle.  In one of them the
power is cut in the change, and a person answers the question.  At the end a teller sends one statement twice; the
appliance knows where its book stands, and asks.  Paper, history and the answer are the judge.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from demo.counter_story import CounterStory, run_story
from demo.people import Printing
from demo.verdict import Sent, read_sent
from demo.world import PRINTER, PROJECT
from drivers.simulator.faults import AtLineByte, Target
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.layout import BookLayout
from passbook.document.plan import Line, Turn, books_of

PLANTS: Final = ("drop", "twice")
"""Damage that the verdict must find: a part of a line is taken off the paper, or a line is struck once more."""
ACCOUNT: Final = PROJECT / "demo" / "account.csv"
"""The statement: amounts in whole minor units, which each book prints in the digits of its currency."""
FORMAT: Final = "passbook-update+csv"
LAST_BYTE: Final = 1_000_000
"""A byte number that stands for the last byte of a line."""


class Book(NamedTuple):
    """A book of one bank.

    Attributes:
        layout: the name of its layout, of the product or of demo/layouts.
        title: its name in the story.
        currency: of its account.
        room: the lines that are left in it; 0 for a book that begins with its first line.
        is_cut: the power is cut as the full book is given back.
    """

    layout: str
    title: str
    currency: str
    room: int = 0
    is_cut: bool = False


BOOKS: Final = (
    Book("savings-24", "Germany", "EUR"),
    Book("landp-23", "a LANDP book", "EUR"),
    Book("japan-24", "Japan", "JPY"),
    Book("india-36", "India", "INR"),
    Book("thai-24", "Thailand", "THB"),
    Book("savings-goes-on", "book that goes on", "EUR", room=5),
    Book("savings-goes-on", "book that goes on, power cut", "EUR", room=4, is_cut=True),
)
"""The books of the story; a further one is a further row."""


def statement(book: Book, layout: BookLayout, folder: Path, name: str) -> Path:
    """The statement as a file for one book."""
    with ACCOUNT.open(newline="") as file:
        head, *rows = csv.reader(file)
    page, line = layout.pages[0], 1
    if book.room:
        page = layout.pages[1]
        line = layout.entry_lines(page)[-book.room]
    keys = {"layout": book.layout, "account": name, "currency": book.currency, "start": f"page {page} line {line}"}
    told = [f"# {key}: {value}\n" for key, value in keys.items()]
    told += [",".join(row) + "\n" for row in (head, *(_printed(row, MINOR_DIGITS[book.currency]) for row in rows))]
    made = folder / f"{name}.csv"
    made.write_text("".join(told))
    return made


def _printed(row: list[str], digits: int) -> list[str]:
    day, text, *amounts = row
    return [day, text, *(_amount(one, digits) for one in amounts)]


def _amount(minor: str, digits: int) -> str:
    return f"{minor[:-digits]}.{minor[-digits:]}" if minor and digits else minor


def in_each_book(sent: Sent) -> Iterator[Sent]:
    """The part of a job in each of its books; the steps keep their numbers."""
    numbers = books_of(sent.plan)
    for number in range(1, numbers[-1] + 1):
        plan = tuple(step if book == number else Turn(step.page) for book, step in zip(numbers, sent.plan, strict=True))
        if number == 1:
            yield sent._replace(plan=plan)
        else:
            yield sent._replace(plan=plan, book=f"{sent.book}-{number}", title=f"{sent.title}, new book")


class BookStory(CounterStory):
    """One counter, one printer, and the books of several banks."""

    judges = "Books, history and the person's answer"
    pictures = PROJECT / "build" / "demo-books"

    def tell(self) -> list[Sent]:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        """The statement goes into each book, and one of them is sent again; return what stands in each book."""
        self._prepare("passbook printer", keys=("book-new",))
        sent = [self._print(number, book) for number, book in enumerate(BOOKS, 1)]
        self._send_again(sent[0])
        return [part for one in sent for part in in_each_book(one)]

    def _print(self, number: int, book: Book) -> Sent:
        """Print the statement in one book, and in the one after it where it goes on."""
        layout, name = self._world.layout(book.layout), f"{book.layout}-{number}"
        file = statement(book, layout, self._world.folder, name)
        if book.is_cut:
            self._world.mechanism.cut(Target.PRINTER, AtLineByte(book.room, LAST_BYTE))
        printing = self._counter.print_in_background(file, name, book.layout)
        sent = read_sent(book.title, printing.job, name, file, FORMAT, layout)
        if book.is_cut:
            self._answer_after_cut(sent)
        self._finish(printing)
        self._tell_change(sent, printing)
        return sent

    def _answer_after_cut(self, sent: Sent) -> None:
        """The printer loses its power in the change of books; Anna looks into both books, and answers."""
        question = self._question()
        self.say("POWER CUT of the printer as the full book is given back.")
        self._world.mechanism.restore()
        self.say("Power is back. Nothing prints: counter-1 is asked.")
        self.say(self._counter.screen("questions"))
        steps = [step for step, one in enumerate(sent.plan, 1) if isinstance(one, Line)]
        parts = list(in_each_book(sent))
        missing = next(step for step in steps if not any(self._is_on_paper(part, step) for part in parts))
        number = steps.index(missing) + 1
        if question["inDoubt"] in steps:
            self._faults.append("the cut left a line in doubt and not the change, so the story shows nothing")
        self._go_on_with(sent, missing, number)
        self.say(f"Anna looks into the books: line {number} is the first that is not there. She answers so.")

    def _send_again(self, sent: Sent) -> None:
        """Anna sends a statement that stands in its book already; the appliance asks, and she discards it."""
        strikes = self._world.paper.strikes
        file = self._world.folder / f"{sent.book}.csv"
        self._counter.run("print", str(file), "--no-wait", "--printer", PRINTER)
        question = self._question()
        self.say(f"{sent.title}: the same statement is sent once more, by mistake. Nothing prints: counter-1 is asked.")
        self.say(self._counter.screen("questions"))
        self.say(self._counter.screen("answer", question["job"]["job"], "--discard", "--person", "Anna"))
        self.say(self._counter.screen("book", sent.book))
        if self._world.paper.strikes != strikes:
            self._faults.append(f"{sent.title}: a statement that stood in its book was printed once more")

    def _tell_change(self, sent: Sent, printing: Printing) -> None:
        """Tell the lines at the edges of the books, and the fault of a prompt that did not ask for a new book."""
        self.say(f"{sent.title}: printed.")
        full, *new = in_each_book(sent)
        if new and not any(one["isNewBook"] for one in printing.events("Spooler.MediaPromptEvent")):
            self._faults.append(f"{sent.title}: no prompt asked for a new book")
        for part in new:
            last, first = self._lines(full)[-1], self._lines(part)
            self.say(f"  the full book ends    {last}")
            for line in first[:2]:
                self.say(f"  the new one begins    {line}")
            if last.split()[-1] not in first[1]:
                self._faults.append(f"{sent.title}: the new book does not begin with the balance of the full one")

    def _lines(self, sent: Sent) -> list[str]:
        """The lines of a book on paper, from the top."""
        if sent.book not in self._world.paper.books:
            return [""] * 2
        found = self._world.paper.lines(sent.book)
        return [text for place in sorted(found, key=str) for text, _ in found[place]]


def main() -> int:
    """Run the story; return 0 when the papers agree with it."""
    return run_story("demo.books", __doc__, PLANTS, BookStory)


if __name__ == "__main__":
    sys.exit(main())
