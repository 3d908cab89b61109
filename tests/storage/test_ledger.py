"""Rows that are not what was written: set aside, reported, never printed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Answered, Holder, Outcome, Verdict, Wrap
from passbook.job.states import Reason
from storage.tables.rows import DamagedRowError
from tests.storage.store import AT, Store, code_of, raised_by

JOBS = 3
LIVE_TAMPERINGS = {
    "job_id": "job_id = 'ffffffffffffffffffffffffffffffff'",
    "job_id not UTF-8": "job_id = CAST(x'ff80' AS TEXT)",
    "requester": "requester = 'mallory'",
    "request_id": "request_id = 'another'",
    "printer": "printer = 'pr-2'",
    "valid": "valid = 1 - valid",
    "state": "state = 'processing'",
    "priority": "priority = 99",
    "size": "size = 1",
    "version": "version = version + 1",
    "record": "record = CAST(replace(CAST(record AS TEXT), '\"priority\":50', '\"priority\":51') AS BLOB)",
    "record emptied": "record = x''",
    "record not JSON": "record = x'ff00'",
    "wraps": "wraps = x'90'",
    "content_mac": "content_mac = zeroblob(32)",
    "sealed_mac": "sealed_mac = zeroblob(32)",
    "mac": "mac = zeroblob(32)",
    "sequence": "sequence = 900",
}


@contextmanager
def raw(store: Store, area: str = "a") -> Generator[apsw.Connection]:
    """The file as somebody with the disk in hand sees it."""
    connection = apsw.Connection(str(store.folder / area / "area.sqlite"))
    try:
        yield connection
    finally:
        connection.close()


def alter(connection: apsw.Connection, table: str, assignments: str, where: str = "TRUE") -> None:
    """Do what the store would never do."""
    connection.execute(f"UPDATE {table} SET {assignments} WHERE {where}")  # noqa: S608 - a test's own words


@pytest.fixture
def filled(store: Store) -> Store:
    """One area with JOBS pending jobs; the second is the victim."""
    store.names = ("a",)
    spool = store.open()
    for number in range(JOBS):
        store.accepted(spool, request_id=f"r-{number}")
    store.close()
    return store


@pytest.mark.parametrize("tampering", LIVE_TAMPERINGS.values(), ids=LIVE_TAMPERINGS.keys())
def test_an_altered_row_is_set_aside_at_power_on_and_the_rest_goes_on(filled: Store, tampering: str) -> None:
    with raw(filled) as connection:
        alter(connection, "job", tampering, "request_id = 'r-1'")
    spool = filled.open(power_on=False)
    assert [error.code for error in spool.verify() if error.code != "rows-altered"] == ["record-quarantined"]
    spool.power_on(Reason.RESTART, AT)
    spool.upkeep.settle()
    assert [error.code for error in filled.reported if error.code != "rows-altered"] == ["record-quarantined"]
    assert sorted(record.request_id for record in spool.records()) == ["r-0", "r-2"]
    assert spool.areas()[0].quarantined == 1
    assert [error.code for error in spool.verify() if error.code != "rows-altered"] == ["record-quarantined"]
    # The rest can be ended and new jobs are taken.
    for record in spool.records():
        assert spool.change(record.job_id, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30).ended
    assert not filled.accepted(spool, first=True).ended


@pytest.mark.parametrize("more", ["", "priority = 99,", "record = x'',", "mac = zeroblob(32),", "wraps = x'90',"])
def test_a_row_altered_while_the_store_is_open_is_never_next(filled: Store, more: str) -> None:
    spool = filled.open()
    record = spool.records()[0]
    given = Answered(record.epoch, Verdict.PRINT, 1, 0, "t", "Ms Okafor")
    rule = changes.answer(given, at=AT, date="2026-03-02", trusted=True)
    assert spool.change(record.job_id, rule).result(timeout=30).valid
    with raw(filled) as connection:
        alter(connection, "job", f"{more} valid = 1, state = 'pending'", "request_id IN ('r-1', 'r-2')")
    found = spool.next_valid("pr-1")
    assert found is not None
    assert found.request_id == "r-0"
    assert {record.request_id for record in spool.records()} == {"r-0"}
    assert raised_by(lambda: spool.reserve("teller-1", "r-1", b"x", 10)) == "record-quarantined"
    filled.close()
    assert [error.code for error in filled.reported] == ["record-quarantined"] * 2


def test_a_job_that_was_set_aside_says_so(filled: Store) -> None:
    spool = filled.open()
    job = spool.records()[1].job_id
    with raw(filled) as connection:
        connection.execute("UPDATE job SET version = 7 WHERE request_id = 'r-1'")
    assert code_of(spool.change(job, changes.cancel(AT, "t", "p"))) == "record-quarantined"
    assert raised_by(lambda: spool.record(job)) == "record-quarantined"
    assert raised_by(lambda: spool.job(job).wraps) == "record-quarantined"
    assert raised_by(lambda: spool.sealed(spool.job(job))) == "record-quarantined"
    assert raised_by(lambda: spool.reserve("teller-1", "r-1", b"x", 10)) == "record-quarantined"
    # Evidence: its content is kept as it is.
    with raw(filled) as connection:
        assert connection.execute("SELECT count(*) FROM sealed").get == JOBS


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE sealed SET plan = zeroblob(40) WHERE sequence = 2",
        "UPDATE sealed SET salt = (SELECT salt FROM sealed WHERE sequence = 1) WHERE sequence = 2",
        "UPDATE document SET chunk = zeroblob(length(chunk)) WHERE sequence = 2",
        "DELETE FROM document WHERE sequence = 2",
        "DELETE FROM sealed WHERE sequence = 2",
        "INSERT INTO document VALUES (2, 7, x'00')",
    ],
)
def test_altered_content_is_found_without_its_key(filled: Store, tampering: str) -> None:
    with raw(filled) as connection:
        connection.execute(tampering)
    spool = filled.open()
    assert [error.code for error in spool.verify()] == ["record-quarantined"]
    job = next(record.job_id for record in spool.records() if record.sequence == 2)
    assert raised_by(lambda: spool.sealed(spool.job(job))) == "record-quarantined"
    assert raised_by(lambda: spool.sealed(spool.job(job))) == "record-quarantined"
    assert {record.sequence for record in filled.open().records()} == {1, 3}


def test_content_of_a_row_that_was_set_aside_since_it_was_read_is_said_to_be_so(filled: Store) -> None:
    with raw(filled) as connection:
        connection.execute("UPDATE sealed SET plan = zeroblob(40) WHERE sequence = 2")
    spool = filled.open()
    row = spool.job(next(record.job_id for record in spool.records() if record.sequence == 2))
    area = spool._areas[0]
    assert area.set_aside(DamagedRowError("job", 2, row.record.job_id)).exception(timeout=30) is not None
    with area.reading_once() as ledger:
        assert raised_by(lambda: ledger.sealed(row)) == "record-quarantined"


def test_a_row_from_another_area_does_not_verify(store: Store) -> None:
    spool = store.open()
    records = [store.accepted(spool) for _ in range(2)]
    store.close()
    with raw(store, "a") as connection:
        connection.execute("ATTACH ? AS other", (str(store.folder / "b" / "area.sqlite"),))
        for sql in (
            "INSERT INTO job SELECT * FROM other.job",
            "DELETE FROM other.job",
            "INSERT INTO sealed SELECT * FROM other.sealed",
            "INSERT INTO document SELECT * FROM other.document",
        ):
            connection.execute(sql)
    spool = store.open()
    assert len(spool.records()) == 1
    found = [(error.code, error.facts["area"]) for error in spool.verify()]
    assert sorted(found) == [("record-quarantined", "a"), ("rows-altered", "a"), ("rows-altered", "b")]
    assert len({record.job_id for record in records}) == 2


@pytest.mark.parametrize("tables", [("job",), ("sealed", "document"), ("job", "sealed", "document")])
def test_a_job_that_was_moved_to_another_place_in_the_order_does_not_verify(
    filled: Store, tables: tuple[str, ...]
) -> None:
    """What is sealed does not name its place, so the MACs of the row and of the sealed bytes have to."""
    with raw(filled) as connection:
        for table in tables:
            connection.execute(f"UPDATE {table} SET sequence = 99 WHERE sequence = 2")  # noqa: S608 - ours
    spool = filled.open()
    assert "record-quarantined" in [error.code for error in spool.verify()]
    for job in [record.job_id for record in spool.records() if record.sequence in {2, 99}]:
        assert raised_by(lambda: spool.sealed(spool.job(job))) == "record-quarantined"  # noqa: B023
    assert {record.sequence for record in filled.open().records()} == {1, 3}


def test_a_change_cannot_move_a_job_in_the_order(filled: Store) -> None:
    spool = filled.open()
    first = spool.records()[0]
    moved = spool.change(first.job_id, lambda record: Outcome(replace(record, sequence=99)))
    assert code_of(moved) == "internal-error"
    assert spool.records()[0] == first


@pytest.mark.parametrize("column", ["version", "record", "content_mac", "requester", "ended_at"])
def test_an_altered_ended_row_is_no_answer(filled: Store, column: str) -> None:
    spool = filled.open()
    record = spool.records()[0]
    spool.change(record.job_id, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)
    altered = {"version": "9", "requester": "'mallory'", "ended_at": "'2000'"}.get(column, "zeroblob(9)")
    with raw(filled) as connection:
        alter(connection, "ended", f"{column} = {altered}")
    assert raised_by(lambda: spool.record(record.job_id)) == "record-quarantined"
    assert [error.code for error in spool.verify() if error.code != "rows-altered"] == ["record-quarantined"]


def test_a_change_cannot_turn_a_job_into_another(filled: Store) -> None:
    spool = filled.open()
    one, two = spool.records()[:2]
    assert code_of(spool.change(one.job_id, lambda _record: Outcome(two))) == "internal-error"
    assert spool.records()[:2] == [one, two]


def test_wraps_are_replaced_with_the_record_or_not_at_all(filled: Store) -> None:
    spool = filled.open()
    record = spool.records()[0]
    before = spool.job(record.job_id).wraps
    new = (Wrap(Holder.REQUESTER, "key-2", b"blob"), Wrap(Holder.RECOVERY, "branch", b"other"))
    stale = Answered(record.epoch + 1, Verdict.PRINT, 1, 0, "t", "p")
    rule = changes.answer(stale, at=AT, date="2026-03-02", trusted=True, wraps=new)
    assert code_of(spool.change(record.job_id, rule)) == "stale-question"
    assert spool.job(record.job_id).wraps == before
    given = Answered(record.epoch, Verdict.PRINT, 1, 0, "t", "p")
    rule = changes.answer(given, at=AT, date="2026-03-02", trusted=True, wraps=new)
    rekeyed = spool.change(record.job_id, rule).result(timeout=30)
    assert (rekeyed.key_ref, rekeyed.recovery_ref) == ("key-2", "branch")
    assert filled.open().job(record.job_id).wraps == new


@pytest.mark.parametrize("seed", range(40))
def test_no_flipped_byte_makes_an_altered_job_printable(filled: Store, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    copy = Store(tmp_path / f"copy-{seed}", names=("a",))
    before = {record.job_id: record.identity() for record in filled.open().records()}
    filled.close()
    shutil.copytree(filled.folder / "a", copy.folder / "a")
    path = copy.folder / "a" / "area.sqlite"
    data = bytearray(path.read_bytes())
    used = [at for at, byte in enumerate(data) if byte]
    for _ in range(chance.choice([1, 3])):
        data[chance.choice(used)] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    spool = copy.open()
    for record in spool.records():
        assert before[record.job_id] == record.identity()
        assert not record.valid
    try:
        spool.history()
    except PassbookError as error:
        assert error.code == "area-fenced"
    copy.close()
