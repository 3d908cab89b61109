"""What each printer has put on paper for the jobs of one area, and what it is still to print (F6).

Theory of operation.  The counters are a row for each printer, written in the transaction of the step that they count,
so no power cut can part them from the journal.  Figures for a request are the counters and what the unfinished jobs
have left, read as one moment of the area at a boundary (P9).  Everything works inside the caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import apsw

from passbook.errors import PassbookError, shown
from passbook.job.figures import NO_FIGURES, Figures, left
from passbook.job.issuing import pages_due
from passbook.job.states import JobState
from passbook.protocol.environment import may_lie_inside
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.tables.row_sum import RowSum
from storage.tables.rows import DamagedRowError, JobRow
from storage.tables.schema import fetch


class Counters:
    """The counters of one area on one connection."""

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, row_sum: RowSum
    ) -> None:
        """`area` is the name that findings carry; every change goes into `row_sum`."""
        self._connection = connection
        self._row_sum = row_sum
        self._area = area
        self._area_id = area_id
        self._key = key

    def of(self, printer: str) -> Figures:
        """The figures of a printer; zeros where it never printed.  Raises PassbookError `counter-damaged`."""
        return self._row(printer)[0]

    def _row(self, printer: str) -> tuple[Figures, bytes | None]:
        """What was counted, and the row's MAC; None where there is no row.  Raises PassbookError `counter-damaged`."""
        sql = "SELECT books, pages, lines, mac FROM counter WHERE printer = ?"
        for *numbers, found in fetch(self._connection, sql, printer):
            figures = Figures(*numbers)
            if not is_same(found, self._mac(printer.encode(), figures)):
                raise self._damaged(printer)
            return figures, found
        return NO_FIGURES, None

    def add(self, printer: str, more: Figures) -> None:
        """Count what a step has put on paper.  A damaged row stays unchanged: evidence, and no reason not to print."""
        if more == NO_FIGURES:
            return
        with suppress(PassbookError):
            before, gone = self._row(printer)
            total = before + more
            come = self._mac(printer.encode(), total)
            values = (printer, total.books, total.pages, total.lines, come)
            self._connection.execute("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?, ?)", values)
            place = (printer.encode(), None, None)
            if gone is not None:
                self._row_sum.gone("counter", place, gone)
            self._row_sum.come("counter", place, come)

    def findings(self) -> Iterator[PassbookError]:
        """The rows that do not verify."""
        sql = "SELECT CAST(printer AS BLOB), books, pages, lines, mac FROM counter"
        for printer, *numbers, found in fetch(self._connection, sql):
            if not is_same(found, self._mac(printer, Figures(*numbers))):
                yield self._damaged(printer.decode(errors="replace"))

    def _mac(self, printer: bytes, figures: Figures) -> bytes:
        numbers = (figures.books, figures.pages, figures.lines)
        return mac(self._key.row, "counter", self._area_id, printer, *numbers)

    def _damaged(self, printer: str) -> PassbookError:
        return PassbookError("counter-damaged", printer=shown(printer), area=self._area)


@dataclass(frozen=True, slots=True)
class PrinterFigures:
    """The figures of one printer in one area.

    Attributes:
        pending: left to print by its jobs that are valid and pending.
        held: left to print by its other jobs: they wait for an answer.
        begun: whether the medium of one of these jobs may lie in a mechanism of which nothing is known.
        damaged: rows that did not verify; they are in no figure.
        why: why `printed` is not known; None while it is.
        forms_pending: sheets of each kind of form that the first of these jobs have not drawn yet.
        forms_held: the same of the others.
    """

    printed: Figures
    pending: Figures
    held: Figures
    begun: bool
    damaged: tuple[DamagedRowError, ...]
    why: PassbookError | None
    forms_pending: Mapping[str, int]
    forms_held: Mapping[str, int]


def figures_of(rows: Iterable[JobRow | DamagedRowError], counters: Counters, printer: str) -> PrinterFigures:
    """Add up the rows of a printer, as one moment of the area: the caller's transaction holds it."""
    sums = {True: NO_FIGURES, False: NO_FIGURES}
    forms: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    begun = False
    damaged: list[DamagedRowError] = []
    for row in rows:
        if isinstance(row, DamagedRowError):
            damaged.append(row)
            continue
        # A valid job that is not pending has stopped, and its stop could not be stored yet.
        is_pending = row.record.valid and row.record.state is JobState.PENDING
        sums[is_pending] += left(row.record)
        if row.record.issue is not None:
            forms[is_pending][row.record.issue.form] += len(pages_due(row.record))
        begun = begun or may_lie_inside(row.record)
    printed, why = _printed(counters, printer)
    return PrinterFigures(printed, sums[True], sums[False], begun, tuple(damaged), why, forms[True], forms[False])


def _printed(counters: Counters, printer: str) -> tuple[Figures, PassbookError | None]:
    try:
        return counters.of(printer), None
    except PassbookError as error:
        return NO_FIGURES, error
