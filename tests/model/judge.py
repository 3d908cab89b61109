"""What must be true of the appliance, told by what people did and by the paper, never by the appliance's own word.

Each `check_...` is one promise; to add one, write it and name it in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from drivers.simulator.paper import Paper
from passbook.job.record import Record
from passbook.job.states import JobState
from tests.model.jobs import Counts, Job

Entry = tuple[int, str, bytes]
"""Of a history: number, text and chain value."""
CHIEF: Final = "chief"
"""The representative."""
CONCERNS: Final = frozenset(
    {"Recovery.QuestionEvent", "Recovery.QuestionClosedEvent", "Spooler.MediaPromptEvent", "Spooler.JobEndedEvent"}
)
"""Events that are for the requester and the representatives only."""


@dataclass
class Scene:
    """What there is to judge: the people's book-keeping, the paper, and the areas' files.

    Attributes:
        record: job id -> its record, or None where its area is out of use.
        fenced: names of areas out of use.
        notices: ids of the jobs whose end is to be told.
        trusted: whether the clock is.
        idle: whether the mechanism can print and nobody is asked to do anything.
        out_of_use: ids of the jobs whose area has failed.
        told: (terminal, event, payload as text) of what terminals were told.
        histories: area -> its history as it was last seen; kept by the check of it.
    """

    jobs: list[Job]
    paper: Paper
    areas: dict[str, Path]
    record: Callable[[str], Record | None]
    fenced: frozenset[str]
    notices: frozenset[str]
    trusted: bool
    idle: bool
    out_of_use: frozenset[str]
    told: list[tuple[str, str, str]]
    histories: dict[str, list[Entry]]

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
    """(job id, whether it is valid in the start that the file says this is) of everything in one area's file."""
    connection = apsw.Connection(str(folder / "area.sqlite"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix")
    try:
        now = connection.execute("SELECT max(number) FROM boot").get
        rows = connection.execute("SELECT job_id, valid FROM job UNION ALL SELECT job_id, 0 FROM ended").fetchall()
    finally:
        connection.close()
    return [(str(job), valid not in {0, None} and valid == now) for job, valid in rows]


def history_of(folder: Path) -> list[Entry]:
    """Every entry in one area's file."""
    connection = apsw.Connection(str(folder / "area.sqlite"), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix")
    try:
        rows = connection.execute("SELECT n, entry, chain FROM history ORDER BY n").fetchall()
    finally:
        connection.close()
    return [(int(n), str(entry), bytes(chain)) for n, entry, chain in rows]  # type: ignore[arg-type]  # by the table


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


def check_p7_epochs_rise(scene: Scene) -> None:
    """An epoch never falls, and whoever stops being valid without an end has a new one."""
    for job in scene.known():
        record = scene.record(job.job)
        if record is None:
            continue
        stopped = job.valid and not record.valid and not record.ended
        assert record.epoch >= job.epoch + stopped, f"P7: {job.request} stopped and its epoch is still {job.epoch}"
        job.epoch, job.valid = record.epoch, record.valid


def check_p8_ends_are_told(scene: Scene) -> None:
    """The end of a job is to be told until somebody has acknowledged it, and no longer."""
    for job in scene.known():
        record = scene.record(job.job)
        if record is None or job.noted is None:
            continue
        untold = record.ended and not job.noted
        assert (job.job in scene.notices) == untold, f"P8: the end of {job.request} is {'not ' * untold}to be told"


def check_p11_history_only_grows(scene: Scene) -> None:
    """What an area's history said it says still, numbered without a gap, and each end once."""
    entries: list[Entry] = []
    for name, folder in scene.areas.items():
        now, before = history_of(folder), scene.histories.get(name, [])
        assert now[: len(before)] == before, f"P11: the history of area {name} was altered"
        assert [n for n, _, _ in now] == list(range(1, len(now) + 1)), f"P11: area {name} has a gap in its history"
        scene.histories[name] = now
        entries += now
    for job in scene.known():
        record = scene.record(job.job)
        if record is not None:
            ends = sum('"kind":"ended"' in text and f'"{job.job}"' in text for _, text, _ in entries)
            assert ends == record.ended, f"P11: the history tells {ends} ends of {job.request}"


def check_p12_events_are_for_whom_they_concern(scene: Scene) -> None:
    """Questions, prompts and ends go to the requester and the representatives; what a document says goes to nobody."""
    secrets = [word for job in scene.jobs for word in job.statement.secrets()]
    for terminal, event, text in scene.told:
        assert not any(word in text for word in secrets), f"P12: {event} tells what a document says"
        if event in CONCERNS and terminal != CHIEF:
            others = [job.job for job in scene.known() if job.terminal != terminal]
            assert not any(job in text for job in others), f"P12: {terminal} was told {event} of somebody else"


def check_others_go_on(scene: Scene) -> None:
    """F9: while the mechanism is idle nothing waits that people have ordered, whatever became of other areas."""
    for job in scene.known():
        record = scene.record(job.job)
        waits = record is not None and record.valid and job.job not in scene.out_of_use
        assert not (scene.idle and waits), f"F9: {job.request} may be printed and is left lying"


CHECKS: Final = (
    check_p1_acknowledged_jobs_are_kept,
    check_p3_nothing_is_struck_unordered,
    check_p3_one_step_in_doubt,
    check_p6_whole_in_one_area,
    check_p7_epochs_rise,
    check_p8_ends_are_told,
    check_p11_history_only_grows,
    check_p12_events_are_for_whom_they_concern,
    check_others_go_on,
)
"""After every step, while the appliance has power."""
