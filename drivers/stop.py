"""Why a mechanism stopped: one exception for everything that ends a document session's operation."""

from __future__ import annotations

from typing import Final

from drivers.port import PortError, PortTrouble
from passbook.job import Reason

_TROUBLE: Final = {PortTrouble.SILENT: Reason.SILENT, PortTrouble.UNPLUGGED: Reason.UNPLUGGED}


class MechanismStop(Exception):  # noqa: N818 - a stop is an outcome that people settle, not a defect
    """An operation ended before the mechanism had confirmed it.

    Attributes:
        reason: the keyword for the job's state.
        detail: what exactly was seen, such as `status-36` (a hexadecimal code) or `no-answer`; never text of a book.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason.value} ({detail})")

    @classmethod
    def at_port(cls, error: PortError) -> MechanismStop:
        """The stop that a port's trouble is, when opening it as well as later."""
        return cls(_TROUBLE[error.trouble], f"port-{error}")
