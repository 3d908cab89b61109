from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.job.states import TERMINAL, TRANSITIONS, JobEvent, JobState, Reason

ENDINGS = {
    JobEvent.CANCEL: JobState.CANCELED,
    JobEvent.ABORT: JobState.ABORTED,
    JobEvent.FINISH: JobState.COMPLETED,
    JobEvent.FINISH_ELSEWHERE: JobState.COMPLETED,
}


def test_an_ended_job_never_changes_again() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in TERMINAL]


def test_every_state_is_reached_from_pending() -> None:
    reached: set[JobState] = set()
    frontier = {JobState.PENDING}
    while frontier:
        reached |= frontier
        frontier = {after for (before, _), after in TRANSITIONS.items() if before in frontier} - reached
    assert reached == set(JobState)


@pytest.mark.parametrize("state", sorted(set(JobState) - TERMINAL))
def test_every_living_job_can_be_made_invalid_canceled_and_aborted(state: JobState) -> None:
    assert TRANSITIONS[state, JobEvent.INVALIDATE] in {JobState.PENDING_HELD, JobState.PROCESSING_STOPPED}
    assert TRANSITIONS[state, JobEvent.CANCEL] is JobState.CANCELED
    assert TRANSITIONS[state, JobEvent.ABORT] is JobState.ABORTED


def test_an_ending_event_has_one_ending() -> None:
    for (_, event), after in TRANSITIONS.items():
        assert (after in TERMINAL) == (event in ENDINGS)
        assert after is ENDINGS.get(event, after)


def test_invalid_jobs_begin_again_only_by_an_answer_or_after_people_were_waited_for() -> None:
    waited = {JobEvent.PROCEED, JobEvent.POSTPONE}
    for state in (JobState.PENDING_HELD, JobState.PROCESSING_STOPPED):
        leads_on = {
            e
            for (s, e), after in TRANSITIONS.items()
            if s is state and after in (JobState.PENDING, JobState.PROCESSING)
        }
        assert leads_on == {JobEvent.ANSWER} | (waited if state is JobState.PROCESSING_STOPPED else set())


def test_nothing_but_a_pending_job_is_started() -> None:
    assert [state for state, event in TRANSITIONS if event is JobEvent.START] == [JobState.PENDING]


@given(st.lists(st.sampled_from(JobEvent)))
def test_any_events_leave_a_job_in_a_state_or_are_refused(events: list[JobEvent]) -> None:
    state, begun = JobState.PENDING, False
    for event in events:
        if (state, event) not in TRANSITIONS:
            continue
        state = TRANSITIONS[state, event]
        begun = begun or event in {JobEvent.START, JobEvent.FINISH_ELSEWHERE}
        if not begun:
            assert state not in {JobState.PROCESSING, JobState.PROCESSING_STOPPED, JobState.COMPLETED}


def test_words_are_keywords_and_said_once() -> None:
    for words in (list(JobState), list(JobEvent), list(Reason)):
        values = [word.value for word in words]
        assert len(set(values)) == len(values)
        assert all(value == value.lower() and " " not in value for value in values)
