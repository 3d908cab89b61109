from __future__ import annotations

import datetime

import pytest

from passbook.job.record import Answered, ChosenAnew, Decider, HistoryKind, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.history_reply import HistoryLine
from passbook.protocol.terminal_list import TerminalView
from terminal.tables_of_jobs import history_table, jobs_table, local_time, terminals_table
from tests.terminal.samples import stopped, view

EAST = datetime.timezone(datetime.timedelta(hours=2))
MORNING = datetime.datetime(2026, 5, 4, 11, 30).astimezone()


def stamp(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def test_a_stamp_is_shown_in_local_time() -> None:
    assert local_time(stamp(MORNING), MORNING) == "11:30"
    assert local_time(stamp(MORNING), MORNING + datetime.timedelta(days=1)) == "2026-05-04 11:30"
    assert local_time("2026-05-03T22:30:00+00:00", datetime.datetime(2026, 5, 4, 1, tzinfo=EAST)) == "00:30"
    assert local_time("2026-05-03T21:30:00+00:00", datetime.datetime(2026, 5, 4, 1, tzinfo=EAST)) == "2026-05-03 23:30"
    assert local_time("T", MORNING) == "T"


@pytest.mark.parametrize("width", [80, 60, 40])
def test_jobs_fit_a_narrow_screen_and_say_why_they_stand_still(width: int) -> None:
    jobs = [
        view(lines=20, lines_done=5, state=JobState.PROCESSING),
        stopped(5, 6, lines=20, lines_done=5),
        stopped(5, held_by=Decider("@operator", "Otto")),
        stopped(5, held_by=Decider("till-1", "Ann")),
        view(state=JobState.PROCESSING_STOPPED, reasons=(Reason.MEDIA_NEEDED,)),
    ]
    drawn = jobs_table(jobs, width)
    assert max(map(len, drawn)) <= width
    text = " ".join(" ".join(drawn).split())
    assert "Waits for an answer: the power failed. Answer: teller follow aa11." in text
    assert "Held by Otto, an operator: the power failed. It prints after a release and an answer." in text
    by_answer = "An answer prints it (teller questions); nobody is asked before its release."
    assert f"Held by Ann at till-1: the power failed. {by_answer}" in text
    assert [line.split()[1] for line in drawn[1:] if line.startswith("aa11")] == [
        "printing",
        "stopped",
        "held",
        "held",
        "needs",
    ]


def test_terminals_are_told_in_columns() -> None:
    rows = [
        TerminalView("rep-1", representative=True, connections=2, silent=125, heard_at=stamp(MORNING), questions=1),
        TerminalView("teller-1", representative=False),
    ]
    drawn = terminals_table(rows, None)
    assert drawn[1].split()[:2] == ["rep-1", "yes"]
    assert "2 min ago" in drawn[1]
    assert drawn[2].split()[:3] == ["teller-1", "no", "never"]


def chosen(before: str, now: str) -> ChosenAnew:
    return ChosenAnew(Decider("till-1", "Ann"), before, now)


def test_the_history_says_who_ordered_what() -> None:
    order = Answered(2, Verdict.RESUME, 7, 6, "till-1", "Ann", Decider("manager", "Rita"), line=7)
    lines = [
        HistoryLine(stamp(MORNING), HistoryKind.ANSWERED, view(lines=20, lines_done=5), order, None, 2),
        HistoryLine(stamp(MORNING), HistoryKind.PROPOSED, view(), None, order, 0),
        HistoryLine(stamp(MORNING), HistoryKind.RELEASED, view(), None, None, 0, Decider("till-1", "Ann")),
        HistoryLine(stamp(MORNING), HistoryKind.STOPPED, stopped(5), None, None, 0),
        HistoryLine(stamp(MORNING), HistoryKind.PRIORITY_SET, view(), None, None, 0, chosen=chosen("50", "80")),
        HistoryLine(
            stamp(MORNING), HistoryKind.FEED_CHOSEN, view(), order, None, 0, chosen=chosen("appliance", "terminal")
        ),
    ]
    text = "\n".join(history_table(lines, None))
    assert (
        "Ordered to go on with line 7 by Ann at till-1, confirmed by Rita at manager. 2 lines were ordered again."
        in text
    )
    assert "a second person must confirm it" in text
    assert "Released by Ann at till-1." in text
    assert "Priority 80 in place of 50 set by Ann at till-1." in text
    assert "The terminal's copy in place of the appliance's chosen by Ann at till-1." in text
    assert "The power failed." in text
    assert "5 of 20" in text
