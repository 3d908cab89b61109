from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.priorities import set_priority
from passbook.job.record import ChosenAnew, Decider, HistoryKind, Record, entry_of
from passbook.job.states import JobState
from tests.passbook.test_changes import AT, pending

ANN = Decider("till-1", "Ann")


@pytest.mark.parametrize(
    "record",
    [
        pending(),
        replace(pending(), state=JobState.PENDING_HELD, valid=False),
        replace(pending(), state=JobState.PROCESSING_STOPPED, valid=False, begun=True, confirmed=2),
    ],
)
def test_a_job_that_waits_gets_the_priority_and_nothing_else_and_the_history_says_who_set_it(record: Record) -> None:
    outcome = set_priority(90, ANN, AT)(record)
    assert outcome.record == replace(record, priority=90)
    entry = entry_of(HistoryKind.PRIORITY_SET, outcome.record, AT, ChosenAnew(ANN, "50", "90"))
    assert outcome.entry == entry


def test_the_priority_that_a_job_has_changes_nothing() -> None:
    outcome = set_priority(50, ANN, AT)(pending())
    assert (outcome.record, outcome.entry) == (pending(), None)


@pytest.mark.parametrize(
    "record",
    [
        replace(pending(), state=JobState.PROCESSING, begun=True),
        replace(pending(), state=JobState.PROCESSING_STOPPED, begun=True),
        replace(pending(), state=JobState.CANCELED, valid=False),
        replace(pending(), handed=True),
    ],
)
def test_a_job_that_prints_or_has_ended_keeps_its_priority(record: Record) -> None:
    with pytest.raises(PassbookError) as caught:
        set_priority(90, ANN, AT)(record)
    assert caught.value.code == "not-allowed-in-state"
