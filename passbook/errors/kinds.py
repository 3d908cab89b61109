"""The actors of errors, and the row of the catalogue."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Mender(StrEnum):
    """The person who must act on an error; `passbookctl` and `teller` exit with its number (EXIT_CODES)."""

    TELLER = "teller"
    REPRESENTATIVE = "representative"
    OPERATOR = "operator"
    PROGRAMMER = "programmer"
    CALLER = "the person who typed the command"
    NONE = "no person"


EXIT_CODES: Final = {
    Mender.NONE: 1,
    Mender.PROGRAMMER: 2,
    Mender.TELLER: 3,
    Mender.REPRESENTATIVE: 4,
    Mender.OPERATOR: 5,
    Mender.CALLER: 6,
}

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, the same as that of shells."""

EXIT_HELP: Final = (
    "The exit code is 0 for success; else it says who must act: "
    + ", ".join(f"{code} {mender.value}" for mender, code in EXIT_CODES.items())
    + f". After Ctrl-C it is {INTERRUPTED}."
)
"""The sentence about exit codes in the help of the commands."""


class ErrorKind(NamedTuple):
    """One row of the catalogue: the actor, and the sentence with its facts as `{name}`."""

    mender: Mender
    sentence: str
