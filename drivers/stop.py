"""Why a mechanism stopped: one exception for everything that ends a document session's operation."""

from __future__ import annotations

from typing import Final

from drivers.ports.port import PortError, PortTrouble
from passbook.job.states import Reason

_TROUBLE: Final = {PortTrouble.SILENT: Reason.SILENT, PortTrouble.UNPLUGGED: Reason.UNPLUGGED}


class MechanismStop(Exception):  # noqa: N818 - a stop is an outcome that people settle, not a defect
    """An operation ended before the mechanism had confirmed it.

    Attributes:
        reason: the keyword for the job's state.
        detail: what exactly was seen, such as `status-36` (a hexadecimal code) or `no-answer`; never text of a book.
        cause: why the port does not work, as the system said it; empty for every other stop.
    """

    def __init__(self, reason: Reason, detail: str, cause: str = "") -> None:
        self.reason = reason
        self.detail = detail
        self.cause = cause
        super().__init__(f"{reason.value} ({detail})")

    @classmethod
    def at_port(cls, error: PortError) -> MechanismStop:
        """The stop that a port's trouble is, when opening it as well as later."""
        return cls(_TROUBLE[error.trouble], f"port-{error}", error.cause)
