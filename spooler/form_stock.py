"""Form stock of the printers of one appliance: what may begin, which sheets a job draws, and what people order (F6).

One lock is held from the look at the balances to the commit of what was decided by it.  So no two jobs draw one sheet,
and no order about a cassette comes between.  The debit itself is in the transaction of the change that begins the job
(storage.tables.ledger); this module keeps no figure of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from passbook.errors import PassbookError, shown
from passbook.job.issue import IssuedSheet
from passbook.job.issuing import pages_due
from passbook.job.record import Record
from passbook.job.stock_moves import HIGHEST_NUMBER, NO_STOCK, StockBalance, StockKind, StockMove, StockPlace
from passbook.protocol.naming import check_name
from passbook.protocol.stock_orders import (
    ListStock,
    ReplenishStock,
    SpoilStock,
    StockLevel,
    StockLine,
    StockList,
    StockView,
)
from spooler.clock import Clock, stamp
from storage import Spool


class CassetteSettings(Protocol):
    """The settings of one kind of form in one cassette."""

    @property
    def kind(self) -> str:
        """The kind of form."""

    @property
    def cassette(self) -> str:
        """The name of the cassette."""

    @property
    def numbered(self) -> bool:
        """Whether its sheets have numbers."""

    @property
    def low(self) -> int:
        """Sheets at which it is low."""

    @property
    def empty(self) -> int:
        """Sheets at which no job begins."""


class FormStock:
    """Any thread may use it; `changed` is called with the name of a printer when its stock grew."""

    def __init__(
        self,
        spool: Spool,
        cassettes: Mapping[str, Sequence[CassetteSettings]],
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        """`cassettes` are those of each printer, in the order in which they are used up."""
        self._spool = spool
        self._cassettes = cassettes
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()

    def can_issue(self, printer: str, form: str, count: int) -> bool:
        """Whether so many sheets of a kind may be drawn at a printer now; True for a job that takes none."""
        if not form or count == 0:
            return True
        try:
            return self._drawn(printer, form, tuple(range(1, count + 1))) is not None
        except PassbookError:
            return False

    def may_begin(self, record: Record) -> bool:
        """Whether the sheets that a job needs are there."""
        return record.issue is None or self.can_issue(record.printer, record.issue.form, len(pages_due(record)))

    def begin(self, record: Record, store: Callable[[Sequence[IssuedSheet]], Record]) -> Record:
        """Draw the sheets of a job and have them debited by `store` with its first change; returns the record after it.

        Raises PassbookError `forms-short`, and what `store` raises.
        """
        pages = pages_due(record)
        if record.issue is None or not pages:
            return store(())
        with self._lock:
            sheets = self._drawn(record.printer, record.issue.form, pages)
            if sheets is None:
                raise PassbookError("forms-short", form=record.issue.form, printer=record.printer, needed=len(pages))
            return store(sheets)

    def _drawn(self, printer: str, form: str, pages: Sequence[int]) -> tuple[IssuedSheet, ...] | None:
        """A sheet for each page; None where there are too few.  Raises PassbookError `stock-not-known`."""
        balances = self._spool.stock.balances()
        found: list[IssuedSheet] = []
        for one in self._of(printer, form):
            balance = balances.get(StockPlace(printer, form, one.cassette), NO_STOCK)
            wanted = pages[len(found) : len(found) + max(0, balance.count - one.empty)]
            numbers = balance.lowest(len(wanted)) if one.numbered else (0,) * len(wanted)
            found += [IssuedSheet(page, one.cassette, number) for page, number in zip(wanted, numbers, strict=False)]
        return tuple(found) if len(found) == len(pages) else None

    def _of(self, printer: str, form: str) -> list[CassetteSettings]:
        return [one for one in self._cassettes.get(printer, ()) if one.kind == form]

    def views(self, printer: str = "") -> tuple[StockView, ...]:
        """The cassettes of one printer, or of all.  Raises PassbookError `stock-not-known`."""
        if not any(self._cassettes.values()):
            return ()
        balances = self._spool.stock.balances()
        return tuple(
            _view(StockPlace(name, one.kind, one.cassette), one, balances)
            for name, cassettes in self._cassettes.items()
            for one in cassettes
            if printer in {"", name}
        )

    def problems(self) -> Iterator[PassbookError]:
        """Cassettes at their marks; or why nothing is known of them."""
        try:
            views = self.views()
        except PassbookError as error:
            yield error
            return
        for view in views:
            facts: dict[str, str | int] = {"printer": view.printer, "form": view.form}
            facts |= {"cassette": view.cassette, "left": view.left}
            if view.level is StockLevel.EMPTY:
                yield PassbookError("stock-empty", **facts)
            elif view.level is StockLevel.LOW:
                yield PassbookError("stock-low", **facts)

    def told(self, asked: ListStock) -> StockList:
        """The cassettes as they are, and the last moves.  Blocks.  Raises PassbookError."""
        self._must_have(asked.printer)
        moves = self._spool.stock.last(asked.last) if asked.last else []
        lines = tuple(
            StockLine(one.area, one.n, one.entry.at, one.entry.stock) for one in moves if one.entry.stock is not None
        )
        return StockList(self.views(asked.printer), lines)

    def replenish(self, order: ReplenishStock) -> StockList:
        """Note sheets that a person put in.  Blocks.  Raises PassbookError `stock-refused`, and as the store does."""
        check_name("person", order.person)
        place, settings = self._cassette(order.printer, order.form, order.cassette)
        with self._lock:
            _must_be_numbered(place, settings, order.first, order.count)
            balances = self._spool.stock.balances()
            if order.first and any(
                balance.was_delivered(order.first, order.count)
                for other, balance in balances.items()
                if other.form == place.form
            ):
                raise _refused(place, "some of these numbers were put in before")
            self._move(StockMove(StockKind.REPLENISHED, *place, order.count, order.first, person=order.person))
        self._changed(order.printer)
        return StockList(self.views(order.printer))

    def spoil(self, order: SpoilStock) -> StockList:
        """Note sheets that are no good, or missing.  Blocks.  Raises as replenish()."""
        check_name("person", order.person)
        check_name("reason", order.reason)
        place, settings = self._cassette(order.printer, order.form, order.cassette)
        with self._lock:
            _must_be_numbered(place, settings, order.first, order.count)
            balance = self._spool.stock.balances().get(place, NO_STOCK)
            if order.count > balance.count:
                raise _refused(place, f"it has {balance.count} sheets, fewer than {order.count}")
            if order.first and not balance.has_free(order.first, order.count):
                raise _refused(place, "some of these numbers are not in it")
            who = {"person": order.person, "reason": order.reason}
            self._move(StockMove(StockKind.SPOILED, *place, order.count, order.first, **who))
        return StockList(self.views(order.printer))

    def _move(self, move: StockMove) -> None:
        self._spool.stock.move(move, stamp(self._clock))

    def _cassette(self, printer: str, form: str, cassette: str) -> tuple[StockPlace, CassetteSettings]:
        self._must_have(printer)
        place = StockPlace(printer, shown(form), shown(cassette))
        for one in self._of(printer, form):
            if one.cassette == cassette:
                return place, one
        known = ", ".join(f"{one.kind} in {one.cassette}" for one in self._cassettes.get(printer, ()))
        raise _refused(place, f"it is not configured; the forms of the printer are: {known or 'none'}")

    def _must_have(self, printer: str) -> None:
        if printer and printer not in self._cassettes:
            raise PassbookError("unknown-printer", printer=shown(printer), known=", ".join(self._cassettes))


def _must_be_numbered(place: StockPlace, settings: CassetteSettings, first: int, count: int) -> None:
    if settings.numbered and not first:
        raise _refused(place, "its sheets have numbers; give that of the first one")
    if first and not settings.numbered:
        raise _refused(place, "its sheets have no numbers")
    if first + count - 1 > HIGHEST_NUMBER:
        raise _refused(place, f"the numbers would go beyond {HIGHEST_NUMBER}")


def _refused(place: StockPlace, why: str) -> PassbookError:
    return PassbookError("stock-refused", form=place.form, cassette=place.cassette, printer=place.printer, why=why)


def _view(place: StockPlace, settings: CassetteSettings, balances: Mapping[StockPlace, StockBalance]) -> StockView:
    balance = balances.get(place, NO_STOCK)
    is_low = balance.count <= settings.low
    level = StockLevel.EMPTY if balance.count <= settings.empty else StockLevel.LOW if is_low else StockLevel.ENOUGH
    return StockView(
        printer=place.printer,
        form=place.form,
        cassette=place.cassette,
        numbered=settings.numbered,
        left=balance.count,
        low=settings.low,
        empty=settings.empty,
        level=level,
        next=next(iter(balance.lowest(1)), 0) if settings.numbered else 0,
    )
