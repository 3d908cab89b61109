"""F4 and N4 as the rule of one record: what expires, and what never does."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.job import changes
from passbook.job.expiry import business_date, is_end_undated, is_over, is_undated, redate
from passbook.job.record import Change, HistoryKind, Record, Verdict
from passbook.job.states import TERMINAL, JobState, Reason
from passbook.protocol.media import Media
from tests.passbook.test_changes_promises import AT, BEGUN, CUT, NEW, decided

YESTERDAY, TODAY, TOMORROW = "2026-03-01", "2026-03-02", "2026-03-03"
DAYS = (YESTERDAY, TODAY, TOMORROW)
ACCEPTED = replace(NEW, business_date=YESTERDAY, clock_trusted=True, begun=False)

records = st.builds(
    lambda **facts: replace(ACCEPTED, **facts),
    valid=st.booleans(),
    state=st.sampled_from(JobState),
    confirmed=st.integers(0, 2),
    sending=st.integers(0, 2),
    begun=st.booleans(),
    business_date=st.sampled_from(DAYS),
    clock_trusted=st.booleans(),
    asked=st.booleans(),
    epoch=st.integers(0, 2),
)
questions = st.builds(
    lambda date, trusted: replace(after(CUT), business_date=date, clock_trusted=trusted),
    st.sampled_from(DAYS),
    st.booleans(),
)


def after(*rules: Change) -> Record:
    record = ACCEPTED
    for rule in rules:
        record = rule(record).record
    return record


def expired(record: Record, today: str = TODAY) -> bool:
    """Whether the rule, applied in the store, ends it."""
    return changes.expire(record.epoch, today, AT)(record).record.ended


def test_a_question_of_an_earlier_day_ends_with_a_reason_and_a_history_entry() -> None:
    outcome = changes.expire(1, TODAY, AT)(after(CUT))
    assert (outcome.record.state, outcome.record.reasons) == (JobState.ABORTED, (Reason.EXPIRED,))
    assert (outcome.record.valid, outcome.record.changed_at) == (False, AT)
    assert outcome.entry is not None
    assert (outcome.entry.kind, outcome.entry.record.reasons) == (HistoryKind.ENDED, (Reason.EXPIRED,))


@given(record=records | questions, today=st.sampled_from(DAYS))
def test_what_expires_is_an_open_question_of_an_earlier_trusted_day_that_no_mechanism_has_touched(
    record: Record, today: str
) -> None:
    assume(not record.ended)
    outcome = changes.expire(record.epoch, today, AT)(record)
    touched = record.begun or record.confirmed or record.sending
    assert outcome.record.ended == (
        not record.valid and record.clock_trusted and record.business_date < today and not touched
    )
    assert outcome.record.ended or (outcome.record, outcome.entry) == (record, None)


@given(record=records, today=st.sampled_from(DAYS))
def test_an_ended_or_valid_record_is_never_touched_by_the_calendar(record: Record, today: str) -> None:
    assume(record.valid or record.state in TERMINAL)
    assert not is_over(record, today)
    assert not is_undated(record, today)
    for rule in (changes.expire(record.epoch, today, AT), redate(today)):
        assert rule(record).record == record


@given(record=questions, today=st.sampled_from(DAYS))
def test_every_question_about_an_untouched_job_has_a_day_after_which_it_is_over(record: Record, today: str) -> None:
    """F4: nothing stays for ever, whatever date it had; N4: and nothing is over on the day it was first believed."""
    dated = redate(today)(record).record
    assert dated.clock_trusted
    assert dated.business_date <= today
    if dated != record:
        assert not is_over(dated, today)
    assert is_over(dated, "9999-12-31")


@pytest.mark.parametrize(
    "left",
    [
        (*BEGUN, changes.journal(0, 1)),
        (*BEGUN, changes.journal(0, 1), changes.journal(1, 0)),
        (*BEGUN, changes.journal(0, 1), changes.stop(Reason.SILENT, Media.PRESENT, AT)),
    ],
    ids=["in doubt", "on paper", "stopped"],
)
def test_a_job_with_a_step_on_paper_or_in_doubt_never_expires(left: tuple[Change, ...]) -> None:
    assert not expired(after(*left, CUT), TOMORROW)


def test_a_job_that_was_begun_and_ordered_anew_never_expires() -> None:
    """Its record counts no step any more, but one is on paper."""
    begun = after(*BEGUN, changes.journal(0, 1), changes.journal(1, 2), CUT)
    anew = decided(Verdict.PRINT, epoch=begun.epoch, in_doubt=2)(begun).record
    left = CUT(anew).record
    assert (left.confirmed, left.sending, left.untouched) == (0, 0, False)
    assert not expired(left, TOMORROW)


def test_a_job_whose_book_was_awaited_and_that_printed_nothing_expires() -> None:
    assert expired(after(*BEGUN, CUT))


def test_an_answer_counts_from_its_own_day() -> None:
    held = decided(Verdict.HOLD, epoch=1)(after(CUT)).record
    assert held.business_date == TODAY
    assert not expired(held, TODAY)
    assert expired(held, TOMORROW)


def test_a_newer_question_is_not_ended_by_an_older_decision() -> None:
    record = after(CUT, CUT)
    assert changes.expire(1, TODAY, AT)(record).record == record


def test_an_answer_that_was_quicker_counts() -> None:
    ready = decided(Verdict.PRINT, epoch=1)(after(CUT)).record
    assert changes.expire(1, TOMORROW, AT)(ready).record == ready


@given(
    moment=st.datetimes(dt.datetime.fromisoformat("1970-01-01")),
    minutes=st.integers(0, 24 * 60 - 1),
)
def test_a_business_day_is_a_day_long_and_begins_when_the_one_before_ends(moment: dt.datetime, minutes: int) -> None:
    ends = dt.timedelta(minutes=minutes)
    day = dt.date.fromisoformat(business_date(moment, ends))
    begin = dt.datetime.combine(day, dt.time()) + ends
    assert begin <= moment < begin + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-02T23:59:59", "2026-03-02"),
        ("2026-03-03T00:00:00", "2026-03-02"),
        ("2026-03-03T02:59:59.999999", "2026-03-02"),
        ("2026-03-03T03:00:00", "2026-03-03"),
        ("1970-01-01T00:00:00", "1969-12-31"),
    ],
)
def test_a_day_that_ends_at_three_ends_at_three(moment: str, day: str) -> None:
    assert business_date(dt.datetime.fromisoformat(moment), dt.timedelta(hours=3)) == day


@pytest.mark.parametrize(
    ("ended", "date", "trusted", "undated"),
    [
        ("2026-03-02T09:30:00.000+00:00", TODAY, True, False),
        ("2026-09-30T09:30:00.000+00:00", TODAY, True, False),
        ("2026-03-01T20:00:00.000+00:00", TODAY, True, False),
        ("2026-03-02T09:30:00.000+00:00", TODAY, False, True),
        ("2026-02-28T23:59:59.999+00:00", TODAY, True, True),
        ("1970-01-01T00:01:00.000+00:00", TODAY, True, True),
    ],
)
def test_an_end_has_a_date_when_a_trusted_clock_dated_its_job_and_not_later(
    ended: str, date: str, trusted: bool, undated: bool
) -> None:
    """N4: far east of UTC a job of today ends yesterday."""
    assert is_end_undated(replace(ACCEPTED, changed_at=ended, business_date=date, clock_trusted=trusted)) == undated
