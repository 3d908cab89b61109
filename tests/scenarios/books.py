"""Documents whose every word occurs once, and what must be on paper when they were printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.simulator.paper import Paper

Place = tuple[int, int]
"""Page and line."""

LINES_PER_PAGE: Final = 24
_NAMES: Final = ("Müller", "Groß", "Lumière", "Jørgen", "Façade", "Ärzte½", "Öl&Gas", "Überweg")


@dataclass(frozen=True)
class Statement:
    """A bank statement of `count` entries for savings-24; `number` makes every text and amount of it its own.

    Attributes:
        page: where its first line goes.
        line: of that page.
    """

    number: int
    count: int
    page: int = 3
    line: int = 5

    @property
    def account(self) -> str:
        """The account; it is printed nowhere."""
        return f"DE-{self.number:06}-KONTO"

    def entry(self, position: int) -> tuple[str, str, str, str, str]:
        """Date, text, withdrawal, deposit and balance of entry `position` (from 1)."""
        cents = 100 * (1000 + self.number) + position
        text = f"{_NAMES[(self.number + position) % len(_NAMES)]}{self.number:04}/{position:02}"
        amount = f"{cents // 100}.{cents % 100:02}"
        withdrawal, deposit = (amount, "") if position % 3 else ("", amount)
        balance = f"{700000 + self.number}.{position:02}"
        return f"2026-03-{position:02}", text, withdrawal, deposit, balance

    def csv(self) -> str:
        """As a teller's terminal sends it."""
        head = (
            f"# layout: savings-24\n# account: {self.account}\n# currency: EUR\n"
            f"# start: page {self.page} line {self.line}\ndate,text,withdrawal,deposit,balance\n"
        )
        return head + "".join(",".join(self.entry(position)) + "\n" for position in range(1, self.count + 1))

    def save(self, folder: Path) -> Path:
        """Its file in `folder`."""
        file = folder / f"statement-{self.number}.csv"
        file.write_text(self.csv(), "utf-8")
        return file

    def place(self, position: int) -> Place:
        """Where entry `position` belongs."""
        row = self.line - 1 + position - 1
        return self.page + row // LINES_PER_PAGE, row % LINES_PER_PAGE + 1

    def expected(self) -> dict[Place, str]:
        """Every line as it must stand on paper, by the columns of savings-24."""
        return {self.place(position): self._line(position) for position in range(1, self.count + 1)}

    def _line(self, position: int) -> str:
        date, text, withdrawal, deposit, balance = self.entry(position)
        return f"{date:10} {text:14} {withdrawal:>9} {deposit:>9} {balance:>10}"

    def secrets(self) -> list[str]:
        """What nobody may find on a disk."""
        entries = [self.entry(position) for position in range(1, self.count + 1)]
        words = [word for _, *words in entries for word in words if word]
        return [self.account, *words]


def seen(paper: Paper, book: str, place: Place) -> list[str]:
    """What a person sees on a line: every text struck there, one for each strike, in the order of the first strikes."""
    return [text for text, times in paper.lines(book).get(place, []) for _ in range(times)]


def judge(paper: Paper, book: str, wanted: Mapping[Place, str], again: Collection[Place] = ()) -> None:
    """Every line of `wanted` is on paper once, and nothing else is; lines of `again` were ordered once more.

    A line of `again` ends with its whole text, over the whole or the first part of it.
    """
    on_paper = {place for place in paper.lines(book) if place[1] is not None}
    assert on_paper == set(paper.lines(book)), "something stands off the rules"
    assert on_paper == set(wanted), f"missing or too much: {sorted(on_paper ^ set(wanted))}"
    for place, text in wanted.items():
        struck = seen(paper, book, place)
        if place in again:
            assert len(struck) == 2, f"{place} was ordered again and struck {len(struck)} times"
            assert struck[-1] == text
            assert text.startswith(struck[0])
        else:
            assert struck == [text], f"{place} was struck {len(struck)} times"
