"""In which start an area is: a record is valid in the one start in which it was made so, and in no other (P4).

So one small row makes everything invalid that an earlier start left, however much that is.  The functions work inside
the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import apsw

from passbook.errors import PassbookError
from passbook.job.states import Reason
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.tables.row_sum import RowSum
from storage.tables.schema import fetch


class Boot(NamedTuple):
    """One start of an area.

    Attributes:
        number: counts the starts, from 1; 0 before the first.
        reason: why the one before it ended.
        at: wall time, ISO 8601 in UTC.
    """

    number: int = 0
    reason: Reason = Reason.RESTART
    at: str = ""


class Boots:
    """The starts of one area on one connection."""

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, balance: RowSum
    ) -> None:
        """`area` is the name that findings carry; every change goes into `balance`."""
        self._connection = connection
        self._area = area
        self._area_id = area_id
        self._key = key
        self._balance = balance

    def begin(self, reason: Reason, at: str) -> Boot:
        """A new start: its number is one higher than that of the last one.

        Only a number that verifies is believed.  Where it was put back, altered or taken away the rows do not add up,
        at this start and at every one until an operator has looked; then every record is written before any is used,
        so that a number that comes again makes nothing valid.
        """
        before = self.kept()
        start = Boot(before.number + 1, reason, at)
        if any(True for _ in self.findings()):
            self._balance.distrust()
        self.write(start)
        return start

    def write(self, start: Boot) -> None:
        """This is the start that it is, whatever the rows said before."""
        come = self._mac(start)
        for number, found in fetch(self._connection, "DELETE FROM start RETURNING number, mac"):
            self._balance.gone("start", (number, None, None), found)
        self._connection.execute("INSERT INTO start VALUES (?, ?, ?, ?)", (*start, come))
        self._balance.come("start", (start.number, None, None), come)

    def kept(self) -> Boot:
        """The last start that was noted, as far as any row can be believed."""
        return max((start for start in self._rows() if start is not None), default=Boot())

    def findings(self) -> Iterator[PassbookError]:
        """Whether the row is not the one that was written; that it was taken away is for the balance to find."""
        rows = self._rows()
        if len(rows) > 1 or None in rows:
            yield PassbookError("rows-altered", area=self._area)

    def _rows(self) -> list[Boot | None]:
        sql = "SELECT number, CAST(reason AS BLOB), CAST(at AS BLOB), mac FROM start"
        return [
            Boot(number, Reason(reason.decode()), at.decode())
            if is_same(found, self._mac_of(number, reason, at))
            else None
            for number, reason, at, found in fetch(self._connection, sql)
        ]

    def _mac(self, start: Boot) -> bytes:
        return self._mac_of(start.number, start.reason.encode(), start.at.encode())

    def _mac_of(self, *said: object) -> bytes:
        return mac(self._key.row, "start", self._area_id, *said)
