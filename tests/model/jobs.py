"""One request as the people know it: what they ordered, and what that puts on paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from passbook.job.record import Verdict
from passbook.protocol.messages import AnswerQuestion
from tests.scenarios.books import Place, Statement

Counts = dict[Place, int]
"""Place -> how often anything was struck there."""


class Sum(NamedTuple):
    """So much of each on paper (F6)."""

    books: int = 0
    pages: int = 0
    lines: int = 0

    def plus(self, other: Sum) -> Sum:
        """Both together."""
        return Sum(self.books + other.books, self.pages + other.pages, self.lines + other.lines)


NOTHING: Final = Sum()


class Order(NamedTuple):
    """What two people must have ordered alike."""

    epoch: int
    verdict: Verdict
    step: int
    in_doubt: int


class Proposal(NamedTuple):
    """An order that one person gave at one terminal."""

    order: Order
    terminal: str
    person: str


@dataclass
class Job:
    """One request as the people know it.

    Attributes:
        job: the id of the acknowledged job; empty while nobody knows whether there is one.
        budget: how often each line may have been struck, as people ordered it.
        start: the step from which they last had it printed; 0 when they cannot know.
        base: what was on paper then.
        readable: whether the appliance can have its key.
        may_end: whether a person ordered its end.
        closed: whether a person said that all is on paper.
        noted: whether somebody acknowledged its end; None when the answer to that was lost.
        expired: whether it ended with its day, unanswered.
        counted: what it had put on paper before people last ordered it.
        run_from: how many steps counted as done when they did.
        unsure: answers of which nobody knows whether they were taken, with the steps that were confirmed before.
        proposal: the order to print lines again that waits for a second person.
        epoch: the highest that was seen.
        valid: whether it was to be printed when it was last seen.
    """

    terminal: str
    request: str
    statement: Statement
    priority: int
    key: bytes
    job: str = ""
    start: int = 1
    base: Counts = field(default_factory=dict)
    budget: Counts = field(default_factory=dict)
    readable: bool = True
    may_end: bool = False
    closed: bool = False
    noted: bool | None = False
    expired: bool = False
    counted: Sum = NOTHING
    run_from: int = 0
    unsure: list[tuple[AnswerQuestion, int]] = field(default_factory=list)
    proposal: Proposal | None = None
    epoch: int = 0
    valid: bool = False

    def steps(self) -> list[Place | None]:
        """The place of each step in order; None for a turn or the eject."""
        places = sorted(self.statement.expected())
        steps: list[Place | None] = []
        for place, following in zip(places, [*places[1:], None], strict=True):
            steps.append(place)
            if following is None or following[0] != place[0]:
                steps.append(None)
        return steps

    def ordered(self, step: int, before: Counts, *, surely: bool) -> None:
        """A person had it printed from `step` on; `before` is what was on paper then."""
        for number, place in enumerate(self.steps(), 1):
            if place is not None:
                allowed = before.get(place, 0) + (number >= step)
                self.budget[place] = allowed if surely else max(allowed, self.budget.get(place, 0))
        self.start, self.base = (step, before) if surely else (0, {})

    def figures(self, done: int, last: int) -> Sum:
        """What the steps after `done` up to `last` put on paper; a page counts with its first line."""
        steps = self.steps()
        places = [place for place in steps[done:last] if place is not None]
        firsts = {place[0]: place for place in reversed([place for place in steps if place is not None])}
        pages = [place for place in places if firsts[place[0]] == place]
        return Sum(int(done < len(steps) == last), len(pages), len(places))

    def printed(self, confirmed: int) -> Sum:
        """What it has put on paper in all, when `confirmed` steps count as done now."""
        return self.counted.plus(self.figures(self.run_from, confirmed))

    def counts_from(self, step: int, confirmed: int) -> None:
        """People have it printed from `step` on; what they take for done counts as done."""
        self.counted = self.printed(max(confirmed, step - 1))
        self.run_from = step - 1

    def again(self, step: int, confirmed: int) -> bool:
        """Whether to print from `step` on puts a line on paper that is there already."""
        return any(place is not None for place in self.steps()[step - 1 : confirmed])

    def stood_still(self, counts: Counts) -> None:
        """Nothing more may be struck until somebody orders it."""
        self.budget = dict(counts)
