"""Checking an area from outside: build, structure, rows, sealed bytes, counters, history, what is known of others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

import apsw

from passbook.errors import PassbookError
from storage.area.reports import Examined
from storage.crypto.keys import ApplianceKey
from storage.tables import schema
from storage.tables.ledger import Ledger
from storage.tables.peers import PeerMemory, contradictions
from storage.tables.rows import DamagedRowError, JobRow

NAMED: Final = 5
"""Differences of a file's build that one finding names."""


def examine(
    connection: apsw.Connection, area: str, area_id: str, key: ApplianceKey, memories: Sequence[PeerMemory]
) -> Examined:
    """Everything that does not fit, as one consistent moment of the area; of one that lacks a table only that.

    `memories` is what other areas remember of it and of each other, read before.
    """
    ledger = Ledger(connection, area, area_id, key)
    connection.execute("BEGIN")
    try:
        if schema.differences(connection).lacking:
            return Examined(area, tuple(build(connection, area)))
        wrong_sum = [] if ledger.row_sum.load() else [PassbookError("rows-altered", area=area)]
        findings = (
            *build(connection, area),
            *_structure(connection, area),
            *_rows(ledger, area),
            *islice(chain(wrong_sum, ledger.boots.findings()), 1),
            *ledger.counters.findings(),
            *ledger.books.findings(),
            *islice(chain(ledger.history.findings(), ledger.stock.findings()), 1),
            *ledger.memories.odd(),
            *ledger.memories.altered().values(),
            *_rolled_back(ledger, area, memories),
        )
        return Examined(area, findings, *_extent(connection))
    finally:
        connection.execute("ROLLBACK")


def _extent(connection: apsw.Connection) -> tuple[int, int, int]:
    """Jobs that have not ended, jobs that have and are kept, entries of the history; as in Examined."""
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("job", "ended", "history"))  # noqa: S608 - ours
    [(unfinished, ended, entries)] = schema.fetch(connection, f"SELECT {counts}")
    return unfinished, ended, entries


def build(connection: apsw.Connection, area: str) -> Iterator[PassbookError]:
    """Whether tables, indexes, triggers and views are those that this version makes, and no journal lies beside."""
    yield from journal_findings(Path(connection.filename), area)
    found = [one for group in schema.differences(connection) for one in group]
    if found:
        more = len(found) - NAMED
        why = "; ".join([*found[:NAMED], *([f"and {more} more"] if more > 0 else [])])
        yield PassbookError("area-altered", area=area, why=why)


def journal_findings(database: Path, area: str) -> Iterator[PassbookError]:
    """Whether a rollback journal lies beside the file, out of which SQLite would write whatever it says."""
    if os.path.lexists(database.with_name(f"{database.name}-journal")):
        why = "a rollback journal lies beside it, and this program writes none"
        yield PassbookError("area-altered", area=area, why=why)


def _rolled_back(ledger: Ledger, area: str, memories: Sequence[PeerMemory]) -> list[PassbookError]:
    try:
        return list(contradictions(area, ledger.extent(ledger.row_sum.changes), ledger.history, memories))
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
            if isinstance(row, JobRow):
                if row.record.keeps_document and not row.record.content_gone:
                    ledger.sealed(row)
            else:
                damaged.append(row.job_id)
        except DamagedRowError as damage:
            damaged.append(damage.job_id)
    damaged += [row.job_id for row in ledger.ended_jobs.rows() if isinstance(row, DamagedRowError)]
    damaged += ledger.quarantine.jobs()
    for job_id in damaged:
        yield PassbookError("record-quarantined", job=job_id, area=area)
