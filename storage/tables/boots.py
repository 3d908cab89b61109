"""In which boot an area is: a record is valid in the one boot in which it was made so, and in no other (P4).

So one small row makes everything invalid that an earlier boot left, however much that is.  The functions work inside
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
    """One boot of an area.

    Attributes:
        number: counts the boots, from 1; 0 before the first.
        reason: why the one before it ended.
        at: wall time, ISO 8601 in UTC.
    """

    number: int = 0
    reason: Reason = Reason.RESTART
    at: str = ""


class Boots:
    """The boots of one area on one connection."""

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, row_sum: RowSum
    ) -> None:
        """`area` is the name that findings carry; every change goes into `row_sum`."""
        self._connection = connection
        self._area = area
        self._area_id = area_id
        self._key = key
        self._row_sum = row_sum

    def begin(self, reason: Reason, at: str) -> Boot:
        """A new boot: its number is one higher than that of the last one.

        Only a number that verifies is believed.  Where it was replayed, altered or taken away the rows do not add up,
        at this boot and at every one until an operator has looked; then every record is written before any is used,
        so that a number that comes again makes nothing valid.
        """
        before = self.kept()
        boot = Boot(before.number + 1, reason, at)
        if any(True for _ in self.findings()):
            self._row_sum.distrust()
        self.write(boot)
        return boot

    def write(self, boot: Boot) -> None:
        """This is the boot that it is, whatever the rows said before."""
        come = self._mac(boot)
        for number, found in fetch(self._connection, "DELETE FROM boot RETURNING number, mac"):
            self._row_sum.gone("boot", (number, None, None), found)
        self._connection.execute("INSERT INTO boot VALUES (?, ?, ?, ?)", (*boot, come))
        self._row_sum.come("boot", (boot.number, None, None), come)

    def kept(self) -> Boot:
        """The last boot that was noted, as far as any row can be believed."""
        return max((boot for boot in self._rows() if boot is not None), default=Boot())

    def findings(self) -> Iterator[PassbookError]:
        """Whether the row is not the one that was written; that it was taken away is for the row sum to find."""
        rows = self._rows()
        if len(rows) > 1 or None in rows:
            yield PassbookError("rows-altered", area=self._area)

    def _rows(self) -> list[Boot | None]:
        sql = "SELECT number, CAST(reason AS BLOB), CAST(at AS BLOB), mac FROM boot"
        return [
            Boot(number, Reason(reason.decode()), at.decode())
            if is_same(found, self._mac_of(number, reason, at))
            else None
            for number, reason, at, found in fetch(self._connection, sql)
        ]

    def _mac(self, boot: Boot) -> bytes:
        return self._mac_of(boot.number, boot.reason.encode(), boot.at.encode())

    def _mac_of(self, *said: object) -> bytes:
        return mac(self._key.row, "boot", self._area_id, *said)
