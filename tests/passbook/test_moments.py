from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from passbook.protocol.history_reply import GetHistory
from passbook.screen.moments import each_stamp, exact, exact_hour, is_moment, period, time_of_day

EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2026", "2025-12-31T18:30:00", "2026-12-31T18:29:59"),
        ("2026-02", "2026-01-31T18:30:00", "2026-02-28T18:29:59"),
        ("2026-03-02", "2026-03-01T18:30:00", "2026-03-02T18:29:59"),
        ("2026-03-02T09", "2026-03-02T03:30:00", "2026-03-02T04:29:59"),
        ("2026-03-02T09:30", "2026-03-02T04:00:00", "2026-03-02T04:00:59"),
        ("2026-03-02T09:30:15", "2026-03-02T04:00:15", "2026-03-02T04:00:15"),
        ("2026-03-02Z", "2026-03-02T00:00:00", "2026-03-02T23:59:59"),
        ("2026-03-02T09:30Z", "2026-03-02T09:30:00", "2026-03-02T09:30:59"),
        ("2026-03-02T09+01:00", "2026-03-02T08:00:00", "2026-03-02T08:59:59"),
        ("2026-03-02T00:10-03:00", "2026-03-02T03:10:00", "2026-03-02T03:10:59"),
    ],
)
def test_what_a_person_types_is_meant_by_the_clock_on_the_wall_unless_a_zone_is_said(
    text: str, first: str, end: str
) -> None:
    assert period(text, text, EAST) == (first, end)
    assert GetHistory(since=first, until=end).wanted.since == first


def test_what_is_not_typed_leaves_nothing_out() -> None:
    assert period("", "", EAST) == ("", "")


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-02-30", "2026-03-02T25", "2026-03-02T09:30+99:00", "2026-03Z", "0001"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(PassbookError) as caught:
        period(text, "", EAST)
    assert caught.value.code == "not-a-time"
    assert "by the clock of this machine" in str(caught.value)


def test_times_that_are_exchanged_are_told_as_they_were_typed() -> None:
    with pytest.raises(PassbookError) as caught:
        period("2026-03-02T10Z", "2026-03-02T15:29", EAST)
    assert caught.value.facts == {"since": "2026-03-02T10Z", "until": "2026-03-02T15:29"}
    assert period("2026-03-02T10Z", "2026-03-02T15:30", EAST)


@given(st.text("0123456789-T:Z+", max_size=26), st.sampled_from([EAST, datetime.UTC]))
def test_every_text_is_a_time_or_refused(text: str, zone: datetime.tzinfo) -> None:
    try:
        first, end = period(text, text, zone)
    except PassbookError as error:
        assert error.code == "not-a-time"
    else:
        assert first <= end
        assert text == first or all(map(is_moment, (first, end)))


def test_a_stamp_is_told_by_the_clock_on_the_wall() -> None:
    stamp = "2026-03-02T20:00:05.250+00:00"
    assert exact(stamp, EAST) == "2026-03-03 01:30:05"
    assert time_of_day(stamp, datetime.date(2026, 3, 3), EAST) == "01:30"
    assert time_of_day(stamp, datetime.date(2026, 3, 4), EAST) == "2026-03-03 01:30"
    assert exact_hour("2026-03-02T20:00", EAST) == "2026-03-03 01:30"
    assert each_stamp(f"Since {stamp} it waits.", lambda at: exact(at, EAST)) == "Since 2026-03-03 01:30:05 it waits."
    assert {exact("T", EAST), exact_hour("T", EAST)} == {"T"}
