from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Choice, Keep, Side
from passbook.job.record import (
    Answered,
    Change,
    ChosenAnew,
    Decider,
    Encryption,
    HistoryKind,
    Holder,
    Outcome,
    Record,
    Verdict,
    Wrap,
)
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media

AT = "2026-03-02T09:30:00Z"
LATER = "2026-03-03T08:00:00Z"
REFUSALS = {"not-allowed-in-state", "answer-not-possible", "stale-question", "already-answered", "job-is-printing"}


def pending(steps: int = 4) -> Record:
    return Record(
        job_id="0a1b",
        requester="teller-1",
        request_id="r-1",
        sequence=1,
        accepted_at=AT,
        format="text",
        printer="pr-1",
        encryption=Encryption.REQUESTER,
        steps=steps,
        outline=(),
        size=100,
        key_ref="key-1",
    )


def after(record: Record, *rules: Change) -> Record:
    for one in rules:
        record = one(record).record
    return record


def code_of(record: Record, one: Change) -> str:
    with pytest.raises(PassbookError) as caught:
        one(record)
    return caught.value.code


def answered(record: Record, verdict: Verdict, step: int = 0, **other: int) -> Change:
    given = Answered(
        other.get("epoch", record.epoch), verdict, step, other.get("in_doubt", record.sending), "teller-1", "Ms Okafor"
    )
    return changes.answer(given, at=LATER, date="2026-03-03", trusted=True)


DOUBTFUL = after(
    pending(),
    changes.start(AT, 1),
    changes.journal(0, 1),
    changes.journal(1, 2),
    changes.stop(Reason.SILENT, Media.UNKNOWN, AT),
)
"""Step 1 is on paper, step 2 is in doubt, steps 3 and 4 are left."""


@pytest.mark.parametrize(
    "one",
    [
        changes.start(AT, 1),
        changes.journal(1, 2),
        changes.wait_for_people(Reason.MEDIA_NEEDED, AT),
        changes.proceed(AT),
        changes.stop(Reason.SILENT, Media.UNKNOWN, AT),
        changes.finish_job(AT),
    ],
)
@pytest.mark.parametrize("state", list(JobState))
def test_nothing_that_leads_to_paper_is_done_for_an_invalid_record(state: JobState, one: Change) -> None:
    record = replace(pending(), state=state, valid=False, confirmed=1, sending=0)
    assert code_of(record, one) == "not-allowed-in-state"


def test_a_job_is_not_done_before_its_last_step_was_sent() -> None:
    begun = after(pending(), changes.start(AT, 1))
    assert code_of(begun, changes.finish_job(AT)) == "answer-not-possible"
    third = after(begun, *(changes.journal(k, k + 1) for k in range(3)))
    assert code_of(third, changes.finish_job(AT)) == "answer-not-possible"
    last = after(third, changes.journal(3, 4))
    assert after(last, changes.finish_job(AT)).confirmed == 4
    assert after(last, changes.journal(4, 0), changes.finish_job(AT)).state is JobState.COMPLETED


@pytest.mark.parametrize(("confirmed", "sending"), [(0, 2), (1, 1), (1, 3), (2, 3), (0, 0), (0, 1), (3, 0)])
def test_only_the_step_in_doubt_can_be_confirmed_and_only_the_next_one_sent(confirmed: int, sending: int) -> None:
    begun = after(pending(), changes.start(AT, 1), changes.journal(0, 1))
    assert code_of(begun, changes.journal(confirmed, sending)) == "answer-not-possible"


@pytest.mark.parametrize(("step", "confirmed"), [(1, 0), (2, 1), (3, 2)])
def test_an_answer_goes_on_from_any_step_up_to_the_one_after_the_doubt(step: int, confirmed: int) -> None:
    record = after(DOUBTFUL, answered(DOUBTFUL, Verdict.RESUME, step))
    assert (record.confirmed, record.sending, record.valid, record.state) == (confirmed, 0, True, JobState.PENDING)
    assert (record.business_date, record.clock_trusted) == ("2026-03-03", True)


@pytest.mark.parametrize("step", [-1, 0, 4, 5])
def test_an_answer_cannot_skip_what_was_never_sent(step: int) -> None:
    assert code_of(DOUBTFUL, answered(DOUBTFUL, Verdict.RESUME, step)) == "answer-not-possible"


def test_an_answer_past_the_last_step_says_that_all_is_on_paper() -> None:
    last = after(pending(), changes.start(AT, 1), *(changes.journal(k, k + 1) for k in range(4)))
    stopped = after(last, changes.stop(Reason.SILENT, Media.UNKNOWN, AT))
    outcome = answered(stopped, Verdict.RESUME, 5)(stopped)
    assert (outcome.record.state, outcome.record.valid, outcome.record.confirmed) == (JobState.COMPLETED, False, 4)
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.ENDED


def test_the_first_answer_wins_and_repeating_it_gives_its_result() -> None:
    first = answered(DOUBTFUL, Verdict.RESUME, 3)
    won = first(DOUBTFUL)
    assert won.entry is not None
    again = first(won.record)
    assert (again.record, again.entry, again.wraps) == (won.record, None, None)
    assert code_of(won.record, answered(DOUBTFUL, Verdict.RESUME, 2)) == "already-answered"
    assert code_of(won.record, answered(DOUBTFUL, Verdict.DISCARD)) == "already-answered"
    cut = after(won.record, changes.invalidate(Reason.POWER_LOSS, LATER))
    assert first(cut).record == cut
    assert code_of(cut, answered(DOUBTFUL, Verdict.DISCARD)) == "already-answered"
    assert after(cut, answered(cut, Verdict.PRINT)).valid


@pytest.mark.parametrize("other", [{"epoch": 0}, {"epoch": 2}, {"in_doubt": 0}, {"in_doubt": 1}, {"in_doubt": 3}])
def test_an_answer_to_another_question_is_stale(other: dict[str, int]) -> None:
    assert code_of(DOUBTFUL, answered(DOUBTFUL, Verdict.PRINT, **other)) == "stale-question"


def test_a_valid_job_asks_nothing() -> None:
    assert code_of(pending(), answered(pending(), Verdict.DISCARD)) == "stale-question"


def test_a_held_question_is_not_put_until_the_next_start_but_can_be_answered() -> None:
    held = after(DOUBTFUL, answered(DOUBTFUL, Verdict.HOLD))
    assert (held.asked, held.valid, held.epoch, held.sending) == (False, False, DOUBTFUL.epoch, 2)
    assert after(held, answered(held, Verdict.HOLD)) == held
    assert after(held, answered(held, Verdict.RESUME, 2)).valid
    assert after(held, changes.invalidate(Reason.RESTART, LATER)).asked


def test_a_new_key_is_taken_with_the_answer() -> None:
    wraps = (Wrap(Holder.REQUESTER, "key-2", b"x"), Wrap(Holder.RECOVERY, "branch", b"y"))
    given = Answered(DOUBTFUL.epoch, Verdict.PRINT, 1, DOUBTFUL.sending, "teller-1", "Ms Okafor")
    outcome = changes.answer(given, at=LATER, date="2026-03-03", trusted=False, wraps=wraps)(DOUBTFUL)
    assert (outcome.record.key_ref, outcome.record.recovery_ref, outcome.wraps) == ("key-2", "branch", wraps)


def test_a_printing_job_is_not_cancelled_but_a_stopped_one_is() -> None:
    printing = after(pending(), changes.start(AT, 1))
    cancel = changes.cancel(AT, "teller-1", "Ms Okafor")
    assert code_of(printing, cancel) == "job-is-printing"
    for record in (pending(), DOUBTFUL):
        outcome = cancel(record)
        assert (outcome.record.state, outcome.record.valid) == (JobState.CANCELED, False)
        assert outcome.entry is not None


def test_the_reason_of_a_start_comes_before_the_older_ones() -> None:
    once = after(DOUBTFUL, changes.invalidate(Reason.POWER_LOSS, AT))
    twice = after(once, changes.invalidate(Reason.RESTART, AT), changes.invalidate(Reason.RESTART, AT))
    assert once.reasons == (Reason.POWER_LOSS, Reason.SILENT)
    assert twice.reasons == (Reason.RESTART, Reason.SILENT)


def test_a_medium_that_was_found_belongs_to_a_job_that_was_begun() -> None:
    assert after(DOUBTFUL, changes.found_medium(Media.PRESENT)).media is Media.PRESENT
    assert after(pending(), changes.found_medium(Media.PRESENT)) == pending()


class Job(RuleBasedStateMachine):
    """One job under any sequence of changes, most of them out of place."""

    @initialize(steps=st.integers(1, 4))
    def accept(self, steps: int) -> None:
        self.record = self.before = pending(steps)
        self.by_answer = False
        self.sent: set[int] = set()

    def apply(self, one: Change) -> Outcome | None:
        """Do it where the rules allow it."""
        self.before, self.by_answer = self.record, False
        try:
            outcome = one(self.record)
        except PassbookError as error:
            assert error.code in REFUSALS
            return None
        self.record = outcome.record
        return outcome

    @rule()
    def start(self) -> None:
        outcome = self.apply(changes.start(AT, 1))
        assert outcome is None or (self.before.valid and self.before.state is JobState.PENDING)

    @rule(confirmed=st.integers(-1, 5), sending=st.integers(-1, 5))
    def journal(self, confirmed: int, sending: int) -> None:
        if self.apply(changes.journal(confirmed, sending)) is None:
            return
        assert self.before.valid
        assert self.record.confirmed in {self.before.confirmed, self.before.sending}
        if self.record.sending:
            assert self.record.sending not in self.sent, "a step was sent twice without an answer"
            self.sent.add(self.record.sending)

    @rule()
    def send_next(self) -> None:
        record = self.record
        confirmed = record.sending or record.confirmed
        self.journal(confirmed, confirmed + 1 if confirmed < record.steps else 0)

    @rule(reason=st.sampled_from([Reason.MEDIA_NEEDED, Reason.MEDIA_JAM]))
    def wait(self, reason: Reason) -> None:
        self.apply(changes.wait_for_people(reason, AT))

    @rule()
    def proceed(self) -> None:
        self.apply(changes.proceed(AT))

    @rule(reason=st.sampled_from([Reason.SILENT, Reason.MEDIA_JAM]), media=st.sampled_from(Media))
    def stop(self, reason: Reason, media: Media) -> None:
        if self.apply(changes.stop(reason, media, AT)) is not None:
            assert self.record.epoch == self.before.epoch + 1
            assert not self.record.valid

    @rule(reason=st.sampled_from([Reason.POWER_LOSS, Reason.RESTART]))
    def power_on(self, reason: Reason) -> None:
        ended = self.record.ended
        outcome = self.apply(changes.invalidate(reason, AT))
        assert (outcome is None) == ended
        if outcome is not None:
            assert (self.record.valid, self.record.epoch) == (False, self.before.epoch + 1)
            assert self.record.asked

    @rule(verdict=st.sampled_from(Verdict), step=st.integers(-1, 6), late=st.integers(0, 2), seen=st.integers(-1, 1))
    def answer(self, verdict: Verdict, step: int, late: int, seen: int) -> None:
        epoch, in_doubt = self.record.epoch - late, self.record.sending + seen
        given = Answered(epoch, verdict, step, in_doubt, "teller-1", "Ms Okafor")
        one = changes.answer(given, at=LATER, date="2026-03-03", trusted=True)
        outcome = self.apply(one)
        if outcome is None or outcome.record == self.before:
            return
        assert (late, seen) == (0, 0)
        assert not self.before.valid
        self.by_answer = True
        self.sent = {k for k in self.sent if k <= self.record.confirmed}
        assert one(self.record).record == self.record, "a repeated answer changed something"

    @precondition(lambda self: self.record.answered is not None)
    @rule()
    def repeat(self) -> None:
        won = self.record.answered
        assert won is not None
        outcome = self.apply(changes.answer(won, at=LATER, date="2026-03-04", trusted=False))
        assert outcome is not None
        assert (outcome.record, outcome.entry) == (self.before, None)

    @rule()
    def finish(self) -> None:
        if self.apply(changes.finish_job(AT)) is not None:
            assert self.before.steps in {self.before.sending, self.before.confirmed}

    @rule()
    def cancel(self) -> None:
        self.apply(changes.cancel(AT, "teller-1", "Ms Okafor"))

    @rule(media=st.sampled_from(Media))
    def find_medium(self, media: Media) -> None:
        if not self.record.ended:
            self.apply(changes.found_medium(media))

    @invariant()
    def at_most_one_step_is_in_doubt(self) -> None:
        record = self.record
        assert record.sending in {0, record.confirmed + 1}
        assert 0 <= record.confirmed <= record.steps
        assert record.sending <= record.steps

    @invariant()
    def paper_is_unsaid_by_answers_only(self) -> None:
        assert self.by_answer or self.record.confirmed >= self.before.confirmed

    @invariant()
    def doubt_goes_by_confirmation_or_answer_only(self) -> None:
        if self.before.sending and not self.record.sending and not self.by_answer:
            assert self.record.confirmed == self.before.sending

    @invariant()
    def an_epoch_never_falls(self) -> None:
        assert self.record.epoch >= self.before.epoch

    @invariant()
    def only_an_answer_makes_valid(self) -> None:
        assert self.before.valid or not self.record.valid or self.by_answer

    @invariant()
    def what_is_valid_may_be_printed_and_what_ended_is_not(self) -> None:
        record = self.record
        assert record.valid <= (record.state in {JobState.PENDING, JobState.PROCESSING, JobState.PROCESSING_STOPPED})
        assert not (self.before.ended and record != self.before)

    @invariant()
    def the_job_stays_the_same_job(self) -> None:
        assert self.record.identity() == self.before.identity()


Job.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestJob = Job.TestCase


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": JobState.COMPLETED, "begun": True, "confirmed": 4}, "is completed"),
        ({"begun": True}, "is waiting for its turn after it was begun"),
        ({"handed": True}, "is being printed by its terminal"),
        ({"state": JobState.PROCESSING}, "is printing"),
        ({"state": JobState.PROCESSING_STOPPED}, "is waiting for its sheet"),
    ],
)
def test_a_choice_that_comes_too_late_is_refused_by_the_state_of_the_job(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(PassbookError, match=said):
        changes.choose_feed(Side.TERMINAL, Decider("till-1", "Ann"), AT)(replace(pending(), **facts))


def test_a_choice_of_the_feeding_copy_stands_in_the_history_with_the_earlier_one() -> None:
    record = replace(pending(), choice=Choice(Keep.BOTH, Side.APPLIANCE))
    outcome = changes.choose_feed(Side.TERMINAL, Decider("till-1", "Ann"), AT)(record)
    assert outcome.record.choice.feed is Side.TERMINAL
    assert outcome.entry is not None
    assert outcome.entry.kind is HistoryKind.FEED_CHOSEN
    assert outcome.entry.chosen == ChosenAnew(Decider("till-1", "Ann"), "appliance", "terminal")
    assert outcome.record.turn == record.turn + 1, "an answer at the turn that is open then is too late"
    again = changes.choose_feed(Side.TERMINAL, Decider("till-1", "Ann"), AT)(outcome.record)
    assert (again.entry, again.record) == (None, outcome.record)
