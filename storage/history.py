"""The history of an area: a numbered chain of entries, each bound to the one before by a MAC.

The functions work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import apsw
import msgspec

from passbook.errors import PassbookError
from passbook.record import HistoryEntry
from storage.keys import ApplianceKey, is_same, mac
from storage.schema import fetch

_ENTRY: Final = msgspec.json.Decoder(HistoryEntry)
_START: Final = bytes(32)


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """One entry as it lies in its area; `n` counts from 1."""

    area: str
    n: int
    entry: HistoryEntry


class Head(NamedTuple):
    """How far an area is: number of entries, the last chain value, the highest sequence number ever accepted."""

    entries: int = 0
    chain: bytes = _START
    sequence: int = 0


class History:
    """The chain of one area on one connection."""

    def __init__(self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey) -> None:
        """`area` is the name that findings and entries carry."""
        self._connection = connection
        self._area = area
        self._area_id = area_id
        self._key = key

    def head(self) -> Head:
        """The authenticated head.  Raises PassbookError `history-broken`."""
        rows = fetch(self._connection, "SELECT entries, chain, sequence, mac FROM head")
        if len(rows) == 1:
            entries, chain, sequence, found = rows[0]
            if is_same(found, self._head_mac(Head(entries, chain, sequence))):
                return Head(entries, chain, sequence)
        raise self._broken(0, "its head was altered")

    def chain_at(self, entries: int) -> bytes | None:
        """The chain value after so many entries; None where there are fewer, or that entry was cut off."""
        rows = fetch(self._connection, "SELECT chain FROM history WHERE n = ?", entries)
        return rows[0][0] if rows else None

    def write_head(self, head: Head) -> None:
        """Replace the head; the first one too."""
        self._connection.execute("DELETE FROM head")
        self._connection.execute("INSERT INTO head VALUES (?, ?, ?, ?)", (*head, self._head_mac(head)))

    def note_sequence(self, sequence: int) -> None:
        """Remember that this number was given away."""
        head = self.head()
        self.write_head(head._replace(sequence=max(head.sequence, sequence)))

    def append(self, entry: HistoryEntry) -> None:
        """One entry more.  Raises PassbookError `history-broken` when the head was altered."""
        head = self.head()
        n = head.entries + 1
        text = msgspec.json.encode(entry)
        chain = self._link(head.chain, n, text)
        self._connection.execute("INSERT INTO history VALUES (?, ?, ?)", (n, text.decode(), chain))
        self.write_head(Head(n, chain, head.sequence))

    def entries(self, job_id: str | None, last: int) -> list[Told]:
        """The last entries, of one job or of all, newest last; entries that cannot be read are left to findings()."""
        rows = fetch(
            self._connection,
            "SELECT n, CAST(entry AS BLOB) FROM history WHERE "
            "?1 IS NULL OR json_valid(entry) AND entry ->> '$.record.jobId' = ?1 "
            "ORDER BY n DESC LIMIT ?2",
            job_id,
            last,
        )
        return [Told(self._area, n, _ENTRY.decode(text)) for n, text in reversed(rows) if _readable(text)]

    def findings(self) -> Iterator[PassbookError]:
        """What does not fit: at most the first bad entry, and the head."""
        chain, expected = _START, 1
        for n, text, found in fetch(self._connection, "SELECT n, CAST(entry AS BLOB), chain FROM history ORDER BY n"):
            if n != expected:
                yield self._broken(expected, "it is missing")
                return
            chain = self._link(chain, n, text)
            if not is_same(found, chain):
                yield self._broken(n, "it was altered, or one before it")
                return
            expected = n + 1
        try:
            head = self.head()
        except PassbookError as error:
            yield error
            return
        if (head.entries, head.chain) != (expected - 1, chain):
            yield self._broken(expected, f"the head counts {head.entries} entries")

    def _link(self, before: bytes, n: int, text: bytes) -> bytes:
        return mac(self._key.history, "entry", self._area_id, before, n, text)

    def _head_mac(self, head: Head) -> bytes:
        return mac(self._key.history, "head", self._area_id, *head)

    def _broken(self, entry: int, why: str) -> PassbookError:
        return PassbookError("history-broken", area=self._area, entry=entry, why=why)


def _readable(text: bytes) -> bool:
    try:
        _ENTRY.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        return False
    return True
