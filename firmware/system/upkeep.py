"""The upkeep of the store while the appliance runs: areas note each other's heads, and old jobs and entries go."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import Final

from spooler.clock import Clock, ClockTrust, stamp
from spooler.logs import Log
from storage import Spool

_LOG: Final = Log("upkeep")

NOTE_SECONDS: Final = 60.0
"""The seconds between two looks: a rollback that undoes only work since the last look is not found."""
DAY_SECONDS: Final = 86_400.0
ENTRIES_KEPT_BY_WORD: Final = 10_000
"""Entries of each area's history that stay while only an operator vouches for the date.

With a wrong year one word would take the whole proof of all decisions. They take about 10 MiB, of thousands of jobs.
"""


class Upkeep:
    """Notes the heads of areas once a minute, and lets old jobs and entries go once a day."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        *,
        retention_days: int,
        forget_ended: Callable[[], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`forget_ended` drops old ends, if the clock can be trusted; `pause` waits that many seconds."""
        self._spool = spool
        self._clock = clock
        self._retention = datetime.timedelta(days=retention_days)
        self._forget_ended = forget_ended
        self._pause = pause
        self._next_day = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.to_thread(self._spool.upkeep.settle)
        while True:
            await asyncio.to_thread(self.look)
            await self._pause(NOTE_SECONDS)

    def look(self) -> None:
        """Do one look; blocks. It cuts and forgets nothing by a clock that cannot be trusted (N4)."""
        self._spool.upkeep.note_heads()
        now = self._clock.monotonic()
        if now >= self._next_day and self._clock.trusted():
            self._next_day = now + DAY_SECONDS
            before = (self._clock.now() - self._retention).astimezone(datetime.UTC)
            kept = 0 if self._clock.standing() is ClockTrust.SYNCHRONIZED else ENTRIES_KEPT_BY_WORD
            cut = self._spool.upkeep.keep_history(
                stamp(self._clock), before.isoformat(timespec="milliseconds"), kept=kept
            )
            if cut:
                _LOG.info("history-cut", count=cut)
            self._forget_ended()
