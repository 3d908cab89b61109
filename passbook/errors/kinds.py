"""Who must act on an error, and what a row of the catalogue is."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Mender(StrEnum):
    """Who must act on an error; `passbookctl` and `teller` exit with the number beside it (EXIT_CODES)."""

    TELLER = "teller"
    REPRESENTATIVE = "representative"
    OPERATOR = "operator"
    PROGRAMMER = "programmer"
    CALLER = "whoever typed the command"
    NOBODY = "nobody"


EXIT_CODES: Final = {
    Mender.NOBODY: 1,
    Mender.PROGRAMMER: 2,
    Mender.TELLER: 3,
    Mender.REPRESENTATIVE: 4,
    Mender.OPERATOR: 5,
    Mender.CALLER: 6,
}

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

EXIT_HELP: Final = (
    "The exit code is 0 for success; else it says who must act: "
    + ", ".join(f"{code} {mender.value}" for mender, code in EXIT_CODES.items())
    + f". After Ctrl-C it is {INTERRUPTED}."
)
"""What the help of the commands says of it."""


class ErrorKind(NamedTuple):
    """One row of the catalogue: who must act, and the sentence with its facts as `{name}`."""

    mender: Mender
    sentence: str
