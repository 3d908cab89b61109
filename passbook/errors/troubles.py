"""The troubles of a printer, as sentences of the catalogue for the people who can remedy them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from passbook.errors.catalogue import PassbookError
from passbook.job.states import Reason
from passbook.job.wording import REASON_WORDS
from passbook.protocol.media import MechanismStatus

_UNSAID: Final = MappingProxyType(
    {Reason.SILENT: "no answer came in time", Reason.UNPLUGGED: "the connection has ended"}
)
"""The cause in words when the system gave none."""


def troubles(printer: str, status: MechanismStatus) -> list[PassbookError]:
    """One error for each condition that keeps the printer from printing."""
    return [_trouble(printer, Reason(condition), status.cause) for condition in status.conditions]


def _trouble(printer: str, reason: Reason, cause: str) -> PassbookError:
    match reason:
        case Reason.SILENT | Reason.UNPLUGGED:
            return PassbookError("printer-silent", printer=printer, why=cause or _UNSAID[reason])
        case Reason.GARBLED:
            return PassbookError("printer-garbled", printer=printer)
        case Reason.SETUP_DIFFERS:
            return PassbookError("printer-set-up-wrong", printer=printer, why=cause)
        case _:
            return PassbookError(
                "printer-attention", printer=printer, condition=REASON_WORDS[reason], reason=reason.value
            )
