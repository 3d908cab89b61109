"""The clocks: wall time for dates shown to people, monotonic time for time-outs, and whether wall time is trusted."""

from __future__ import annotations

import ctypes
import datetime
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from passbook.record import Record

TIME_ERROR: Final = 5
"""adjtimex(2): the kernel's clock is not synchronized."""
TIMEX_BYTES: Final = 256
"""More than any architecture's struct timex (208 bytes on 64-bit Linux)."""
SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd's mark; it also stands where a container may not ask the kernel."""


class Clock(Protocol):
    """What the appliance knows of time."""

    def now(self) -> datetime.datetime:
        """Wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow, from an unknown start."""

    def trusted(self) -> bool:
        """Whether wall time may decide anything (N4)."""


class SystemClock:
    """The machine's clock.

    Trusted when the operator vouches for it or the machine is synchronized, and never while it is earlier than a
    stamp that was made under a trusted clock.
    """

    def __init__(
        self,
        *,
        vouched: bool = False,
        synchronized: Callable[[], bool] | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`synchronized` asks the machine and `wall` gives seconds since 1970; both as the system has them."""
        self._vouched = vouched
        self._synchronized = synchronized or machine_synchronized
        self._wall = wall
        self._newest = datetime.datetime.min.replace(tzinfo=datetime.UTC)

    def now(self) -> datetime.datetime:
        """Wall time, aware, in UTC."""
        return datetime.datetime.fromtimestamp(self._wall(), datetime.UTC)

    def monotonic(self) -> float:
        """Seconds that only grow, from an unknown start."""
        return time.monotonic()

    def trusted(self) -> bool:
        """Whether wall time may decide anything (N4)."""
        return self.now() >= self._newest and (self._vouched or self._synchronized())

    def not_before(self, stamp: datetime.datetime) -> None:
        """A stamp (aware) that was made under a trusted clock: earlier than it, no clock is right."""
        self._newest = max(self._newest, stamp)


def stamp(clock: Clock) -> str:
    """Wall time as it is stored: ISO 8601 in UTC, to the millisecond, so that stamps sort as text."""
    return clock.now().astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def newest_trusted(records: Iterable[Record]) -> datetime.datetime | None:
    """The newest time that surely was, as the records tell: each stamp made under a trusted clock; None for none."""
    return max((_certain(record) for record in records if record.clock_trusted), default=None)


def _certain(record: Record) -> datetime.datetime:
    # An answer writes trust and date anew; whether the clock was trusted at any other stamp then is not known.
    certain = record.accepted_at if record.answered is None else record.business_date
    return datetime.datetime.fromisoformat(certain).replace(tzinfo=datetime.UTC)


def machine_synchronized() -> bool:
    """Whether the kernel, or systemd-timesyncd, says that the clock is synchronized."""
    asked = ctypes.create_string_buffer(TIMEX_BYTES)
    answer: int = ctypes.CDLL(None).adjtimex(asked)
    return 0 <= answer < TIME_ERROR or SYNCHRONIZED.exists()
