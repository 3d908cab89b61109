"""Record rows as a damaged file may give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from passbook.job.record import Encryption, Record
from storage.crypto.keys import ApplianceKey
from storage.tables.rows import Columns, DamagedRowError, EndedRow, JobRow, ended_row, job_row

KEY: Final = ApplianceKey(bytes(range(32)))
AREA: Final = "area-1"
RECORD: Final = Record(
    job_id="0a",
    requester="teller-1",
    request_id="r-1",
    sequence=7,
    accepted_at="2026-03-02T09:30:00.000+00:00",
    format="text",
    printer="front",
    encryption=Encryption.REQUESTER,
    steps=2,
    outline=(),
    size=100,
)


def _stored(columns: Columns) -> Columns:
    """As a SELECT gives them: text as bytes."""
    return tuple(value.encode() if isinstance(value, str) else value for value in columns)


LIVE: Final = _stored(JobRow(RECORD, 1, (), b"c" * 32, b"s" * 32).columns(AREA, KEY))
ENDED: Final = _stored(EndedRow(RECORD, 1, b"c" * 32).columns(AREA, KEY))


def check(data: bytes) -> None:
    """A row in which any column holds anything else does not verify, and nothing but DamagedRowError says so."""
    number = int.from_bytes(data[:7], "big", signed=True)
    for columns, read in ((LIVE, job_row), (ENDED, ended_row)):
        assert read(columns, AREA, KEY).record == RECORD
        for at, true in enumerate(columns):
            for value in (data, number, None, 1.5):
                if value != true or type(value) is not type(true):
                    _refused(read, (*columns[:at], value, *columns[at + 1 :]))


def _refused(read: Callable[[Columns, str, ApplianceKey], Any], columns: Columns) -> None:
    try:
        read(columns, AREA, KEY)
    except DamagedRowError:
        return
    raise AssertionError("a changed row was read")
