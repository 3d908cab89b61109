"""Questions to the history: the wanted entries, their summary, and the columns that a terminal sees of one."""

from __future__ import annotations

import datetime
import statistics
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from passbook.errors import PassbookError
from passbook.job.record import Answered, ChosenAnew, Decider, HistoryEntry, HistoryKind, Record
from passbook.job.states import TERMINAL, JobState, Reason
from passbook.protocol.messages import JobView, Payload, decision_without_people, view_of, without_people
from passbook.protocol.naming import check_name
from passbook.screen.moments import is_moment

MOST_ENTRIES: Final = 1000
"""The most entries in one answer to a terminal."""
MOST_LISTED: Final = 1_000_000
"""The most entries in one answer to an operator."""

OUTCOMES: Final = (
    *sorted(state.value for state in TERMINAL),
    Reason.COMPLETED.value,
    Reason.CLOSED_BY_ANSWER.value,
    Reason.CANCELED_BY_PERSON.value,
    Reason.DISCARDED_BY_ANSWER.value,
    Reason.EXPIRED.value,
    Reason.ROLLED_BACK.value,
)
"""The outcomes of jobs; the last one stands beside a cancel and marks that more may be on paper."""


class Wanted(msgspec.Struct, frozen=True):
    """The conditions for entries; an empty one is true of every entry.

    Attributes:
        job: the beginning of a job's id.
        requester: name of the terminal that sent the job.
        person: a person who decided, proposed, confirmed, chose or holds; upper and lower case are the same.
        outcome: only ends, with this state or reason.
        since: the earliest time, as the beginning of an ISO time in UTC: a year, a month, a day or a moment of it.
        until: the latest time, likewise; a day is meant whole.
    """

    job: str = ""
    requester: str = ""
    person: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""

    def fits(self, entry: HistoryEntry) -> bool:
        """Whether the entry fulfils every condition."""
        record = entry.record
        return (
            self._has_job(record.job_id, record.requester)
            and self._has_time(entry.at)
            and self._has_outcome(entry.kind, record)
            and (not self.person or self.person.casefold() in _people(entry))
        )

    def fits_line(self, line: HistoryLine) -> bool:
        """Whether the columns of an entry fulfil every condition but that about people."""
        job = line.job
        return self._has_job(job.job, job.requester) and self._has_time(line.at) and self._has_outcome(line.kind, job)

    def _has_job(self, job: str, requester: str) -> bool:
        return job.startswith(self.job) and self.requester in {"", requester}

    def _has_time(self, at: str) -> bool:
        return at[: len(self.since)] >= self.since and at[: len(self.until)] <= self.until

    def _has_outcome(self, kind: HistoryKind, job: Record | JobView) -> bool:
        outcomes = {job.state.value, *(reason.value for reason in job.reasons)}
        return not self.outcome or (kind is HistoryKind.ENDED and self.outcome in outcomes)


def _people(entry: HistoryEntry) -> set[str]:
    decisions = [one for one in (entry.record.answered, entry.record.proposed) if one is not None]
    seconds = [one.seconded_by.person for one in decisions if one.seconded_by is not None]
    holders = [one.person for one in (entry.record.held_by, entry.record.released_by) if one is not None]
    choosers = [] if entry.chosen is None else [entry.chosen.by.person]
    return {person.casefold() for person in (*(one.person for one in decisions), *seconds, *holders, *choosers)}


class Grouping(StrEnum):
    """The groups by which a summary counts jobs."""

    TERMINAL = "terminal"
    """The terminal that sent the jobs."""
    HOUR = "hour"
    """The hour of the ends, in UTC."""
    OUTCOME = "outcome"
    """The outcome of the jobs."""
    WAITING = "waiting"
    """The time from acceptance to end."""
    SIDE = "side"
    """The spool whose copy fed the printer."""


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """The ended jobs of one group.

    Attributes:
        reprinted: number of jobs with lines on paper that were ordered again.
        median_waiting: seconds from acceptance to end that half of them took at most; None if no clock told.
        worst_waiting: seconds that the slowest took.
    """

    group: str
    jobs: int
    completed: int
    canceled: int
    aborted: int
    reprinted: int
    median_waiting: int | None
    worst_waiting: int | None


@dataclass(slots=True)
class _Group:
    """The counts of one group: eight bytes a job, so that the program can go through years of history."""

    states: dict[JobState, int] = field(default_factory=dict)
    reprinted: int = 0
    waiting: array[int] = field(default_factory=lambda: array("q"))


def summarize(entries: Iterable[HistoryEntry], by: Grouping) -> list[Summary]:
    """The ends among `entries`, counted by group and in the order of the groups, in one pass."""
    groups: dict[tuple[int, str], _Group] = {}
    for entry in entries:
        if entry.kind is not HistoryKind.ENDED:
            continue
        seconds = _waiting(entry)
        group = groups.setdefault(_GROUPS[by](entry, seconds), _Group())
        state = entry.record.state
        group.states[state] = group.states.get(state, 0) + 1
        group.reprinted += entry.record.reprints > 0
        if seconds is not None:
            group.waiting.append(seconds)
    return [_summary(name, groups[order, name]) for order, name in sorted(groups)]


def _summary(name: str, group: _Group) -> Summary:
    return Summary(
        group=name,
        jobs=sum(group.states.values()),
        completed=group.states.get(JobState.COMPLETED, 0),
        canceled=group.states.get(JobState.CANCELED, 0),
        aborted=group.states.get(JobState.ABORTED, 0),
        reprinted=group.reprinted,
        median_waiting=statistics.median_low(group.waiting) if group.waiting else None,
        worst_waiting=max(group.waiting, default=None),
    )


def _waiting(entry: HistoryEntry) -> int | None:
    """Whole seconds from acceptance to end; None if the stamps do not tell, as after a clock was set back."""
    try:
        begin, end = (datetime.datetime.fromisoformat(at) for at in (entry.record.accepted_at, entry.at))
        seconds = int((end - begin).total_seconds())
    except (ValueError, TypeError):
        return None
    return seconds if seconds >= 0 else None


_WAITS: Final = (
    (60, "up to a minute"),
    (300, "up to 5 minutes"),
    (900, "up to 15 minutes"),
    (3600, "up to an hour"),
    (86400, "up to a day"),
)


def _by_waiting(_entry: HistoryEntry, seconds: int | None) -> tuple[int, str]:
    if seconds is None:
        return len(_WAITS) + 1, "not known"
    for order, (most, name) in enumerate(_WAITS):
        if seconds <= most:
            return order, name
    return len(_WAITS), "longer than a day"


def _by_outcome(entry: HistoryEntry, _seconds: int | None) -> tuple[int, str]:
    return 0, " ".join((entry.record.state.value, *(f"({reason.value})" for reason in entry.record.reasons)))


def _by_side(entry: HistoryEntry, _seconds: int | None) -> tuple[int, str]:
    fed = entry.record.fed
    return (1, "not printed") if fed is None else (0, fed.by.value)


def _by_hour(entry: HistoryEntry, _seconds: int | None) -> tuple[int, str]:
    """The hour of the end; of one that the other spool told later its own hour, where its clock was trusted."""
    told = entry.record.reported
    at = told.at if told is not None and told.clock_trusted else entry.at
    return 0, f"{at[:13]}:00"


_GROUPS: Final[MappingProxyType[Grouping, Callable[[HistoryEntry, int | None], tuple[int, str]]]] = MappingProxyType(
    {
        Grouping.TERMINAL: lambda entry, _seconds: (0, entry.record.requester),
        Grouping.HOUR: _by_hour,
        Grouping.OUTCOME: _by_outcome,
        Grouping.WAITING: _by_waiting,
        Grouping.SIDE: _by_side,
    }
)
"""The place and the name of an end's group, given its waiting time in seconds."""


class GetHistory(Payload, frozen=True):
    """`Spooler.GetHistory`: entries, or with `summary` the counts of the ends among them (C6).

    Attributes:
        person: accepted from representatives only.
        last: number of entries, the newest.
    """

    job: str = ""
    requester: str = ""
    person: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""
    last: Annotated[int, Meta(ge=1, le=MOST_ENTRIES)] = 50
    summary: Grouping | None = None

    @property
    def wanted(self) -> Wanted:
        """The conditions of the command.

        Raises PassbookError `invalid-message`, `not-a-time`, `times-exchanged` or `unknown-outcome`.
        """
        # The search compares each entry with them, so a long text would cost its length for every entry.
        for which, name in (("job", self.job), ("requester", self.requester), ("person", self.person)):
            check_name(which, name, least=0)
        for which, moment in (("since", self.since), ("until", self.until)):
            if moment and not is_moment(moment):
                raise PassbookError("not-a-time", which=which, how="2026-03-02 or 2026-03-02T09:30, in UTC")
        if self.until and self.since[: len(self.until)] > self.until[: len(self.since)]:
            raise PassbookError("times-exchanged", since=self.since, until=self.until)
        if self.outcome and self.outcome not in OUTCOMES:
            raise PassbookError("unknown-outcome", known=", ".join(OUTCOMES))
        return Wanted(self.job, self.requester, self.person, self.outcome, self.since, self.until)


class HistoryLine(msgspec.Struct, frozen=True, rename="camel"):
    """The columns of one entry that a terminal may see.

    Attributes:
        job: the job after the event of the entry.
        answered: the decision, with the names of people only for terminals that may decide about the job (P12).
        proposed: a decision that waits for a second person, likewise.
        reprints: number of lines on paper that were ordered again, so far.
        released_by: the person who lifted the last hold, likewise.
        chosen: of `priority-set` and `feed-chosen`, the choice; its person likewise.
    """

    at: str
    kind: HistoryKind
    job: JobView
    answered: Answered | None
    proposed: Answered | None
    reprints: int
    released_by: Decider | None = None
    chosen: ChosenAnew | None = None


class HistoryReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Completion of `Spooler.GetHistory`: entries, the newest last, or a summary if the command asked for one.

    Attributes:
        age: seconds since the appliance told the agent its entries; 0 from the appliance.  A summary with an age is of
            the agent's own spool alone.
    """

    entries: tuple[HistoryLine, ...] = ()
    summary: tuple[Summary, ...] = ()
    age: int = 0


def line_of(entry: HistoryEntry, *, with_people: bool) -> HistoryLine:
    """The columns of an entry that a terminal sees."""
    record = entry.record
    view = view_of(record)
    job = view if with_people else without_people(view)
    proposed = record.proposed if with_people else decision_without_people(record.proposed)
    chosen = entry.chosen
    if chosen is not None and not with_people:
        chosen = msgspec.structs.replace(chosen, by=Decider(chosen.by.terminal, ""))
    return HistoryLine(entry.at, entry.kind, job, job.answered, proposed, record.reprints, job.released_by, chosen)
