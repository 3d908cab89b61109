"""An order that does not fit the state of a job is refused with a true state, in the words that the lists say."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Side
from passbook.job.priorities import set_priority
from passbook.job.record import Change, Decider, Record
from passbook.job.states import TRANSITIONS, JobEvent, JobState, Reason
from passbook.protocol.media import Media
from tests.passbook.test_changes import AT, after, pending
from tests.terminal.samples import outline

WAITING = replace(pending(), format="passbook-update")
TAKEN_UP = after(WAITING, changes.start(AT, 1), changes.wait_for_people(Reason.MEDIA_NEEDED, AT))
BEGUN = after(WAITING, changes.start(AT, 1), changes.journal(0, 1))
STOPPED = after(BEGUN, changes.stop(Reason.SILENT, Media.UNKNOWN, AT))
TURNED = after(
    replace(WAITING, outline=outline((2, 24, 1), (3, 1, 1)), steps=3),
    changes.start(AT, 1),
    *(changes.journal(step, step + 1) for step in range(2)),
    changes.journal(2, 0),
    changes.wait_for_people(Reason.MEDIA_NEEDED, AT),
)
RELEASE = changes.release(AT, "teller-1", "Ann")
FEED = changes.choose_feed(Side.TERMINAL, Decider("teller-1", "Ann"), AT)
URGENT = set_priority(90, Decider("teller-1", "Ann"), AT)


def sentence(record: Record, order: Change) -> str:
    with pytest.raises(PassbookError) as refused:
        order(record)
    assert refused.value.code == "not-allowed-in-state"
    return str(refused.value)


@pytest.mark.parametrize(
    ("record", "order", "said"),
    [
        (WAITING, RELEASE, "is waiting for its turn, so it cannot be changed by release."),
        (TAKEN_UP, RELEASE, "is waiting for its book, so it cannot be changed by release."),
        (replace(TAKEN_UP, format="text"), RELEASE, "is waiting for its sheet, so it cannot be changed by release."),
        (TURNED, RELEASE, "is waiting for its book to be turned to page 3, so it cannot be changed by release."),
        (TAKEN_UP, FEED, "is waiting for its book, so it cannot be changed by a change of its feed."),
        (TAKEN_UP, URGENT, "is waiting for its book, so it cannot be changed by a change of its priority."),
        (BEGUN, URGENT, "is printing, so it cannot be changed by a change of its priority."),
        (replace(STOPPED, valid=True, state=JobState.PENDING), FEED, "is waiting for its turn after it was begun, so"),
        (after(WAITING, changes.hand_over(AT)), URGENT, "is being printed by its terminal, so"),
        (STOPPED, changes.acknowledge("teller-1", AT), "is waiting for an answer, so"),
        (after(STOPPED, changes.hold(AT, "teller-1", "Ann")), changes.acknowledge("teller-1", AT), "is held, so"),
    ],
)
def test_a_refused_order_says_for_what_the_job_waits(record: Record, order: Change, said: str) -> None:
    assert said in sentence(record, order)


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("event", JobEvent)
def test_every_event_that_has_no_row_is_refused_in_words(state: JobState, event: JobEvent) -> None:
    record = replace(WAITING, state=state)
    if (state, event) in TRANSITIONS:
        assert changes.move_on(record, event, at=AT).state is TRANSITIONS[state, event]
        return
    with pytest.raises(PassbookError) as refused:
        changes.move_on(record, event, at=AT)
    assert refused.value.facts["event"] == event.value
    assert not {"pending", "processing", "aborted", "-"} & set(str(refused.value).partition(", so")[0].split())
