"""Marks in an area's history: where the chain stood at a time that a trusted clock told, and where it was cut.

Entries go only up to a mark, so no stamp that a wrong clock made can have one deleted too early.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import apsw

from storage.keys import ApplianceKey, is_same, mac
from storage.schema import fetch

START: Final = bytes(32)
"""The chain before the first entry."""


class Mark(NamedTuple):
    """One mark; marks of one chain sort by how far they are.

    Attributes:
        entries: the chain had this many entries then, or more.
        chain: its value after that entry.
        at: ISO time.
        cut: everything up to that entry was deleted.
    """

    entries: int
    chain: bytes
    at: str
    cut: bool


class Marks:
    """The table of one area's marks on one connection, inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection, area_id: str, key: ApplianceKey) -> None:
        """`area_id` is bound to every mark."""
        self._connection = connection
        self._area_id = area_id
        self._key = key

    def all(self) -> list[Mark | int]:
        """Every mark, the earliest first; one that does not verify is only its entry's number."""
        sql = "SELECT entries, chain, CAST(at AS BLOB), cut, mac FROM history_mark ORDER BY entries"
        return [self._mark(*row) for row in fetch(self._connection, sql)]

    def add(self, mark: Mark) -> None:
        """One mark more; where there is one already, the earlier time is worth more and stays."""
        self._connection.execute("INSERT OR IGNORE INTO history_mark VALUES (?, ?, ?, ?, ?)", self._row(mark))

    def replace_up_to(self, mark: Mark) -> None:
        """One mark in place of all up to its entry."""
        self._connection.execute("DELETE FROM history_mark WHERE entries <= ?", (mark.entries,))
        self.add(mark)

    def _mark(self, entries: int, chain: bytes, at: bytes, cut: int, found: object) -> Mark | int:
        mark = Mark(entries, chain, at.decode(errors="replace"), bool(cut))
        return mark if is_same(found, self._mac(mark)) else entries

    def _row(self, mark: Mark) -> tuple[int, bytes, str, int, bytes]:
        return mark.entries, mark.chain, mark.at, int(mark.cut), self._mac(mark)

    def _mac(self, mark: Mark) -> bytes:
        return mac(self._key.history, "mark", self._area_id, *mark)
