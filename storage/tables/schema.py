"""The tables of an area and how its database is opened; docs/storage-format.md describes every column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw

from passbook.errors import shown

APPLICATION_ID: Final = 0x50424B41
"""`PBKA` in the file header: a store of this program."""
STORE_FORMAT: Final = 5
"""PRAGMA user_version."""
LAST_ROW: Final = 2**63 - 1
"""The largest number that a column can hold."""
PAGE_BYTES: Final = 4096
DATABASE: Final = "area.sqlite"
UNFINISHED: Final = "new.sqlite"
"""The database while it is being created."""
LOCK: Final = "area.lock"
BUSY_MS: Final = 5000
"""How long a statement waits for another process that reads the file; none should."""

TABLES: Final = """
CREATE TABLE area (
    area_id TEXT NOT NULL, appliance TEXT NOT NULL, name TEXT NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE peer (name TEXT PRIMARY KEY, area_id TEXT NOT NULL) STRICT;
CREATE TABLE job (
    sequence INTEGER PRIMARY KEY, job_id TEXT NOT NULL UNIQUE, requester TEXT NOT NULL, request_id TEXT NOT NULL,
    printer TEXT NOT NULL, valid INTEGER NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,
    size INTEGER NOT NULL, version INTEGER NOT NULL, record BLOB NOT NULL, wraps BLOB NOT NULL,
    content_mac BLOB NOT NULL, sealed_mac BLOB NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX job_request ON job (requester, request_id);
CREATE INDEX job_next ON job (printer, valid, state, priority DESC, sequence);
CREATE TABLE ended (
    sequence INTEGER PRIMARY KEY, job_id TEXT NOT NULL UNIQUE, requester TEXT NOT NULL, request_id TEXT NOT NULL,
    ended_at TEXT NOT NULL, version INTEGER NOT NULL, record BLOB NOT NULL,
    content_mac BLOB NOT NULL, mac BLOB NOT NULL, acknowledged INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX ended_request ON ended (requester, request_id);
CREATE INDEX ended_at ON ended (ended_at);
CREATE TABLE sealed (
    sequence INTEGER PRIMARY KEY, salt BLOB NOT NULL, commitment BLOB NOT NULL,
    attributes BLOB NOT NULL, plan BLOB NOT NULL) STRICT;
CREATE TABLE document (
    sequence INTEGER NOT NULL, n INTEGER NOT NULL, chunk BLOB NOT NULL,
    PRIMARY KEY (sequence, n)) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    sequence INTEGER PRIMARY KEY, origin TEXT NOT NULL, job_id TEXT NOT NULL, requester TEXT NOT NULL,
    request_id TEXT NOT NULL, version INTEGER NOT NULL, record BLOB NOT NULL, wraps BLOB NOT NULL,
    content_mac BLOB NOT NULL, sealed_mac BLOB NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE history (n INTEGER PRIMARY KEY, entry TEXT NOT NULL, chain BLOB NOT NULL) STRICT;
CREATE TABLE head (entries INTEGER NOT NULL, chain BLOB NOT NULL, sequence INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE peer_head (
    name TEXT PRIMARY KEY, entries INTEGER NOT NULL, chain BLOB NOT NULL, sequence INTEGER NOT NULL,
    changes INTEGER NOT NULL, accepted INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE counter (
    printer TEXT PRIMARY KEY, books INTEGER NOT NULL, pages INTEGER NOT NULL, lines INTEGER NOT NULL,
    mac BLOB NOT NULL) STRICT;
CREATE TABLE history_mark (
    entries INTEGER PRIMARY KEY, chain BLOB NOT NULL, at TEXT NOT NULL, cut INTEGER NOT NULL,
    mac BLOB NOT NULL) STRICT;
CREATE TABLE row_sum (one INTEGER PRIMARY KEY CHECK (one = 1), changes INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE boot (number INTEGER PRIMARY KEY, reason TEXT NOT NULL, at TEXT NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE book (name BLOB PRIMARY KEY, row BLOB NOT NULL, mac BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX job_question ON job (sequence) WHERE valid = 0;
CREATE INDEX ended_notice ON ended (sequence) WHERE acknowledged = 0;
CREATE INDEX ended_untold ON ended (requester, sequence) WHERE acknowledged = 0;
CREATE INDEX quarantine_job ON quarantine (job_id);
CREATE INDEX quarantine_request ON quarantine (requester, request_id);
"""

PRAGMAS: Final = (
    ("journal_mode", "wal", "wal"),
    ("synchronous", "full", 2),
    ("secure_delete", "on", 1),
    ("temp_store", "memory", 2),
    ("mmap_size", "0", 0),
    ("wal_autocheckpoint", "0", 0),
    ("trusted_schema", "off", 0),
    ("cell_size_check", "on", 1),
)
"""Name, what is asked for, and what must be read back."""


def open_database(folder: Path, *, vfs: str | None, name: str = DATABASE) -> apsw.Connection:
    """The writing connection, every pragma read back.  Raises apsw.Error."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(folder / name), flags=flags, vfs=vfs)
    connection.set_busy_timeout(BUSY_MS)
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    if connection.execute("PRAGMA journal_mode").get != "wal":
        # A file that is new, or was copied by SQLite: a journal of the switch to a log could be taken for a forged one.
        connection.execute("PRAGMA journal_mode=memory")
    _apply_pragmas(connection)
    return connection


def connect_reader(folder: Path, *, vfs: str | None) -> apsw.Connection:
    """A connection that can only read and never checkpoints.  Raises apsw.Error."""
    connection = apsw.Connection(str(folder / DATABASE), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
    connection.set_busy_timeout(BUSY_MS)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    _apply_pragmas(connection)
    connection.execute("PRAGMA query_only=on")
    return connection


def connect_probe(folder: Path, *, vfs: str | None) -> apsw.Connection:
    """A connection that leaves the folder unchanged, for a file that may not be ours.  Raises apsw.Error."""
    path = folder / DATABASE
    log = path.with_name(f"{DATABASE}-wal")
    # Without a log nothing can change below us, and SQLite need not create one to find that out.
    quiet = not (log.exists() and log.stat().st_size)
    name = f"{path.absolute().as_uri()}?immutable={int(quiet)}"
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(name, flags=flags, vfs=vfs)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def _apply_pragmas(connection: apsw.Connection) -> None:
    for name, asked, expected in PRAGMAS:
        connection.execute(f"PRAGMA {name}={asked}").fetchall()
        found = connection.execute(f"PRAGMA {name}").get
        if found != expected:
            raise apsw.SQLError(f"PRAGMA {name} is {found}, not {expected}")


def fetch(connection: apsw.Connection, sql: str, *values: apsw.SQLiteValue) -> list[tuple[Any, ...]]:
    """All rows of a query; their types are those of the STRICT tables above."""
    return connection.execute(sql, values).fetchall()


def stream(connection: apsw.Connection, sql: str, *values: apsw.SQLiteValue) -> Iterator[tuple[Any, ...]]:
    """The rows of a query one by one, for tables that grow for ever."""
    yield from connection.execute(sql, values)


def is_empty(connection: apsw.Connection) -> bool:
    """Whether nothing was ever committed to the file; an interrupted creation leaves that."""
    return not connection.execute("SELECT count(*) FROM sqlite_schema").get


def header(connection: apsw.Connection) -> tuple[int, int]:
    """The application id and the format of the file."""
    return int(connection.execute("PRAGMA application_id").get), int(connection.execute("PRAGMA user_version").get)


def create_tables(connection: apsw.Connection) -> None:
    """All tables and the file's marks; inside the caller's transaction."""
    connection.execute(TABLES)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={STORE_FORMAT}")


class Differences(NamedTuple):
    """The parts of a file that this version would make otherwise, in words.

    Attributes:
        lacking: tables and indexes that are missing or made in another way.
        added: tables, indexes, triggers and views that this version does not know.
    """

    lacking: tuple[str, ...]
    added: tuple[str, ...]


def differences(connection: apsw.Connection) -> Differences:
    """Compare the file's tables, indexes, triggers and views with those of create_tables(); nothing is changed.

    SQLite obeys a trigger that somebody wrote into the file with each row that is written.
    """
    expected, found = _expected(), _objects(connection)
    added = tuple(f"{shown(kind)} {shown(name)} was added" for kind, name in found if (kind, name) not in expected)
    lacking = [
        f"{kind} {name} is {'another' if (kind, name) in found else 'missing'}"
        for (kind, name), made in expected.items()
        if found.get((kind, name)) != made
    ]
    return Differences(tuple(lacking), added)


@cache
def _expected() -> dict[tuple[str, str], tuple[str, str]]:
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute(TABLES)
        return _objects(connection)


def _objects(connection: apsw.Connection) -> dict[tuple[str, str], tuple[str, str]]:
    """By kind and name, what each thing in the file belongs to and the statement that made it."""
    parts = ", ".join(f"CAST({column} AS BLOB)" for column in ("type", "name", "tbl_name", "sql"))
    # Without a statement are only the indexes that follow from a table's own.
    sql = f"SELECT {parts} FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"  # noqa: S608 - ours
    rows = fetch(connection, sql)
    texts = [[part.decode(errors="replace") for part in row] for row in rows]
    return {(kind, name): (table, made) for kind, name, table, made in texts}
