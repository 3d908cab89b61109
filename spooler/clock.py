"""The clocks: wall time for dates shown to people, monotonic time for time-outs, and whether wall time is trusted."""

from __future__ import annotations

import ctypes
import datetime
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from passbook.job import expiry
from passbook.job.record import Record

TIME_ERROR: Final = 5
"""adjtimex(2): the kernel's clock is not synchronized."""
TIMEX_BYTES: Final = 256
"""More than any architecture's struct timex (208 bytes on 64-bit Linux)."""
SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd's mark; it also stands where a container may not ask the kernel."""
_LIBC: Final = ctypes.CDLL(None)
RELEASED: Final = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
"""When this version was made: no true time is earlier."""
JUMP: Final = 60.0
"""Seconds by which wall time may leave monotonic time before an operator's word about it is over."""
LATELY: Final = 1.0
"""Seconds for which the machine's word about its clock is taken again: every acceptance asks for it."""
EAST: Final = datetime.timedelta(hours=14)
"""How long before UTC a date begins in the most eastern time zone."""


class ClockTrust(StrEnum):
    """Whether the clock is trusted, and why."""

    SYNCHRONIZED = "synchronized"
    """Trusted: the machine says that it is."""
    VOUCHED = "vouched"
    """Trusted: an operator said so in this boot, and it has not jumped since."""
    NOT_SYNCHRONIZED = "not-synchronized"
    """Not trusted: neither the machine nor an operator says that it is right."""
    BEHIND = "behind"
    """Not trusted: it is earlier than a stamp that was made under a trusted clock."""


class Clock(Protocol):
    """What the appliance knows of time."""

    def now(self) -> datetime.datetime:
        """Wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow, from an unknown start."""

    def trusted(self) -> bool:
        """Whether wall time may decide anything (N4)."""

    def standing(self) -> ClockTrust:
        """Whether it is trusted, and why."""

    def business_date(self) -> str:
        """The ISO date of the business day of now, believed or not."""

    def business_day_left(self) -> float:
        """Seconds until the business day ends."""

    def for_certificates(self) -> datetime.datetime:
        """The time by which certificates are judged: aware, and surely not later than the true one (N4)."""


class SystemClock:
    """The machine's clock.

    Trusted when the machine is synchronized and it is not earlier than a stamp that was made under a trusted clock,
    or when an operator vouches for it.
    """

    def __init__(
        self,
        *,
        vouched: bool = False,
        synchronized: Callable[[], bool] | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        day_ends: datetime.timedelta = datetime.timedelta(0),
    ) -> None:
        """`synchronized` asks the machine, `wall` gives seconds since 1970; `day_ends` is after midnight, local time.

        `vouched`: an operator has done so already.
        """
        self._synchronized = synchronized or _Lately(machine_synchronized, monotonic)
        self._wall = wall
        self._monotonic = monotonic
        self._day_ends = day_ends
        self._newest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        self._vouched: float | None = None
        if vouched:
            self.vouch()

    def now(self) -> datetime.datetime:
        """Wall time, aware, in UTC."""
        return datetime.datetime.fromtimestamp(self._wall(), datetime.UTC)

    def monotonic(self) -> float:
        """Seconds that only grow, from an unknown start."""
        return self._monotonic()

    def trusted(self) -> bool:
        """Whether wall time may decide anything (N4)."""
        return self.standing() in {ClockTrust.SYNCHRONIZED, ClockTrust.VOUCHED}

    def standing(self) -> ClockTrust:
        """Whether the clock is trusted, and why."""
        self._look_for_jump()
        if self.now() < self._newest:
            return ClockTrust.BEHIND
        if self._vouched is not None:
            return ClockTrust.VOUCHED
        return ClockTrust.SYNCHRONIZED if self._synchronized() else ClockTrust.NOT_SYNCHRONIZED

    def vouch(self) -> None:
        """An operator says that the clock is right, until it jumps or the process ends; later stamps were wrong."""
        self._vouched = self._wall() - self._monotonic()
        self._newest = min(self._newest, self.now())

    def _look_for_jump(self) -> None:
        """Drop the operator's word when the wall clock jumped, forwards or back."""
        if self._vouched is not None and abs(self._wall() - self._monotonic() - self._vouched) > JUMP:
            self._vouched = None

    def business_date(self) -> str:
        """The ISO date of the business day of now, believed or not."""
        return expiry.business_date(self._local(), self._day_ends)

    def business_day_left(self) -> float:
        """Seconds until the business day ends."""
        local = self._local() - self._day_ends
        tomorrow = datetime.datetime.combine(local.date() + datetime.timedelta(days=1), datetime.time())
        return (tomorrow - local).total_seconds()

    def _local(self) -> datetime.datetime:
        return self.now().astimezone().replace(tzinfo=None)

    def for_certificates(self) -> datetime.datetime:
        """The time by which certificates are judged: aware, and surely not later than the true one (N4)."""
        return self.now() if self.trusted() else max(RELEASED, self._newest)

    def not_before(self, stamp: datetime.datetime) -> None:
        """A stamp (aware) that was made under a trusted clock: earlier than it, no clock is right."""
        self._newest = max(self._newest, stamp)


def stamp(clock: Clock) -> str:
    """Wall time in the form that is stored: ISO 8601 in UTC, to the millisecond, so that stamps sort as text."""
    return clock.now().astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def newest_trusted(records: Iterable[Record]) -> datetime.datetime | None:
    """A time that surely was, by the job that was accepted last among those dated under a trusted clock; None for none.

    `records` may show a job several times, the latest last.  The order of acceptance decides and not the greatest date:
    a later job with an earlier date was dated after an operator had set a clock right that was ahead.
    """
    latest = {record.sequence: record for record in records}
    dated = [record for record in latest.values() if record.clock_trusted]
    if not dated:
        return None
    last = max(dated, key=lambda record: record.sequence)
    return datetime.datetime.fromisoformat(last.business_date).replace(tzinfo=datetime.UTC) - EAST


class _Lately:
    """The machine's answer, asked anew at most once in LATELY seconds."""

    def __init__(self, ask: Callable[[], bool], monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._said = (-LATELY, False)

    def __call__(self) -> bool:
        now = self._monotonic()
        if now - self._said[0] >= LATELY:
            self._said = (now, self._ask())
        return self._said[1]


def machine_synchronized() -> bool:
    """Whether the kernel, or systemd-timesyncd, says that the clock is synchronized."""
    asked = ctypes.create_string_buffer(TIMEX_BYTES)
    answer: int = _LIBC.adjtimex(asked)
    return 0 <= answer < TIME_ERROR or SYNCHRONIZED.exists()
