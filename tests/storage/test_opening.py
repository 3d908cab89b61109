from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from passbook.job.states import Reason
from storage.admission import Ticket
from storage.area.area import AreaSettings
from storage.spool import Spool
from storage.tables import schema
from tests.storage.disk import Disk, failing, ignore
from tests.storage.store import AT, Store, raised_by, seeded


def codes(spool: Spool) -> list[str]:
    return [error.code for error in spool.problems]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def test_areas_are_created_once_and_found_again(store: Store) -> None:
    spool = store.open()
    assert [(status.name, status.state) for status in spool.areas()] == [("a", "ready"), ("b", "ready")]
    assert {path.stat().st_mode & 0o777 for path in store.folder.glob("*/area.sqlite*")} == {0o600}
    assert store.folder.joinpath("a").stat().st_mode & 0o777 == 0o700
    record = store.accepted(spool)
    assert store.open().record(record.job_id).identity() == record.identity()


def test_two_daemons_cannot_have_one_area(store: Store) -> None:
    first = store.open()
    second = Store(store.folder)
    spool = second.open()
    assert codes(spool) == ["area-in-use", "area-in-use"]
    assert {status.state for status in spool.areas()} == {"absent"}
    second.close()
    assert store.accepted(first) in first.records()


def test_another_process_is_kept_out_too(store: Store) -> None:
    store.open()
    code = (
        "import fcntl, sys; lock = open(sys.argv[1], 'rb+')\n"
        "try: fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: print('kept out')"
    )
    lock = str(store.folder / "a" / schema.LOCK)
    told = subprocess.run([sys.executable, "-c", code, lock], capture_output=True, text=True, check=True)
    assert told.stdout == "kept out\n"


def test_two_areas_in_one_folder_are_refused(store: Store) -> None:
    one = store.folder / "same"
    areas = [schema_area(name, one) for name in ("a", "b")]
    assert codes(store.open(settings_=areas)) == ["area-in-use"]


def schema_area(name: str, path: Path) -> AreaSettings:
    return AreaSettings(name, path, 16 * 1024 * 1024)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": bytes(32)}, "appliance-key-wrong"),
        ({"appliance": "branch-18"}, "area-foreign"),
        ({"quota": 1_000_000}, "area-too-small"),
    ],
)
def test_what_does_not_fit_is_left_as_it_is(store: Store, change: dict[str, object], code: str) -> None:
    store.accepted(store.open())
    store.close()
    before = bytes_of(store.folder / "a")
    for name, value in change.items():
        setattr(store, name, value)
    spool = store.open()
    assert codes(spool) == [code, code]
    assert bytes_of(store.folder / "a") == before
    assert raised_by(lambda: spool.reserve("t", "r", b"x", 10)) == "outcome-unknown"


def test_exchanged_folders_are_refused(store: Store) -> None:
    store.open()
    store.close()
    (store.folder / "a").rename(store.folder / "c")
    (store.folder / "b").rename(store.folder / "a")
    (store.folder / "c").rename(store.folder / "b")
    assert codes(store.open()) == ["area-foreign", "area-foreign"]


def exchange_b(store: Store, folder: Path) -> None:
    """Put an area of the same name, appliance and key in place of b."""
    store.open()
    store.close()
    other = Store(folder, rng=seeded(77))
    other.open()
    other.close()
    shutil.rmtree(store.folder / "b")
    shutil.copytree(other.folder / "b", store.folder / "b")


def test_an_area_of_the_same_name_from_another_time_is_refused(store: Store, tmp_path: Path) -> None:
    exchange_b(store, tmp_path / "other")
    spool = store.open()
    [problem] = spool.problems
    assert (problem.code, problem.facts["area"]) == ("area-rolled-back", "b")
    assert problem.facts["why"] == "the mark of the appliance knows another area of that name"
    # Should it be meant to be here, an operator can say so.
    assert not spool.upkeep.accept_rollback("b")
    assert [joined.problem for joined in spool.join(Reason.POWER_LOSS, AT)] == [None]
    assert store.open().problems == ()


def test_where_the_mark_is_gone_each_of_two_strangers_is_refused(store: Store, tmp_path: Path) -> None:
    exchange_b(store, tmp_path / "other")
    (store.folder / "state" / "areas.mark").unlink()
    spool = store.open()
    assert sorted(str(problem.facts["why"]) for problem in spool.problems) == [
        "area a knows another area of that name",
        "area b knows another area of that name",
    ]
    for name in store.names:
        spool.accept_closed(name)
    assert store.open().problems == ()


def test_an_empty_folder_in_place_of_a_known_area_is_no_new_area(store: Store) -> None:
    record = store.accepted(store.open(), request_id="r-1")
    store.close()
    (store.folder / "b").rename(store.folder / "away")
    (store.folder / "b").mkdir()
    spool = store.open()
    assert codes(spool) == ["area-absent"]
    assert list((store.folder / "b").iterdir()) == []
    # A request that is known here is answered; any other may lie in the absent area.
    assert spool.record(record.job_id).request_id == "r-1"
    assert raised_by(lambda: spool.reserve("teller-1", "r-2", b"x", 10)) == "outcome-unknown"
    # A requester that vouches that it is new is served.
    assert isinstance(spool.reserve("teller-1", "r-3", b"x", 10, first=True), Ticket)
    (store.folder / "b").rmdir()
    (store.folder / "away").rename(store.folder / "b")
    assert codes(store.open()) == []


def test_a_new_area_can_join(store: Store) -> None:
    store.accepted(store.open())
    store.names = ("a", "b", "c")
    spool = store.open()
    assert codes(spool) == []
    assert len(spool.areas()) == 3


def test_a_file_that_is_no_database_fences_its_area_only(store: Store) -> None:
    store.open()
    store.close()
    (store.folder / "a" / "area.sqlite").write_bytes(b"not a database at all" * 1000)
    spool = store.open()
    assert codes(spool) == ["area-fenced"]
    assert [status.state for status in spool.areas()] == ["ready", "absent"]


def test_a_database_of_another_program_is_left_alone(store: Store) -> None:
    (store.folder / "a").mkdir()
    connection = apsw.Connection(str(store.folder / "a" / "area.sqlite"))
    connection.execute("CREATE TABLE precious (x)")
    connection.close()
    before = bytes_of(store.folder / "a")["area.sqlite"]
    assert codes(store.open()) == ["area-foreign", "area-not-made"]
    assert bytes_of(store.folder / "a")["area.sqlite"] == before
    # It was no store of ours, so there was none before.
    (store.folder / "a" / "area.sqlite").unlink()
    assert codes(store.open()) == []


@pytest.mark.parametrize("syncs", range(8))
def test_a_creation_that_was_cut_off_is_done_again(store: Store, disk: Disk, syncs: int) -> None:
    left = iter(range(syncs))

    def stop(name: str) -> None:
        if next(left, None) is None:
            failing("")(name)

    disk.on_sync = stop
    store.open(power_on=False)
    disk.on_sync = ignore
    spool = store.open()
    assert codes(spool) == []
    assert store.accepted(spool).sequence == 1
    assert spool.verify() == []


def test_a_creation_that_was_cut_off_within_a_page_is_done_again(store: Store, disk: Disk, tmp_path: Path) -> None:
    cut_off = tmp_path / "cut-off"

    def cut(name: str) -> None:
        if name.endswith(".sqlite") and not cut_off.exists():
            shutil.copytree(store.folder / "a", cut_off / "a")
            database = cut_off / "a" / Path(name).name
            database.write_bytes(database.read_bytes()[:50])

    disk.on_sync = cut
    store.open()
    assert cut_off.exists()
    other = Store(cut_off)
    assert codes(other.open()) == []
    other.close()


def test_no_part_of_a_creation_that_was_cut_off_meets_the_new_file(store: Store) -> None:
    area = store.folder / "a"
    area.mkdir()
    (area / schema.DATABASE).touch()
    for name in (f"{schema.DATABASE}-wal", schema.UNFINISHED, f"{schema.UNFINISHED}-wal"):
        (area / name).write_bytes(b"left by a creation that was cut off")
    spool = store.open()
    assert spool.problems == ()
    job = store.accepted(spool).job_id
    assert store.open().record(job).job_id == job
    assert not list(area.glob(f"{schema.UNFINISHED}*"))


def test_every_setting_is_read_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.open()
    store.close()
    wrong = tuple((name, asked, -1 if name == "synchronous" else found) for name, asked, found in schema.PRAGMAS)
    monkeypatch.setattr(schema, "PRAGMAS", wrong)
    assert codes(store.open()) == ["area-fenced", "area-fenced"]


def test_settings_of_the_open_files_are_the_durable_ones(store: Store) -> None:
    for connect in (schema.open_database, schema.connect_reader):
        store.open()
        store.close()
        connection = connect(store.folder / "a", vfs=None)
        settings = {name: connection.execute(f"PRAGMA {name}").get for name, _, _ in schema.PRAGMAS}
        writes = connection.execute("PRAGMA query_only").get
        connection.close()
        assert settings == {
            "journal_mode": "wal",
            "synchronous": 2,
            "secure_delete": 1,
            "temp_store": 2,
            "mmap_size": 0,
            "wal_autocheckpoint": 0,
            "trusted_schema": 0,
            "cell_size_check": 1,
        }
        assert writes == (connect is schema.connect_reader)


def test_power_on_touches_an_area_once(store: Store) -> None:
    spool = store.open()
    job = store.accepted(spool).job_id
    assert spool.power_on(Reason.RESTART, AT).invalidated == {}
    assert spool.record(job).valid
