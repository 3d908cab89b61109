"""Rows that did not verify: set aside as they are, kept as evidence, never selected again.

The functions work inside the caller's transaction.
"""

from __future__ import annotations

from typing import Final

import apsw

from passbook.errors import PassbookError
from passbook.job.counts import JobCounts
from storage.tables.row_sum import RowSum
from storage.tables.rows import DamagedRowError
from storage.tables.schema import fetch
from storage.tables.usage import Delta, Usage

_SETTING_ASIDE: Final = {
    "job": (
        (
            "INSERT OR IGNORE INTO quarantine SELECT sequence, 'job', job_id, requester, request_id, version, record, "
            "wraps, content_mac, sealed_mac, mac FROM job WHERE sequence = ?"
        ),
        "DELETE FROM job WHERE sequence = ?",
    ),
    "ended": (
        (
            "INSERT OR IGNORE INTO quarantine SELECT sequence, 'ended', job_id, requester, request_id, version, "
            "record, x'', content_mac, x'', mac FROM ended WHERE sequence = ?"
        ),
        "DELETE FROM ended WHERE sequence = ?",
    ),
}
_PLACE: Final = "mac, CAST(job_id AS BLOB), CAST(requester AS BLOB), CAST(request_id AS BLOB)"
_COUNTED: Final = {
    "job": f"SELECT {_PLACE}, 1, CAST(size AS INTEGER), 0, CAST(printer AS BLOB) FROM job WHERE sequence = ?",  # noqa: S608 - names are ours
    "ended": f"SELECT {_PLACE}, 0, 0, acknowledged = 0, x'' FROM ended WHERE sequence = ?",  # noqa: S608
}
"""Of a row its MAC, and what it is in the numbers, by its columns, true or not."""


class Quarantine:
    """The rows of one area that were set aside."""

    def __init__(self, connection: apsw.Connection, area: str, row_sum: RowSum, usage: Usage) -> None:
        """`area` is the name that errors carry; every change goes into `row_sum` and `usage`."""
        self._connection = connection
        self._area = area
        self._row_sum = row_sum
        self._usage = usage

    def take(self, damage: DamagedRowError) -> None:
        """Set a row aside."""
        rows = fetch(self._connection, _COUNTED[damage.table], damage.sequence)
        for found, job, requester, request_id, jobs, size, notices, printer in rows:
            self._row_sum.gone(damage.table, (damage.sequence, requester, request_id), found)
            name = requester.decode(errors="replace") if jobs else ""
            # What it was cannot be read; most likely an earlier boot left it.
            where = (printer.decode(errors="replace"), JobCounts(questions=-jobs), job.decode(errors="replace"))
            self._usage.note(Delta(name, -jobs, -size, -jobs, -jobs, -notices, 1, *where))
        before = self._row_sum.evidence(damage.sequence)
        for sql in _SETTING_ASIDE[damage.table]:
            self._connection.execute(sql, (damage.sequence,))
        self._row_sum.replace_evidence(before, self._row_sum.evidence(damage.sequence))

    def jobs(self) -> list[str]:
        """The job ids of all."""
        sql = "SELECT CAST(job_id AS BLOB) FROM quarantine ORDER BY sequence"
        return [job_id.decode(errors="replace") for (job_id,) in fetch(self._connection, sql)]

    def check_job(self, job_id: str) -> None:
        """Raises PassbookError `record-quarantined` for a job that was set aside."""
        if self._connection.execute("SELECT 1 FROM quarantine WHERE job_id = ?", (job_id,)).get is not None:
            raise PassbookError("record-quarantined", job=job_id, area=self._area)

    def check_request(self, requester: str, request_id: str) -> None:
        """The same, for a request that became a job that was set aside."""
        sql = "SELECT CAST(job_id AS BLOB) FROM quarantine WHERE requester = ? AND request_id = ?"
        for (job_id,) in fetch(self._connection, sql, requester, request_id):
            raise PassbookError("record-quarantined", job=job_id.decode(errors="replace"), area=self._area)
