"""`Spooler.GetEnvironment`: printed and remaining work of one printer, exact because taken at a boundary (P9)."""

from __future__ import annotations

from typing import Final

import msgspec

from passbook.job.figures import Figures
from passbook.job.record import Record
from passbook.job.states import JobState
from passbook.protocol.media import MechanismStatus
from passbook.protocol.messages import Payload
from passbook.protocol.stock_orders import FormNeed, StockView

USUAL_WAIT: Final = 30.0
"""Seconds to wait for a boundary when the command gives no time."""
LONGEST_WAIT: Final = 300.0
"""The most seconds to wait; to wait longer, a terminal asks again."""

_NOT_TAKEN_UP: Final = frozenset({JobState.PENDING, JobState.PENDING_HELD})


class GetEnvironment(Payload, frozen=True):
    """`Spooler.GetEnvironment`: the printer; it may be omitted if there is only one."""

    printer: str = ""


class AreaFigures(msgspec.Struct, frozen=True, rename="camel"):
    """One storage area; sizes in bytes.

    Attributes:
        free: bytes that new jobs may still take.
        jobs: number of jobs in it that have not ended, of all printers.
        counted: whether the figures include its printed and its remaining work.
        why: the cause for which it is out of use, or not counted; empty while all is well.
    """

    name: str
    state: str
    quota: int
    free: int
    jobs: int
    counted: bool
    why: str = ""


class Environment(msgspec.Struct, frozen=True, rename="camel"):
    """One reading at a boundary; all terminals that waited for it get the same.

    Attributes:
        at: wall time, ISO 8601 in UTC, for people only.
        status: the mechanism's words about itself at the boundary; offline when it could not be asked.
        printed: figures since counting began in the areas.
        pending: remaining work of jobs that print without asking a person.
        held: remaining work of jobs that wait for an answer, with their steps in doubt.
        stock: its forms; None while the stock is not known.
        needed: sheets of forms that these jobs have not drawn yet.
    """

    printer: str
    at: str
    status: MechanismStatus
    printed: Figures
    pending: Figures
    held: Figures
    areas: tuple[AreaFigures, ...]
    stock: tuple[StockView, ...] | None = ()
    needed: tuple[FormNeed, ...] = ()


def patience(milliseconds: int) -> float:
    """Seconds to wait for a boundary, by the time-out of a command's header; the usual wait without a valid one."""
    return min(milliseconds / 1000, LONGEST_WAIT) if milliseconds > 0 else USUAL_WAIT


def may_lie_inside(record: Record) -> bool:
    """Whether the medium of a job may lie in a mechanism whose state is not known.

    It surely does not if no mechanism has ever taken the job up.
    """
    return not (record.untouched and record.answered is None and record.state in _NOT_TAKEN_UP)
