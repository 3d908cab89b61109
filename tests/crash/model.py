"""What people know of a store: what they asked for, and what it told them.  Nothing here knows how the store works."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

from passbook.job.record import HistoryKind, Record
from passbook.job.states import JobState, Reason


@dataclass(eq=False)
class Asked:
    """Somebody asked for one change of one job, its acceptance included.

    Attributes:
        decides: it is a start, after which nothing that was asked before is under way any more.
        forgets: what is kept of the job, which has ended, shall go.
        result: the job as the store said that it is now; None while it has not answered, or refused.
    """

    job: str
    request: tuple[str, str]
    decides: bool = False
    forgets: bool = False
    result: Record | None = None


@dataclass(frozen=True)
class Told:
    """The store answered."""

    asked: Asked


@dataclass(frozen=True)
class Refused:
    """The store said no to a new job; nothing of it was ever given to it."""

    request: tuple[str, str]


@dataclass(frozen=True)
class HistoryCut:
    """Old history may be cut off from now on."""


class Moment(StrEnum):
    """What happened to the store as a whole."""

    ENDING = "ending"
    """It was closed, and its marks of an orderly end are being left."""
    ENDED = "ended"
    """They were left."""
    STARTING = "starting"
    STARTED = "started"
    """The marks were taken away."""


class Fault(StrEnum):
    """What can be wrong with what was found after a power cut."""

    LOST = "lost"
    """Something that was acknowledged is not there."""
    TWICE = "twice"
    """A step that may be on paper is not known to have been sent, so that it would be printed again."""
    UNREADABLE = "unreadable"
    """The store does not open, does not verify, or a job's content is not what was given."""
    WRONG = "wrong"
    """Something is there that nobody asked for, or that was refused."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where."""

    fault: Fault
    what: str


@dataclass
class Found:
    """What a start after the power cut found.

    Attributes:
        problems: what the store itself says does not fit.
        jobs: every job of which it knows, unfinished or ended.
        unreadable: unfinished jobs whose content is not what was given, and why.
        ends: how many ends of each job history tells of.
        requests: what is said of a request that is sent again: the job it became, or nothing.
        reason: why the store believes that it was down.
        lines: how many lines are in the book of each job, as the memory of books tells.
        next_job: what a mechanism would print without asking anybody.
        next_sequence: the number that the next job would get.
    """

    problems: list[str]
    jobs: dict[str, Record]
    unreadable: dict[str, str]
    ends: Counter[str]
    requests: dict[tuple[str, str], str]
    reason: Reason
    lines: dict[str, int]
    next_job: Record | None
    next_sequence: int


_OF_POWER_ON: Final = (
    "valid",
    "state",
    "reasons",
    "epoch",
    "asked",
    "media",
    "changed_at",
    "proposed",
    "boot",
    "held_by",
)
"""What a power-on changes in a job that has not ended."""
_OF_AN_END: Final = ("outline", "on_paper", "book")
"""What is kept in another form of a job that has ended."""
_STOPPED: Final = {
    JobState.PENDING: JobState.PENDING_HELD,
    JobState.PENDING_HELD: JobState.PENDING_HELD,
    JobState.PROCESSING: JobState.PROCESSING_STOPPED,
    JobState.PROCESSING_STOPPED: JobState.PROCESSING_STOPPED,
}


@dataclass
class _Job:
    request: tuple[str, str]
    told: list[Record] = field(default_factory=list)
    open: list[Asked] = field(default_factory=list)


class Model:
    """What was said up to one moment."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._refused: set[tuple[str, str]] = set()
        self._highest = 0
        self._is_cut = False
        self._moment = Moment.STARTING

    def copy(self) -> Model:
        return copy.deepcopy(self, {id(asked): asked for job in self._jobs.values() for asked in job.open})

    def hear(self, what: Asked | Told | Refused | HistoryCut | Moment) -> None:
        """The next thing was said."""
        match what:
            case Asked():
                self._jobs.setdefault(what.job, _Job(what.request)).open.append(what)
            case Told(asked):
                self._hear_answer(self._jobs[asked.job], asked)
            case Refused(request):
                self._refused.add(request)
            case HistoryCut():
                self._is_cut = True
            case Moment():
                self._moment = what

    def _hear_answer(self, job: _Job, asked: Asked) -> None:
        job.open = [] if asked.decides else [one for one in job.open if one is not asked]
        if asked.result is not None:
            job.told.append(asked.result)
            self._highest = max(self._highest, asked.result.sequence)
        elif asked.forgets or not (job.told or job.open):
            del self._jobs[asked.job]

    @property
    def acknowledged(self) -> int:
        """How many jobs the store said that it has, or had."""
        return sum(bool(job.told) for job in self._jobs.values())

    def requests(self) -> dict[str, tuple[str, str]]:
        """The request of every job that was ever given to the store."""
        return {name: job.request for name, job in self._jobs.items()}

    def unended(self) -> list[str]:
        """Jobs that are not known to have ended."""
        return [name for name, job in self._jobs.items() if not (job.told and job.told[-1].ended)]

    def judge(self, found: Found) -> Iterator[Finding]:
        """Everything that is wrong with what was found."""
        for problem in found.problems:
            yield Finding(Fault.UNREADABLE, problem)
        if found.next_job:
            yield Finding(Fault.TWICE, f"job {found.next_job.job_id} would be printed without a question")
        for name, job in self._jobs.items():
            yield from self._judge_job(name, job, found)
        for name in found.jobs.keys() - self._jobs.keys():
            yield Finding(Fault.WRONG, f"job {name} was never asked for")
        for request in self._refused:
            if found.requests.get(request):
                yield Finding(Fault.WRONG, f"{request[1]} was refused, and is job {found.requests[request]}")
        if found.next_sequence <= self._highest:
            yield Finding(Fault.WRONG, f"the number {found.next_sequence} would be given away twice")
        expected = {Moment.ENDED: {Reason.RESTART}, Moment.STARTED: {Reason.POWER_LOSS}}
        if found.reason not in expected.get(self._moment, {Reason.RESTART, Reason.POWER_LOSS}):
            yield Finding(Fault.WRONG, f"{self._moment.value}, and the start says {found.reason.value}")

    def _judge_job(self, name: str, job: _Job, found: Found) -> Iterator[Finding]:
        record = found.jobs.get(name)
        known = found.requests.get(job.request, "")
        if known != (name if record else ""):
            yield Finding(Fault.WRONG, f"job {name} sent again is {known or 'a new one'}")
        if record is None:
            if job.told and not any(asked.forgets for asked in job.open):
                yield Finding(Fault.LOST, f"job {name} is not there")
            return
        if name in found.unreadable:
            yield Finding(Fault.UNREADABLE, f"job {name}: {found.unreadable[name]}")
        if found.lines[name] != _lines_of(record):
            yield Finding(Fault.WRONG, f"the book of job {name} has {found.lines[name]} lines")
        if found.ends[name] != record.ended and not (self._is_cut and found.ends[name] == 0):
            yield Finding(Fault.WRONG, f"job {name}: history tells of {found.ends[name]} ends")
        possible = [*job.told[-1:], *(asked.result for asked in job.open if asked.result is not None)]
        if not any(_is_after_power_on(record, before) for before in possible):
            yield _worse(name, record, job.told)


def _lines_of(record: Record) -> int:
    """How many lines of a job may be in its book; each step is a line."""
    paper = record.on_paper
    return record.furthest_sent if paper is None else max(paper.confirmed, paper.in_doubt, paper.again)


def _is_after_power_on(record: Record, before: Record) -> bool:
    """Whether a power-on makes `record` of `before`; one that has ended stays as it is."""
    if before.ended:
        kept = _without(*_OF_AN_END)
        return kept(record) == kept(before)
    same = _without(*_OF_POWER_ON)
    # People are asked about all but what an operator holds.
    stands = before.held_by if before.held_by_operator else None
    held_as_before = record.held_by == stands and record.asked is (stands is None)
    made_invalid = not record.valid and record.epoch == before.epoch + 1 and held_as_before
    return made_invalid and same(record) == same(before) and record.state is _STOPPED[before.state]


def _without(*names: str) -> Callable[[Record], dict[str, Any]]:
    def rest(record: Record) -> dict[str, Any]:
        return {name: value for name, value in msgspec.structs.asdict(record).items() if name not in names}

    return rest


def _worse(name: str, record: Record, told: list[Record]) -> Finding:
    """What it means for people that the job is not as it was told last."""
    earlier = [number for number, one in enumerate(told) if _is_after_power_on(record, one)]
    if not earlier:
        return Finding(Fault.WRONG, f"job {name} is {record.state.value} {record.confirmed}/{record.sending}")
    forgotten = told[earlier[-1] + 1 :]
    sent = max((one.sending or one.confirmed for one in forgotten), default=0)
    fault = Fault.TWICE if sent > (record.sending or record.confirmed) else Fault.LOST
    return Finding(fault, f"job {name} is {record.state.value} {record.confirmed}/{record.sending}, and was further")


def ends_of(kinds: list[tuple[HistoryKind, str]]) -> Counter[str]:
    """How many ends of each job entries of a history tell of."""
    return Counter(job for kind, job in kinds if kind is HistoryKind.ENDED)
