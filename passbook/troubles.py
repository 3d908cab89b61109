"""What is wrong with a printer, as sentences of the catalogue for the people who can put it right."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError
from passbook.job import Reason
from passbook.media import MechanismStatus

_WORDS: Final = MappingProxyType(
    {
        Reason.MEDIA_JAM.value: "a book or sheet is stuck in it",
        Reason.COVER_OPEN.value: "its cover is open",
        Reason.RIBBON_OUT.value: "its ribbon is used up or missing",
        Reason.NOT_ACCEPTED.value: "it does not accept a command",
    }
)
_SOMETHING: Final = "it wants a person to look at it"


def troubles(printer: str, status: MechanismStatus) -> list[PassbookError]:
    """One error for each condition that keeps the printer from printing."""
    return [_trouble(printer, condition) for condition in status.conditions]


def _trouble(printer: str, condition: str) -> PassbookError:
    match condition:
        case Reason.SILENT.value | Reason.UNPLUGGED.value:
            return PassbookError("printer-silent", printer=printer)
        case Reason.GARBLED.value:
            return PassbookError("printer-garbled", printer=printer)
        case _:
            return PassbookError("printer-attention", printer=printer, condition=_WORDS.get(condition, _SOMETHING))
