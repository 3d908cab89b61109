"""The least that durable storage can cost: rows of one size, a transaction for each group, nothing else.

Pragmas are those of an area, and so is the size at which the log is emptied.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from storage import Division, Limits
from storage.area.area import checkpoint
from storage.tables import schema


class Commits(NamedTuple):
    """The result of one measurement: rows a second, the median seconds of one transaction, and its processor time."""

    rate: float
    median: float
    cpu: float


def commits(folder: Path, *, group: int, row_bytes: int, seconds: float, vfs: str | None = None) -> Commits:
    """Commit groups of rows for `seconds`, through an apsw VFS; delete the database afterwards."""
    connection = schema.open_database(folder, vfs=vfs, name="bare.db")
    connection.execute("CREATE TABLE bare (n INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT")
    log, most = folder / "bare.db-wal", Division.of(0, Limits().job_bytes).log
    rows = [(os.urandom(row_bytes),) for _ in range(group)]
    times = []
    cpu, began = time.process_time(), time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO bare (row) VALUES (?)", rows)
        connection.execute("COMMIT")
        times.append(time.perf_counter() - now)
        if log.stat().st_size > most:
            checkpoint(connection)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    connection.close()
    (folder / "bare.db").unlink()
    count = len(times) * group
    return Commits(count / took, statistics.median(times), cpu / count)
