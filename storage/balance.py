"""The balance of an area: one keyed sum over its rows, so that none can be removed or put back unnoticed (N2).

Every row has a MAC of its own, which tells that the row is ours but not that it is of now.  The sum of all of them,
itself under a MAC, does: an older version of a row, a row whose job has ended, and a row that is gone change it.
The functions work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import apsw

from passbook.errors import PassbookError
from storage.keys import ApplianceKey, is_same, mac
from storage.schema import fetch, stream

_BYTES: Final = 32
_MODULUS: Final = 1 << (8 * _BYTES)
_TABLES: Final = ("live", "ended", "counter", "sibling_head", "start")
_EVIDENCE: Final = (
    "SELECT sequence, CAST(origin AS BLOB), CAST(job_id AS BLOB), CAST(requester AS BLOB), CAST(request_id AS BLOB), "
    "version, record, wraps, content_mac, sealed_mac, mac FROM quarantine"
)
"""Rows set aside keep the MAC that did not verify, so theirs is reckoned here."""
_ALL: Final = " UNION ALL ".join(f"SELECT mac FROM {table}" for table in _TABLES)  # noqa: S608 - ours


class Balance:
    """The balance of one area on one connection."""

    def __init__(self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey) -> None:
        """`area` is the name that findings carry."""
        self._connection = connection
        self._area = area
        self._area_id = area_id
        self._key = key
        self.owed = 0
        """By how much the rows have changed in this transaction and the sum has not; see settle()."""

    def begin(self) -> None:
        """The rows that are there now are taken for right."""
        self._write(self._sum())
        self.owed = 0

    def change(self, gone: Iterable[object] = (), come: Iterable[bytes] = ()) -> None:
        """Rows with these MACs go, others come."""
        self.owed += sum(map(_number, come)) - sum(map(_number, gone))

    def settle(self) -> None:
        """Write the sum, once for all that a transaction changed.  One that was altered stays as it is: evidence."""
        value = self._value() if self.owed else None
        if value is not None:
            self._write((value + self.owed) % _MODULUS)
        self.owed = 0

    def evidence(self, sequence: int) -> list[bytes]:
        """What a row that was set aside counts for; nothing where there is none."""
        return [self._mac_of(*row) for row in fetch(self._connection, f"{_EVIDENCE} WHERE sequence = ?", sequence)]

    def findings(self) -> Iterator[PassbookError]:
        """Whether the rows do not add up."""
        if self._value() != self._sum():
            yield PassbookError("rows-altered", area=self._area)

    def _sum(self) -> int:
        rows = sum(_number(found) for (found,) in stream(self._connection, _ALL))
        aside = sum(_number(self._mac_of(*row)) for row in stream(self._connection, _EVIDENCE))
        return (rows + aside) % _MODULUS

    def _value(self) -> int | None:
        """The sum as it was kept; None when that was altered."""
        for value, found in fetch(self._connection, "SELECT value, mac FROM balance"):
            if is_same(found, self._mac(value)):
                return _number(value)
        return None

    def _write(self, value: int) -> None:
        kept = value.to_bytes(_BYTES)
        self._connection.execute("INSERT OR REPLACE INTO balance VALUES (1, ?, ?)", (kept, self._mac(kept)))

    def _mac_of(self, *evidence: object) -> bytes:
        return mac(self._key.row, "quarantine", self._area_id, *evidence)

    def _mac(self, value: bytes) -> bytes:
        return mac(self._key.row, "balance", self._area_id, value)


def _number(found: object) -> int:
    """A MAC as it lies in its column; a damaged file may give anything."""
    return int.from_bytes(found) if isinstance(found, bytes) else 0
