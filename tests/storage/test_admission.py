from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Record, Wrap
from storage.admission import Limits, Ticket
from storage.area.area import AreaSettings
from storage.area.capacity import job_need
from storage.crypto.envelope import SealedJob
from storage.spool import Spool
from tests.storage.store import AT, QUOTA, Store, code_of, make_document, raised_by


def test_a_job_goes_where_most_is_free_and_reservations_count(store: Store) -> None:
    spool = store.open()
    tickets = [spool.reserve("t", f"r-{n}", b"x", 10_000) for n in range(6)]
    places = [ticket.area for ticket in tickets if isinstance(ticket, Ticket)]
    assert places == ["a", "b"] * 3
    big = spool.reserve("t", "big", b"x", 60_000)
    assert isinstance(big, Ticket)
    after = [spool.reserve("t", f"s-{n}", b"x", 1_000) for n in range(2)]
    assert {one.area for one in after if isinstance(one, Ticket)} == {"a", "b"} - {big.area}


def test_a_job_goes_where_most_is_free_on_disk(store: Store) -> None:
    small = AreaSettings("a", store.folder / "a", QUOTA)
    large = AreaSettings("b", store.folder / "b", QUOTA + 1_000_000)
    spool = store.open(settings_=[small, large])
    tickets = [store.prepare(spool, size=60_000) for _ in range(3)]
    assert {ticket.area for ticket, *_ in tickets} == {"b"}
    for prepared in tickets:
        spool.accept(*prepared).result(timeout=30)
    free = {status.name: status.free for status in spool.areas()}
    expected = max(free, key=lambda name: free[name])
    assert store.prepare(spool)[0].area == expected


def test_a_job_goes_where_its_disk_has_room_whatever_the_quota_says(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = str(store.folder / "a")

    def statvfs(path: Path) -> object:
        return SimpleNamespace(f_bavail=0 if str(path).startswith(full) else 1 << 20, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", statvfs)
    spool = store.open()
    [problem] = store.reported
    assert (problem.code, problem.facts["area"], problem.facts["free"]) == ("area-full", "a", 0)
    assert int(problem.facts["needed"]) > 0
    assert [store.prepare(spool)[0].area for _ in range(3)] == ["b"] * 3
    assert {status.name: status.free > 0 for status in spool.areas()} == {"a": False, "b": True}
    full = str(store.folder)
    assert raised_by(lambda: spool.reserve("t", "r", b"x", 100)) == "no-area-has-room"
    monkeypatch.undo()
    assert isinstance(spool.reserve("t", "r", b"x", 100), Ticket)


@pytest.mark.long
def test_a_full_disk_is_over_when_there_is_room_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.names = ("a",)
    room = [1 << 20]
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=room[0], f_frsize=4096))
    spool = store.open()
    store.accepted(spool)
    full = PassbookError("area-full", area="a", free=0, needed=1)
    for told in (1, 2):
        assert spool.is_over(full)
        room[0] = 0
        # Found by its own thread, with no work that would make it look.
        while spool.is_over(full) or len(store.reported) < told:
            pass
        assert [(problem.code, problem.facts["free"]) for problem in store.reported] == [("area-full", 0)] * told
        room[0] = 1 << 20
        while not spool.is_over(full):
            pass
    assert not spool.is_over(PassbookError("area-full", area="another", free=0, needed=1))
    assert not spool.is_over(PassbookError("area-fenced", area="a", why="x"))


def test_a_disk_that_cannot_say_takes_no_job(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = store.open()

    def statvfs(path: Path) -> object:
        raise OSError(5, "the disk fails", str(path))

    monkeypatch.setattr(os, "statvfs", statvfs)
    assert raised_by(lambda: spool.reserve("t", "r", b"x", 100)) == "no-area-has-room"


def test_numbers_go_on_over_starts_and_areas(store: Store) -> None:
    spool = store.open()
    numbers = [store.accepted(spool).sequence for _ in range(3)]
    done = spool.records()[-1]
    spool.change(done.job_id, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)
    spool = store.open()
    assert spool.upkeep.forget_ended("9999", "9999", AT) == 1
    spool = store.open()
    numbers.append(store.accepted(spool).sequence)
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == numbers[-2] + 1


def test_the_same_request_is_the_same_job_in_any_area_and_after_its_end(store: Store) -> None:
    spool = store.open()
    record = store.accepted(spool, request_id="once", size=300)
    assert spool.reserve("teller-1", "once", make_document(300), 9_999) == record
    assert isinstance(spool.reserve("teller-2", "once", make_document(300), 300), Ticket)
    spool = store.open()
    assert spool.reserve("teller-1", "once", make_document(300), 9_999) == spool.record(record.job_id)
    assert raised_by(lambda: spool.reserve("teller-1", "once", make_document(301), 300)) == "request-reused"
    spool.change(record.job_id, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)
    spool = store.open()
    ended = spool.reserve("teller-1", "once", make_document(300), 300)
    assert isinstance(ended, Record)
    assert ended.ended
    assert raised_by(lambda: spool.reserve("teller-1", "once", b"else", 300)) == "request-reused"


def test_a_request_is_claimed_while_it_is_being_accepted(store: Store) -> None:
    spool = store.open()
    ticket = spool.reserve("t", "r", b"x", 100)
    assert isinstance(ticket, Ticket)
    assert raised_by(lambda: spool.reserve("t", "r", b"x", 100)) == "request-in-flight"
    spool.release(ticket)
    spool.release(ticket)
    again = spool.reserve("t", "r", b"y", 100)
    assert isinstance(again, Ticket)
    spool.release(ticket)
    assert raised_by(lambda: spool.reserve("t", "r", b"y", 100)) == "request-in-flight"


def test_a_ticket_is_good_for_its_own_job_once(store: Store) -> None:
    spool = store.open()
    prepared, other = store.prepare(spool), store.prepare(spool)
    with pytest.raises(ValueError, match="ticket"):
        spool.accept(prepared[0], other[1], other[2], other[3])
    spool.accept(*prepared).result(timeout=30)
    with pytest.raises(ValueError, match="ticket"):
        spool.accept(*prepared)
    assert len(spool.records()) == 1


def test_each_requester_has_a_quota_of_jobs_and_bytes(store: Store) -> None:
    store.limits = Limits(job_bytes=64 * 1024, jobs_per_requester=2, bytes_per_requester=50_000)
    spool = store.open()
    store.accepted(spool)
    spool.reserve("teller-1", "open", b"x", 100)
    assert raised_by(lambda: store.prepare(spool)) == "quota-exceeded"
    assert store.accepted(spool, requester="teller-2", size=40_000).requester == "teller-2"
    assert raised_by(lambda: store.prepare(spool, requester="teller-2", size=20_000)) == "quota-exceeded"
    assert raised_by(lambda: store.prepare(spool, requester="teller-3", size=70_000)) == "document-too-large"


def test_what_has_no_room_is_refused_and_what_was_reserved_is_kept(store: Store) -> None:
    spool = store.open()
    first = store.accepted(spool, size=60_000)
    # Reservations are upper bounds, so it takes several rounds until nothing more is given.
    while prepared := _reserve_all(store, spool):
        futures = [spool.accept(*one) for one in prepared]
        assert all(future.result(timeout=30) for future in futures)
    assert len(spool.records()) > 20
    assert all(status.free < job_need(first.size) for status in spool.areas())
    spool.change(first.job_id, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)
    assert not store.accepted(spool, size=50_000).ended


def _reserve_all(store: Store, spool: Spool) -> list[tuple[Ticket, Record, SealedJob, list[Wrap]]]:
    prepared = []
    while True:
        try:
            prepared.append(store.prepare(spool, size=60_000))
        except PassbookError as error:
            assert error.code == "no-area-has-room"
            return prepared


def test_before_power_on_nothing_is_accepted_or_changed(store: Store) -> None:
    spool = store.open()
    job = store.accepted(spool).job_id
    spool = store.open(power_on=False)
    assert raised_by(lambda: spool.reserve("t", "r", b"x", 100)) == "area-fenced"
    assert code_of(spool.change(job, changes.start(AT, 1))) == "area-fenced"
    assert spool.next_valid("pr-1") is None
