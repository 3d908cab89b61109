"""What operators may ask and say of the clock: `passbookctl clock` (N4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from passbook.errors import PassbookError
from passbook.protocol.messages import Payload, read_arguments
from passbook.protocol.naming import check_name
from spooler.clock import ClockTrust, SystemClock, stamp
from spooler.logs import Log

_LOG: Final = Log("clock")

_WHY: Final = {
    ClockTrust.SYNCHRONIZED: "the machine is synchronized",
    ClockTrust.VOUCHED: "an operator said that it is right",
    ClockTrust.NOT_SYNCHRONIZED: "the machine is not synchronized, and no operator said that it is right",
    ClockTrust.BEHIND: "it is earlier than a job that was dated while it was trusted",
}


class ClockReport(msgspec.Struct, frozen=True, rename="camel"):
    """What the appliance believes of time.

    Attributes:
        wall: wall time, ISO 8601 in UTC.
        local: the same in the machine's time zone, by which business days end.
        certificates: the time by which certificates are judged.
    """

    wall: str
    local: str
    business_date: str
    trusted: bool
    why: str
    certificates: str


class _Word(Payload, frozen=True):
    """An operator's word that the clock is right; without `right` only what the appliance believes is asked."""

    right: bool | None = None
    person: str = ""


class ClockOperations:
    """The command `clock`; `vouched` is called after an operator said that the clock is right."""

    def __init__(self, clock: SystemClock, vouched: Callable[[], None]) -> None:
        self._clock = clock
        self._vouched = vouched

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
        """Command name -> handler."""
        return {"clock": self._tell}

    async def _tell(self, arguments: dict[str, Any]) -> Any:
        asked = read_arguments(arguments, _Word)
        if asked.right is not None:
            if not asked.right or not asked.person:
                raise PassbookError("invalid-message", why="right is true and comes with a person")
            self._vouch(asked.person)
        return self._report()

    def _vouch(self, person: str) -> None:
        check_name("person", person)
        before = self._clock.standing()
        self._clock.vouch()
        _LOG.warning("clock-vouched", person=person, state=before.value, why=stamp(self._clock))
        self._vouched()

    def _report(self) -> ClockReport:
        now, standing = self._clock.now(), self._clock.standing()
        return ClockReport(
            wall=stamp(self._clock),
            local=now.astimezone().isoformat(timespec="seconds"),
            business_date=self._clock.business_date(),
            trusted=self._clock.trusted(),
            why=_WHY[standing],
            certificates=self._clock.for_certificates().isoformat(timespec="seconds"),
        )
