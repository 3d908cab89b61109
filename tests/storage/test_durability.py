"""P1: an acceptance rests on a sync that returned."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor, wait

import apsw

from passbook.job import changes
from passbook.job.record import Record
from passbook.job.states import Reason
from passbook.protocol.media import Media
from storage.area.area import AreaState
from storage.spool import Spool
from tests.storage.disk import Disk, Gate, failing, ignore
from tests.storage.store import AT, Store, code_of, make_document, raised_by


def test_an_acceptance_waits_for_the_sync_of_the_log(store: Store, disk: Disk) -> None:
    spool = store.open()
    _begin_logs(store, spool)
    gate = Gate()
    disk.on_sync = gate
    future = store.submit(spool)
    assert gate.reached.wait(30)
    assert not future.done()
    gate.opened.set()
    record = future.result(timeout=30)
    assert spool.record(record.job_id) == record


def test_an_acceptance_whose_sync_failed_is_neither(store: Store, disk: Disk) -> None:
    spool = store.open()
    _begin_logs(store, spool)
    disk.on_sync = failing("-wal")
    ticket, record, sealed, wraps = store.prepare(spool, request_id="the-one")
    assert code_of(spool.accept(ticket, record, sealed, wraps)) == "outcome-unknown"
    disk.on_sync = ignore
    assert [error.code for error in store.reported] == ["area-fenced"]
    # Blocked in the other area too, which has room and works.
    other = store.accepted(spool)
    assert spool.record(other.job_id) == other
    assert raised_by(lambda: store.prepare(spool, request_id="the-one")) == "outcome-unknown"
    assert raised_by(lambda: spool.reserve("teller-1", "the-one", b"else", 100)) == "outcome-unknown"
    assert raised_by(lambda: spool.reserve("teller-1", "the-one", b"else", 100, first=True)) == "outcome-unknown"
    # Nothing of the fenced area is done any more.
    states = {status.name: status.state for status in spool.areas()}
    assert states[ticket.area] == AreaState.FENCED.value
    assert sorted(states.values()) == ["fenced", "ready"]


def test_opening_again_says_which_it_was(store: Store, disk: Disk) -> None:
    spool = store.open()
    kept = store.accepted(spool)
    disk.on_sync = failing("-wal")
    future = store.submit(spool, request_id="the-one", requester="teller-9")
    assert code_of(future) == "outcome-unknown"
    disk.on_sync = ignore
    spool = store.open()
    assert spool.problems == ()
    assert kept.job_id in {record.job_id for record in spool.records()}
    # Its frames had been written, so it is there, and opening made it durable; nobody may print it unasked.
    again = spool.reserve("teller-9", "the-one", make_document(200), 100)
    assert isinstance(again, Record)
    assert not again.valid


def test_a_fenced_area_prints_nothing(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    spool = store.open()
    record = store.accepted(spool)
    disk.on_sync = failing("-wal")
    assert code_of(spool.change(record.job_id, changes.start(AT, 1), urgent=True)) == "change-unknown"
    disk.on_sync = ignore
    assert spool.next_valid("pr-1") is None
    assert code_of(spool.change(record.job_id, changes.start(AT, 1))) == "area-fenced"
    assert raised_by(lambda: store.prepare(spool)) == "area-fenced"


def test_a_write_that_failed_before_the_commit_refuses(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    spool = store.open()
    record = store.accepted(spool)
    disk.on_write = failing("-wal", error=apsw.FullError)
    assert code_of(store.submit(spool)) == "area-full"
    assert code_of(spool.change(record.job_id, changes.start(AT, 1))) == "area-full"
    disk.on_write = ignore
    started = spool.change(record.job_id, changes.start(AT, 1)).result(timeout=30)
    assert spool.change(record.job_id, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)).result(timeout=30) != started
    assert store.open().verify() == []


def test_while_the_log_is_copied_to_a_slow_disk_the_area_can_be_read(store: Store, disk: Disk) -> None:
    store.names, store.quota = ("a",), 64 << 20
    spool = store.open()
    job = store.accepted(spool).job_id
    gate = Gate("area.sqlite")
    disk.on_sync = gate
    futures = []
    while not gate.reached.is_set():
        futures.append(store.submit(spool, size=60_000))
        wait([futures[-1]], timeout=0.1)
    with ThreadPoolExecutor(1) as reader:
        try:
            assert reader.submit(spool.record, job).result(timeout=30).job_id == job
            assert reader.submit(spool.next_valid, "pr-1").result(timeout=30) is not None
            assert not futures[-1].done()
        finally:
            gate.opened.set()
    assert futures[-1].result(timeout=30).valid


def test_a_checkpoint_that_fails_fences_and_loses_nothing(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    store.quota = 32 * 1024 * 1024
    spool = store.open()
    disk.on_sync = failing("area.sqlite")
    accepted: list[Record] = []
    codes = _accept_until_refused(store, spool, accepted)
    assert codes == "area-fenced"
    disk.on_sync = ignore
    spool = store.open()
    assert {record.job_id for record in spool.records()} == {record.job_id for record in accepted}
    assert spool.verify() == []


def _begin_logs(store: Store, spool: Spool) -> None:
    """The first commit of a log syncs its header too; after it, the only sync is the commit's own."""
    areas = {store.prepare(spool)[0].area for _ in store.names}
    for _ in range(4):
        store.accepted(spool)
    assert areas == set(store.names)
    assert all((store.folder / name / "area.sqlite-wal").stat().st_size for name in areas)


def _accept_until_refused(store: Store, spool: Spool, accepted: list[Record]) -> str:
    for _ in range(100):
        future = store.submit(spool, size=50_000)
        if future.exception(timeout=30) is not None:
            return code_of(future)
        accepted.append(future.result())
    return "never refused"


def test_a_request_of_a_fenced_area_is_not_acknowledged_again(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    spool = store.open()
    store.accepted(spool, request_id="once")
    disk.on_sync = failing("-wal")
    assert code_of(store.submit(spool)) == "outcome-unknown"
    disk.on_sync = ignore
    assert raised_by(lambda: store.prepare(spool, request_id="once")) == "outcome-unknown"


def test_a_disk_that_cannot_be_read_fences_its_area(store: Store, disk: Disk) -> None:
    spool = store.open()
    # Written after they were last read, so that nothing of it is in memory.
    prepared = [store.prepare(spool) for _ in range(2)]
    records = [spool.accept(*one).result(timeout=30) for one in prepared]
    disk.on_read = failing("a/area.sqlite-wal", "a/area.sqlite")
    assert len(spool.records()) == 1
    disk.on_read = ignore
    assert [error.code for error in store.reported] == ["area-fenced"]
    states = {status.name: status.state for status in spool.areas()}
    assert states == {"a": "fenced", "b": "ready"}
    assert {record.job_id for record in store.open().records()} == {record.job_id for record in records}


def test_opening_makes_what_the_log_says_durable_in_the_database(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    job = store.accepted(store.open()).job_id
    left = Store(store.folder / "left", names=("a",), vfs=store.vfs)
    shutil.copytree(store.folder / "a", left.folder / "a")
    syncs: list[str] = []
    disk.on_sync = syncs.append
    spool = left.open(power_on=False)
    assert str(left.folder / "a" / "area.sqlite") in syncs
    assert (left.folder / "a" / "area.sqlite-wal").stat().st_size == 0
    assert spool.record(job).valid
    left.close()


def test_an_area_whose_power_on_was_not_stored_prints_nothing(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    job = store.accepted(store.open()).job_id
    spool = store.open(power_on=False)
    disk.on_sync = failing("-wal")
    report = spool.power_on(Reason.POWER_LOSS, AT)
    disk.on_sync = ignore
    assert (report.invalidated, [error.code for error in report.failed.values()]) == ({}, ["area-fenced"])
    assert "commit" in str(report.failed["a"])
    assert spool.next_valid("pr-1") is None
    assert code_of(spool.change(job, changes.start(AT, 1))) == "area-fenced"
    assert not store.open().record(job).valid


def test_the_reader_says_what_failed(store: Store, disk: Disk) -> None:
    store.names = ("a",)
    spool = store.open()
    prepared = store.prepare(spool)
    spool.accept(*prepared).result(timeout=30)
    disk.on_read = failing("area.sqlite-wal", "area.sqlite")
    assert raised_by(lambda: spool.record(prepared[1].job_id)) == "area-fenced"
    disk.on_read = ignore
    assert "IOError" in spool.areas()[0].why


def test_verify_tells_of_an_area_that_fails_while_it_is_read(store: Store, disk: Disk) -> None:
    spool = store.open()
    store.accepted(spool)
    disk.on_read = failing("a/area.sqlite-wal", "a/area.sqlite")
    assert [error.facts["area"] for error in spool.verify()] == ["a"]
    disk.on_read = ignore
    assert [status.state for status in spool.areas()] == ["fenced", "ready"]
