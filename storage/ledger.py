"""The records of one area on one connection: every read verifies, every write stays in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import apsw
import msgspec
from msgspec.structs import replace

from passbook import changes
from passbook.counters import counted
from passbook.errors import PassbookError
from passbook.forgetting import may_be_forgotten
from passbook.job import JobState, Reason
from passbook.record import Change, Outcome, Record, Wrap, without_outline
from storage.balance import Balance
from storage.counters import Counters
from storage.envelope import SealedJob
from storage.history import History
from storage.keys import ApplianceKey, is_same, mac
from storage.rows import (
    ENDED_COLUMNS,
    ENDED_SELECT,
    LIVE_COLUMNS,
    LIVE_SELECT,
    Columns,
    DamagedRowError,
    EndedRow,
    LiveRow,
    ended_row,
    live_row,
)
from storage.schema import fetch
from storage.siblings import Memories

LAST_SEQUENCE: Final = 2**63 - 1
"""The largest number that a row can have."""
_DELETIONS: Final = (
    "DELETE FROM live WHERE sequence = ?",
    "DELETE FROM sealed WHERE sequence = ?",
    "DELETE FROM document WHERE sequence = ?",
)
_SETTING_ASIDE: Final = {
    "live": (
        (
            "INSERT OR IGNORE INTO quarantine SELECT sequence, 'live', job_id, requester, request_id, version, record, "
            "wraps, content_mac, sealed_mac, mac FROM live WHERE sequence = ?"
        ),
        "DELETE FROM live WHERE sequence = ?",
    ),
    "ended": (
        (
            "INSERT OR IGNORE INTO quarantine SELECT sequence, 'ended', job_id, requester, request_id, version, "
            "record, x'', content_mac, x'', mac FROM ended WHERE sequence = ?"
        ),
        "DELETE FROM ended WHERE sequence = ?",
    ),
}


class Known(NamedTuple):
    """What is known of a request that was accepted before."""

    record: Record
    content_mac: bytes


class Extent(NamedTuple):
    """How much lies in an area: jobs that have not ended, jobs that have and are kept, and entries of the history."""

    live: int
    ended: int
    entries: int


class Ledger:
    """Records, sealed content, history and counters of one area."""

    def __init__(self, connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey) -> None:
        """`area` is the name of the area, `area_id` what its file says of itself."""
        self._connection = connection
        self._area_id = area_id
        self._area = area
        self._key = key
        self.history = History(connection, area, area_id, key)
        self.balance = Balance(connection, area, area_id, key)
        self.memories = Memories(connection, area, area_id, key, self.balance)
        self.counters = Counters(connection, area, area_id, key, self.balance)

    # Reading

    def live(self, job_id: str) -> LiveRow | None:
        """The job, unless it ended or was never here.  Raises DamagedRowError."""
        return self._one_live("job_id = ?", job_id)

    def ended(self, job_id: str) -> EndedRow | None:
        """The job, if it ended here.  Raises DamagedRowError."""
        return self._one_ended("job_id = ?", job_id)

    def holds(self, job_id: str) -> bool:
        """Whether the job lies here, live or ended.  Raises PassbookError `record-quarantined` when set aside."""
        if self._connection.execute("SELECT 1 FROM quarantine WHERE job_id = ?", (job_id,)).get is not None:
            raise PassbookError("record-quarantined", job=job_id, area=self._area)
        sql = "SELECT 1 FROM live WHERE job_id = ?1 UNION ALL SELECT 1 FROM ended WHERE job_id = ?1"
        return self._connection.execute(sql, (job_id,)).get is not None

    def next_valid(self, printer: str) -> LiveRow | None:
        """The valid pending job of highest priority and then lowest sequence (F9).  Raises DamagedRowError."""
        return self._one_live(
            "printer = ? AND valid = 1 AND state = ? ORDER BY priority DESC, sequence LIMIT 1",
            printer,
            JobState.PENDING.value,
        )

    def rows(self) -> Iterator[LiveRow | DamagedRowError]:
        """Every live row, damaged ones as such, oldest first."""
        for columns in self._select_live("TRUE ORDER BY sequence"):
            yield self._verified(columns)

    def rows_of(self, printer: str) -> Iterator[LiveRow | DamagedRowError]:
        """Every live row of a printer, damaged ones as such; read as they are asked for, since they may be many."""
        sql = f"SELECT {LIVE_SELECT} FROM live WHERE printer = ?"  # noqa: S608 - names are ours
        for columns in self._connection.execute(sql, (printer,)):
            yield self._verified(columns)

    def ended_rows(self) -> Iterator[EndedRow | DamagedRowError]:
        """Every ended row, damaged ones as such, oldest first."""
        yield from self._ended("TRUE ORDER BY sequence")

    def find_request(self, requester: str, request_id: str) -> Known | None:
        """The job of that request, live or ended (P10).

        Raises DamagedRowError, and PassbookError `record-quarantined` when it was set aside before.
        """
        wanted = (requester, request_id)
        where = "requester = ? AND request_id = ?"
        sql = "SELECT CAST(job_id AS BLOB) FROM quarantine WHERE requester = ? AND request_id = ?"
        for (job_id,) in fetch(self._connection, sql, *wanted):
            raise PassbookError("record-quarantined", job=job_id.decode(errors="replace"), area=self._area)
        live = self._one_live(where, *wanted)
        if live is not None:
            return Known(live.record, live.content_mac)
        ended = self._one_ended(where, *wanted)
        return None if ended is None else Known(ended.record, ended.content_mac)

    def quarantined(self) -> list[str]:
        """The job ids that were set aside."""
        sql = "SELECT CAST(job_id AS BLOB) FROM quarantine ORDER BY sequence"
        return [job_id.decode(errors="replace") for (job_id,) in fetch(self._connection, sql)]

    def notices(self, requester: str | None, *, after: int, limit: int) -> list[EndedRow | DamagedRowError]:
        """Ends of which nobody took note, of one requester or of all, from the lowest sequence above `after` on."""
        where = "acknowledged = 0 AND sequence > ?1 AND (?2 IS NULL OR requester = ?2) ORDER BY sequence LIMIT ?3"
        return list(self._ended(where, min(after, LAST_SEQUENCE), requester, limit))

    def last_notices(self, limit: int) -> list[EndedRow | DamagedRowError]:
        """Those of the jobs accepted last, newest first."""
        return list(self._ended("acknowledged = 0 ORDER BY sequence DESC LIMIT ?", limit))

    def old_ends(self, before: str, unacknowledged_before: str, *, last: int) -> list[tuple[int, bool]]:
        """Jobs stamped as ended before these ISO times, the second for ends of which nobody took note (P8).

        Of each its sequence, and whether it is among the `last` ones of its requester.
        """
        place = "row_number() OVER (PARTITION BY requester ORDER BY sequence DESC)"
        recent = f"SELECT sequence FROM (SELECT sequence, {place} AS place FROM ended) WHERE place <= ?3"  # noqa: S608 - ours
        old = "ended_at < ?1 AND (acknowledged = 1 OR ended_at < ?2)"
        sql = f"SELECT sequence, sequence IN ({recent}) FROM ended WHERE {old} ORDER BY sequence"  # noqa: S608 - ours
        found = fetch(self._connection, sql, before, unacknowledged_before, last)
        return [(sequence, bool(is_recent)) for sequence, is_recent in found]

    def count_notices(self) -> int:
        """How many ends nobody took note of."""
        [(count,)] = fetch(self._connection, "SELECT count(*) FROM ended WHERE acknowledged = 0")
        return int(count)

    def count_old_notices(self, before: str, *, among: int) -> int:
        """How many of the first `among` of them were before an ISO time."""
        first = "SELECT ended_at FROM ended WHERE acknowledged = 0 ORDER BY sequence LIMIT ?"
        sql = f"SELECT count(*) FROM ({first}) WHERE ended_at < ?"  # noqa: S608 - ours
        [(count,)] = fetch(self._connection, sql, among, before)
        return int(count)

    def held_by(self, requester: str) -> tuple[int, int]:
        """How many live jobs this requester has here, and their bytes."""
        sql = "SELECT count(*), coalesce(sum(size), 0) FROM live WHERE requester = ?"
        [(jobs, size)] = fetch(self._connection, sql, requester)
        return jobs, size

    def counts(self) -> tuple[int, int]:
        """Live and quarantined records."""
        sql = "SELECT (SELECT count(*) FROM live), (SELECT count(*) FROM quarantine)"
        [(live, aside)] = fetch(self._connection, sql)
        return live, aside

    def extent(self) -> Extent:
        """How much lies here; whoever asks waits while the rows are counted."""
        counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("live", "ended", "history"))  # noqa: S608 - ours
        [row] = fetch(self._connection, f"SELECT {counts}")
        return Extent(*row)

    def sealed(self, row: LiveRow) -> SealedJob:
        """The sealed content of a live job.  Raises DamagedRowError when it is not what was accepted."""
        sequence = row.record.sequence
        sql = "SELECT salt, commitment, attributes, plan FROM sealed WHERE sequence = ?"
        parts = fetch(self._connection, sql, sequence)
        sql = "SELECT chunk FROM document WHERE sequence = ? ORDER BY n"
        chunks = tuple(chunk for (chunk,) in fetch(self._connection, sql, sequence))
        for salt, commitment, attributes, plan in parts:
            sealed = SealedJob(salt, commitment, attributes, plan, chunks)
            if is_same(row.sealed_mac, self._sealed_mac(sequence, sealed)):
                return sealed
        raise DamagedRowError("live", sequence, row.record.job_id)

    def confirm(self, damage: DamagedRowError) -> None:
        """Look again at what a reader found damaged.  Raises DamagedRowError when it is."""
        if damage.table == "live":
            row = self._one_live("sequence = ?", damage.sequence)
            if row is not None:
                self.sealed(row)
        else:
            self._one_ended("sequence = ?", damage.sequence)

    def bytes_of(self, job_id: str) -> tuple[int, int]:
        """Bytes of its content and of its row, as its columns say; nothing for a job that is not here."""
        sql = (
            "SELECT coalesce(CAST(size AS INTEGER), 0), coalesce(length(record) + length(wraps), 0) "
            "FROM live WHERE job_id = ?"
        )
        rows = fetch(self._connection, sql, job_id)
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    # Writing

    def insert(self, record: Record, content_mac: bytes, sealed: SealedJob, wraps: Sequence[Wrap]) -> Record:
        """A newly accepted job, whole."""
        sequence = record.sequence
        row = LiveRow(record, 1, tuple(wraps), content_mac, self._sealed_mac(sequence, sealed))
        parts = (sealed.salt, sealed.commitment, sealed.attributes, sealed.plan)
        self._connection.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?)", (sequence, *parts))
        chunks = [(sequence, n, chunk) for n, chunk in enumerate(sealed.document)]
        self._connection.executemany("INSERT INTO document VALUES (?, ?, ?)", chunks)
        values = row.columns(self._area_id, self._key)
        self._insert("live", LIVE_COLUMNS, values)
        self.history.note_sequence(sequence)
        return record

    def apply(self, job_id: str, change: Change) -> Record:
        """Apply `change` to the job as it is here and now.  Raises PassbookError and DamagedRowError."""
        row = self.live(job_id)
        if row is not None:
            return self._store(row, change(row.record))
        ended = self.ended(job_id)
        if ended is None:
            raise PassbookError("unknown-job", job=job_id)
        return self._acknowledge(ended, change(ended.record))

    def invalidate_all(self, reason: Reason, at: str) -> tuple[int, list[DamagedRowError]]:
        """Turn every record invalid (P4) and set aside those that do not verify; how many, and which."""
        damaged: list[DamagedRowError] = []
        count = 0
        with self.balance.together():
            for row in list(self.rows()):
                if isinstance(row, DamagedRowError):
                    self.quarantine(row)
                    damaged.append(row)
                else:
                    self._store(row, changes.invalidate(reason, at)(row.record))
                    count += 1
        return count, damaged

    def quarantine(self, damage: DamagedRowError) -> None:
        """Set a row aside as it is: kept as evidence, never selected again."""
        self._balance_out(damage.table, damage.sequence)
        for sql in _SETTING_ASIDE[damage.table]:
            self._connection.execute(sql, (damage.sequence,))

    def forget(self, ends: Sequence[tuple[int, bool]], *, by_word: bool) -> int:
        """Drop those of these ended jobs, as old_ends() gave them, that may be forgotten; how many."""
        recent = dict(ends)
        rows = self._ended(f"sequence IN ({_marks(ends)})", *recent)
        gone = [
            row.record.sequence
            for row in rows
            if isinstance(row, EndedRow)
            and may_be_forgotten(row.record, recent=recent[row.record.sequence], by_word=by_word)
        ]
        sql = f"DELETE FROM ended WHERE sequence IN ({_marks(gone)}) RETURNING mac"  # noqa: S608 - marks only
        self.balance.change(gone=[found for (found,) in fetch(self._connection, sql, *gone)])
        return len(gone)

    def _verified(self, columns: Columns) -> LiveRow | DamagedRowError:
        try:
            return live_row(columns, self._area_id, self._key)
        except DamagedRowError as damage:
            return damage

    def _one_live(self, where: str, *values: apsw.SQLiteValue) -> LiveRow | None:
        rows = self._select_live(where, *values)
        return live_row(rows[0], self._area_id, self._key) if rows else None

    def _ended(self, where: str, *values: apsw.SQLiteValue) -> Iterator[EndedRow | DamagedRowError]:
        for columns in self._select_ended(where, *values):
            try:
                yield ended_row(columns, self._area_id, self._key)
            except DamagedRowError as damage:
                yield damage

    def _one_ended(self, where: str, *values: apsw.SQLiteValue) -> EndedRow | None:
        rows = self._select_ended(where, *values)
        return ended_row(rows[0], self._area_id, self._key) if rows else None

    def _store(self, row: LiveRow, outcome: Outcome) -> Record:
        record = outcome.record
        if record.identity() != row.record.identity():
            raise PassbookError("internal-error", reference=f"identity of job {row.record.job_id}")
        if outcome.entry is not None:
            self.history.append(outcome.entry)
        self.counters.add(record.printer, counted(row.record, record))
        if record.ended:
            self._end(row, record)
        elif record != row.record or outcome.wraps is not None:
            wraps = row.wraps if outcome.wraps is None else outcome.wraps
            changed = replace(row, record=record, version=row.version + 1, wraps=wraps)
            self._update("live", LIVE_COLUMNS, changed.columns(self._area_id, self._key))
        return record

    def _acknowledge(self, row: EndedRow, outcome: Outcome) -> Record:
        """The one change that an ended job takes; an order that is repeated asks for none and gets its result."""
        record = outcome.record
        if record == row.record:
            return record
        if row.record.acknowledged is not None or replace(record, acknowledged=None) != row.record:
            state = row.record.state.value
            raise PassbookError("not-allowed-in-state", job=record.job_id, state=state, event="a change")
        if outcome.entry is not None:
            self.history.append(outcome.entry)
        values = replace(row, record=record, version=row.version + 1).columns(self._area_id, self._key)
        self._update("ended", ENDED_COLUMNS, values)
        return record

    def _end(self, row: LiveRow, record: Record) -> None:
        sequence = record.sequence
        self._balance_out("live", sequence)
        for sql in _DELETIONS:
            self._connection.execute(sql, (sequence,))
        kept = EndedRow(without_outline(record), row.version + 1, row.content_mac)
        values = kept.columns(self._area_id, self._key)
        self._insert("ended", ENDED_COLUMNS, values)

    def _select_live(self, where: str, *values: apsw.SQLiteValue) -> list[Columns]:
        return fetch(self._connection, f"SELECT {LIVE_SELECT} FROM live WHERE {where}", *values)  # noqa: S608 - ours

    def _select_ended(self, where: str, *values: apsw.SQLiteValue) -> list[Columns]:
        return fetch(self._connection, f"SELECT {ENDED_SELECT} FROM ended WHERE {where}", *values)  # noqa: S608 - ours

    def _insert(self, table: str, columns: str, values: Columns) -> None:
        sql = f"INSERT INTO {table} ({columns}) VALUES ({_marks(values)})"  # noqa: S608 - names are ours
        self._connection.execute(sql, values)
        self.balance.change(come=values[-1:])

    def _update(self, table: str, columns: str, values: Columns) -> None:
        """Put `values`, whose first is the sequence, in place of the row that is there."""
        self._balance_out(table, values[0])
        sql = f"UPDATE {table} SET ({columns}) = ({_marks(values)}) WHERE sequence = ?"  # noqa: S608 - names are ours
        self._connection.execute(sql, (*values, values[0]))
        self.balance.change(come=values[-1:])

    def _balance_out(self, table: str, sequence: int) -> None:
        """The row as it is there now will not be there any more."""
        found = fetch(self._connection, f"SELECT mac FROM {table} WHERE sequence = ?", sequence)  # noqa: S608 - ours
        self.balance.change(gone=[value for (value,) in found])

    def _sealed_mac(self, sequence: int, sealed: SealedJob) -> bytes:
        return mac(self._key.sealed, self._area_id, sequence, msgspec.msgpack.encode(sealed))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
