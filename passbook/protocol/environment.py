"""`Spooler.GetEnvironment`: what one printer has printed and is to print, exact because taken at a boundary (P9)."""

from __future__ import annotations

from typing import Final

import msgspec

from passbook.job.figures import Figures
from passbook.job.record import Record
from passbook.job.states import JobState
from passbook.protocol.media import MechanismStatus
from passbook.protocol.messages import Payload

USUAL_WAIT: Final = 30.0
"""Seconds that a boundary is waited for when the command does not say how long."""
LONGEST_WAIT: Final = 300.0
"""Seconds; who wants to wait longer asks again."""

_NOT_TAKEN_UP: Final = frozenset({JobState.PENDING, JobState.PENDING_HELD})


class GetEnvironment(Payload, frozen=True):
    """`Spooler.GetEnvironment`: of which printer; it may be omitted if there is only one."""

    printer: str = ""


class AreaFigures(msgspec.Struct, frozen=True, rename="camel"):
    """One storage area; sizes in bytes.

    Attributes:
        free: what new jobs may still take.
        jobs: jobs in it that have not ended, of all printers.
        counted: whether what was printed and what is to be printed from it is in the figures.
        why: why it is out of use, or not counted; empty while all is well.
    """

    name: str
    state: str
    quota: int
    free: int
    jobs: int
    counted: bool
    why: str = ""


class Environment(msgspec.Struct, frozen=True, rename="camel"):
    """One reading at a boundary; all that waited for it get the same.

    Attributes:
        at: wall time, ISO 8601 in UTC, for people only.
        status: what the mechanism said of itself at the boundary; offline when it could not be asked.
        printed: since counting began in the areas.
        pending: left to print by jobs that print without asking anybody.
        held: left to print by jobs that wait for an answer; steps in doubt are left.
    """

    printer: str
    at: str
    status: MechanismStatus
    printed: Figures
    pending: Figures
    held: Figures
    areas: tuple[AreaFigures, ...]


def patience(milliseconds: int) -> float:
    """Seconds to wait for a boundary, by the time-out of a command's header; nothing or nonsense is the usual wait."""
    return min(milliseconds / 1000, LONGEST_WAIT) if milliseconds > 0 else USUAL_WAIT


def may_lie_inside(record: Record) -> bool:
    """Whether the medium of a job may lie in a mechanism of which nothing is known.

    It surely does not when no mechanism has ever taken the job up.
    """
    return not (record.untouched and record.answered is None and record.state in _NOT_TAKEN_UP)
