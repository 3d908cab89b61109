"""Requests for figures: they wait for a boundary of one printer, and all that wait share one reading (F6, P9)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future

from passbook.errors import PassbookError
from passbook.job.figures import NO_FIGURES
from passbook.protocol.environment import AreaFigures, Environment
from passbook.protocol.media import MechanismStatus
from passbook.protocol.stock_orders import FormNeed, StockView
from spooler.clock import Clock, stamp
from spooler.form_stock import FormStock
from spooler.supervisor import guarded
from storage import AreaStatus, PrinterFigures, Spool


class Boundary:
    """Where requests meet the desk of their printer: `ask` is for any thread, the rest for the desk.

    The desk says when a medium may come in and when it was taken.  Between the two there is no boundary, also while the
    mechanism is lost and found again: a reading then would tell figures of a book that is not finished.
    """

    def __init__(self, printer: str, spool: Spool, clock: Clock, stock: FormStock | None = None) -> None:
        self._stock = stock
        self._printer = printer
        self._spool = spool
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: set[Future[Environment]] = set()
        self._closed = False
        self._taken = False

    def ask(self) -> Future[Environment]:
        """The next reading; to cancel the future ends the wait.  It raises `appliance-stopping` after close()."""
        asked: Future[Environment] = Future()
        with self._lock:
            closed = self._closed
            if not closed:
                self._waiting.add(asked)
        if closed:
            asked.set_exception(PassbookError("appliance-stopping"))
        asked.add_done_callback(guarded(self._forget))
        return asked

    @property
    def awaited(self) -> bool:
        """Whether any request waits for a reading."""
        return bool(self._waiting)

    def leave(self) -> None:
        """A medium may come into the mechanism, or was found there."""
        self._taken = False

    def reach(self) -> None:
        """Note that the medium in the mechanism was taken, and that no job is under way."""
        self._taken = True

    def answer(self, status: MechanismStatus) -> None:
        """Give one reading to all that wait now, with what the mechanism just said; no job is under way.

        It is given to no one while the medium of an unfinished job may lie in the mechanism.
        """
        with self._lock:
            waiting = tuple(self._waiting)
        if not waiting:
            return
        found = self._spool.figures(self._printer)
        areas = self._spool.areas()
        if not self._taken and (len(found) < len(areas) or any(one.begun for one in found.values())):
            return
        reading = self._reading(status, found, areas)
        for asked in waiting:
            if asked.set_running_or_notify_cancel():
                asked.set_result(reading)

    def close(self) -> None:
        """The desk has ended: each waiting caller is told so."""
        with self._lock:
            self._closed = True
            waiting = tuple(self._waiting)
        for asked in waiting:
            if asked.set_running_or_notify_cancel():
                asked.set_exception(PassbookError("appliance-stopping"))

    def _forget(self, asked: Future[Environment]) -> None:
        with self._lock:
            self._waiting.discard(asked)

    def _reading(
        self, status: MechanismStatus, found: dict[str, PrinterFigures], areas: list[AreaStatus]
    ) -> Environment:
        sums = found.values()
        return Environment(
            printer=self._printer,
            at=stamp(self._clock),
            status=status,
            printed=sum((one.printed for one in sums), NO_FIGURES),
            pending=sum((one.pending for one in sums), NO_FIGURES),
            held=sum((one.held for one in sums), NO_FIGURES),
            areas=tuple(_area(area, found.get(area.name)) for area in areas),
            stock=self._stock_now(),
            needed=_needed(sums),
        )

    def _stock_now(self) -> tuple[StockView, ...] | None:
        """The sheets in the cassettes; None while they are not known."""
        try:
            return () if self._stock is None else self._stock.views(self._printer)
        except PassbookError:
            return None


def _needed(found: Iterable[PrinterFigures]) -> tuple[FormNeed, ...]:
    pending: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for one in found:
        pending.update(one.forms_pending)
        held.update(one.forms_held)
    return tuple(FormNeed(form, pending[form], held[form]) for form in sorted({*pending, *held}))


def _area(area: AreaStatus, figures: PrinterFigures | None) -> AreaFigures:
    damage = figures.why if figures is not None else None
    return AreaFigures(
        name=area.name,
        state=area.state,
        quota=area.quota,
        free=area.free,
        jobs=area.records,
        counted=figures is not None and damage is None,
        why=area.why if damage is None else str(damage),
    )
