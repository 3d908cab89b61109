"""Files that somebody with the disk and without the key has put together: nothing becomes valid, and it is told."""

from __future__ import annotations

import shutil
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from passbook.job import changes
from passbook.job.record import Record
from passbook.job.states import Reason
from storage.spool import Spool
from storage.tables import schema
from storage.tables.schema import PAGE_BYTES, STORE_FORMAT
from tests.storage.disk import Disk
from tests.storage.store import AT, Store, found_offline, raised_by, settings

pytestmark = pytest.mark.slow

LATER = "2027-01-01T00:00:00.000+00:00"
SECTOR_BYTES = 512
DRESSED = f"PRAGMA user_version={STORE_FORMAT - 1}"
"""Has a file say that it is of an earlier format."""


def database(store: Store) -> Path:
    return store.folder / "a" / "area.sqlite"


def sql(store: Store, *statements: str) -> None:
    with closing(apsw.Connection(str(database(store)))) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(store: Store, table: str) -> list[tuple[Any, ...]]:
    with closing(apsw.Connection(str(database(store)))) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours


def offline(store: Store) -> list[str]:
    return [error.code for error in found_offline(settings(store.folder, *store.names))]


def printed(spool: Spool, job: str) -> None:
    for change in (
        changes.start(AT, 1),
        changes.journal(0, 1),
        changes.journal(1, 2),
        changes.finish_job(AT),
        changes.acknowledge("teller-1", AT),
    ):
        spool.change(job, change).result(timeout=30)


@pytest.fixture
def one_area(store: Store) -> Store:
    store.names = ("a",)
    store.quota = 64 << 20
    return store


@pytest.fixture
def ended(one_area: Store) -> tuple[Store, Record]:
    """A job that was printed, with a copy of the file from when it was valid in its third start; no daemon runs."""
    one_area.open()
    spool = one_area.open()
    job = one_area.accepted(spool)
    with closing(apsw.Connection(str(database(one_area)))) as connection:
        connection.execute("VACUUM INTO ?", (str(one_area.folder / "old.sqlite"),))
    printed(spool, job.job_id)
    for _ in range(3):
        one_area.open()
    one_area.close()
    one_area.reported.clear()
    return one_area, job


def put_jobs_back(store: Store) -> None:
    """The rows of unfinished jobs and the content of the copy, beside what is there."""
    with closing(apsw.Connection(str(database(store)))) as connection:
        connection.execute("ATTACH ? AS old", (str(store.folder / "old.sqlite"),))
        for table in ("job", "sealed", "document"):
            connection.execute(f"INSERT INTO {table} SELECT * FROM old.{table}")  # noqa: S608 - ours


def put_boot_back(store: Store) -> None:
    with closing(apsw.Connection(str(database(store)))) as connection:
        connection.execute("ATTACH ? AS old", (str(store.folder / "old.sqlite"),))
        connection.execute("DELETE FROM ended; DELETE FROM boot; INSERT INTO boot SELECT * FROM old.boot")


MAKEWEIGHTS = {
    "a counter with a MAC of one's own": "INSERT INTO counter VALUES ('zz', 0, 0, 0, randomblob(32))",
    "an end that is soon forgotten": (
        "INSERT INTO ended (sequence, job_id, requester, request_id, ended_at, version, record, content_mac, mac, "
        "acknowledged) VALUES (999999, 'x', 'nobody', 'x', '0001', 1, x'', x'', randomblob(32), 1)"
    ),
    "the MAC of the end that was deleted, in another place": (
        "INSERT INTO counter SELECT 'zz', 0, 0, 0, mac FROM gone"
    ),
    "nothing": "SELECT 1",
}


@pytest.mark.parametrize("makeweight", MAKEWEIGHTS.values(), ids=MAKEWEIGHTS.keys())
def test_no_row_makes_up_for_a_job_that_was_put_back(ended: tuple[Store, Record], makeweight: str) -> None:
    store, job = ended
    sql(store, "CREATE TABLE gone AS SELECT mac FROM ended")
    put_jobs_back(store)
    put_boot_back(store)
    sql(store, makeweight, "DROP TABLE gone")
    assert "rows-altered" in offline(store)
    for _ in range(2):
        store.reported.clear()
        spool = store.open()
        found = spool.record(job.job_id)
        assert (found.valid, Reason.ROLLED_BACK in found.reasons) == (False, True)
        assert spool.next_valid(found.printer) is None
        assert "rows-altered" in [error.code for error in store.reported]
        spool.upkeep.forget_ended(LATER, LATER, LATER)
        assert "rows-altered" in [error.code for error in spool.verify()]


def test_the_mac_of_a_row_weighs_something_else_in_another_place(ended: tuple[Store, Record]) -> None:
    store, _ = ended
    sql(store, "INSERT INTO counter SELECT 'zz', 0, 0, 0, mac FROM ended; DELETE FROM ended")
    assert set(offline(store)) == {"rows-altered", "counter-damaged"}


def test_a_row_set_aside_cannot_be_taken_away_behind_another_one(one_area: Store) -> None:
    spool = one_area.open()
    bad = one_area.accepted(spool)
    one_area.close()
    sql(one_area, "UPDATE job SET size = size + 1")
    assert [area.quarantined for area in one_area.open().areas()] == [1]
    one_area.close()
    sql(
        one_area,
        "DELETE FROM quarantine; DELETE FROM sealed; DELETE FROM document",
        MAKEWEIGHTS["an end that is soon forgotten"],
    )
    spool = one_area.open()
    spool.upkeep.forget_ended(LATER, LATER, LATER)
    assert raised_by(lambda: spool.record(bad.job_id)) == "unknown-job"
    assert "rows-altered" in [error.code for error in spool.verify()]
    assert "rows-altered" in [error.code for error in one_area.open().verify()]


def test_an_area_cannot_pass_for_one_of_an_earlier_format(ended: tuple[Store, Record]) -> None:
    """The number in the file's header decides before anything else of it is read."""
    store, _ = ended
    put_jobs_back(store)
    put_boot_back(store)
    sql(store, DRESSED)
    before = database(store).read_bytes()
    assert offline(store) == ["area-format"]
    assert [error.code for error in store.open().problems] == ["area-format"]
    store.close()
    assert database(store).read_bytes() == before


def as_journal(pages: bytes) -> bytes:
    """A rollback journal out of which SQLite writes these pages (https://www.sqlite.org/fileformat.html, section 3)."""
    count, nonce = len(pages) // PAGE_BYTES, 7
    header = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", count, nonce, count, SECTOR_BYTES, PAGE_BYTES)
    records = [header.ljust(SECTOR_BYTES, b"\0")]
    for number in range(1, count + 1):
        page = pages[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]
        checksum = nonce + sum(page[at] for at in range(PAGE_BYTES - 200, 0, -200))
        records.append(struct.pack(">I", number) + page + struct.pack(">I", checksum))
    return b"".join(records)


@pytest.fixture
def forged(ended: tuple[Store, Record]) -> tuple[Store, bytes]:
    """The file as it ought to be, and one that passes for an earlier format, with a valid job put back."""
    store, _ = ended
    genuine = database(store).read_bytes()
    put_jobs_back(store)
    put_boot_back(store)
    sql(store, DRESSED)
    dressed = database(store).read_bytes()
    database(store).write_bytes(genuine)
    return store, dressed


@pytest.mark.parametrize("log", [None, b"", b"x"], ids=["no log", "an empty log", "a log"])
def test_a_rollback_journal_is_never_played_back(forged: tuple[Store, bytes], log: bytes | None) -> None:
    """SQLite would write its pages into the file, with whatever they say, after the file was looked at."""
    store, dressed = forged
    if log is not None:
        database(store).with_name("area.sqlite-wal").write_bytes(log)
    journal = database(store).with_name("area.sqlite-journal")
    before = database(store).read_bytes()
    for pages in (dressed, before):
        journal.write_bytes(as_journal(pages))
        planted = journal.read_bytes()
        assert offline(store) == ["area-altered"]
        spool = store.open()
        assert [error.code for error in spool.problems] == ["area-altered"]
        assert (database(store).read_bytes(), journal.read_bytes()) == (before, planted)
        assert raised_by(lambda: spool.accept_closed("a")) == "area-altered"  # noqa: B023
        store.close()
        assert (database(store).read_bytes(), journal.read_bytes()) == (before, planted)
    journal.unlink()
    database(store).with_name("area.sqlite-wal").unlink(missing_ok=True)
    assert offline(store) == []
    assert store.open().problems == ()


def test_a_link_in_place_of_the_database_is_not_followed(forged: tuple[Store, bytes]) -> None:
    store, dressed = forged
    real = store.folder / "elsewhere.sqlite"
    database(store).rename(real)
    database(store).symlink_to(real)
    journal = real.with_name("elsewhere.sqlite-journal")
    journal.write_bytes(as_journal(dressed))
    before = real.read_bytes(), journal.read_bytes()
    assert offline(store) == ["area-fenced"]
    assert [error.code for error in store.open().problems] == ["area-fenced"]
    assert (real.read_bytes(), journal.read_bytes()) == before


def test_a_file_that_sqlite_copied_gets_its_log_without_a_journal(one_area: Store) -> None:
    """A power cut meanwhile would leave one, and the area were shut out."""
    one_area.open()
    one_area.close()
    copy = one_area.folder / "copy.sqlite"
    with closing(apsw.Connection(str(database(one_area)))) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    copy.replace(database(one_area))
    written: set[str] = set()
    disk = Disk("watched-journal")
    disk.on_write = written.add
    one_area.vfs = disk.name
    assert one_area.open().problems == ()
    one_area.close()
    disk.unregister()
    assert {Path(name).name for name in written} == {"area.sqlite", "area.sqlite-wal"}


def test_a_journal_that_appears_while_it_runs_is_found(one_area: Store) -> None:
    spool = one_area.open()
    database(one_area).with_name("area.sqlite-journal").write_bytes(b"")
    assert "area-altered" in [error.code for error in spool.verify()]


def test_a_log_cannot_make_an_area_pass_for_one_of_an_earlier_format(forged: tuple[Store, bytes]) -> None:
    store, _ = forged
    log = database(store).with_name("area.sqlite-wal")
    with closing(apsw.Connection(str(database(store)))) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(DRESSED)
        kept = database(store).read_bytes(), log.read_bytes()
    database(store).write_bytes(kept[0])
    log.write_bytes(kept[1])
    assert offline(store) == ["area-format"]
    assert [error.code for error in store.open().problems] == ["area-format"]


def test_an_area_is_what_sqlite_makes_of_its_files_and_not_what_was_looked_at_before(
    forged: tuple[Store, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, dressed = forged
    looked_at = store.folder / "looked-at"
    shutil.copytree(store.folder / "a", looked_at)
    database(store).write_bytes(dressed)
    look = schema.connect_probe
    monkeypatch.setattr(schema, "connect_probe", lambda _folder, vfs: look(looked_at, vfs=vfs))
    assert [error.code for error in store.open().problems] == ["area-format"]


@pytest.mark.parametrize("damage", ["number = number + 1", "number = 1", "at = 'x'", "mac = zeroblob(32)"])
def test_an_altered_start_is_suspect_until_an_operator_has_looked_whatever_cuts_come(
    one_area: Store, damage: str
) -> None:
    """Its number may come again, so every record is written first, and a cut in that must not make it forgotten."""
    one_area.open()
    spool = one_area.open()
    jobs = [one_area.accepted(spool).job_id for _ in range(40)]
    one_area.close()
    sql(one_area, f"UPDATE boot SET {damage}")  # noqa: S608 - ours
    for _ in range(2):
        [area] = one_area.open(power_on=False)._areas
        area.begin(Reason.ROLLED_BACK, AT)
        assert area.settle(every=True), "there are more"
        one_area.reported.clear()
    spool = one_area.open()
    assert "rows-altered" in [error.code for error in one_area.reported]
    assert {record.valid for record in spool.records()} == {False}
    assert {record.job_id for record in spool.questions()} == set(jobs)
    assert all(Reason.ROLLED_BACK in record.reasons for record in spool.records())
    assert spool.upkeep.accept_rollback("a")
    one_area.reported.clear()
    assert one_area.open().verify() == []
    assert one_area.reported == []


def test_an_end_is_not_forgotten_by_columns_that_were_altered(one_area: Store) -> None:
    spool = one_area.open()
    job = one_area.accepted(spool, request_id="till-1")
    spool.change(job.job_id, changes.cancel(AT, "teller-1", "Ann")).result(timeout=30)
    one_area.close()
    sql(one_area, "UPDATE ended SET ended_at = '0001-01-01', acknowledged = 1")
    spool = one_area.open()
    assert spool.upkeep.forget_ended(AT, AT, AT) == 0
    assert [error.code for error in one_area.reported] == ["record-quarantined"]
    assert [error.code for error in spool.verify()] == ["record-quarantined"]
    assert raised_by(lambda: one_area.accepted(spool, request_id="till-1")) == "record-quarantined"


@pytest.mark.parametrize("jobs", [3, 40])
def test_jobs_of_a_later_day_in_a_file_of_an_earlier_one_are_asked_about(one_area: Store, jobs: int) -> None:
    """The head of that day knows none of them."""
    one_area.open()
    one_area.close()
    earlier = one_area.folder / "earlier.sqlite"
    shutil.copy(database(one_area), earlier)
    spool = one_area.open()
    accepted = {one_area.accepted(spool).job_id for _ in range(jobs)}
    one_area.close()
    shutil.copy(database(one_area), one_area.folder / "old.sqlite")
    shutil.copy(earlier, database(one_area))
    one_area.reported.clear()
    put_jobs_back(one_area)
    spool = one_area.open()
    assert [error.code for error in one_area.reported] == ["rows-altered"]
    assert {record.valid for record in spool.records()} == {False}
    assert {record.job_id for record in spool.questions()} == accepted
    assert sum(held.questions for held in spool.held().values()) == jobs
    assert one_area.accepted(spool, first=True).sequence == jobs + 1


@pytest.mark.parametrize("names", [("a",), ("a", "b")])
def test_a_head_of_earlier_is_found_and_no_number_is_given_twice(one_area: Store, names: tuple[str, ...]) -> None:
    one_area.names = names
    spool = one_area.open()
    head = rows(one_area, "head")
    accepted = {one_area.accepted(spool).job_id for _ in range(80)}
    spool._areas[0].close()
    with closing(apsw.Connection(str(database(one_area)))) as connection:
        connection.execute("DELETE FROM head")
        connection.executemany("INSERT INTO head VALUES (?, ?, ?, ?)", head)
    for area in spool._areas[1:]:
        area.close()
    one_area.reported.clear()
    assert "rows-altered" in offline(one_area)
    spool = one_area.open()
    assert "rows-altered" in [error.code for error in one_area.reported]
    assert {record.job_id for record in spool.questions()} == accepted
    assert one_area.accepted(spool, first=True).sequence == 81
    assert {area.state for area in spool.areas()} == {"ready"}


def put_table_back(store: Store, table: str, kept: list[tuple[Any, ...]], name: str = "a") -> None:
    """Rows of earlier beside, or in place of, those that are there."""
    with closing(apsw.Connection(str(store.folder / name / "area.sqlite"))) as connection:
        places = ", ".join("?" * len(kept[0]))
        connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", kept)  # noqa: S608 - ours


def test_no_number_of_a_start_comes_again_whatever_rows_of_starts_are_put_in(one_area: Store) -> None:
    """An altered row goes, but what it weighed must not stay behind for its true one to come back."""
    one_area.open()
    one_area.open()
    one_area.close()
    second = rows(one_area, "boot")
    sql(one_area, "UPDATE boot SET at = 'x'")
    one_area.open()
    one_area.close()
    first = rows(one_area, "boot")
    put_table_back(one_area, "boot", second)
    sql(one_area, "UPDATE boot SET at = 'x' WHERE number = 1")
    job = one_area.accepted(one_area.open(), first=True).job_id
    one_area.close()
    third = rows(one_area, "boot")
    for kept in (first, third, second):
        put_table_back(one_area, "boot", kept)
        assert offline(one_area) == ["rows-altered"]
        one_area.reported.clear()
        spool = one_area.open()
        found = spool.record(job)
        assert (found.valid, Reason.ROLLED_BACK in found.reasons) == (False, True)
        assert [error.code for error in one_area.reported] == ["rows-altered"]
        one_area.close()


@pytest.fixture
def stepped(store: Store) -> tuple[Store, str, Record]:
    """Two areas and a job with steps on paper, and the area's folder from before them; all of it was noted."""
    spool = store.open()
    job = store.accepted(spool)
    name = spool._area_of(job.job_id).name
    spool.upkeep.note_heads()
    shutil.copytree(store.folder / name, store.folder / "earlier")
    for change in (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2)):
        spool.change(job.job_id, change).result(timeout=30)
    spool.upkeep.note_heads()
    return store, name, job


def test_steps_that_are_undone_are_missed_by_the_other_area_though_they_have_no_entry(
    stepped: tuple[Store, str, Record],
) -> None:
    store, name, _ = stepped
    store.close()
    shutil.rmtree(store.folder / name)
    shutil.copytree(store.folder / "earlier", store.folder / name)
    (store.folder / name / "area.sqlite-shm").unlink(missing_ok=True)
    assert offline(store) == ["area-rolled-back"]
    assert [(error.code, error.facts["area"]) for error in store.open().problems] == [("area-rolled-back", name)]


def test_steps_that_were_cut_off_the_log_are_missed_too(stepped: tuple[Store, str, Record]) -> None:
    store, name, _ = stepped
    for area in store.names:
        shutil.copytree(store.folder / area, store.folder / "cut" / area)
        (store.folder / "cut" / area / "area.sqlite-shm").unlink()
    kept = (store.folder / "earlier" / "area.sqlite-wal").stat().st_size
    store.close()
    store.folder = store.folder / "cut"
    with (store.folder / name / "area.sqlite-wal").open("rb+") as log:
        log.truncate(kept)
    assert offline(store) == ["area-rolled-back"]
    assert [error.code for error in store.open().problems] == ["area-rolled-back"]


@pytest.mark.parametrize("how", ["put back", "taken away"])
def test_where_what_an_area_knows_was_altered_every_other_one_is_suspect(
    stepped: tuple[Store, str, Record], how: str
) -> None:
    store, name, job = stepped
    other = next(area for area in store.names if area != name)
    with closing(apsw.Connection(str(store.folder / other / "area.sqlite"))) as connection:
        known = connection.execute("SELECT * FROM peer_head WHERE name = ?", (name,)).fetchall()
    spool = store.open()
    spool.change(job.job_id, changes.cancel(AT, "teller-1", "Ms Okafor")).result(timeout=30)
    spool.upkeep.note_heads()
    store.close()
    shutil.rmtree(store.folder / name)
    shutil.copytree(store.folder / "earlier", store.folder / name)
    (store.folder / name / "area.sqlite-shm").unlink(missing_ok=True)
    if how == "put back":
        put_table_back(store, "peer_head", known, other)
    with closing(apsw.Connection(str(store.folder / other / "area.sqlite"))) as connection:
        for table in ("peer_head", "peer") if how == "taken away" else ():
            connection.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608 - ours
    store.reported.clear()
    spool = store.open()
    assert "rows-altered" in [error.code for error in store.reported]
    closed = [error.code for error in spool.problems] == ["area-rolled-back"]
    assert closed or Reason.ROLLED_BACK in spool.record(job.job_id).reasons


@pytest.mark.parametrize(
    "damage", ["UPDATE ended SET request_id = 'zz'", "UPDATE ended SET requester = 'zz'", "DELETE FROM ended"]
)
def test_a_request_that_may_have_been_forgotten_is_not_taken_for_new(one_area: Store, damage: str) -> None:
    """Until an operator has looked; a terminal that vouches that it is new is served."""
    spool = one_area.open()
    printed(spool, one_area.accepted(spool, request_id="till-1").job_id)
    one_area.close()
    sql(one_area, damage)
    spool = one_area.open()
    assert [error.code for error in one_area.reported] == ["rows-altered"]
    assert raised_by(lambda: one_area.accepted(spool, request_id="till-1")) == "outcome-unknown"
    assert one_area.accepted(spool, request_id="till-2", first=True).valid
    assert spool.upkeep.accept_rollback("a")
    assert one_area.accepted(spool, request_id="till-3").valid


def test_a_request_under_an_altered_name_is_not_taken_for_new(one_area: Store) -> None:
    spool = one_area.open()
    job = one_area.accepted(spool, request_id="till-1")
    spool.change(job.job_id, changes.start(AT, 1)).result(timeout=30)
    spool.change(job.job_id, changes.journal(0, 1)).result(timeout=30)
    one_area.close()
    sql(one_area, "UPDATE job SET request_id = 'zz'")
    spool = one_area.open()
    assert raised_by(lambda: one_area.accepted(spool, request_id="till-1")) == "outcome-unknown"
