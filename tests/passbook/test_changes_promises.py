"""The promises P2, P3, P4 and P7 as the rules of one record keep them."""

from __future__ import annotations

from functools import reduce

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.changes import (
    answer,
    finish_job,
    hold,
    invalidate,
    journal,
    proceed,
    release,
    start,
    stop,
    wait_for_people,
)
from passbook.job.record import Answered, Change, Encryption, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from passbook.protocol.messages import question_of

AT = "2026-03-02T09:00:00Z"
STEPS = 4

NEW = Record(
    job_id="0a",
    requester="till-1",
    request_id="r1",
    sequence=1,
    accepted_at=AT,
    format="passbook-update",
    printer="front",
    encryption=Encryption.REQUESTER,
    steps=STEPS,
    outline=(),
    size=100,
)
BEGUN = (start(AT, 1), wait_for_people(Reason.MEDIA_NEEDED, AT), proceed(AT))
STOPPED = stop(Reason.SILENT, Media.PRESENT, AT)
CUT = invalidate(Reason.POWER_LOSS, AT)


def after(*changes: Change) -> Record:
    """A new record to which `changes` were done."""
    return reduce(lambda record, change: change(record).record, changes, NEW)


def decided(verdict: Verdict, *, epoch: int, step: int = 0, in_doubt: int = 0) -> Change:
    """A person's answer."""
    given = Answered(epoch, verdict, step, in_doubt, "till-1", "A. Person")
    return answer(given, at=AT, date="2026-03-02", trusted=True)


def refused(record: Record, change: Change) -> str:
    """The code with which `change` is refused."""
    with pytest.raises(PassbookError) as caught:
        change(record)
    return caught.value.code


@pytest.mark.parametrize("end", [STOPPED, CUT], ids=["stopped", "cut"])
@pytest.mark.parametrize(
    "change",
    [journal(1, 2), start(AT, 1), wait_for_people(Reason.MEDIA_NEEDED, AT), proceed(AT), finish_job(AT), STOPPED],
    ids=["journal", "start", "wait", "proceed", "finish", "stop"],
)
def test_no_step_of_an_invalid_record_is_sent(end: Change, change: Change) -> None:
    """P2: nothing that a print desk does is possible before somebody answered."""
    record = after(*BEGUN, journal(0, 1), end)
    assert not record.valid
    assert refused(record, change) == "not-allowed-in-state"


def test_the_flag_alone_decides_whether_a_step_is_sent() -> None:
    """P2: also in a state that would allow it, as a record that was altered may have."""
    record = replace(after(*BEGUN), valid=False)
    assert record.state is JobState.PROCESSING
    assert refused(record, journal(0, 1)) == "not-allowed-in-state"


@pytest.mark.parametrize(("confirmed", "sending"), [(0, 2), (0, 1), (1, 3), (2, 3), (3, 4)], ids=str)
def test_the_next_step_is_sent_only_after_the_last_one_was_confirmed(confirmed: int, sending: int) -> None:
    """P3: with step 1 sent, only 'step 1 is confirmed, step 2 is sent' may be written."""
    record = after(*BEGUN, journal(0, 1))
    assert refused(record, journal(confirmed, sending)) == "answer-not-possible"
    assert journal(1, 2)(record).record.sending == 2


def test_no_step_is_sent_twice() -> None:
    """P3: what was sent can be confirmed or asked about, never sent again by rule."""
    record = after(*BEGUN, journal(0, 1), journal(1, 2))
    assert refused(record, journal(1, 2)) == "answer-not-possible"
    assert refused(record, journal(0, 1)) == "answer-not-possible"


def test_no_step_follows_the_last() -> None:
    record = after(*BEGUN, *(journal(step, step + 1) for step in range(STEPS)))
    assert refused(record, journal(STEPS, STEPS + 1)) == "answer-not-possible"
    assert finish_job(AT)(record).record.state is JobState.COMPLETED


@pytest.mark.parametrize(
    ("done", "state"),
    [
        ((), JobState.PENDING_HELD),
        (BEGUN[:1], JobState.PROCESSING_STOPPED),
        (BEGUN[:2], JobState.PROCESSING_STOPPED),
        ((*BEGUN, journal(0, 1)), JobState.PROCESSING_STOPPED),
        ((*BEGUN, journal(0, 1), STOPPED), JobState.PROCESSING_STOPPED),
        ((CUT,), JobState.PENDING_HELD),
    ],
    ids=["pending", "processing", "waiting", "in doubt", "stopped", "cut before"],
)
def test_what_an_earlier_start_left_is_invalid(done: tuple[Change, ...], state: JobState) -> None:
    """P4: whatever it was doing, it is asked about and keeps what is known of the paper."""
    before = after(*done)
    outcome = CUT(before)
    left = outcome.record
    assert (left.valid, left.asked, left.state) == (False, True, state)
    assert Reason.POWER_LOSS in left.reasons
    assert (left.confirmed, left.sending) == (before.confirmed, before.sending)
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.INVALIDATED


def test_every_invalidation_asks_a_new_question() -> None:
    """P7: also when nobody answered the one before."""
    assert [after(*[CUT] * cuts).epoch for cuts in range(4)] == [0, 1, 2, 3]


def test_every_stop_asks_a_new_question() -> None:
    """P7: an answer of before the stop cannot be meant for it."""
    record = after(CUT, decided(Verdict.PRINT, epoch=1), *BEGUN, journal(0, 1), STOPPED)
    assert (record.epoch, record.valid, record.asked) == (2, False, True)


def test_an_answer_to_an_earlier_question_is_stale() -> None:
    """P7: only the question that is open now can be answered."""
    record = after(CUT, CUT)
    for epoch in (0, 1, 3):
        assert refused(record, decided(Verdict.PRINT, epoch=epoch)) == "stale-question"
    assert decided(Verdict.PRINT, epoch=2)(record).record.valid


def test_an_answer_that_saw_another_step_in_doubt_is_stale() -> None:
    """P7: the person decided about other paper than there is."""
    record = after(*BEGUN, journal(0, 1), CUT)
    assert refused(record, decided(Verdict.RESUME, epoch=1, step=1, in_doubt=0)) == "stale-question"
    assert decided(Verdict.RESUME, epoch=1, step=1, in_doubt=1)(record).record.valid


def test_the_first_answer_wins_and_repeating_it_gives_its_result() -> None:
    """P7: repeating changes nothing, another verdict at that epoch is told who won."""
    record = after(CUT, decided(Verdict.PRINT, epoch=1))
    assert decided(Verdict.PRINT, epoch=1)(record).record == record
    assert refused(record, decided(Verdict.DISCARD, epoch=1)) == "already-answered"


@pytest.mark.parametrize("step", [1, 2, 3])
def test_going_on_counts_the_steps_before_as_on_paper(step: int) -> None:
    """P3: after an answer nothing is in doubt, and only a step that the person named comes next."""
    record = after(*BEGUN, journal(0, 1), journal(1, 2), CUT)
    ready = decided(Verdict.RESUME, epoch=1, step=step, in_doubt=2)(record).record
    assert (ready.confirmed, ready.sending, ready.state) == (step - 1, 0, JobState.PENDING)


@pytest.mark.parametrize("step", [0, 4, 5])
def test_nobody_can_say_that_a_step_is_on_paper_that_was_never_sent(step: int) -> None:
    record = after(*BEGUN, journal(0, 1), journal(1, 2), CUT)
    assert refused(record, decided(Verdict.RESUME, epoch=1, step=step, in_doubt=2)) == "answer-not-possible"


def test_a_step_that_was_sent_before_it_was_ordered_again_can_be_said_to_be_on_paper() -> None:
    """After a hold and a release nothing is in doubt any more, but the step may be on paper all the same."""
    again = decided(Verdict.RESUME, epoch=1, step=2, in_doubt=2)
    held = (hold(AT, "till-1", "A. Person"), release(AT, "till-1", "A. Person"))
    record = after(*BEGUN, journal(0, 1), journal(1, 2), CUT, again, *held)
    assert (record.confirmed, record.sending, record.sent_before) == (1, 0, 2)
    ready = decided(Verdict.RESUME, epoch=2, step=3)(record).record
    assert (ready.valid, ready.confirmed, ready.sent_before) == (True, 2, 2)
    assert refused(record, decided(Verdict.RESUME, epoch=2, step=4)) == "answer-not-possible"


def test_lines_ordered_again_are_known_as_sent_when_a_restart_comes_first() -> None:
    """Nobody may be told of a line that it was never sent, as long as it may be on paper."""
    record = after(*BEGUN, journal(0, 1), journal(1, 2), CUT)
    again = after(*BEGUN, journal(0, 1), journal(1, 2), CUT, decided(Verdict.PRINT, epoch=1, in_doubt=2), CUT)
    assert (record.sent_before, again.sent_before) == (0, 2)
    asked = question_of(again, (), readable=False)
    assert (asked.job.confirmed, asked.in_doubt, asked.sent_before) == (0, 0, 2)
    twice = decided(Verdict.PRINT, epoch=2)(again).record
    assert CUT(twice).record.sent_before == 2
