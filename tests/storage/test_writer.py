"""Group commit, seen from outside: who shares a sync, who fails, who comes first."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import apsw
import pytest
from msgspec.structs import replace

from passbook.job import changes
from passbook.job.figures import Figures
from passbook.job.record import Change, Outcome, Record
from storage.area.capacity import change_cost
from storage.spool import Spool
from storage.tables.ledger import Ledger
from tests.storage.disk import Disk, Gate, ignore
from tests.storage.store import AT, Store, code_of, found_offline, raised_by, settings


def prioritize(priority: int, then: Callable[[], None] = lambda: None) -> Change:
    """A change that can be told from others."""

    def change(record: Record) -> Outcome:
        then()
        return Outcome(replace(record, priority=priority))

    return change


@contextmanager
def gathering(store: Store, disk: Disk, spool: Spool) -> Generator[None]:
    """What is submitted inside waits while the commit of another job is held up."""
    # The first commit of a log syncs its header too.
    store.accepted(spool)
    gate = Gate()
    disk.on_sync = gate
    held = store.submit(spool)
    assert gate.reached.wait(30)
    disk.on_sync = ignore
    try:
        yield
    finally:
        gate.opened.set()
    held.result(timeout=30)


@pytest.fixture
def one_area(store: Store) -> Store:
    store.names = ("a",)
    return store


def test_what_gathered_shares_one_sync(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    syncs: list[str] = []
    with gathering(one_area, disk, spool):
        futures = [one_area.submit(spool) for _ in range(20)]
        disk.on_sync = syncs.append
    assert len({future.result(timeout=30).job_id for future in futures}) == 20
    assert len([name for name in syncs if name.endswith("-wal")]) == 1


def test_a_member_that_raises_fails_alone(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    jobs = [one_area.accepted(spool).job_id for _ in range(3)]

    def broken() -> None:
        raise ZeroDivisionError

    with gathering(one_area, disk, spool):
        futures = [spool.change(job, prioritize(70)) for job in jobs]
        bad = spool.change(jobs[0], prioritize(80, broken))
        after = spool.change(jobs[2], prioritize(90))
    assert isinstance(bad.exception(timeout=30), ZeroDivisionError)
    assert [future.result(timeout=30).priority for future in [*futures, after]] == [70, 70, 70, 90]
    assert [spool.record(job).priority for job in jobs] == [70, 70, 90]


def test_a_member_that_raises_leaves_nothing_behind(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    job = one_area.accepted(spool)

    def end_and_regret(record: Record) -> Outcome:
        return replace(changes.cancel(AT, "t", "Ms Okafor")(record), record=replace(record, job_id="another"))

    with gathering(one_area, disk, spool):
        bad = spool.change(job.job_id, end_and_regret)
        good = spool.change(job.job_id, prioritize(51))
    assert code_of(bad) == "internal-error"
    assert good.result(timeout=30).priority == 51
    assert spool.history() == []
    assert spool.verify() == []


def test_urgent_members_come_first(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    job = one_area.accepted(spool).job_id
    order: list[str] = []
    with gathering(one_area, disk, spool):
        later = spool.change(job, prioritize(1, lambda: order.append("later")))
        first = spool.change(job, prioritize(2, lambda: order.append("urgent")), urgent=True)
    assert [future.result(timeout=30).priority for future in (first, later)] == [2, 1]
    assert order == ["urgent", "later"]


def test_a_member_given_up_before_it_joined_changes_nothing(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    with gathering(one_area, disk, spool):
        ticket, record, sealed, wraps = one_area.prepare(spool, request_id="given-up")
        future = spool.accept(ticket, record, sealed, wraps)
        assert raised_by(lambda: one_area.prepare(spool, request_id="given-up")) == "request-in-flight"
        assert future.cancel()
    assert one_area.accepted(spool, request_id="after").request_id == "after"
    assert raised_by(lambda: spool.record(record.job_id)) == "unknown-job"
    assert one_area.accepted(spool, request_id="given-up").request_id == "given-up"


def test_after_an_automatic_rollback_only_the_culprit_fails(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    jobs = [one_area.accepted(spool).job_id for _ in range(3)]
    guilty: list[bool] = []

    def no_space(name: str) -> None:
        if guilty and name.endswith("-wal"):
            raise apsw.FullError("no space")

    futures: list[Future[Any]] = []
    with gathering(one_area, disk, spool):
        disk.on_write = no_space
        for number, job in enumerate(jobs):
            then = (lambda: guilty.append(True)) if number == 1 else guilty.clear
            futures.append(spool.change(job, prioritize(60 + number, then)))
        # The last of the batch would clear it before the commit, so the culprit is the last to run.
        futures.append(spool.change(jobs[0], prioritize(99, lambda: guilty.append(True))))
    assert futures[0].result(timeout=30).priority == 60
    assert code_of(futures[1]) == "area-full"
    assert futures[2].result(timeout=30).priority == 62
    assert code_of(futures[3]) == "area-full"
    disk.on_write = ignore
    assert [spool.record(job).priority for job in jobs] == [60, 50, 62]
    assert one_area.reported == []


def test_a_held_transaction_is_seen_as_work_without_progress(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    with gathering(one_area, disk, spool):
        before = spool.progress()["a"]
        one_area.submit(spool)
        assert before.waiting
        assert spool.progress()["a"] == before
    one_area.accepted(spool)
    assert spool.progress()["a"].ended > before.ended


def test_a_writer_without_work_says_so(one_area: Store) -> None:
    spool = one_area.open()
    one_area.accepted(spool)
    # The future resolves before the writer has looked for more.
    while spool.progress()["a"].waiting:
        pass
    spool.close()
    assert not spool.progress()["a"].waiting


def test_each_member_done_again_alone_is_progress(one_area: Store, disk: Disk) -> None:
    """A batch that was rolled back may take as many slow transactions as it had members."""
    spool = one_area.open()
    jobs = [one_area.accepted(spool).job_id for _ in range(3)]
    seen: list[int] = []
    with gathering(one_area, disk, spool):
        full = iter([apsw.FullError("no space")])

        def once(name: str) -> None:
            if name.endswith("-wal"):
                for error in full:
                    raise error

        disk.on_write = once
        disk.on_sync = lambda _name: seen.append(spool.progress()["a"].ended)
        futures = [spool.change(job, prioritize(70)) for job in jobs]
    assert [future.result(timeout=30).priority for future in futures] == [70, 70, 70]
    assert len(set(seen)) >= 3


def test_closing_commits_what_was_queued(one_area: Store, disk: Disk) -> None:
    spool = one_area.open()
    with gathering(one_area, disk, spool):
        futures = [one_area.submit(spool) for _ in range(3)]
    spool.close()
    kept = {future.result(timeout=30).job_id for future in futures}
    assert kept <= {record.job_id for record in one_area.open().records()}


def test_a_closed_store_refuses(one_area: Store) -> None:
    spool = one_area.open()
    job = one_area.accepted(spool).job_id
    prepared = one_area.prepare(spool)
    spool.close()
    assert code_of(spool.accept(*prepared)) == "area-fenced"
    assert code_of(spool.change(job, prioritize(1))) == "area-fenced"


def test_what_a_member_that_raises_did_to_the_row_sum_and_history_is_undone(one_area: Store, disk: Disk) -> None:
    """Both are written once, at the end of the transaction, with what the other members did."""
    spool = one_area.open()
    job = one_area.accepted(spool).job_id
    area = spool._areas[0]

    def counted(ledger: Ledger) -> None:
        ledger.apply(job, changes.hold(AT, "teller-1", "Ms Okafor"))
        ledger.counters.add("pr-1", Figures(lines=1))

    def broken(ledger: Ledger) -> None:
        counted(ledger)
        raise ZeroDivisionError

    def submitted(work: Callable[[Ledger], None]) -> Future[None]:
        return area.submit(work, cost=lambda: change_cost(0, 0), unknown=area.fenced_error())

    with gathering(one_area, disk, spool):
        entries = len(spool.history())
        bad, good = submitted(broken), submitted(counted)
    assert isinstance(bad.exception(timeout=30), ZeroDivisionError)
    good.result(timeout=30)
    assert spool.verify() == []
    assert len(spool.history()) == entries + 1
    with area.reading() as ledger:
        assert ledger.counters.of("pr-1") == Figures(lines=1)
    one_area.close()
    assert found_offline(settings(one_area.folder, "a")) == []
