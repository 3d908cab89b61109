"""How busy the network to the appliance is: the time of a ping, and the documents that wait to be sent (C5).

Theory of operation.  A ping goes the way of every message, so its answer comes late when the line is slow or full.  One
that is not answered yet counts with its age; so a line that stands still is noticed at once.  Each measure has two
marks of the user's, and the network is busy while one of them has stopped.  While the appliance is not connected
nothing is measured, and the network is not busy: the time apart has orders of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from passbook.errors import PassbookError
from spooler.clock import Clock
from spooler.fullness import Gauge, Marks
from spooler.logs import Log
from terminal.agent.agent_settings import NetworkConfig
from terminal.agent.upstream import Upstream

_LOG: Final = Log("network")

LOOK: Final = 2.0
"""Seconds between the answer of a ping and the next one."""
_KIB: Final = 1024


class NetworkLoad:
    """Lives in the event loop."""

    def __init__(self, upstream: Upstream, config: NetworkConfig, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock
        self._took = 0.0
        self._asked: float | None = None
        self._was_busy = False
        measures = ((config.round_trip, self.round_trip), (config.queued, lambda: self.queued / _KIB))
        self._gauges = tuple(
            None if marks is None else Gauge(measure, Marks(marks.stop_at, marks.start_at))
            for marks, measure in measures
        )

    def round_trip(self) -> float:
        """Milliseconds of the last ping, or since the present one if that is more; 0 while nothing is connected."""
        age = 0.0 if self._asked is None else self._clock.monotonic() - self._asked
        return max(self._took, age) * 1000

    @property
    def queued(self) -> int:
        """Bytes of documents that wait to be sent."""
        return self._upstream.unsent

    def why_busy(self) -> str:
        """The causes for which the network is busy, as words behind a colon; empty while it is not."""
        words = " and ".join(self._words())
        if bool(words) is not self._was_busy:
            self._was_busy = bool(words)
            _LOG.info("network-busy" if words else "network-free")
        return words

    def _words(self) -> Iterator[str]:
        trip, queue = self._gauges
        if trip is not None and trip.is_stopped:
            yield f"an answer takes {self.round_trip():.0f} ms"
        if queue is not None and queue.is_stopped:
            yield f"{self.queued // _KIB} KiB of documents wait to be sent"

    async def run(self) -> None:
        """Measure, for ever."""
        while True:
            try:
                self._asked = self._clock.monotonic()
                self._took = await self._upstream.round_trip()
            except PassbookError:
                self._took = 0.0
            finally:
                self._asked = None
            self.why_busy()
            await asyncio.sleep(LOOK)
