"""What must be true of the appliance, told by what people did and by the paper, never by the appliance's own word.

Each `check_...` is one promise; to add one, write it and name it in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import apsw

from drivers.simulator.paper import Paper
from passbook.job import JobState
from passbook.record import Record
from tests.scenarios.books import Place, Statement

Counts = dict[Place, int]
"""Place -> how often anything was struck there."""


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

    def stood_still(self, counts: Counts) -> None:
        """Nothing more may be struck until somebody orders it."""
        self.budget = dict(counts)


@dataclass
class Scene:
    """What there is to judge: the people's book-keeping, the paper, and the areas' files.

    Attributes:
        record: job id -> its record, or None where its area is out of use.
        fenced: names of areas out of use.
        notices: ids of the jobs whose end is to be told.
        trusted: whether the clock is.
    """

    jobs: list[Job]
    paper: Paper
    areas: dict[str, Path]
    record: Callable[[str], Record | None]
    fenced: frozenset[str]
    notices: frozenset[str]
    trusted: bool

    def known(self) -> list[Job]:
        """The jobs of which people know the id."""
        return [job for job in self.jobs if job.job]


def counts_of(paper: Paper, book: str) -> Counts:
    """How often each line of a book was struck."""
    return {
        (page, line): sum(times for _, times in texts)
        for (page, line), texts in paper.lines(book).items()
        if line is not None
    }


def stored(folder: Path) -> list[tuple[str, bool]]:
    """(job id, whether it is valid) of everything in one area's file."""
    connection = apsw.Connection(str(folder / "area.sqlite"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix")
    try:
        rows = connection.execute("SELECT job_id, valid FROM live UNION ALL SELECT job_id, 0 FROM ended").fetchall()
    finally:
        connection.close()
    return [(str(job), valid == 1) for job, valid in rows]


def check_p1_acknowledged_jobs_are_kept(scene: Scene) -> None:
    """An acknowledged job is in the store; one that ended was printed, or ended by a person or with its day."""
    rows = [job for folder in scene.areas.values() for job, _ in stored(folder)]
    for job in scene.known():
        assert job.job in rows, f"P1: {job.request} was acknowledged and is gone"
        record = scene.record(job.job)
        if record is None or not record.ended:
            continue
        assert record.state is not JobState.CANCELED or job.may_end, f"P1: nobody ended {job.request}"
        if record.state is JobState.ABORTED and not job.expired:
            job.expired = True
            assert scene.trusted, f"N4: {job.request} was given up by a clock that is not trusted"
            assert not counts_of(scene.paper, job.job), f"F4: {job.request} was given up with a line on paper"


def check_p3_nothing_is_struck_unordered(scene: Scene) -> None:
    """P2, P3, P4: no line was struck more often than people ordered, and none in a place where it does not belong."""
    books = {job.job for job in scene.known()}
    assert set(scene.paper.books) <= books, "P3: a book of no job was printed on"
    for job in scene.known():
        wanted = job.statement.expected()
        for place, times in counts_of(scene.paper, job.job).items():
            assert place in wanted, f"P3: {job.request} was struck at {place}"
            assert times <= job.budget[place], f"P3: {place} of {job.request} was struck {times} times"
        for (page, line), texts in scene.paper.lines(job.job).items():
            assert line is not None, f"P3: {job.request} stands off the rules of page {page}"
            assert all(wanted[page, line].startswith(text) for text, _ in texts), f"P3: {job.request} says else"


def check_p3_one_step_in_doubt(scene: Scene) -> None:
    """What the record calls confirmed is on paper whole, one step at most is in doubt, and nothing behind it is."""
    for job in scene.known():
        record = scene.record(job.job)
        if record is None or not job.start or job.closed:
            continue
        assert record.sending in {0, record.confirmed + 1}
        wanted, lines = job.statement.expected(), scene.paper.lines(job.job)
        for number, place in enumerate(job.steps(), 1):
            if place is None:
                continue
            struck = sum(times for _, times in lines.get(place, [])) - job.base.get(place, 0)
            if job.start <= number <= record.confirmed:
                whole = any(text == wanted[place] for text, _ in lines.get(place, []))
                assert (struck, whole) == (1, True), f"P3: step {number} of {job.request} counts as on paper"
            else:
                assert struck <= (number == record.sending), f"P3: step {number} of {job.request} is on paper too"


def check_p6_whole_in_one_area(scene: Scene) -> None:
    """No job is in two areas."""
    rows = [job for folder in scene.areas.values() for job, _ in stored(folder)]
    assert len(rows) == len(set(rows)), "P6: a job is in two areas"


def check_p8_ends_are_told(scene: Scene) -> None:
    """The end of a job is to be told until somebody has acknowledged it, and no longer."""
    for job in scene.known():
        record = scene.record(job.job)
        if record is None or job.noted is None:
            continue
        untold = record.ended and not job.noted
        assert (job.job in scene.notices) == untold, f"P8: the end of {job.request} is {'not ' * untold}to be told"


CHECKS: Final = (
    check_p1_acknowledged_jobs_are_kept,
    check_p3_nothing_is_struck_unordered,
    check_p3_one_step_in_doubt,
    check_p6_whole_in_one_area,
    check_p8_ends_are_told,
)
"""After every step, while the appliance has power."""
