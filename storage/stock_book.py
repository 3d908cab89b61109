"""The form stock of all areas together: what lies in each cassette, moves that people order, and the last entries.

Each area knows the moves of its own jobs, and a delivery is noted in one area; only all areas together know the whole.
So while one of them is not in use the stock is not known: a sheet that was drawn there could be drawn once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from passbook.errors import PassbookError
from passbook.job.stock_moves import NO_STOCK, StockBalance, StockEntry, StockMove, StockPlace
from storage.area.area import Area, AreaSettings, AreaState
from storage.area.capacity import change_cost


class ToldStock(NamedTuple):
    """One entry about stock as it lies in its area."""

    area: str
    n: int
    entry: StockEntry


class StockBook:
    """Any thread may ask."""

    def __init__(self, areas: Sequence[Area], left_out: Mapping[AreaSettings, PassbookError]) -> None:
        """Both are shared with the store, which changes them."""
        self._areas = areas
        self._left_out = left_out

    def balances(self) -> dict[StockPlace, StockBalance]:
        """What lies in each cassette, as of the last commits; reads no disk.

        Raises PassbookError `stock-not-known` while an area is out of use, or its entries are not those written.
        """
        away = [one.name for one in tuple(self._left_out)]
        away += [area.name for area in self._areas if area.state is not AreaState.READY]
        if away:
            raise PassbookError("stock-not-known", why=f"storage area {away[0]} is out of use")
        found: dict[StockPlace, StockBalance] = {}
        for area in self._areas:
            if area.ledger.stock.trouble is not None:
                raise PassbookError("stock-not-known", why=str(area.ledger.stock.trouble).rstrip("."))
            for place, balance in area.ledger.stock.balances.items():
                found[place] = found.get(place, NO_STOCK).plus(balance)
        return found

    def move(self, move: StockMove, at: str) -> None:
        """Note a move that a person ordered.  Blocks.  Raises PassbookError, `area-fenced` or `area-full` too."""
        ready = [area for area in self._areas if area.state is AreaState.READY]
        if not ready:
            raise PassbookError("stock-not-known", why="no storage area is in use")
        area = max(ready, key=lambda one: one.capacity.free())
        area.submit(
            lambda ledger: ledger.stock.move(move, at), cost=lambda: change_cost(0, 0), unknown=area.fenced_error()
        ).result()

    def last(self, count: int) -> list[ToldStock]:
        """The last moves over all areas by their stamps, the newest last; an area that fails is left out."""
        found: list[ToldStock] = []
        for area in self._areas:
            with suppress(PassbookError), area.reading() as ledger:
                moves = (one for one in ledger.stock.entries(all_of_them=True) if one[1].stock is not None)
                found += [ToldStock(area.name, n, entry) for n, entry in islice(moves, count)]
        return sorted(found, key=lambda told: (told.entry.at, told.area, told.n))[-count:]
