"""Areas that earlier versions wrote are kept in `formats/` and read by this one."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from passbook.job.states import JobState
from storage.area.area import AreaSettings
from storage.tables import schema
from tests.storage.store import PLAN_TEXT, QUOTA, Store, found_offline

FORMATS = Path(__file__).parent / "formats"
EARLIER = range(1, schema.STORE_FORMAT)


def table_sql(path: Path) -> set[str]:
    """What the file says of its tables and indexes: their columns, whatever the order in which they came."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    columns = {
        f"{table}.{name} {kind} {strict}"
        for table in tables
        for _, name, kind, strict, *_ in connection.execute(f"PRAGMA table_info({table})")
    }
    indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    connection.close()
    return columns | indexes


@pytest.fixture(params=EARLIER)
def earlier(request: pytest.FixtureRequest, store: Store) -> Store:
    """A store that a version with that format left behind."""
    shutil.copytree(FORMATS / str(request.param), store.folder, dirs_exist_ok=True)
    return store


def test_every_earlier_format_is_kept() -> None:
    assert sorted(int(folder.name) for folder in FORMATS.iterdir()) == list(EARLIER)


def test_jobs_of_an_earlier_format_are_read_and_asked_about(earlier: Store) -> None:
    spool = earlier.open()
    assert spool.problems == ()
    found = {record.request_id: record for record in spool.questions()}
    assert {name: record.state for name, record in found.items()} == {
        "pending": JobState.PENDING_HELD,
        "in-doubt": JobState.PROCESSING_STOPPED,
    }
    assert found["in-doubt"].sending == 1
    assert spool.sealed(found["pending"].job_id).size == found["pending"].size
    assert len(PLAN_TEXT) < found["pending"].size


def test_what_ended_under_an_earlier_format_is_still_known(earlier: Store) -> None:
    spool = earlier.open()
    ended = {told.entry.record.job_id for told in spool.history() if told.entry.record.ended}
    states = {spool.record(job).request_id: spool.record(job).state for job in ended}
    assert states == {"completed": JobState.COMPLETED, "canceled": JobState.CANCELED}
    assert sum(status.quarantined for status in spool.areas()) == 1


def test_a_file_of_an_earlier_format_becomes_one_of_this(earlier: Store, tmp_path: Path) -> None:
    earlier.open()
    earlier.close()
    fresh = Store(tmp_path / "fresh")
    fresh.open()
    fresh.close()
    for name in earlier.names:
        path = earlier.folder / name / schema.DATABASE
        assert table_sql(path) == table_sql(fresh.folder / name / schema.DATABASE)
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        assert schema.header(connection)[1] == schema.STORE_FORMAT
        connection.close()


def test_an_earlier_format_is_verified_without_being_changed(earlier: Store) -> None:
    for name in earlier.names:
        path = earlier.folder / name
        before = (path / schema.DATABASE).read_bytes()
        found = found_offline([AreaSettings(name, path, QUOTA)])
        assert {error.code for error in found} <= {"record-quarantined"}
        assert (path / schema.DATABASE).read_bytes() == before
