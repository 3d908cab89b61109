"""The row sum of an area: one keyed sum over its rows, so that none can be removed or replayed unnoticed (N2).

Every row has a MAC of its own, which tells that the row is ours but not that it is of now.  The sum over all rows does:
an older version of a row, a row whose job has ended, and a row that is gone change it.  What a row weighs in it is
drawn with the appliance's key from its place and its MAC, and the file holds only a MAC of the sum.  Without the key no
weight is known, so no row that an attacker writes can stand for another one.

The functions work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, TypeAlias

import apsw

from passbook.errors import PassbookError
from storage.crypto.keys import ApplianceKey, is_same, joined, mac
from storage.tables.schema import fetch, stream

_BYTES: Final = 32
_MODULUS: Final = 1 << (8 * _BYTES)
_REQUEST: Final = "sequence, CAST(requester AS BLOB), CAST(request_id AS BLOB)"
_PLACES: Final = {
    "job": _REQUEST,
    "ended": _REQUEST,
    "counter": "CAST(printer AS BLOB), NULL, NULL",
    "peer_head": "CAST(name AS BLOB), NULL, NULL",
    "book": "name, NULL, NULL",
    "boot": "number, NULL, NULL",
    "head": "NULL, NULL, NULL",
}
"""Each table with what its rows are found by; of rows set aside, whose MAC did not verify, all columns count."""
UNTOLD: Final = -1
"""The count of changes of an area that does not add up: what its file says of it may be anything."""
LEAP: Final = 2**32
"""More changes than an area makes between two times at which the others note how far it is."""
RowPlace: TypeAlias = tuple[object, object, object]
"""What a row is found by, texts as bytes, filled up with None."""
_EVIDENCE: Final = (
    "SELECT sequence, CAST(origin AS BLOB), CAST(job_id AS BLOB), CAST(requester AS BLOB), CAST(request_id AS BLOB), "
    "version, record, wraps, content_mac, sealed_mac, mac FROM quarantine"
)
_ALL: Final = " UNION ALL ".join(
    f"SELECT '{table}', {place}, mac FROM {table}"  # noqa: S608 - names are ours
    for table, place in _PLACES.items()
)


class RowSum:
    """The row sum of one area on one connection.

    Attributes:
        sum: what the rows weigh as this transaction makes them; None while it is not known, since they did not add up.
    """

    def __init__(self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey) -> None:
        """`area` is the name that findings carry."""
        self._connection = connection
        self._area = area
        self._key = key.row_sum
        self._weighing = mac(key.row_sum, "weight", area_id)
        self._area_id = area_id
        self._kept: int | None = None
        self._changes = self._begun = 0
        self._changed = self._rewritten = False
        self.sum: int | None = None

    def load(self) -> bool:
        """Add the rows up, before the first transaction; whether they are those that were written."""
        weight = self._weight_of_all()
        is_kept = self._is_kept(weight)
        # The count is in the same MAC as the sum.
        self._changes = self._begun = self._row()[0][0] if is_kept else 0
        self.sum = self._kept = weight if is_kept else None
        return is_kept

    @property
    def changes(self) -> int:
        """How many transactions have changed anything but what is known of other areas, since load(); or UNTOLD."""
        return UNTOLD if self._kept is None else self._changes

    def accept(self, known: int | None = None) -> None:
        """The rows that are there now are taken for right.

        `known`: how many changes the other areas know of, where this one was altered.  It goes on far behind them, so
        that every earlier state of it has fewer.
        """
        if known is not None:
            self._begun = max(self._changes, known) + LEAP
        self.sum = self._weight_of_all()
        self._changed = self._rewritten = True

    def distrust(self) -> None:
        """A row was altered, and what it weighed is unknown: nothing adds up until an operator accepts the rows."""
        self.sum = None

    def come(self, table: str, place: RowPlace, found: object) -> None:
        """A row with this MAC is there."""
        self._change(table, self._weight(table, *place, found))

    def gone(self, table: str, place: RowPlace, found: object) -> None:
        """A row with this MAC is not there any more.  One that never was there leaves a sum that never fits again."""
        self._change(table, -self._weight(table, *place, found))

    def evidence(self, sequence: int) -> int:
        """The weight of a row that was set aside; 0 where none was."""
        return sum(
            self._weight("quarantine", *row)
            for row in fetch(self._connection, f"{_EVIDENCE} WHERE sequence = ?", sequence)
        )

    def replace_evidence(self, before: int, now: int) -> None:
        """The rows that were set aside weighed so much, and now they weigh something else."""
        self._change("quarantine", now - before)

    # Around a transaction

    def begin(self) -> None:
        """A transaction begins."""
        self.sum, self._begun, self._changed, self._rewritten = self._kept, self._changes, False, False

    def settle(self) -> None:
        """Write the sum, once for all that the transaction changed; what did not add up stays unchanged: evidence."""
        if self.sum is not None and (self._rewritten or self.sum != self._kept):
            changes = self._begun + self._changed
            come = self._mac(changes, self.sum)
            self._connection.execute("INSERT OR REPLACE INTO row_sum VALUES (1, ?, ?)", (changes, come))

    def committed(self) -> None:
        """It is on disk."""
        if self.sum is not None and (self._rewritten or self.sum != self._kept):
            self._changes = self._begun + self._changed
        self._kept = self.sum

    def findings(self) -> Iterator[PassbookError]:
        """Whether the rows do not add up."""
        if not self._is_kept(self._weight_of_all()):
            yield PassbookError("rows-altered", area=self._area)

    def _change(self, table: str, more: int) -> None:
        if self.sum is not None:
            self.sum = (self.sum + more) % _MODULUS
            # Or areas that tell each other how far they are would do so for ever.
            self._changed = self._changed or table != "peer_head"

    def _weight_of_all(self) -> int:
        rows = sum(self._weight(*row) for row in stream(self._connection, _ALL))
        aside = sum(self._weight("quarantine", *row) for row in stream(self._connection, _EVIDENCE))
        return (rows + aside) % _MODULUS

    def _weight(self, table: str, *said: object) -> int:
        # A keyed hash that is quicker than HMAC: at every boot each row is weighed.
        return int.from_bytes(blake2b(joined(table, *said), key=self._weighing, digest_size=_BYTES).digest())

    def _is_kept(self, value: int) -> bool:
        rows = self._row()
        return len(rows) == 1 and is_same(rows[0][1], self._mac(rows[0][0], value))

    def _row(self) -> list[tuple[int, object]]:
        # A damaged file may give any type.
        return fetch(self._connection, "SELECT coalesce(CAST(changes AS INTEGER), 0), mac FROM row_sum")

    def _mac(self, changes: int, value: int) -> bytes:
        return mac(self._key, "sum", self._area_id, changes, value.to_bytes(_BYTES))
