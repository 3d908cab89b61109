"""The jobs of one area that have ended: kept for a request that is repeated, and as notices until acknowledged.

The methods that write work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
from msgspec.structs import replace

from passbook.job.expiry import is_end_undated
from passbook.job.objections import unfit_now
from passbook.job.record import Outcome, Record
from storage.crypto.keys import ApplianceKey
from storage.tables.chain import History
from storage.tables.row_sum import RowSum
from storage.tables.rows import ENDED_COLUMNS, ENDED_SELECT, DamagedRowError, EndedRow, ended_row, marks, row_place
from storage.tables.schema import LAST_ROW, fetch
from storage.tables.usage import Delta, Usage


class EndedJobs:
    """The ended rows of one area on one connection; every read verifies."""

    def __init__(
        self, connection: apsw.Connection, area_id: str, key: ApplianceKey, row_sum: RowSum, usage: Usage
    ) -> None:
        """Every change goes into `row_sum` and `usage`; the rows are sealed for the area `area_id`."""
        self._connection = connection
        self._area_id = area_id
        self._key = key
        self._row_sum = row_sum
        self._usage = usage

    # Reading

    def job(self, job_id: str) -> EndedRow | None:
        """The job, if it ended here.  Raises DamagedRowError."""
        return self._one("job_id = ?", job_id)

    def at(self, sequence: int) -> EndedRow | None:
        """The job of that sequence number, if it ended here.  Raises DamagedRowError."""
        return self._one("sequence = ?", sequence)

    def request(self, requester: str, request_id: str) -> EndedRow | None:
        """The row of a request that ended here.  Raises DamagedRowError."""
        return self._one("requester = ? AND request_id = ?", requester, request_id)

    def rows(self) -> Iterator[EndedRow | DamagedRowError]:
        """Every ended row, damaged ones as such, oldest first."""
        yield from self._rows("TRUE ORDER BY sequence")

    def notices(self, requester: str | None, *, after: int, limit: int) -> list[EndedRow | DamagedRowError]:
        """Notices that were not acknowledged, of one requester or of all, from above sequence `after` on."""
        behind = "acknowledged = 0 AND sequence > ? ORDER BY sequence LIMIT ?"
        wanted = (min(after, LAST_ROW), limit)
        if requester is None:
            return list(self._rows(behind, *wanted))
        return list(self._rows(f"requester = ? AND {behind}", requester, *wanted))

    def last_notices(self, limit: int) -> list[EndedRow | DamagedRowError]:
        """The notices of the jobs that were accepted last, newest first."""
        return list(self._rows("acknowledged = 0 ORDER BY sequence DESC LIMIT ?", limit))

    def count_old_notices(self, before: str, *, among: int) -> int:
        """The number of notices before an ISO time, among the first `among`."""
        first = "SELECT ended_at FROM ended WHERE acknowledged = 0 ORDER BY sequence LIMIT ?"
        sql = f"SELECT count(*) FROM ({first}) WHERE ended_at < ?"  # noqa: S608 - ours
        [(count,)] = fetch(self._connection, sql, among, before)
        return int(count)

    def old(self, before: str, unacknowledged_before: str, *, kept: int) -> list[int]:
        """The sequences of jobs that ended before these times, the second for notices that were not acknowledged (P8).

        The last `kept` jobs of each requester that ended are left out.
        """
        old = "SELECT sequence FROM ended WHERE ended_at < ?1 AND (acknowledged = 1 OR ended_at < ?2)"
        place = "row_number() OVER (PARTITION BY requester ORDER BY sequence DESC)"
        last = f"SELECT sequence FROM (SELECT sequence, {place} AS place FROM ended) WHERE place <= ?3"  # noqa: S608 - ours
        if not kept:
            return [sequence for (sequence,) in fetch(self._connection, old, before, unacknowledged_before)]
        sql = f"{old} AND sequence NOT IN ({last})"
        return [sequence for (sequence,) in fetch(self._connection, sql, before, unacknowledged_before, kept)]

    # Writing

    def add(self, row: EndedRow) -> None:
        """A job ended."""
        values = row.columns(self._area_id, self._key)
        sql = f"INSERT INTO ended ({ENDED_COLUMNS}) VALUES ({marks(values)})"  # noqa: S608 - names are ours
        self._connection.execute(sql, values)
        self._row_sum.come("ended", row_place(row.record), values[-1])
        self._usage.note(Delta(notices=1))

    def change(self, row: EndedRow, outcome: Outcome, history: History) -> Record:
        """The two changes that an ended job takes, each once: an acknowledgement, and a report of its other copy.

        An order that is repeated asks for none and gets its result.
        """
        record, known = outcome.record, row.record
        if record == known:
            return record
        is_noted = known.acknowledged is None and replace(record, acknowledged=None) == known
        is_told = known.reported is None and replace(record, reported=None) == known
        if not (is_noted or is_told):
            raise unfit_now(known, "a change")
        if outcome.entry is not None:
            history.append(outcome.entry)
        self._update(replace(row, record=record, version=row.version + 1))
        self._usage.note(Delta(notices=-int(is_noted)))
        return record

    def forget(self, sequences: Sequence[int], now: str) -> tuple[int, list[DamagedRowError]]:
        """Drop what is kept of these jobs; how many, and the rows that stay since they do not verify.

        One whose stamp cannot be believed is of `now`, a time of a trusted clock, from here on instead (N4).
        """
        dropped, damaged = 0, []
        for row in list(self._rows(f"sequence IN ({marks(sequences)})", *sequences)):
            if isinstance(row, DamagedRowError):
                # What says that it is old may be what was altered.
                damaged.append(row)
            elif is_end_undated(row.record):
                self._date(row, now)
            else:
                self._drop(row.record)
                dropped += 1
        return dropped, damaged

    def _date(self, row: EndedRow, now: str) -> None:
        dated = replace(row.record, changed_at=now, business_date=now[:10], clock_trusted=True)
        self._update(replace(row, record=dated, version=row.version + 1))

    def _drop(self, record: Record) -> None:
        sql = "DELETE FROM ended WHERE sequence = ? RETURNING mac, acknowledged"
        [(found, acknowledged)] = fetch(self._connection, sql, record.sequence)
        self._row_sum.gone("ended", row_place(record), found)
        self._usage.note(Delta(notices=-(not acknowledged)))

    def _update(self, row: EndedRow) -> None:
        values = row.columns(self._area_id, self._key)
        for (found,) in fetch(self._connection, "SELECT mac FROM ended WHERE sequence = ?", values[0]):
            self._row_sum.gone("ended", row_place(row.record), found)
        sql = f"UPDATE ended SET ({ENDED_COLUMNS}) = ({marks(values)}) WHERE sequence = ?"  # noqa: S608 - names are ours
        self._connection.execute(sql, (*values, values[0]))
        self._row_sum.come("ended", row_place(row.record), values[-1])

    def _rows(self, where: str, *values: apsw.SQLiteValue) -> Iterator[EndedRow | DamagedRowError]:
        sql = f"SELECT {ENDED_SELECT} FROM ended WHERE {where}"  # noqa: S608 - names are ours
        for columns in fetch(self._connection, sql, *values):
            try:
                yield ended_row(columns, self._area_id, self._key)
            except DamagedRowError as damage:
                yield damage

    def _one(self, where: str, *values: apsw.SQLiteValue) -> EndedRow | None:
        for row in self._rows(where, *values):
            if isinstance(row, DamagedRowError):
                raise row
            return row
        return None
