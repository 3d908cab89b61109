from __future__ import annotations

import datetime
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.job.record import Record
from spooler import clock as clocks
from spooler.clock import JUMP, RELEASED, ClockTrust, SystemClock, machine_synchronized, newest_trusted, stamp
from tests.passbook.test_changes_promises import NEW

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


class Machine:
    """A machine whose clock is set, and which does not notice."""

    def __init__(self, *, synchronized: bool = False, day_ends: float = 0) -> None:
        self.wall, self.uptime, self.synchronized = AT, 50.0, synchronized
        self.clock = SystemClock(
            synchronized=lambda: self.synchronized,
            wall=lambda: self.wall,
            monotonic=lambda: self.uptime,
            day_ends=datetime.timedelta(hours=day_ends),
        )

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.uptime += seconds


def test_an_operators_word_holds_as_time_goes_on() -> None:
    machine = Machine()
    assert machine.clock.standing() is ClockTrust.NOT_SYNCHRONIZED
    machine.clock.vouch()
    machine.run(30 * 86400)
    machine.wall += JUMP - 1
    assert machine.clock.standing() is ClockTrust.VOUCHED


@pytest.mark.parametrize("jump", [JUMP + 1, -JUMP - 1, 73 * 365.25 * 86400, -50 * 365.25 * 86400])
def test_an_operators_word_is_over_when_the_clock_jumps_also_when_it_jumps_back_again(jump: float) -> None:
    machine = Machine()
    machine.clock.vouch()
    machine.wall += jump
    assert not machine.clock.trusted()
    machine.wall -= jump
    assert machine.clock.standing() is ClockTrust.NOT_SYNCHRONIZED
    machine.synchronized = True
    assert machine.clock.standing() is ClockTrust.SYNCHRONIZED


def test_an_operator_can_say_that_a_stamp_in_the_future_was_wrong() -> None:
    machine = Machine(synchronized=True)
    machine.clock.not_before(STAMP + 1000 * SECOND)
    assert machine.clock.standing() is ClockTrust.BEHIND
    machine.clock.vouch()
    assert machine.clock.standing() is ClockTrust.VOUCHED
    machine.wall -= 1000
    assert machine.clock.standing() is ClockTrust.BEHIND


def test_certificates_are_judged_by_a_time_that_surely_was() -> None:
    """N4: by no clock that is not trusted, be it behind or ahead; by the newest trusted time where there is one."""
    machine = Machine()
    for wall in (0.0, AT, 4e9):
        machine.wall = wall
        assert machine.clock.for_certificates() == RELEASED
    machine.clock.not_before(STAMP)
    assert machine.clock.for_certificates() == STAMP
    machine.wall = AT + 1
    machine.clock.vouch()
    assert machine.clock.for_certificates() == STAMP + SECOND


def test_this_version_was_made_before_it_runs() -> None:
    assert datetime.datetime.now(datetime.UTC) >= RELEASED


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine 14 hours before UTC."""
    monkeypatch.setenv("TZ", "EAST-14")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_a_business_day_is_one_of_local_time() -> None:
    """08:00 UTC is 22:00 there: two hours are left of the day, or five where it ends at three."""
    assert Machine().clock.business_date() == Machine(day_ends=3).clock.business_date() == "2027-01-15"
    assert Machine().clock.business_day_left() == 2 * 3600
    late = Machine(day_ends=3)
    assert late.clock.business_day_left() == 5 * 3600
    late.run(5 * 3600 - 1)
    assert (late.clock.business_date(), late.clock.business_day_left()) == ("2027-01-15", 1)
    late.run(1)
    assert (late.clock.business_date(), late.clock.business_day_left()) == ("2027-01-16", 86400)


def dated(sequence: int, date: str, *, trusted: bool = True) -> Record:
    return replace(NEW, sequence=sequence, business_date=date, clock_trusted=trusted)


def test_without_a_trusted_date_no_time_surely_was() -> None:
    assert newest_trusted([]) is None
    assert newest_trusted([dated(1, "2099-01-01", trusted=False)]) is None


def test_a_trusted_date_surely_had_begun_wherever_on_earth_it_was_written() -> None:
    newest = newest_trusted([dated(1, "2027-01-14"), dated(2, "2027-01-15"), dated(3, "2099-01-01", trusted=False)])
    assert newest == datetime.datetime(2027, 1, 14, 10, tzinfo=datetime.UTC)


def test_a_job_that_was_accepted_later_says_that_a_later_date_was_wrong() -> None:
    """Somebody vouched for a clock at 2099, and then for one at 2027: the dates of 2099 must not lock people out."""
    newest = newest_trusted([dated(1, "2027-01-14"), dated(2, "2099-01-01"), dated(3, "2027-01-15")])
    assert newest is not None
    assert newest.year == 2027


def test_of_one_job_its_latest_date_counts() -> None:
    newest = newest_trusted([dated(1, "2099-01-01"), dated(1, "2027-01-15")])
    assert newest is not None
    assert newest.year == 2027


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
    monkeypatch.setattr(clocks, "_LIBC", Libc())
    monkeypatch.setattr(clocks, "SYNCHRONIZED", file)
    assert machine_synchronized() is expected


def test_this_machine_can_be_asked() -> None:
    assert machine_synchronized() in {True, False}
