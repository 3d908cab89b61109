"""Why a mechanism stopped: one exception for everything that ends a document session's operation."""

from __future__ import annotations

from typing import Final, Self

from drivers.ports.port import PortError, PortTrouble
from passbook.job.states import Reason
from passbook.job.stopped import DestinationStop

_TROUBLE: Final = {PortTrouble.SILENT: Reason.SILENT, PortTrouble.UNPLUGGED: Reason.UNPLUGGED}


class MechanismStop(DestinationStop):
    """An operation ended before the mechanism had confirmed it."""

    @classmethod
    def at_port(cls, error: PortError) -> Self:
        """The stop that a port's trouble is, when opening it as well as later."""
        return cls(_TROUBLE[error.trouble], f"port-{error}", error.cause)
