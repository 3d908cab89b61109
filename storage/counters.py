"""What each printer has put on paper for the jobs of one area: a row for each, in the transaction of the step.

The functions work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import apsw

from passbook.counters import NOTHING, Figures
from passbook.errors import PassbookError, shown
from storage.balance import Balance
from storage.keys import ApplianceKey, is_same, mac
from storage.schema import fetch


class Counters:
    """The counters of one area on one connection."""

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, balance: Balance
    ) -> None:
        """`area` is the name that findings carry; every change goes into `balance`."""
        self._connection = connection
        self._balance = balance
        self._area = area
        self._area_id = area_id
        self._key = key

    def of(self, printer: str) -> Figures:
        """What was counted; nothing for a printer that never printed.  Raises PassbookError `counter-damaged`."""
        sql = "SELECT books, pages, lines, mac FROM counter WHERE printer = ?"
        for *numbers, found in fetch(self._connection, sql, printer):
            figures = Figures(*numbers)
            if not is_same(found, self._mac(printer.encode(), figures)):
                raise self._damaged(printer)
            return figures
        return NOTHING

    def add(self, printer: str, more: Figures) -> None:
        """Count what a step has put on paper.  A damaged row stays as it is: evidence, and no reason not to print."""
        if more == NOTHING:
            return
        with suppress(PassbookError):
            total = self.of(printer) + more
            gone = fetch(self._connection, "SELECT mac FROM counter WHERE printer = ?", printer)
            come = self._mac(printer.encode(), total)
            values = (printer, total.books, total.pages, total.lines, come)
            self._connection.execute("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?, ?)", values)
            place = (printer.encode(), None, None)
            for (found,) in gone:
                self._balance.gone("counter", place, found)
            self._balance.come("counter", place, come)

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
