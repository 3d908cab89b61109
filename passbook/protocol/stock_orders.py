"""Form stock in messages: what lies in the cassettes of printers, and the orders of operators about it (F6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from passbook.job.stock_moves import HIGHEST_NUMBER, MOST_SHEETS, StockMove
from passbook.protocol.messages import Payload

Sheets = Annotated[int, msgspec.Meta(ge=1, le=MOST_SHEETS)]
SheetNumber = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_NUMBER)]
MOST_TOLD: int = 1000
"""The most entries of one list."""


class StockLevel(StrEnum):
    """How full a cassette is."""

    ENOUGH = "enough"
    LOW = "low"
    """At its low mark or below."""
    EMPTY = "empty"
    """At its empty mark or below: no job begins."""


class StockView(msgspec.Struct, frozen=True, rename="camel"):
    """One kind of form in one cassette.

    Attributes:
        form: the kind of form.
        numbered: whether its sheets have numbers.
        left: sheets in the cassette.
        low: its low mark.
        empty: its empty mark.
        next: the number that is drawn next; 0 for none.
    """

    printer: str
    form: str
    cassette: str
    numbered: bool
    left: int
    low: int
    empty: int
    level: StockLevel
    next: int = 0


class FormNeed(msgspec.Struct, frozen=True, rename="camel"):
    """The sheets of one kind of form that a printer's jobs still need.

    Attributes:
        pending: by jobs that print without asking a person.
        held: by jobs that wait for an answer.
    """

    form: str
    pending: int = 0
    held: int = 0


class ListStock(Payload, frozen=True):
    """`Appliance.ListStock`: of one printer, or of all; with up to `last` moves, the newest last."""

    printer: str = ""
    last: Annotated[int, msgspec.Meta(ge=0, le=MOST_TOLD)] = 0


class ReplenishStock(Payload, frozen=True):
    """`Appliance.ReplenishStock`: a person put `count` sheets into a cassette, with the numbers from `first` on."""

    printer: str
    form: str
    cassette: str
    count: Sheets
    person: str
    first: SheetNumber = 0


class SpoilStock(Payload, frozen=True):
    """`Appliance.SpoilStock`: `count` sheets of a cassette, from the number `first` on, are no good, or missing."""

    printer: str
    form: str
    cassette: str
    count: Sheets
    person: str
    reason: str
    first: SheetNumber = 0


class StockLine(msgspec.Struct, frozen=True, rename="camel"):
    """One move of stock as its area keeps it; `n` is its number in the history of `area`."""

    area: str
    n: int
    at: str
    move: StockMove


class StockList(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of the three: the cassettes as they are now, and the moves that were asked for."""

    stock: tuple[StockView, ...]
    moves: tuple[StockLine, ...] = ()
