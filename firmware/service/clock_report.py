"""The clock as operators see it and vouch for it: `passbookctl clock` (N4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from passbook.protocol.naming import check_name
from passbook.protocol.operators import ClockReport
from spooler.clock import ClockTrust, SystemClock, stamp
from spooler.logs import Log

_LOG: Final = Log("clock")

_WHY: Final = {
    ClockTrust.SYNCHRONIZED: "the machine is synchronized",
    ClockTrust.VOUCHED: "an operator said that it is right",
    ClockTrust.NOT_SYNCHRONIZED: "the machine is not synchronized, and no operator said that it is right",
    ClockTrust.BEHIND: "it is earlier than a job that was dated while it was trusted",
}


class ClockReporter:
    """Tells what the appliance believes of time; `vouched` is called after an operator said that the clock is right."""

    def __init__(self, clock: SystemClock, vouched: Callable[[], None]) -> None:
        self._clock = clock
        self._vouched = vouched

    def vouch(self, person: str) -> None:
        """Take the word of `person` that the clock is right.  Raises PassbookError `invalid-message`."""
        check_name("person", person)
        before = self._clock.standing()
        self._clock.vouch()
        _LOG.warning("clock-vouched", person=person, state=before.value, why=stamp(self._clock))
        self._vouched()

    def report(self) -> ClockReport:
        """Return what the appliance believes of time now, and why."""
        now, standing = self._clock.now(), self._clock.standing()
        return ClockReport(
            wall=stamp(self._clock),
            local=now.astimezone().isoformat(timespec="seconds"),
            business_date=self._clock.business_date(),
            trusted=self._clock.trusted(),
            why=_WHY[standing],
            certificates=self._clock.for_certificates().isoformat(timespec="seconds"),
        )
