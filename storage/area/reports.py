"""What the store tells of its areas: values for people and for the log."""

from __future__ import annotations

from dataclasses import dataclass

from passbook.errors import PassbookError


@dataclass(frozen=True, slots=True)
class PowerOnReport:
    """The findings of power-on, by area name.

    Attributes:
        invalidated: how many records were turned invalid.
        failed: why an area could not be made ready.
    """

    invalidated: dict[str, int]
    failed: dict[str, PassbookError]


@dataclass(frozen=True, slots=True)
class Joined:
    """The result of opening an area that had been left out.

    Attributes:
        over: why it was left out before.
        problem: why it still is; None when it is in use.
        invalidated: how many records were turned invalid.
    """

    area: str
    over: PassbookError
    problem: PassbookError | None
    invalidated: int


@dataclass(frozen=True, slots=True)
class AreaStatus:
    """One area as people see it; sizes in bytes.

    Attributes:
        state: the value of an AreaState, or `absent` for one that could not be opened.
        free: what new jobs may still take, reservations taken off.
        used: what lies in its database.
        why: why it is out of use; empty while it is not.
    """

    name: str
    state: str
    quota: int
    free: int = 0
    used: int = 0
    reserved: int = 0
    records: int = 0
    quarantined: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check of one area has looked at, and what does not fit.

    Attributes:
        unfinished: jobs in it that have not ended.
        ended: jobs that have ended and are kept.
        entries: entries of its history.
        findings: empty when all is well.
    """

    area: str
    findings: tuple[PassbookError, ...]
    unfinished: int = 0
    ended: int = 0
    entries: int = 0
