"""Checking an area from outside: structure, rows, sealed bytes, counters, history, and what others know of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw

from passbook.errors import PassbookError
from storage.keys import ApplianceKey
from storage.ledger import Ledger
from storage.rows import DamagedRowError, LiveRow
from storage.siblings import Memory, contradictions


def findings_of(
    connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, memories: Sequence[Memory]
) -> list[PassbookError]:
    """Everything that does not fit, as one consistent moment of the area.

    `memories` is what other areas remember of it and of each other, read before.
    """
    ledger = Ledger(connection, area, area_id, key)
    connection.execute("BEGIN")
    try:
        return [
            *_structure(connection, area),
            *_rows(ledger, area),
            *ledger.balance.findings(),
            *ledger.starts.findings(),
            *ledger.counters.findings(),
            *ledger.history.findings(),
            *ledger.memories.altered().values(),
            *_rolled_back(ledger, area, memories),
        ]
    finally:
        connection.execute("ROLLBACK")


def _rolled_back(ledger: Ledger, area: str, memories: Sequence[Memory]) -> list[PassbookError]:
    try:
        return list(contradictions(area, ledger.history, memories))
    except PassbookError:
        # The history's own findings tell of a head that was altered.
        return []


def _structure(connection: apsw.Connection, area: str) -> Iterator[PassbookError]:
    if connection.execute("PRAGMA integrity_check(1)").get != "ok":
        yield PassbookError("area-fenced", area=area, why="its file is damaged")


def _rows(ledger: Ledger, area: str) -> Iterator[PassbookError]:
    damaged: list[str] = []
    for row in ledger.rows():
        try:
            if isinstance(row, LiveRow):
                ledger.sealed(row)
            else:
                damaged.append(row.job_id)
        except DamagedRowError as damage:
            damaged.append(damage.job_id)
    damaged += [row.job_id for row in ledger.ended_rows() if isinstance(row, DamagedRowError)]
    damaged += ledger.quarantine.jobs()
    for job_id in damaged:
        yield PassbookError("record-quarantined", job=job_id, area=area)
