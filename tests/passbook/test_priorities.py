from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.priorities import set_priority
from passbook.job.record import Record
from passbook.job.states import JobState
from tests.passbook.test_changes import pending


@pytest.mark.parametrize(
    "record",
    [
        pending(),
        replace(pending(), state=JobState.PENDING_HELD, valid=False),
        replace(pending(), state=JobState.PROCESSING_STOPPED, valid=False, begun=True, confirmed=2),
    ],
)
def test_a_job_that_waits_gets_the_priority_and_nothing_else(record: Record) -> None:
    outcome = set_priority(90)(record)
    assert outcome.record == replace(record, priority=90)
    assert outcome.entry is None


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
        set_priority(90)(record)
    assert caught.value.code == "not-allowed-in-state"
