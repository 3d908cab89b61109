"""One record as a row: which columns it gives, and the MAC that binds them; no I/O.

The record itself is stored once, as JSON.  The other columns are there for selection only: they are derived from
it, and a row whose columns say something else does not verify.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from passbook.job.record import Record, Wrap
from storage.crypto.keys import ApplianceKey, is_same, mac

_RECORD: Final = msgspec.json.Decoder(Record)
Columns: TypeAlias = tuple[Any, ...]
"""Values as SQLite gives and takes them; a damaged file may give any type."""

_WRAPS: Final = msgspec.msgpack.Decoder(tuple[Wrap, ...])

JOB_COLUMNS: Final = (
    "sequence, job_id, requester, request_id, printer, valid, state, priority, size, "
    "version, record, wraps, content_mac, sealed_mac, mac"
)
ENDED_COLUMNS: Final = (
    "sequence, job_id, requester, request_id, ended_at, acknowledged, version, record, content_mac, mac"
)
_TEXTS: Final = frozenset({"job_id", "requester", "request_id", "printer", "state", "ended_at"})


def _as_stored(columns: str) -> str:
    """For a SELECT: text as bytes, because damaged text may not be UTF-8."""
    return ", ".join(f"CAST({name} AS BLOB)" if name in _TEXTS else name for name in columns.split(", "))


JOB_SELECT: Final = _as_stored(JOB_COLUMNS)
ENDED_SELECT: Final = _as_stored(ENDED_COLUMNS)


class DamagedRowError(Exception):
    """A row that does not verify.

    Attributes:
        table: where it lies, `job` or `ended`.
        sequence: its primary key.
        job_id: what its column says, true or not.
    """

    def __init__(self, table: str, sequence: int, job_id: str) -> None:
        """Name the row."""
        super().__init__(f"{table} row {sequence}")
        self.table = table
        self.sequence = sequence
        self.job_id = job_id


class JobRow(msgspec.Struct, frozen=True):
    """A job that has not ended.

    Attributes:
        version: counts the changes of this row, from 1.
        content_mac: ApplianceKey.content_mac of the request.
        sealed_mac: MAC over the sealed bytes.
        mac: that of the row in the form that is stored; empty before it is.
    """

    record: Record
    version: int
    wraps: tuple[Wrap, ...]
    content_mac: bytes
    sealed_mac: bytes
    mac: bytes = b""

    def columns(self, area_id: str, key: ApplianceKey) -> Columns:
        """In the order of JOB_COLUMNS."""
        sequence = self.record.sequence
        body = (self.version, msgspec.json.encode(self.record), msgspec.msgpack.encode(self.wraps))
        bound = (*body, self.content_mac, self.sealed_mac)
        return (*_job_index(self.record), *bound, _row_mac(key, area_id, "job", sequence, *bound))


class EndedRow(msgspec.Struct, frozen=True):
    """The row of a job that has ended, kept for a repeated request or answer; its outline is gone."""

    record: Record
    version: int
    content_mac: bytes

    def columns(self, area_id: str, key: ApplianceKey) -> Columns:
        """In the order of ENDED_COLUMNS."""
        bound = (self.version, msgspec.json.encode(self.record), self.content_mac)
        return (*_ended_index(self.record), *bound, _row_mac(key, area_id, "ended", self.record.sequence, *bound))


def job_row(columns: Columns, area_id: str, key: ApplianceKey) -> JobRow:
    """The row that these columns (JOB_SELECT) are.  Raises DamagedRowError."""
    index, bound, found = columns[:9], columns[9:14], columns[14]
    # Over the bytes as they are stored, before anything reads them.
    if not is_same(found, _row_mac(key, area_id, "job", index[0], *bound)):
        raise _damaged("job", columns)
    version, record, wraps, content_mac, sealed_mac = bound
    row = JobRow(_RECORD.decode(record), version, _WRAPS.decode(wraps), content_mac, sealed_mac, found)
    if index != _encoded(_job_index(row.record)):
        raise _damaged("job", columns)
    return row


def ended_row(columns: Columns, area_id: str, key: ApplianceKey) -> EndedRow:
    """The row that these columns (ENDED_SELECT) are.  Raises DamagedRowError."""
    index, bound, found = columns[:6], columns[6:9], columns[9]
    if not is_same(found, _row_mac(key, area_id, "ended", index[0], *bound)):
        raise _damaged("ended", columns)
    version, record, content_mac = bound
    row = EndedRow(_RECORD.decode(record), version, content_mac)
    if index != _encoded(_ended_index(row.record)):
        raise _damaged("ended", columns)
    return row


def row_place(r: Record) -> tuple[int, bytes, bytes]:
    """The place of its row, unfinished or ended, by which the row sum weighs it."""
    return r.sequence, r.requester.encode(), r.request_id.encode()


def valid_in(record: Record) -> int:
    """The number of the one boot in which it is valid; 0 for none."""
    return record.boot if record.valid else 0


def _job_index(r: Record) -> Columns:
    return (
        *(r.sequence, r.job_id, r.requester, r.request_id),
        *(r.printer, valid_in(r), r.state.value, r.priority, r.size),
    )


def _ended_index(r: Record) -> Columns:
    return r.sequence, r.job_id, r.requester, r.request_id, r.changed_at, int(r.acknowledged is not None)


def _encoded(values: Columns) -> Columns:
    return tuple(value.encode() if isinstance(value, str) else value for value in values)


def _row_mac(key: ApplianceKey, area_id: str, table: str, *bound: object) -> bytes:
    return mac(key.row, "row", area_id, table, *bound)


def _damaged(table: str, columns: Columns) -> DamagedRowError:
    sequence, job_id = columns[:2]
    said = job_id.decode(errors="replace") if isinstance(job_id, bytes) else ""
    return DamagedRowError(table, sequence, said)


def marks(values: Sequence[object]) -> str:
    """So many places for values in a statement."""
    return ", ".join("?" * len(values))
