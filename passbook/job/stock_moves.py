"""Form stock: its moves, and the balance of one cassette as the sum of them; pure rules.

A sheet leaves its cassette when it is debited for a job or spoiled, and lies there again when its debit is voided.
Numbers are kept as changes of a sum over the line of all numbers: `(100, 1), (200, -1)` are the sheets 100 to 199.  So
balances of several areas add up to the whole, also where one area knows the delivery and another one the debits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Final, NamedTuple, Self, TypeAlias

import msgspec
from msgspec.structs import replace

HIGHEST_NUMBER: Final = 9_999_999_999
"""The highest number of a sheet: 10 digits."""
MOST_SHEETS: Final = 1_000_000
"""The most sheets of one delivery."""

Steps: TypeAlias = tuple[tuple[int, int], ...]
"""Changes of a sum over all numbers, in their order: from this number on so much more."""


class StockKind(StrEnum):
    """The kind of a move of stock."""

    REPLENISHED = "replenished"
    """A person put sheets into the cassette."""
    DEBITED = "debited"
    """A job drew the sheet."""
    VOIDED = "voided"
    """The job that drew the sheet did not use it."""
    SHEET_SPOILED = "sheet-spoiled"
    """The sheet that a job had drawn is no good; it was debited before."""
    SPOILED = "spoiled"
    """A person says that sheets of the cassette are no good, or missing."""


class StockPlace(NamedTuple):
    """The place of one stock: a cassette of a printer with sheets of one kind of form."""

    printer: str
    form: str
    cassette: str


class StockMove(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One move of the stock of one cassette.

    Attributes:
        count: number of sheets.
        first: the number of the first of them, the others follow; 0 where they have no numbers.
        job: for whose page the sheet was drawn; empty for a move that a person ordered.
        person: who ordered it; empty for a move of a job.
        reason: why sheets were spoiled, in a person's words, or as a keyword of passbook.job.states.Reason.
    """

    kind: StockKind
    printer: str
    form: str
    cassette: str
    count: int = 1
    first: int = 0
    job: str = ""
    person: str = ""
    reason: str = ""

    @property
    def place(self) -> StockPlace:
        """The stock that it changes."""
        return StockPlace(self.printer, self.form, self.cassette)


class StockBalance(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The sum of moves of one stock.

    Attributes:
        count: sheets that lie in the cassette; below 0 where another area knows more of them.
        free: the numbers of these sheets.
        delivered: the numbers that were ever put in.
    """

    count: int = 0
    free: Steps = ()
    delivered: Steps = ()

    def after(self, move: StockMove) -> Self:
        """The balance after one more move."""
        sign = _SIGNS[move.kind]
        free, delivered = self.free, self.delivered
        if move.first:
            free = _with_range(free, move.first, move.count, sign)
            if move.kind is StockKind.REPLENISHED:
                delivered = _with_range(delivered, move.first, move.count, 1)
        return replace(self, count=self.count + sign * move.count, free=free, delivered=delivered)

    def plus(self, other: StockBalance) -> StockBalance:
        """The sum of both."""
        free, delivered = _sum((*self.free, *other.free)), _sum((*self.delivered, *other.delivered))
        return StockBalance(self.count + other.count, free, delivered)

    def free_ranges(self) -> Iterator[tuple[int, int]]:
        """The first and the last number of each row of free sheets, in their order."""
        return _ranges(self.free)

    def lowest(self, count: int) -> tuple[int, ...]:
        """The lowest free numbers, at most `count` of them."""
        found: list[int] = []
        for first, last in self.free_ranges():
            found += range(first, min(last, first + count - len(found) - 1) + 1)
        return tuple(found)

    def has_free(self, first: int, count: int) -> bool:
        """Whether all these numbers are free."""
        return any(low <= first and first + count - 1 <= high for low, high in self.free_ranges())

    def was_delivered(self, first: int, count: int) -> bool:
        """Whether any of these numbers was ever put in."""
        return any(first <= high and low < first + count for low, high in _ranges(self.delivered))


NO_STOCK: Final = StockBalance()
_SIGNS: Final = MappingProxyType(
    {
        StockKind.REPLENISHED: 1,
        StockKind.DEBITED: -1,
        StockKind.VOIDED: 1,
        StockKind.SHEET_SPOILED: 0,
        StockKind.SPOILED: -1,
    }
)
"""Kind of a move -> what it does to the sheets in the cassette."""


class CarriedStock(msgspec.Struct, frozen=True, rename="camel"):
    """The balance of one stock of one area after all moves before this entry."""

    printer: str
    form: str
    cassette: str
    balance: StockBalance


class StockEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One entry about stock in the history of an area, or a checkpoint: the balances of that area there.

    Attributes:
        stock: the move; None for a checkpoint.
        at: wall time, ISO 8601 in UTC.
        before: the number of the entry about stock before this one in the same area; 0 for none.
        carried: the balances of the area, for a checkpoint.
    """

    stock: StockMove | None
    at: str
    before: int = 0
    carried: tuple[CarriedStock, ...] = ()


def _with_range(steps: Steps, first: int, count: int, sign: int) -> Steps:
    return _sum((*steps, (first, sign), (first + count, -sign))) if sign else steps


def _sum(steps: Iterable[tuple[int, int]]) -> Steps:
    found: dict[int, int] = {}
    for number, change in steps:
        found[number] = found.get(number, 0) + change
    return tuple(sorted((number, change) for number, change in found.items() if change))


def _ranges(steps: Steps) -> Iterator[tuple[int, int]]:
    """The rows of numbers at which the sum is above 0."""
    heights = list(accumulate(change for _, change in steps))
    for (here, there), height in zip(pairwise(steps), heights, strict=False):
        if height > 0:
            yield here[0], there[0] - 1
