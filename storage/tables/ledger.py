"""The records of one area on one connection: every read verifies, every write stays in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import apsw
import msgspec
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.figures import counted, counted_too, printed_at
from passbook.job.issuing import issued
from passbook.job.record import Change, HistoryEntry, HistoryKind, Outcome, Record, Wrap, without_outline
from passbook.job.states import JobState
from storage.area.capacity import change_cost
from storage.crypto.envelope import SealedJob
from storage.crypto.keys import ApplianceKey, is_same, mac
from storage.tables.books import Books, BooksMark
from storage.tables.boots import Boot, Boots
from storage.tables.chain import Head, History
from storage.tables.ended import EndedJobs
from storage.tables.peers import Extent, PeerMemories
from storage.tables.printed import Counters
from storage.tables.quarantine import Quarantine
from storage.tables.row_sum import RowSum
from storage.tables.rows import (
    JOB_COLUMNS,
    JOB_SELECT,
    Columns,
    DamagedRowError,
    EndedRow,
    JobRow,
    job_row,
    marks,
    row_place,
)
from storage.tables.schema import LAST_ROW, fetch
from storage.tables.stock import Stock, StockMark
from storage.tables.usage import ISSUE_BYTES, Usage, delta_of

_CONTENT: Final = ("DELETE FROM sealed WHERE sequence = ?", "DELETE FROM document WHERE sequence = ?")
_DELETIONS: Final = ("DELETE FROM job WHERE sequence = ?", *_CONTENT)


_KNOWS: Final = (
    "SELECT EXISTS (SELECT 1 FROM job WHERE requester = ?1 AND request_id = ?2) "
    "OR EXISTS (SELECT 1 FROM ended WHERE requester = ?1 AND request_id = ?2) "
    "OR EXISTS (SELECT 1 FROM quarantine WHERE requester = ?1 AND request_id = ?2)"
)
SETTLED_AT_ONCE: Final = 32
"""Records that one transaction settles at most: few, so that other work does not wait for it."""
_SETTLED_BYTES: Final = 64 * 1024
"""What these records have at most together; a larger one is settled alone."""
_BELIEVED_AHEAD: Final = 2**32
"""A row whose number is so much higher than the head's has none: what follows it would soon find no number left."""
LAST_CHARACTER: Final = "\U0010ffff"
"""Behind every other one in the order of a key."""
FIRST: Final = -LAST_ROW - 1
"""Before every sequence number that a row can have, a damaged one too."""


class KnownRequest(NamedTuple):
    """What is known of a request that was accepted before."""

    record: Record
    content_mac: bytes


class UndoPoint(NamedTuple):
    """How far a transaction is: what it did to usage, row sum, head of the history, stock and books."""

    usage: int
    row_sum: int | None
    head: Head | None
    stock: StockMark
    books: BooksMark


class SettledRows(NamedTuple):
    """The result of one settling: the last sequence number, None for no rows; and the rows that were set aside."""

    last: int | None
    damaged: list[DamagedRowError]


class Ledger:
    """Records, sealed content, history and counters of one area."""

    def __init__(
        self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, usage: Usage | None = None
    ) -> None:
        """`area` is the name of the area, `area_id` what its file says of itself; who writes keeps the `usage`."""
        self._connection = connection
        self.area_id = area_id
        self._key = key
        self._usage = usage or Usage()
        self.history = History(connection, area, area_id, key)
        self.row_sum = RowSum(connection, area, area_id, key)
        self.memories = PeerMemories(connection, area, area_id, key, self.row_sum)
        self.counters = Counters(connection, area, area_id, key, self.row_sum)
        self.stock = Stock(self.history, self.counters)
        self.books = Books(connection, area, area_id, key, self.row_sum)
        self.quarantine = Quarantine(connection, area, self.row_sum, self._usage)
        self.ended_jobs = EndedJobs(connection, area_id, key, self.row_sum, self._usage)
        self.boots = Boots(connection, area, area_id, key, self.row_sum)
        self.boot = Boot()
        """The boot that this is; number 0 before it was noted."""

    # A transaction

    def begin(self) -> None:
        """A transaction begins; whatever the one before it has not committed never was."""
        self._usage.begin()
        self.row_sum.begin()
        self.history.start()
        self.stock.begin()
        self.books.begin()

    def mark(self) -> UndoPoint:
        """How far this transaction is, to go back to."""
        return UndoPoint(self._usage.mark(), self.row_sum.sum, self.history.owed, self.stock.mark(), self.books.mark())

    def undo(self, mark: UndoPoint) -> None:
        """Go back to the mark."""
        usage, self.row_sum.sum, self.history.owed, stock, books = mark
        self._usage.undo(usage)
        self.stock.undo(stock)
        self.books.undo(books)

    def complete(self) -> None:
        """Write what a transaction writes once, at its end."""
        self.history.settle(self.row_sum)
        self.row_sum.settle()

    def committed(self) -> None:
        """It is on disk."""
        self._usage.commit()
        self.row_sum.committed()
        self.stock.commit()
        self.books.commit()

    # Reading

    def highest_sequence(self) -> int:
        """The highest number that a job here ever had.  Raises PassbookError `history-broken`.

        The head says so; after a rollback of it, rows may have more.
        """
        told = self.history.head().sequence
        tables = " UNION ALL ".join(
            f"SELECT max(sequence) AS last FROM {table} WHERE sequence <= ?1"  # noqa: S608 - names are ours
            for table in ("job", "ended", "quarantine")
        )
        [(found,)] = fetch(self._connection, f"SELECT max(last) FROM ({tables})", told + _BELIEVED_AHEAD)  # noqa: S608
        return max(told, found or 0)

    def extent(self, changes: int) -> Extent:
        """How far the area is, with so many changes counted.  Raises PassbookError `history-broken`."""
        return Extent(*self.history.head(), changes)

    def next_to_settle(self, after: int) -> tuple[int, int]:
        """The number of rows that the next transaction settles, and its cost in bytes, which the log surely holds."""
        sql = "SELECT length(record) + length(wraps) FROM job WHERE sequence > ? ORDER BY sequence LIMIT ?"
        count = cost = taken = 0
        for (size,) in fetch(self._connection, sql, after, SETTLED_AT_ONCE):
            taken += size
            if count and taken > _SETTLED_BYTES:
                break
            count, cost = count + 1, cost + change_cost(0, size)
        return count, cost

    def last_job(self) -> int:
        """The highest number in a row of an unfinished job, true or not; LAST_NUMBER - 1 at most."""
        [(found,)] = fetch(self._connection, "SELECT max(sequence) FROM job")
        return min(found or 0, LAST_ROW - 1)

    def knows(self, requester: str, request_id: str) -> bool:
        """Whether any row is of that request, also one set aside; one statement, for every acceptance asks."""
        return bool(self._connection.execute(_KNOWS, (requester, request_id)).get)

    def job(self, job_id: str) -> JobRow | None:
        """The job, unless it ended or was never here.  Raises DamagedRowError."""
        row = self._one_job("job_id = ?", job_id)
        return None if row is None else self._as_of_now(row)

    def holds(self, job_id: str) -> bool:
        """Whether the job lies here, unfinished or ended.  Raises PassbookError `record-quarantined` when set aside."""
        self.quarantine.check_job(job_id)
        sql = "SELECT 1 FROM job WHERE job_id = ?1 UNION ALL SELECT 1 FROM ended WHERE job_id = ?1"
        return self._connection.execute(sql, (job_id,)).get is not None

    def beginning(self, text: str, limit: int) -> list[str]:
        """The ids of at most `limit` jobs that begin so, in any table; a job in two tables comes once."""
        one = "SELECT * FROM (SELECT CAST(job_id AS BLOB) FROM {} WHERE job_id >= ?1 AND job_id < ?2 LIMIT ?3)"
        sql = " UNION ".join(one.format(table) for table in ("job", "ended", "quarantine"))
        found = fetch(self._connection, sql, text, text + LAST_CHARACTER, limit)
        return [job.decode(errors="replace") for (job,) in found]

    def next_valid(self, printer: str, passed: Record | None) -> JobRow | None:
        """The valid pending job of highest priority and then lowest sequence (F9) behind the one that is `passed`.

        Raises DamagedRowError.
        """
        values = (printer, self.boot.number, JobState.PENDING.value)
        where, order = "printer = ? AND valid = ? AND state = ?", "ORDER BY priority DESC, sequence LIMIT 1"
        if passed is None:
            return self._one_job(f"{where} {order}", *values)
        # One of the same priority lies behind it in the same index; then come those of lower ones.
        alike = f"{where} AND priority = ? AND sequence > ? {order}"
        lower = f"{where} AND priority < ? {order}"
        return self._one_job(alike, *values, passed.priority, passed.sequence) or self._one_job(
            lower, *values, passed.priority
        )

    def rows(self, after: int = FIRST, limit: int = LAST_ROW) -> Iterator[JobRow | DamagedRowError]:
        """The rows of unfinished jobs behind a sequence number, damaged ones as such, oldest first; read one by one."""
        yield from self._jobs("sequence > ? ORDER BY sequence LIMIT ?", after, limit)

    def last_rows(self, limit: int) -> Iterator[JobRow | DamagedRowError]:
        """The rows of the unfinished jobs accepted last, damaged ones as such, newest first."""
        yield from self._jobs("sequence <= ? ORDER BY sequence DESC LIMIT ?", LAST_ROW, limit)

    def rows_of(self, requester: str) -> Iterator[JobRow | DamagedRowError]:
        """The rows of a requester's unfinished jobs, damaged ones as such, oldest first."""
        yield from self._jobs("requester = ? ORDER BY sequence", requester)

    def rows_for(self, printer: str) -> Iterator[JobRow | DamagedRowError]:
        """The rows of a printer's unfinished jobs, damaged ones as such; read one by one, for they may be many."""
        yield from self._jobs("printer = ?", printer)

    def questions(self, after: int, limit: int, unsettled: range) -> Iterator[JobRow | DamagedRowError]:
        """The rows of unfinished jobs behind a sequence number that are not valid, damaged ones as such, oldest first.

        `unsettled`: the sequence numbers among which rows may be valid in an earlier boot.
        """
        # Both parts are in order, so nothing has to be sorted.
        sql = (
            f"SELECT {JOB_SELECT} FROM job WHERE valid = 0 AND sequence > ?1 "  # noqa: S608 - names are ours
            f"UNION ALL SELECT {JOB_SELECT} FROM job WHERE valid NOT IN (0, ?2) "
            "AND sequence >= max(?1 + 1, ?3) AND sequence < ?4 ORDER BY 1 LIMIT ?5"
        )
        bounds = (after, self.boot.number, unsettled.start, unsettled.stop, limit)
        for columns in self._connection.execute(sql, bounds):
            yield self._verified(columns)

    def printers(self) -> dict[str, int]:
        """The printers that unfinished jobs are for, each with the sequence number of one of them."""
        found: dict[str, int] = {}
        printer = b""
        # From one to the next through the index, however many jobs each of them has.
        sql = "SELECT CAST(printer AS BLOB), sequence FROM job WHERE printer > CAST(? AS TEXT) ORDER BY printer LIMIT 1"
        while rows := fetch(self._connection, sql, printer):
            [(printer, sequence)] = rows
            found[printer.decode(errors="replace")] = sequence
        return found

    def find_request(self, requester: str, request_id: str) -> KnownRequest | None:
        """The job of that request, unfinished or ended (P10).

        Raises DamagedRowError, and PassbookError `record-quarantined` when it was set aside before.
        """
        wanted = (requester, request_id)
        where = "requester = ? AND request_id = ?"
        self.quarantine.check_request(*wanted)
        unfinished = self._one_job(where, *wanted)
        if unfinished is not None:
            return KnownRequest(self._as_of_now(unfinished).record, unfinished.content_mac)
        ended = self.ended_jobs.request(*wanted)
        return None if ended is None else KnownRequest(ended.record, ended.content_mac)

    def sealed(self, row: JobRow) -> SealedJob:
        """The sealed content of an unfinished job.  Raises DamagedRowError when it is not what was accepted.

        Raises PassbookError `content-gone` where it was destroyed.
        """
        if row.record.content_gone:
            raise PassbookError("content-gone", job=row.record.job_id)
        if not row.record.keeps_document:
            raise PassbookError("document-not-kept", job=row.record.job_id, requester=row.record.requester)
        sequence = row.record.sequence
        sql = "SELECT salt, commitment, attributes, plan FROM sealed WHERE sequence = ?"
        parts = fetch(self._connection, sql, sequence)
        sql = "SELECT chunk FROM document WHERE sequence = ? ORDER BY n"
        chunks = tuple(chunk for (chunk,) in fetch(self._connection, sql, sequence))
        for salt, commitment, attributes, plan in parts:
            sealed = SealedJob(salt, commitment, attributes, plan, chunks)
            if is_same(row.sealed_mac, self._sealed_mac(sequence, sealed)):
                return sealed
        now = self._one_job("sequence = ?", sequence)
        if now is None:
            # It may have been set aside since the row was read.
            self.quarantine.check_job(row.record.job_id)
            raise PassbookError("unknown-job", job=row.record.job_id)
        if now.record.content_gone:
            raise PassbookError("content-gone", job=row.record.job_id)
        raise DamagedRowError("job", sequence, row.record.job_id)

    def confirm(self, damage: DamagedRowError) -> None:
        """Look again at what a reader found damaged.  Raises DamagedRowError when it is."""
        if damage.table == "job":
            row = self._one_job("sequence = ?", damage.sequence)
            if row is not None and row.record.keeps_document and not row.record.content_gone:
                self.sealed(row)
        else:
            self.ended_jobs.at(damage.sequence)

    # Writing

    def insert(self, record: Record, content_mac: bytes, sealed: SealedJob | None, wraps: Sequence[Wrap]) -> Record:
        """A newly accepted job, whole; its content is None where the other spool alone keeps it."""
        sequence = record.sequence
        record = replace(record, boot=self.boot.number)
        row = JobRow(record, 1, tuple(wraps), content_mac, self._sealed_mac(sequence, sealed))
        if sealed is not None:
            parts = (sealed.salt, sealed.commitment, sealed.attributes, sealed.plan)
            self._connection.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?)", (sequence, *parts))
            chunks = [(sequence, n, chunk) for n, chunk in enumerate(sealed.document)]
            self._connection.executemany("INSERT INTO document VALUES (?, ?, ?)", chunks)
        values = row.columns(self.area_id, self._key)
        self._insert(record, values)
        self._usage.note(delta_of(record, 1, row=_row_bytes(record, values)))
        self.history.note_sequence(sequence)
        self.books.note(record, record)
        return record

    def apply(self, job_id: str, change: Change) -> Record:
        """Apply `change` to the job in the state of this moment.  Raises PassbookError and DamagedRowError."""
        row = self._one_job("job_id = ?", job_id)
        if row is not None:
            row = self._settled(row)
            return self._store(row, change(row.record)).record
        ended = self.ended_jobs.job(job_id)
        if ended is None:
            raise PassbookError("unknown-job", job=job_id)
        outcome = change(ended.record)
        self._count_too(ended.record, outcome)
        return self.ended_jobs.change(ended, outcome, self.history)

    def cut_history(self, at: str, before: str, most: int, kept: int) -> int:
        """Cut off old entries of the history, as History.cut(); stock stays known."""
        self.stock.carry_before_cut(self.history.last_to_cut(before, most, kept), at)
        return self.history.cut(before, most, kept)

    def settle(self, after: int, *, every: bool = False) -> SettledRows:
        """Write into the next rows behind a sequence number that this boot made them invalid (P4).

        Rows that do not verify are set aside.  `every`: also rows that say that they were changed in this boot.
        """
        damaged: list[DamagedRowError] = []
        last: int | None = None
        most, _ = self.next_to_settle(after)
        for columns in self._select_jobs("sequence > ? ORDER BY sequence LIMIT ?", after, most):
            row, last = self._verified(columns, raw=True), columns[0]
            if isinstance(row, DamagedRowError):
                self.quarantine.take(row)
                damaged.append(row)
            else:
                self._settled(row, every=every)
        return SettledRows(last, damaged)

    def _jobs(self, where: str, *values: apsw.SQLiteValue) -> Iterator[JobRow | DamagedRowError]:
        sql = f"SELECT {JOB_SELECT} FROM job WHERE {where}"  # noqa: S608 - names are ours
        for columns in self._connection.execute(sql, values):
            yield self._verified(columns)

    def _verified(self, columns: Columns, *, raw: bool = False) -> JobRow | DamagedRowError:
        try:
            row = job_row(columns, self.area_id, self._key)
        except DamagedRowError as damage:
            return damage
        return row if raw else self._as_of_now(row)

    def _as_of_now(self, row: JobRow) -> JobRow:
        """The row in its state since this boot, whatever is still written in it."""
        known = self.boot.number in {0, row.record.boot}
        return row if known else replace(row, record=self._invalidated(row).record)

    def _invalidated(self, row: JobRow) -> Outcome:
        boots = max(1, self.boot.number - row.record.boot)
        record = replace(row.record, boot=self.boot.number)
        return changes.invalidate(self.boot.reason, self.boot.at, boots)(record)

    def _settled(self, row: JobRow, *, every: bool = False) -> JobRow:
        """The row in its state since this boot, and stored so."""
        if row.record.boot == self.boot.number and not every:
            return row
        return self._store(row, self._invalidated(row))

    def _one_job(self, where: str, *values: apsw.SQLiteValue) -> JobRow | None:
        """Each in the state that is written."""
        rows = self._select_jobs(where, *values)
        return job_row(rows[0], self.area_id, self._key) if rows else None

    def _store(self, row: JobRow, outcome: Outcome) -> JobRow:
        """The row after the change."""
        record, moves = issued(row.record, outcome.record)
        if (record.identity(), record.sequence) != (row.record.identity(), row.record.sequence):
            raise PassbookError("internal-error", reference=f"identity of job {row.record.job_id}")
        if outcome.entry is not None:
            self.history.append(_with_issue(outcome.entry, record))
        for move in moves:
            self.stock.move(move, record.changed_at)
        self.counters.add(printed_at(record), counted(row.record, record))
        self._count_too(row.record, outcome)
        self.books.note(row.record, record)
        if record.ended:
            self._end(row, record)
        elif record != row.record or outcome.wraps is not None:
            if record.content_gone:
                self._delete(_CONTENT, record.sequence)
            wraps = row.wraps if outcome.wraps is None else outcome.wraps
            changed = replace(row, record=record, version=row.version + 1, wraps=wraps)
            self._usage.note(delta_of(self._as_of_now(row).record, -1))
            values = changed.columns(self.area_id, self._key)
            self._usage.note(delta_of(record, 1, row=_row_bytes(record, values)))
            self._update(row, values)
            return replace(changed, mac=values[-1])
        return replace(row, record=record)

    def _count_too(self, before: Record, outcome: Outcome) -> None:
        """Count what the other copy of a job put on paper beside this one."""
        if outcome.entry is not None and outcome.entry.kind is HistoryKind.PRINTED_TOO:
            there = outcome.entry.record
            self.counters.add(printed_at(there), counted_too(before, there))

    def _end(self, row: JobRow, record: Record) -> None:
        sequence = record.sequence
        self.row_sum.gone("job", row_place(record), row.mac)
        self._delete(_DELETIONS, sequence)
        self._usage.note(delta_of(row.record, -1))
        self.ended_jobs.add(EndedRow(without_outline(record), row.version + 1, row.content_mac))

    def _delete(self, statements: Sequence[str], sequence: int) -> None:
        for sql in statements:
            self._connection.execute(sql, (sequence,))

    def _select_jobs(self, where: str, *values: apsw.SQLiteValue) -> list[Columns]:
        return fetch(self._connection, f"SELECT {JOB_SELECT} FROM job WHERE {where}", *values)  # noqa: S608 - ours

    def _insert(self, record: Record, values: Columns) -> None:
        sql = f"INSERT INTO job ({JOB_COLUMNS}) VALUES ({marks(values)})"  # noqa: S608 - names are ours
        self._connection.execute(sql, values)
        self.row_sum.come("job", row_place(record), values[-1])

    def _update(self, row: JobRow, values: Columns) -> None:
        """Put `values`, whose first is the sequence, in place of the row that was read in this transaction."""
        place = row_place(row.record)
        self.row_sum.gone("job", place, row.mac)
        sql = f"UPDATE job SET ({JOB_COLUMNS}) = ({marks(values)}) WHERE sequence = ?"  # noqa: S608 - names are ours
        self._connection.execute(sql, (*values, values[0]))
        self.row_sum.come("job", place, values[-1])

    def _sealed_mac(self, sequence: int, sealed: SealedJob | None) -> bytes:
        return mac(self._key.sealed, self.area_id, sequence, msgspec.msgpack.encode(sealed))


def _with_issue(entry: HistoryEntry, record: Record) -> HistoryEntry:
    """The entry about a change, with what became of the sheets of the job in it."""
    return entry if record.issue is None else replace(entry, record=replace(entry.record, issue=record.issue))


def _row_bytes(record: Record, values: Columns) -> int:
    """Bytes of what a row holds besides its index, and of the entries about stock that come with a change of it."""
    return len(values[10]) + len(values[11]) + (ISSUE_BYTES if record.issue is not None else 0)
