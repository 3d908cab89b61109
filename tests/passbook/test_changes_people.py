"""What operators and people at a mechanism do to a job: hold, cancel between two steps, a medium that was found."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.job import changes
from passbook.job.record import OPERATOR, Change, Decider, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from tests.passbook.test_changes_promises import AT, BEGUN, CUT, NEW, STOPPED, after, decided, refused

HOLD = changes.hold(AT, "counter-1", "Ann")
GIVEN_UP = changes.hold(AT, "counter-1", "Ann", media=Media.ENTERING)
AT_ONCE = changes.cancel(AT, "till-1", "A. Person")
AT_BOUNDARY = changes.cancel(AT, "till-1", "A. Person", at_boundary=True)

PENDING = NEW
WAITING = after(*BEGUN[:2])
PRINTING = after(*BEGUN)
IN_DOUBT = after(*BEGUN, changes.journal(0, 1))
BETWEEN = after(*BEGUN, changes.journal(0, 1), changes.journal(1, 0))
ASKED = after(*BEGUN, changes.journal(0, 1), STOPPED)


def test_a_pending_job_that_is_held_is_a_question_that_nobody_is_asked() -> None:
    outcome = HOLD(PENDING)
    held = outcome.record
    assert (held.valid, held.asked, held.state) == (False, False, JobState.PENDING_HELD)
    assert held.reasons == (Reason.HELD_BY_PERSON,)
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.STOPPED


def test_holding_a_valid_job_makes_a_new_question() -> None:
    """P7: an answer that was given before it was held cannot release it."""
    assert HOLD(PENDING).record.epoch == PENDING.epoch + 1
    assert HOLD(after(CUT)).record.epoch == after(CUT).epoch


@pytest.mark.parametrize("working", [WAITING, PRINTING, IN_DOUBT, BETWEEN])
def test_what_a_mechanism_works_on_is_not_held(working: Record) -> None:
    assert refused(working, HOLD) == "job-is-printing"


@pytest.mark.parametrize("record", [WAITING, PRINTING, BETWEEN], ids=["waiting", "printing", "between"])
def test_between_two_steps_the_desk_itself_may_have_a_job_held(record: Record) -> None:
    outcome = GIVEN_UP(record)
    held = outcome.record
    assert (held.state, held.valid, held.asked) == (JobState.PROCESSING_STOPPED, False, False)
    assert (held.epoch, held.media, held.confirmed) == (record.epoch + 1, Media.ENTERING, record.confirmed)
    assert held.reasons[0] is Reason.HELD_BY_PERSON
    assert held.held_by == Decider("counter-1", "Ann")
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.STOPPED


def test_a_step_in_doubt_is_never_held_away() -> None:
    assert refused(IN_DOUBT, GIVEN_UP) == "job-is-printing"
    assert refused(replace(WAITING, sending=1), GIVEN_UP) == "job-is-printing"


def test_holding_an_open_question_keeps_what_it_says() -> None:
    held = HOLD(ASKED).record
    assert (held.sending, held.confirmed, held.epoch) == (ASKED.sending, ASKED.confirmed, ASKED.epoch)
    assert not held.asked
    assert decided(Verdict.RESUME, epoch=held.epoch, step=1, in_doubt=1)(held).record.valid


RELEASE = changes.release(AT, "manager", "Ms Okafor", senior=True)
OPERATORS_HOLD = changes.hold(AT, OPERATOR, "Otto")
_LOSS, _NEEDED, _HELD = Reason.POWER_LOSS, Reason.MEDIA_NEEDED, Reason.HELD_BY_PERSON


@pytest.mark.parametrize(
    ("changed", "held", "released"),
    [
        ([HOLD], (_HELD, _LOSS, _NEEDED), (_LOSS, _NEEDED)),
        ([HOLD, HOLD], (_HELD, _LOSS, _NEEDED), (_LOSS, _NEEDED)),
        ([HOLD, OPERATORS_HOLD], (_HELD, _LOSS, _NEEDED), (_LOSS, _NEEDED)),
        ([HOLD, RELEASE, HOLD], (_HELD, _LOSS, _NEEDED), (_LOSS, _NEEDED)),
        ([HOLD, CUT], (_LOSS, _NEEDED), (_LOSS, _NEEDED)),
        ([OPERATORS_HOLD, CUT], (_LOSS, _HELD, _NEEDED), (_LOSS, _NEEDED)),
        ([OPERATORS_HOLD, CUT, CUT], (_LOSS, _HELD, _NEEDED), (_LOSS, _NEEDED)),
    ],
)
def test_a_hold_keeps_why_there_is_a_question_and_a_release_takes_only_the_hold_away(
    changed: list[Change], held: tuple[Reason, ...], released: tuple[Reason, ...]
) -> None:
    record = after(*BEGUN[:2], CUT, *changed)
    assert record.state is JobState.PROCESSING_STOPPED
    assert record.reasons == held
    assert RELEASE(record).record.reasons == released


def test_a_held_job_prints_by_an_answer_and_by_nothing_else() -> None:
    held = HOLD(PENDING).record
    assert refused(held, changes.start(AT, 1)) == "not-allowed-in-state"
    ready = decided(Verdict.PRINT, epoch=held.epoch)(held).record
    assert (ready.valid, ready.state) == (True, JobState.PENDING)


def test_the_next_start_asks_again() -> None:
    assert CUT(HOLD(PENDING).record).record.asked


@pytest.mark.parametrize("record", [PENDING, after(CUT), ASKED], ids=["pending", "held", "stopped"])
@pytest.mark.parametrize("cancel", [AT_ONCE, AT_BOUNDARY])
def test_what_no_mechanism_has_is_cancelled_at_once(record: Record, cancel: Change) -> None:
    outcome = cancel(record)
    ended = outcome.record
    assert (ended.state, ended.valid, ended.reasons) == (JobState.CANCELED, False, (Reason.CANCELED_BY_PERSON,))
    assert ended.answered is not None
    assert (ended.answered.person, ended.answered.terminal) == ("A. Person", "till-1")
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.ENDED


@pytest.mark.parametrize("record", [WAITING, PRINTING, BETWEEN], ids=["waiting", "printing", "between"])
def test_between_two_steps_only_the_desk_itself_may_cancel(record: Record) -> None:
    assert refused(record, AT_ONCE) == "job-is-printing"
    assert AT_BOUNDARY(record).record.state is JobState.CANCELED


def test_a_step_in_doubt_is_never_cancelled_away() -> None:
    """N1: the question which line is on paper stays for a person."""
    assert refused(IN_DOUBT, AT_BOUNDARY) == "job-is-printing"
    assert refused(replace(WAITING, sending=1), AT_BOUNDARY) == "job-is-printing"


def test_an_ended_job_is_neither_held_nor_cancelled() -> None:
    ended = AT_ONCE(PENDING).record
    for change in (HOLD, AT_ONCE, AT_BOUNDARY):
        assert refused(ended, change) == "not-allowed-in-state"


@pytest.mark.parametrize("record", [PENDING, after(CUT)], ids=["pending", "untouched"])
def test_a_medium_in_the_mechanism_is_no_matter_of_a_job_that_never_had_it(record: Record) -> None:
    assert changes.found_medium(Media.PRESENT)(record).record == record


@pytest.mark.parametrize("media", Media)
def test_a_medium_that_was_found_belongs_to_the_question_and_changes_nothing_else(media: Media) -> None:
    outcome = changes.found_medium(media)(ASKED)
    assert outcome.record == replace(ASKED, media=media)
    assert outcome.entry is None


def test_a_released_job_is_asked_about_again_and_stays_invalid() -> None:
    held = HOLD(PENDING).record
    released = changes.release(AT, "manager", "Ms Okafor")(held).record
    assert (released.asked, released.valid, released.epoch) == (True, False, held.epoch)
    assert changes.release(AT, "manager", "Ms Okafor")(released).record == released


@pytest.mark.parametrize("record", [PENDING, WAITING, PRINTING, AT_ONCE(PENDING).record])
def test_what_is_no_question_is_not_released(record: Record) -> None:
    assert refused(record, changes.release(AT, "manager", "Ms Okafor")) == "not-allowed-in-state"
