"""What the appliance does for its store while it runs: areas note each other's heads, and what is old goes."""

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
"""Between two looks: what an area did since the last one is not missed when its disk is put back to before that."""
DAY_SECONDS: Final = 86_400.0
ENTRIES_KEPT_BY_WORD: Final = 10_000
"""Entries of each area's history that stay while only an operator says what day it is: with a wrong year one sentence
would take the whole proof of who decided what.  So many are about 10 MiB, of thousands of jobs."""


class Upkeep:
    """Looks after the store once a minute, and once a day after what is old."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        *,
        retention_days: int,
        forget_ended: Callable[[], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`forget_ended` drops ends that are old, where the clock can be trusted; `pause` waits that many seconds."""
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
        """One look; blocks.  Nothing is cut or forgotten by a clock that cannot be trusted (N4)."""
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
