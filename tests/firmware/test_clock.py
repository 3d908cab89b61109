from __future__ import annotations

import ctypes
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import clock as clocks
from firmware.clock import SystemClock, machine_synchronized, stamp

AT = 1_800_000_000.0
STAMP = datetime.datetime.fromtimestamp(AT, datetime.UTC)
SECOND = datetime.timedelta(seconds=1)


def clock(*, vouched: bool = False, synchronized: bool = False) -> SystemClock:
    return SystemClock(vouched=vouched, synchronized=lambda: synchronized, wall=lambda: AT)


def test_wall_time_is_aware_and_in_utc() -> None:
    assert clock().now() == STAMP
    assert clock().now().utcoffset() == datetime.timedelta(0)


def test_monotonic_time_never_falls() -> None:
    times = [SystemClock().monotonic() for _ in range(100)]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("vouched", "synchronized", "trusted"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_the_machine_or_the_operator_makes_it_trusted(*, vouched: bool, synchronized: bool, trusted: bool) -> None:
    assert clock(vouched=vouched, synchronized=synchronized).trusted() is trusted


def test_earlier_than_a_trusted_stamp_it_is_not_trusted_whoever_vouches() -> None:
    late = clock(vouched=True, synchronized=True)
    late.not_before(STAMP)
    assert late.trusted()
    late.not_before(STAMP + SECOND)
    assert not late.trusted()


def test_an_older_stamp_does_not_bring_trust_back() -> None:
    late = clock(vouched=True)
    late.not_before(STAMP + SECOND)
    late.not_before(STAMP - SECOND)
    assert not late.trusted()


def test_synchronization_is_asked_each_time() -> None:
    answers = iter([False, True, False])
    asked = SystemClock(synchronized=lambda: next(answers), wall=lambda: AT)
    assert [asked.trusted() for _ in range(3)] == [False, True, False]


@given(seconds=st.lists(st.floats(0, 4e9), min_size=2, max_size=5))
def test_stamps_sort_as_text(seconds: list[float]) -> None:
    stamps = [stamp(SystemClock(wall=iter([at]).__next__)) for at in sorted(seconds)]
    assert stamps == sorted(stamps)


def test_a_stamp_is_iso_8601_in_utc() -> None:
    assert stamp(clock()) == "2027-01-15T08:00:00.000+00:00"


@pytest.mark.parametrize(
    ("answer", "mark", "expected"),
    [(0, False, True), (4, False, True), (5, False, False), (5, True, True), (-1, False, False), (-1, True, True)],
)
def test_the_kernel_or_the_mark_says_synchronized(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    answer: int,
    *,
    mark: bool,
    expected: bool,
) -> None:
    class Libc:
        def adjtimex(self, _asked: object) -> int:
            return answer

    file = tmp_path_factory.mktemp("timesync") / "synchronized"
    if mark:
        file.touch()
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: Libc())
    monkeypatch.setattr(clocks, "SYNCHRONIZED", file)
    assert machine_synchronized() is expected


def test_this_machine_can_be_asked() -> None:
    assert machine_synchronized() in {True, False}
