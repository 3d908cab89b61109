"""Whether the appliance can be reached, and since when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError
from spooler.clock import Clock
from spooler.logs import Log

_LOG: Final = Log("reach")

NOTICED: Final = 40.0
"""Seconds in which the pings of a connection notice that the other side is gone."""
LEAST_PART: Final = 4
"""Of a time that is too short for that the agent waits one part of so many."""


class ReachState(StrEnum):
    """How the agent stands to the appliance."""

    REACHED = "reached"
    """It is connected and registered."""
    AWAY = "away"
    """It is not connected; that may pass."""
    APART = "apart"
    """It has not been connected for so long that the agent acts by itself."""


class ReachEvent(StrEnum):
    """What can happen to a connection."""

    CAME = "came"
    """The appliance welcomed the agent."""
    WENT = "went"
    """The connection ended."""
    WAITED = "waited"
    """The time for which the agent waits is over."""


_S, _E = ReachState, ReachEvent
REACH_TRANSITIONS: Final = MappingProxyType(
    {
        (_S.AWAY, _E.CAME): _S.REACHED,
        (_S.APART, _E.CAME): _S.REACHED,
        (_S.REACHED, _E.WENT): _S.AWAY,
        (_S.AWAY, _E.WAITED): _S.APART,
    }
)
"""(state, event) -> state; a pair that is not here is refused."""


class Reach:
    """Begins away; changed in the event loop, read from any thread."""

    def __init__(self, apart_after: float, clock: Clock, apart: Callable[[], None]) -> None:
        """`apart` is called when the appliance was away for `apart_after` seconds."""
        self.state = ReachState.AWAY
        self._wanted = self._apart_after = apart_after
        self._report_wait = 0.0
        self._clock = clock
        self._apart = apart
        self._since = self._gone = clock.monotonic()
        self._changed = asyncio.Event()

    @property
    def is_reached(self) -> bool:
        """Whether the appliance is connected."""
        return self.state is ReachState.REACHED

    @property
    def is_apart(self) -> bool:
        """Whether the agent acts by itself."""
        return self.state is ReachState.APART

    def learn(self, report_wait: float) -> None:
        """The appliance waits so many seconds for a report, then it asks people: the agent acts before that.

        Else the agent would go on at a printer that it was handed while people answer that it does not.
        """
        self._report_wait = report_wait
        self._apart_after = min(self._wanted, max(report_wait - NOTICED, report_wait / LEAST_PART))

    def problems(self) -> list[PassbookError]:
        """The problem of an agent that acts earlier than its settings say."""
        if self._apart_after == self._wanted:
            return []
        facts = {"wanted": self._wanted, "wait": self._report_wait, "limit": self._apart_after}
        return [PassbookError("apart-after-limited", **{name: f"{value:g}" for name, value in facts.items()})]

    def silent_for(self) -> float:
        """Seconds since the appliance was reached last; 0 while it is."""
        return 0.0 if self.is_reached else self._clock.monotonic() - self._gone

    def move(self, event: ReachEvent) -> None:
        """The one place that assigns the state."""
        self.state = REACH_TRANSITIONS[self.state, event]
        self._since = self._clock.monotonic()
        if event is ReachEvent.WENT:
            self._gone = self._since
        self._changed.set()
        _LOG.info("appliance-" + self.state.value)

    def look(self) -> float | None:
        """See whether time is over; return seconds until the next look, None to wait for a change."""
        if self.state is not ReachState.AWAY:
            return None
        left = self._since + self._apart_after - self._clock.monotonic()
        if left > 0:
            return left
        self.move(ReachEvent.WAITED)
        self._apart()
        return None

    async def run(self) -> None:
        """Watch the time, for ever."""
        while True:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), self.look())
            except TimeoutError:
                continue
