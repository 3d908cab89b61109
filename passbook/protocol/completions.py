"""How a command ended, in the words of XFS4IoT."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from passbook.errors import PassbookError


class Completion(StrEnum):
    """The end of a command (CWA 17852, completion codes that this service uses)."""

    SUCCESS = "success"
    COMMAND_ERROR = "commandErrorCode"
    INVALID_COMMAND = "invalidCommand"
    INVALID_DATA = "invalidData"
    INTERNAL_ERROR = "internalError"
    AUTHORISATION = "authorisationRequired"
    NOT_ENOUGH_SPACE = "notEnoughSpace"
    TIME_OUT = "timeOut"


def completion_for(error: PassbookError) -> Completion:
    """The XFS4IoT completion code that goes with an error."""
    return completion_of_code(error.code)


def completion_of_code(code: str) -> Completion:
    """The same by the error's stable code."""
    return _COMPLETIONS.get(code, Completion.COMMAND_ERROR)


_INVALID: Final = (
    *("invalid-message", "message-too-large", "priority-not-allowed"),
    *("not-a-time", "times-exchanged", "unknown-outcome"),
)
_COMPLETIONS: Final = dict.fromkeys(_INVALID, Completion.INVALID_DATA) | {
    "unknown-command": Completion.INVALID_COMMAND,
    "internal-error": Completion.INTERNAL_ERROR,
    "not-permitted": Completion.AUTHORISATION,
    "held-by-operator": Completion.AUTHORISATION,
    "history-not-permitted": Completion.AUTHORISATION,
    "no-area-has-room": Completion.NOT_ENOUGH_SPACE,
    "quota-exceeded": Completion.NOT_ENOUGH_SPACE,
    "printer-busy": Completion.TIME_OUT,
}
