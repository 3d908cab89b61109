"""Why the work on a job ended at its destination: one exception, with the keyword that the job's state takes."""

from __future__ import annotations

from passbook.job.record import Change
from passbook.job.states import Reason


class DestinationStop(Exception):  # noqa: N818 - a stop is an outcome that people settle, not a defect
    """An act ended before the destination had confirmed it.

    Attributes:
        reason: the keyword for the job's state.
        detail: the exact sight, such as `status-36` (a hexadecimal code) or `no-answer`; never text of a book.
        cause: why a port does not work, as the system said it; empty for every other stop.
        undone: the change for a step of which the destination said that nothing was done; None where that is in doubt.
    """

    def __init__(self, reason: Reason, detail: str, cause: str = "", undone: Change | None = None) -> None:
        self.undone = undone
        self.reason = reason
        self.detail = detail
        self.cause = cause
        super().__init__(f"{reason.value} ({detail})")
