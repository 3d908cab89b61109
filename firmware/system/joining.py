"""Areas that come into use later than the others: their disk has room again, or an operator accepted them.

The same looks unlock an appliance that could use no area at boot. Then it opens all areas again, in the same way
as a boot. Either way every record of an earlier boot is invalid on disk before the area is used at all (P4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, ParamSpec, TypeVar

from passbook.errors import PassbookError
from passbook.job.states import Reason
from spooler.clock import Clock, stamp
from spooler.logs import Log
from spooler.problems import Problems
from storage import Spool

P = ParamSpec("P")
T = TypeVar("T")

_LOG: Final = Log("joining")

LOOK_SECONDS: Final = 3.0
"""The seconds between two looks whether an area may be used now; each look asks a disk for its free room."""


class Joining:
    """Brings areas into use that are not; lives in the event loop.

    Attributes:
        reason: the cause for which the appliance was down before this boot.
        usable: set once any area is in use.
    """

    def __init__(
        self,
        spool: Spool,
        problems: Problems,
        clock: Clock,
        *,
        report: Callable[[PassbookError], None],
        begun: Callable[[], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """It calls `begun` when areas came into use; `pause` waits that many seconds."""
        self.reason = Reason.POWER_LOSS
        self.usable = asyncio.Event()
        self._spool = spool
        self._problems = problems
        self._clock = clock
        self._report = report
        self._begun = begun
        self._pause = pause
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._pause(LOOK_SECONDS)
            await self.look()

    async def look(self, *, word: bool = False) -> None:
        """Take usable areas into use; with `word`, that of an operator, try every area again."""
        async with self._looking:
            if self._spool.is_usable():
                await self._join()
            elif word or self._spool.joinable():
                await self._unlock()

    async def _join(self) -> None:
        if not self._spool.joinable():
            return
        joined = await _to_the_end(self._spool.join, self.reason, stamp(self._clock))
        for one in joined:
            self._problems.over(one.over)
            if one.problem is None:
                _LOG.info("area-joined", area=one.area, count=one.invalidated)
            else:
                self._report(one.problem)
        if any(one.problem is None for one in joined):
            self._begun()
            await _to_the_end(self._spool.upkeep.settle)

    async def _unlock(self) -> None:
        before = self._spool.problems
        report = await _to_the_end(self._spool.reopen, self.reason, stamp(self._clock))
        for problem in before:
            self._problems.over(problem)
        for problem in self._spool.problems:
            self._report(problem)
        for name, count in report.invalidated.items():
            _LOG.info("area-joined", area=name, count=count)
        if self._spool.is_usable():
            self.usable.set()
            self._begun()


async def _to_the_end(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The result of a blocking call; a cancelled task waits for its end too, because the store closes then."""
    doing = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        raise
