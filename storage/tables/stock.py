"""The form stock of one area: a sum of entries in its history.

Theory of operation.  Each move of stock is an entry of the history chain, written in the transaction of the change that
it belongs to, and names the entry about stock before it.  A row of `counter` under a name that no printer has holds the
number of the last one, under its MAC and in the row sum.  So the entries are found without reading the whole history,
each is held against the chain, and an entry that was altered, dropped or replayed is found when the area is opened.
The balances are added up then and kept in memory; a checkpoint with all of them is written before entries are cut off,
and from time to time, so that there are never many to add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final, TypeAlias

from passbook.errors import PassbookError
from passbook.job.figures import Figures
from passbook.job.stock_moves import NO_STOCK, CarriedStock, StockBalance, StockEntry, StockMove, StockPlace
from storage.tables.chain import History
from storage.tables.printed import Counters

LAST_ENTRY: Final = "\x1fstock"
"""The name of the counter that holds the number of the last entry about stock; no printer can have it."""
CARRIED_AFTER: Final = 500
"""Moves after which a checkpoint is written."""


StockMark: TypeAlias = tuple[dict[StockPlace, StockBalance], tuple[int, int, int]]
"""How far a transaction is: the balances, and the numbers of the last entry, of the first one needed, and of moves."""


class Stock:
    """The stock of one area on one connection; the writer's thread changes it, other threads see what was committed.

    Attributes:
        balances: what was committed last, by place; replaced as a whole by each commit.
        trouble: why it cannot be known; None while it is.
    """

    def __init__(self, history: History, counters: Counters) -> None:
        self._history = history
        self._counters = counters
        self.balances: Mapping[StockPlace, StockBalance] = {}
        self.trouble: PassbookError | None = None
        self._now: dict[StockPlace, StockBalance] = {}
        self._last = self._base = self._since = 0
        self._committed = (0, 0, 0)

    def load(self, *, adds_up: bool) -> None:
        """Add up the entries that are there now; where one is not what was written, `trouble` says so.

        `adds_up`: no row was taken away, replayed or forged; else the row with the last entry may be an older one.
        """
        try:
            self._load()
            if not adds_up:
                self.trouble = PassbookError("rows-altered", area=self._history.area)
        except PassbookError as error:
            self.trouble = error
        self.commit()

    def _load(self) -> None:
        self._last = self._counters.of(LAST_ENTRY).books
        found = list(self.entries())
        self._base, self._since = (found[-1][0] if found else 0), len(found)
        self._now = {}
        for _, entry in reversed(found):
            if entry.stock is None:
                self._now = {StockPlace(one.printer, one.form, one.cassette): one.balance for one in entry.carried}
            else:
                self._add(entry.stock)

    def entries(self, *, all_of_them: bool = False) -> Iterator[tuple[int, StockEntry]]:
        """Entries with their numbers, the newest first, back to the last checkpoint, or as far as they are kept.

        Raises PassbookError `history-broken` or `counter-damaged`.
        """
        n = self._counters.of(LAST_ENTRY).books
        is_known = False
        while n and not (is_known and not all_of_them):
            try:
                entry = self._history.stock_entry(n)
            except PassbookError:
                # What lies before a checkpoint may have been cut off.
                if is_known:
                    return
                raise
            yield n, entry
            is_known = is_known or entry.stock is None
            n = entry.before

    # A transaction

    def begin(self) -> None:
        """A transaction begins; whatever the one before it has not committed never was."""
        self._now = dict(self.balances)
        self._last, self._base, self._since = self._committed

    def mark(self) -> StockMark:
        """How far this transaction is, to go back to."""
        return dict(self._now), (self._last, self._base, self._since)

    def undo(self, mark: StockMark) -> None:
        """Go back to the mark."""
        self._now, (self._last, self._base, self._since) = mark

    def commit(self) -> None:
        """It is on disk."""
        if self._now != self.balances:
            self.balances = dict(self._now)
        self._committed = (self._last, self._base, self._since)

    def move(self, move: StockMove, at: str) -> None:
        """One move more.  Raises PassbookError `stock-not-known` or `history-broken`.

        While the sum is not known the entry is only written, as evidence: the end of a job must not wait for it.
        """
        if self.trouble is not None:
            self._history.append_stock(StockEntry(move, at))
            return
        if self._since >= CARRIED_AFTER:
            self.carry(at)
        self._add(move)
        self._write(StockEntry(move, at, self._last))

    def carry_before_cut(self, last: int, at: str) -> None:
        """Write a checkpoint if an entry that is still needed lies among the first `last` ones."""
        if self.trouble is None and 0 < self._base <= last:
            self.carry(at)

    def carry(self, at: str) -> None:
        """Write a checkpoint: no entry before it is needed any more to know the sum."""
        carried = tuple(CarriedStock(*place, balance) for place, balance in sorted(self._now.items()))
        self._since = 0
        self._write(StockEntry(None, at, self._last, carried))
        self._base = self._last

    def findings(self) -> Iterator[PassbookError]:
        """Whether the entries are those that were written; counters and chain have findings of their own."""
        with suppress(PassbookError):
            self._counters.of(LAST_ENTRY)
            try:
                for _ in self.entries():
                    pass
            except PassbookError as error:
                yield error

    def _add(self, move: StockMove) -> None:
        self._now[move.place] = self._now.get(move.place, NO_STOCK).after(move)

    def _write(self, entry: StockEntry) -> None:
        n = self._history.append_stock(entry)
        self._counters.add(LAST_ENTRY, Figures(books=n - self._last))
        if self._counters.of(LAST_ENTRY).books != n:
            raise PassbookError("stock-not-known", why="the number of its last entry was altered")
        self._last, self._since = n, self._since + 1
        self._base = self._base or n
