from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.job import changes
from passbook.job.record import Answered, Decider, HistoryEntry, HistoryKind, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.history_reply import OUTCOMES, GetHistory, Grouping, Summary, Wanted, line_of, summarize
from tests.passbook.test_changes_promises import NEW

DECISION = Answered(1, Verdict.PRINT, 1, 0, "till-1", "Ann", Decider("manager", "Rita"))
DONE = Reason.COMPLETED
AT = "2026-03-02T09:30:00.000+00:00"


def entry(
    at: str = "2026-03-02T09:30:00.000+00:00", kind: HistoryKind = HistoryKind.ENDED, **facts: Any
) -> HistoryEntry:
    known = {"state": JobState.COMPLETED, "reasons": (DONE,), "accepted_at": "2026-03-02T09:00:00.000+00:00"}
    return HistoryEntry(kind, at, replace(NEW, **(known | facts)))


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), True),
        (Wanted(job="0a"), True),
        (Wanted(job="0"), True),
        (Wanted(job="a"), False),
        (Wanted(requester="till-1"), True),
        (Wanted(requester="till"), False),
        (Wanted(person="ann"), True),
        (Wanted(person="Rita"), True),
        (Wanted(person="Eve"), False),
        (Wanted(outcome="completed"), True),
        (Wanted(outcome="job-completed-successfully"), True),
        (Wanted(outcome="canceled"), False),
        (Wanted(since="2026-03-02"), True),
        (Wanted(since="2026-03-02T09:30"), True),
        (Wanted(since="2026-03-02T09:31"), False),
        (Wanted(since="2027"), False),
        (Wanted(until="2026-03-02"), True),
        (Wanted(until="2026-03-02T09"), True),
        (Wanted(until="2026-03-01"), False),
        (Wanted(requester="till-1", outcome="canceled"), False),
    ],
)
def test_every_condition_must_fit(wanted: Wanted, fits: bool) -> None:
    assert wanted.fits(entry(answered=DECISION)) is fits


def test_an_outcome_is_one_of_ends_only() -> None:
    stopped = entry(kind=HistoryKind.STOPPED, state=JobState.PROCESSING_STOPPED, reasons=(Reason.MEDIA_JAM,))
    assert not Wanted(outcome="media-jam").fits(stopped)


def test_who_only_proposed_something_is_found_too() -> None:
    assert Wanted(person="Ann").fits(entry(kind=HistoryKind.PROPOSED, proposed=replace(DECISION, seconded_by=None)))


@pytest.mark.parametrize("moment", ["", "2026", "2026-03", "2026-03-02", "2026-03-02T09", "2026-03-02T09:30:11"])
def test_a_moment_is_the_beginning_of_a_time(moment: str) -> None:
    assert msgspec.convert({"since": moment}, GetHistory).wanted == Wanted(since=moment)


@pytest.mark.parametrize("which", ["since", "until"])
@pytest.mark.parametrize(
    "moment",
    [
        *(
            "yesterday",
            "26-03-02",
            "2026-13-01",
            "2026-02-30",
            "2026-00",
            "0000",
            "2026-3-2",
            "2026-03-02 09",
            "2026-W10",
        ),
        *("2026-03-02T24", "2026-03-02T09:60", "2026-03-02T09:30:11.5", "2026-03-02T09:30+01", "\uff12026", "2026\n"),
    ],
)
def test_a_time_that_the_calendar_does_not_have_is_refused_with_how_one_is_written(which: str, moment: str) -> None:
    with pytest.raises(PassbookError) as caught:
        _ = msgspec.convert({which: moment}, GetHistory).wanted
    assert (caught.value.code, caught.value.facts) == (
        "not-a-time",
        {"which": which, "how": "2026-03-02 or 2026-03-02T09:30, in UTC"},
    )
    assert "as 2026-03-02 or" in str(caught.value)
    assert caught.value.exit_code == EXIT_CODES[Mender.CALLER]


@pytest.mark.parametrize(
    ("since", "until", "refused"),
    [
        ("2026-03-02", "2026-03-01", True),
        ("2026-03-02T09", "2026-03-02", False),
        ("2026-03-02", "2026-03-02T09", False),
        ("2027", "2026-12-31", True),
        ("2026", "2026", False),
        ("2026-03", "", False),
        ("", "2026-03", False),
    ],
)
def test_times_that_leave_nothing_between_them_are_refused(since: str, until: str, refused: bool) -> None:
    asked = GetHistory(since=since, until=until)
    if not refused:
        assert asked.wanted == Wanted(since=since, until=until)
        return
    with pytest.raises(PassbookError) as caught:
        _ = asked.wanted
    assert (caught.value.code, caught.value.facts) == ("times-exchanged", {"since": since, "until": until})


@pytest.mark.parametrize("outcome", ["nonsense", "media-jam", "pending", "Completed"])
def test_what_is_no_outcome_is_refused_with_those_that_are(outcome: str) -> None:
    with pytest.raises(PassbookError) as caught:
        _ = GetHistory(outcome=outcome).wanted
    assert caught.value.code == "unknown-outcome"
    assert "canceled, completed, job-completed-successfully" in str(caught.value)


def test_every_end_of_a_job_is_an_outcome() -> None:
    """However the rules end a job, its state and its reasons can be asked for."""
    waiting = replace(NEW, valid=False, state=JobState.PROCESSING_STOPPED, asked=True, epoch=1)
    finished = replace(NEW, state=JobState.PROCESSING, confirmed=NEW.steps)
    old = replace(waiting, state=JobState.PENDING_HELD, begun=False, business_date="2026-03-01", clock_trusted=True)
    said = Answered(1, Verdict.DISCARD, 0, 0, "till-1", "Ann")
    closed = replace(said, verdict=Verdict.RESUME, step=NEW.steps + 1)
    sent = replace(waiting, confirmed=NEW.steps)
    ends = [
        changes.finish_job(AT)(finished),
        changes.cancel(AT, "till-1", "Ann")(waiting),
        changes.cancel(AT, "till-1", "Ann")(replace(waiting, reasons=(Reason.ROLLED_BACK,))),
        changes.answer(said, at=AT, date="2026-03-02", trusted=True)(waiting),
        changes.answer(closed, at=AT, date="2026-03-02", trusted=True)(sent),
        changes.expire(1, "2026-03-02", AT)(old),
    ]
    found = {word for end in ends for word in (end.record.state.value, *end.record.reasons)}
    assert all(end.record.ended for end in ends)
    assert found == set(OUTCOMES)


@pytest.mark.parametrize("wrong", [{"since": 2026}, {"last": 0}, {"last": 1001}, {"summary": "colour"}])
def test_what_is_no_question_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, GetHistory)


ENDS = [
    entry("2026-03-02T09:00:20.000+00:00"),
    entry("2026-03-02T09:02:00.000+00:00", requester="till-2", reprints=2),
    entry("2026-03-02T10:00:00.000+00:00", state=JobState.CANCELED, reasons=(Reason.CANCELED_BY_PERSON,)),
    entry("2026-03-05T10:00:00.000+00:00", state=JobState.ABORTED, reasons=()),
    entry("2026-03-02T08:00:00.000+00:00"),
    entry("no time"),
    entry(kind=HistoryKind.STOPPED),
]


def test_ends_are_counted_by_terminal() -> None:
    one, two = summarize(ENDS, Grouping.TERMINAL)
    days = 3 * 86400 + 3600
    assert one == Summary("till-1", 5, 3, 1, 1, 0, 3600, days)
    assert two == Summary("till-2", 1, 1, 0, 0, 1, 120, 120)


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        (
            Grouping.HOUR,
            {
                "2026-03-02T08:00": 1,
                "2026-03-02T09:00": 2,
                "2026-03-02T10:00": 1,
                "2026-03-05T10:00": 1,
                "no time:00": 1,
            },
        ),
        (
            Grouping.OUTCOME,
            {"aborted": 1, "canceled (job-canceled-by-user)": 1, "completed (job-completed-successfully)": 4},
        ),
        (
            Grouping.WAITING,
            {"up to a minute": 1, "up to 5 minutes": 1, "up to an hour": 1, "longer than a day": 1, "not known": 2},
        ),
    ],
)
def test_ends_are_counted_by(by: Grouping, counts: dict[str, int]) -> None:
    """A clock that was set back tells no waiting time."""
    assert {one.group: one.jobs for one in summarize(ENDS, by)} == counts
    assert [one.group for one in summarize(reversed(ENDS), by)] == list(counts)


def test_nothing_adds_up_to_nothing() -> None:
    assert summarize([], Grouping.HOUR) == []


def test_the_names_of_people_are_for_those_who_may_decide() -> None:
    """P12; the terminals at which they decided are columns of the queue."""
    told = entry(answered=DECISION, proposed=replace(DECISION, seconded_by=None), reprints=3)
    assert line_of(told, with_people=True).answered == DECISION
    hidden = line_of(told, with_people=False)
    assert hidden.answered == replace(DECISION, person="", seconded_by=Decider("manager", ""))
    assert hidden.proposed == replace(DECISION, person="", seconded_by=None)
    assert hidden.reprints == 3
    assert line_of(entry(), with_people=False).answered is None
