"""The memory of books of one area: where each book stands, and which unfinished jobs are for it.

Theory of operation.  A row of `book` is written in the transaction in which a job ends or stops, in the area of that
job, under a MAC and in the row sum.  All rows are read when the area is opened and kept in memory, so no job that waits
for its turn reads the disk.  The same book may have rows in several areas; storage/book_memory.py unites them.
A row that does not verify is no knowledge: its book counts as not known until a new row takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

import apsw
import msgspec

from passbook.book.holding import BookHold, BookJob, book_job
from passbook.book.judging import KnownBook
from passbook.book.standing import BookHead, BookRow, Heads, row_after
from passbook.errors import PassbookError
from passbook.job.record import Record
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.tables.row_sum import RowSum
from storage.tables.schema import stream

_ROW: Final = msgspec.msgpack.Decoder(BookRow)
_RECORD: Final = msgspec.json.Decoder(Record)
_UNFINISHED: Final = (
    "SELECT CAST(record AS BLOB) FROM job WHERE instr(CAST(record AS BLOB), CAST('\"book\":{' AS BLOB)) > 0"
)


class _Kept(NamedTuple):
    """A row of the file: its value, None where it does not verify, and its MAC, whatever that is."""

    row: BookRow | None
    mac: object


BooksMark: TypeAlias = tuple[dict[str, _Kept], dict[str, BookJob | None]]
"""How far a transaction is: the rows and the jobs that it changed."""


class Books:
    """The books of one area on one connection; the writer's thread changes it, other threads see what was committed.

    Attributes:
        ordinal: gives the ordinal of a new row of a book with these names; the store sets one that knows all areas.
        newest: gives the row that tells where such a book stands, likewise.
        heads: gives what is known of all areas, likewise.
    """

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, row_sum: RowSum
    ) -> None:
        """`area` is the name that findings carry; every change goes into `row_sum`."""
        self._connection = connection
        self._area = area
        self._area_id = area_id
        self._key = key
        self._row_sum = row_sum
        self._rows: dict[str, _Kept] = {}
        self._jobs: dict[str, BookJob] = {}
        self._by_name: dict[str, tuple[str, ...]] = {}
        self._new_rows: dict[str, _Kept] = {}
        self._new_jobs: dict[str, BookJob | None] = {}
        self.ordinal: Callable[[Sequence[str]], int] = self._own_ordinal
        self.newest: Callable[[Sequence[str]], KnownBook | None] = self.known
        self.heads: Callable[[Sequence[str]], Heads] = lambda names: (self.head(names),)

    def load(self) -> list[PassbookError]:
        """Read the rows and the unfinished jobs that are there now; each job counts as the next boot makes it.

        Returns the finding about rows that do not verify: the end of a job may write them anew.
        """
        for name, row, found in self._select():
            self._rows[name.hex()] = _Kept(self._verified(name, row, found), found)
        for (record,) in stream(self._connection, _UNFINISHED):
            # A record that is none is set aside when it is read.
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                left = _RECORD.decode(record)
                job = book_job(left)
                if job is not None and left.untouched:
                    hold = BookHold.NOTHING if left.held_by_operator else BookHold.LATER
                    job = job._replace(hold=hold)
                self._keep(left.job_id, job)
        return self._damaged(sum(kept.row is None for kept in self._rows.values()))

    # Reading, from any thread

    def known(self, names: Sequence[str]) -> KnownBook | None:
        """The newest row under one of these names; None where none is."""
        found = [
            KnownBook(kept.row, n, self._area_id)
            for n, name in enumerate(names)
            if (kept := self._rows.get(name)) is not None and kept.row is not None
        ]
        return max(found, key=lambda one: one.row.ordinal, default=None)

    def head(self, names: Sequence[str]) -> BookHead:
        """The newest row of this area under one of these names, as its head."""
        known = self.known(names)
        return BookHead(self._area_id, 0 if known is None else known.row.ordinal, is_there=True)

    def is_damaged(self, names: Sequence[str]) -> bool:
        """Whether a row under one of these names does not verify."""
        return any(name in self._rows and self._rows[name].row is None for name in names)

    def jobs(self, names: Sequence[str]) -> dict[str, BookJob]:
        """The unfinished jobs of a book with one of these names, by id."""
        ids = {job for name in names for job in self._by_name.get(name, ())}
        return {job: known for job in ids if (known := self._jobs.get(job)) is not None}

    def has_jobs(self) -> bool:
        """Whether an unfinished job is for a book."""
        return bool(self._jobs)

    def names(self) -> set[str]:
        """The names of the books that are known."""
        return {name for name, kept in list(self._rows.items()) if kept.row is not None}

    # A transaction

    def begin(self) -> None:
        """A transaction begins; whatever the one before it has not committed never was."""
        self._new_rows, self._new_jobs = {}, {}

    def mark(self) -> BooksMark:
        """How far this transaction is, to go back to."""
        return dict(self._new_rows), dict(self._new_jobs)

    def undo(self, mark: BooksMark) -> None:
        """Go back to the mark."""
        self._new_rows, self._new_jobs = dict(mark[0]), dict(mark[1])

    def commit(self) -> None:
        """It is on disk."""
        self._rows.update(self._new_rows)
        for job, known in self._new_jobs.items():
            self._keep(job, known)
        self.begin()

    def _keep(self, job: str, known: BookJob | None) -> None:
        """Keep an unfinished job in memory; None for one that is over.  Other threads see each name whole."""
        before = self._jobs.pop(job, None) if known is None else self._jobs.get(job)
        if known is not None:
            self._jobs[job] = known
        for name in () if before is None else before.names:
            rest = tuple(one for one in self._by_name.get(name, ()) if one != job)
            if rest:
                self._by_name[name] = rest
            else:
                self._by_name.pop(name, None)
        for name in () if known is None else known.names:
            self._by_name[name] = (*self._by_name.get(name, ()), job)

    def note(self, before: Record, after: Record) -> None:
        """A job was accepted or changed; one that ends or stops with a line that may be on paper leaves a row."""
        if after.book is None:
            return
        self._new_jobs[after.job_id] = book_job(after)
        names = after.book.names
        known = self.newest(names)
        row = row_after(before, after, None if known is None else known.row, self.ordinal(names), self.heads(names))
        if row is not None:
            self._write(names[0], row)

    def _write(self, name: str, row: BookRow) -> None:
        key, value = bytes.fromhex(name), msgspec.msgpack.encode(row)
        come = self._mac(key, value)
        gone = self._new_rows.get(name) or self._rows.get(name)
        self._connection.execute("INSERT OR REPLACE INTO book VALUES (?, ?, ?)", (key, value, come))
        if gone is not None:
            self._row_sum.gone("book", (key, None, None), gone.mac)
        self._row_sum.come("book", (key, None, None), come)
        self._new_rows[name] = _Kept(row, come)

    def _own_ordinal(self, names: Sequence[str]) -> int:
        return self.head(names).ordinal + 1

    # Verifying

    def findings(self) -> Iterator[PassbookError]:
        """The rows that do not verify, in one finding."""
        yield from self._damaged(sum(self._verified(*columns) is None for columns in self._select()))

    def _damaged(self, count: int) -> list[PassbookError]:
        return [PassbookError("books-damaged", count=count, area=self._area)] if count else []

    def _select(self) -> Iterator[tuple[bytes, bytes, object]]:
        yield from stream(self._connection, "SELECT name, row, mac FROM book")

    def _verified(self, name: bytes, row: bytes, found: object) -> BookRow | None:
        # Over the bytes as they are stored, before anything reads them.
        return _ROW.decode(row) if is_same(found, self._mac(name, row)) else None

    def _mac(self, name: bytes, row: bytes) -> bytes:
        return mac(self._key.row, "book", self._area_id, name, row)
