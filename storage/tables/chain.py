"""The history of an area: a numbered chain of entries, each bound to the one before by a MAC.

Theory of operation.  Entry n holds the MAC over the chain value of entry n - 1 and its own content, so an entry that is
edited, dropped or moved breaks the chain at its place, and the head, which the anchor of the area holds, tells of
entries that were cut off at the end (P11).  Old entries go, or the disk would fill up.  So from time to time a mark is
written: where the chain stood at a time that a trusted clock told.  Entries go only up to such a mark, and the mark
that is kept says where the chain begins then; no stamp that a wrong clock made can have an entry deleted too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import apsw
import msgspec

from passbook.errors import PassbookError
from passbook.job.record import HistoryEntry, HistoryKind
from passbook.job.stock_moves import StockEntry
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.tables.row_sum import RowSum
from storage.tables.schema import LAST_ROW, fetch, stream

_ENTRY: Final = msgspec.json.Decoder(HistoryEntry)
_STOCK: Final = msgspec.json.Decoder(StockEntry)


START: Final = bytes(32)
"""The chain before the first entry."""


class ChainMark(NamedTuple):
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


class ChainMarks:
    """The table of one area's marks on one connection, inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection, area_id: str, key: ApplianceKey) -> None:
        """`area_id` is bound to every mark."""
        self._connection = connection
        self._area_id = area_id
        self._key = key

    def all(self) -> list[ChainMark | int]:
        """Every mark, the earliest first; one that does not verify is only its entry's number."""
        sql = "SELECT entries, chain, CAST(at AS BLOB), cut, mac FROM history_mark ORDER BY entries"
        return [self._mark(*row) for row in fetch(self._connection, sql)]

    def add(self, mark: ChainMark) -> None:
        """One mark more; where there is one already, the earlier time is worth more and stays."""
        self._connection.execute("INSERT OR IGNORE INTO history_mark VALUES (?, ?, ?, ?, ?)", self._row(mark))

    def replace_up_to(self, mark: ChainMark) -> None:
        """One mark in place of all up to its entry."""
        self._connection.execute("DELETE FROM history_mark WHERE entries <= ?", (mark.entries,))
        self.add(mark)

    def _mark(self, entries: int, chain: bytes, at: bytes, cut: int, found: object) -> ChainMark | int:
        mark = ChainMark(entries, chain, at.decode(errors="replace"), bool(cut))
        return mark if is_same(found, self._mac(mark)) else entries

    def _row(self, mark: ChainMark) -> tuple[int, bytes, str, int, bytes]:
        return mark.entries, mark.chain, mark.at, int(mark.cut), self._mac(mark)

    def _mac(self, mark: ChainMark) -> bytes:
        return mac(self._key.history, "mark", self._area_id, *mark)


class ToldEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One entry as it lies in its area; `n` counts from 1."""

    area: str
    n: int
    entry: HistoryEntry


class Head(NamedTuple):
    """How far an area is: number of entries, the last chain value, the highest sequence number ever accepted."""

    entries: int = 0
    chain: bytes = START
    sequence: int = 0


class History:
    """The chain of one area on one connection."""

    def __init__(self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey) -> None:
        """`area` is the name that findings and entries carry."""
        self._connection = connection
        self.area = area
        self._area_id = area_id
        self._key = key
        self._marks = ChainMarks(connection, area_id, key)
        self.owed: Head | None = None
        """The head as this transaction made it, which is not written yet; see settle()."""
        self._found: bytes | None = None

    def head(self) -> Head:
        """The authenticated head.  Raises PassbookError `history-broken`."""
        if self.owed is not None:
            return self.owed
        rows = fetch(self._connection, "SELECT entries, chain, sequence, mac FROM head")
        if len(rows) == 1:
            entries, chain, sequence, found = rows[0]
            if is_same(found, self._head_mac(Head(entries, chain, sequence))):
                self._found = found
                return Head(entries, chain, sequence)
        raise self._broken(0, "its head was altered")

    def start(self) -> None:
        """A transaction begins; whatever the one before it has not committed never was."""
        self.owed = self._found = None

    def begin(self) -> None:
        """The first head, of an area without entries."""
        self.owed = Head()

    def settle(self, row_sum: RowSum) -> None:
        """Write the head, once for all that a transaction did; it counts in `row_sum`."""
        if self.owed is not None:
            come = self._head_mac(self.owed)
            # Whatever owes a head has read the one before it in this transaction.
            if self._found is None:
                self._connection.execute("INSERT INTO head VALUES (?, ?, ?, ?)", (*self.owed, come))
            else:
                row_sum.gone("head", (None, None, None), self._found)
                sql = "UPDATE head SET (entries, chain, sequence, mac) = (?, ?, ?, ?)"
                self._connection.execute(sql, (*self.owed, come))
            row_sum.come("head", (None, None, None), come)
        self.owed = None

    def note_sequence(self, sequence: int) -> None:
        """Remember that this number was given away."""
        head = self.head()
        self.owed = head._replace(sequence=max(head.sequence, sequence))

    def append(self, entry: HistoryEntry) -> None:
        """One entry more.  Raises PassbookError `history-broken` when the head was altered."""
        head = self.head()
        self._append(head, head.entries + 1, msgspec.json.encode(entry))

    def append_stock(self, entry: StockEntry) -> int:
        """One entry about stock more, which names the one before it; its number.  Raises as append()."""
        head = self.head()
        n = head.entries + 1
        self._append(head, n, msgspec.json.encode(entry))
        return n

    def _append(self, head: Head, n: int, text: bytes) -> None:
        chain = self._link(head.chain, n, text)
        self._connection.execute("INSERT INTO history VALUES (?, ?, ?)", (n, text.decode(), chain))
        self.owed = Head(n, chain, head.sequence)

    def stock_entry(self, n: int) -> StockEntry:
        """The entry about stock with that number, held against the entry before it.

        Raises PassbookError `history-broken`.
        """
        sql = "SELECT CAST(entry AS BLOB), chain FROM history WHERE n = ?"
        rows, before = fetch(self._connection, sql, n), self.chain_at(n - 1)
        if rows and before is not None and is_same(rows[0][1], self._link(before, n, rows[0][0])):
            try:
                return _STOCK.decode(rows[0][0])
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
        raise self._broken(n, "it is not the entry about stock that was written")

    def page(self, below: int | None, count: int) -> tuple[list[ToldEntry], int]:
        """Up to `count` entries with numbers less than `below` (None: the last ones), the newest first.

        Also the number to go on below; 0 when there are no more.  Entries about stock are told by stock_entry().  What
        cannot be read is left to findings().
        """
        sql = "SELECT n, CAST(entry AS BLOB) FROM history WHERE n < ? ORDER BY n DESC LIMIT ?"
        rows = fetch(self._connection, sql, LAST_ROW if below is None else below, count)
        told = [ToldEntry(self.area, n, entry) for n, text in rows if (entry := _read(text)) is not None]
        return told, rows[-1][0] if len(rows) == count else 0

    def end_of(self, job_id: str) -> Head | None:
        """How far the chain was with the end of this job; None where it has none."""
        sql = "SELECT n, CAST(entry AS BLOB), chain FROM history WHERE instr(entry, ?) ORDER BY n DESC"
        for n, text, chain in stream(self._connection, sql, job_id):
            entry = _read(text)
            if entry is not None and entry.kind is HistoryKind.ENDED and entry.record.job_id == job_id:
                return Head(n, chain)
        return None

    def chain_at(self, entries: int) -> bytes | None:
        """The chain value after so many entries; None where there are fewer, or that entry was cut off."""
        if entries == 0:
            return START
        rows = fetch(self._connection, "SELECT chain FROM history WHERE n = ?", entries)
        base = self._base(mark for mark in self._marks.all() if isinstance(mark, ChainMark))
        return rows[0][0] if rows else base.chain if base.entries == entries else None

    # What is cut off (P11)

    def mark(self, at: str) -> None:
        """Keep where the chain is at this time, which a trusted clock told; once a day."""
        if all(mark.at[:10] != at[:10] for mark in self._believed()):
            head = self.head()
            self._marks.add(ChainMark(head.entries, head.chain, at, cut=False))

    def cut(self, before: str, most: int, kept: int = 0) -> int:
        """Delete up to `most` of the oldest entries, of those that a mark from before this time covers; how many.

        The last `kept` entries stay.  The stamps of the entries decide nothing: a wrong clock may have made them (N4).
        Raises PassbookError `history-broken`, with nothing deleted, when what would be deleted does not fit.
        """
        base, target, last = self._cut_at(before, most, kept)
        if last <= base.entries:
            return 0
        chain = self._walk(base, last)
        if last == target.entries and chain != target.chain:
            raise self._broken(last, "its mark says something else")
        self._connection.execute("DELETE FROM history WHERE n <= ?", (last,))
        self._marks.replace_up_to(ChainMark(last, chain, target.at, cut=True))
        return last - base.entries

    def last_to_cut(self, before: str, most: int, kept: int = 0) -> int:
        """The number of the last entry that cut() would delete now; raises as that."""
        return self._cut_at(before, most, kept)[2]

    def _cut_at(self, before: str, most: int, kept: int) -> tuple[ChainMark, ChainMark, int]:
        """The mark at the beginning of the chain, the mark that allows a cut, and the last entry to delete."""
        marks = self._believed()
        base = self._base(marks)
        target = max((mark for mark in marks if mark.at < before), default=base)
        return base, target, min(target.entries, base.entries + most, self.head().entries - kept)

    def _walk(self, base: ChainMark, last: int) -> bytes:
        """The chain after entry `last`, followed from behind `base`.  Raises PassbookError `history-broken`."""
        chain, expected = base.chain, base.entries + 1
        for n, text, found in self._rows(last):
            chain = self._next(chain, expected, n, text, found)
            expected = n + 1
        if expected != last + 1:
            raise self._broken(expected, "it is missing")
        return chain

    def findings(self) -> Iterator[PassbookError]:
        """The findings: at most the first bad entry, or a bad mark, and the head."""
        try:
            marks = {mark.entries: mark for mark in self._believed()}
            base = self._base(marks.values())
            chain, expected = base.chain, base.entries + 1
            for n, text, found in self._rows():
                chain = self._next(chain, expected, n, text, found)
                expected = n + 1
                if n in marks and marks[n].chain != chain:
                    raise self._broken(n, "its mark says something else")
            head = self.head()
        except PassbookError as error:
            yield error
            return
        if (head.entries, head.chain) != (expected - 1, chain):
            yield self._broken(expected, f"the head counts {head.entries} entries")

    def _rows(self, last: int = LAST_ROW) -> Iterator[tuple[int, bytes, object]]:
        sql = "SELECT n, CAST(entry AS BLOB), chain FROM history WHERE n <= ? ORDER BY n"
        yield from stream(self._connection, sql, last)

    def _next(self, before: bytes, expected: int, n: int, text: bytes, found: object) -> bytes:
        """The chain after entry `n`.  Raises PassbookError `history-broken` when it does not follow."""
        if n < expected:
            raise self._broken(n, "it was cut off and is here")
        if n > expected:
            raise self._broken(expected, "it is missing")
        chain = self._link(before, n, text)
        if not is_same(found, chain):
            raise self._broken(n, "it was altered, or one before it")
        return chain

    def _believed(self) -> list[ChainMark]:
        """All marks.  Raises PassbookError `history-broken` when one of them was altered."""
        marks = self._marks.all()
        for mark in marks:
            if isinstance(mark, int):
                raise self._broken(mark, "its mark was altered")
        return [mark for mark in marks if isinstance(mark, ChainMark)]

    @staticmethod
    def _base(marks: Iterable[ChainMark]) -> ChainMark:
        """From where the chain starts."""
        return max((mark for mark in marks if mark.cut), default=ChainMark(0, START, "", cut=True))

    def _link(self, before: bytes, n: int, text: bytes) -> bytes:
        return mac(self._key.history, "entry", self._area_id, before, n, text)

    def _head_mac(self, head: Head) -> bytes:
        return mac(self._key.history, "head", self._area_id, *head)

    def _broken(self, entry: int, why: str) -> PassbookError:
        return PassbookError("history-broken", area=self.area, entry=entry, why=why)


def _read(text: bytes) -> HistoryEntry | None:
    try:
        return _ENTRY.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        return None
