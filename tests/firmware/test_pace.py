from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware.doors.pace import Pace

rates = st.integers(1, 100)
gaps = st.lists(st.floats(0, 3), min_size=1, max_size=300)


def test_a_burst_of_one_second_is_read_at_once_and_the_next_command_waits() -> None:
    pace = Pace(5, now=10.0)
    assert [pace.take(10.0) for _ in range(5)] == [0.0] * 5
    assert pace.take(10.0) == 0.2
    assert pace.take(10.0) == 0.4


def test_silence_gives_no_more_than_one_second_of_commands() -> None:
    pace = Pace(2, now=0.0)
    assert [pace.take(1000.0) for _ in range(2)] == [0.0, 0.0]
    assert pace.take(1000.0) == 0.5


@given(rate=rates, gaps=gaps)
def test_who_waits_as_told_never_sends_faster(rate: int, gaps: list[float]) -> None:
    """In any stretch of time: one second's worth at once, and the rate after that."""
    pace, now = Pace(rate, now=0.0), 0.0
    for taken, gap in enumerate(gaps, start=1):
        now += gap
        now += pace.take(now)
        assert taken <= rate * (1 + now) + 1e-6


@given(rate=rates, count=st.integers(1, 300))
def test_who_keeps_the_rate_never_waits(rate: int, count: int) -> None:
    pace = Pace(rate, now=0.0)
    assert max(pace.take(number / rate) for number in range(count)) < 1e-6


@given(rate=rates, gaps=gaps)
def test_no_wait_is_longer_than_what_was_sent_too_fast(rate: int, gaps: list[float]) -> None:
    pace, now, waited = Pace(rate, now=0.0), 0.0, 0.0
    for gap in gaps:
        waited = pace.take(now)
        now += gap + waited
        assert 0 <= waited <= 1 / rate + 1e-6
