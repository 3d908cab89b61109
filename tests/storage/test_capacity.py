from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.plan import Bar, StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Answered, Verdict
from passbook.job.states import Reason
from storage.admission import Ticket
from storage.area.area import AreaSettings
from storage.area.capacity import Division, change_cost, content_pages, job_need
from storage.spool import Spool
from tests.storage.disk import Disk
from tests.storage.store import AT, LIMITS, Store

LEAST = Division.least_quota(LIMITS.job_bytes)


def on_disk(store: Store, area: str = "a") -> int:
    """Database and log together."""
    return sum(
        path.stat().st_size for path in (store.folder / area).glob("area.sqlite*") if path.suffix != ".sqlite-shm"
    )


def fill(store: Store, spool: Spool, size: int, steps: int, accepted: Callable[[], object] = lambda: None) -> int:
    """Accept jobs of that size until there is no room; the quota holds all the time.

    `accepted` is called after each.
    """
    for count in range(5000):
        try:
            store.accepted(spool, size=size, outline=(StepOutline(StepKind.EJECT, 1),) * steps)
        except PassbookError as error:
            assert error.code == "no-area-has-room"
            return count
        assert on_disk(store) <= store.quota
        accepted()
    pytest.fail("never full")


@pytest.mark.parametrize("size", [10, 4_000, 60_000])
def test_the_percent_in_use_rises_to_about_a_hundred_with_the_last_job_that_fits(store: Store, size: int) -> None:
    """A mark that a spool never reached would stop nothing: what each job keeps in reserve counts."""
    store.names, store.quota = ("a",), LEAST + 1_800_000
    spool = store.open()
    seen = [spool.percent_used()]
    assert fill(store, spool, size, 20, lambda: seen.append(spool.percent_used())) > 4
    assert seen == sorted(seen)
    assert 0 <= seen[0] < 2
    assert 100.0 >= seen[-1] > 100.0 - 2 * (seen[-1] - seen[-2]) - 2


def test_a_ticket_counts_as_in_use_until_it_is_given_back(store: Store) -> None:
    spool = store.open()
    before = spool.percent_used()
    ticket = spool.reserve("teller-1", "r-1", b"content", 60_000)
    assert isinstance(ticket, Ticket)
    assert spool.percent_used() > before
    spool.release(ticket)
    assert spool.percent_used() == before


@pytest.mark.parametrize(("size", "steps"), [(10, 20), (4_000, 20), (60_000, 20), (10, 6_000)])
def test_a_full_area_can_still_print_end_and_delete_within_its_quota(store: Store, size: int, steps: int) -> None:
    store.names, store.quota = ("a",), LEAST + 1_800_000
    spool = store.open()
    assert fill(store, spool, size, steps) > 4
    [status] = spool.areas()
    division = Division.of(store.quota, LIMITS.job_bytes)
    assert division.free(status.used // 4096, status.records, notices=0) >= 0, "the reserve was used"
    assert on_disk(store) <= store.quota
    spool = store.open()
    assert on_disk(store) <= store.quota
    for record in spool.records():
        rule = changes.answer(
            Answered(record.epoch, Verdict.PRINT, 1, 0, "t", "Ms Okafor"),
            at=AT,
            date="2026-03-02",
            trusted=True,
        )
        rules = (rule, changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2), changes.finish_job(AT))
        for one in rules:
            spool.change(record.job_id, one, urgent=True).result(timeout=30)
        assert on_disk(store) <= store.quota
    assert spool.records() == []
    for ended in spool.notices.oldest(limit=5000):
        spool.change(ended.record.job_id, changes.acknowledge("t", AT)).result(timeout=30)
        assert on_disk(store) <= store.quota
    assert spool.notices.oldest(limit=1) == []
    assert fill(store, spool, size, steps) > 0
    assert spool.verify() == []


def test_the_least_quota_takes_one_largest_job(store: Store) -> None:
    spool = store.open(settings_=[AreaSettings("a", store.folder / "a", LEAST)])
    job = store.accepted(spool, size=LIMITS.job_bytes - 300).job_id
    assert spool.change(job, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30).ended


@pytest.mark.slow
@given(st.integers(1, 1 << 23), st.integers(0, 1 << 23), st.integers(0, 100_000))
def test_the_arithmetic_never_promises_what_a_larger_job_would_not_get(job: int, more: int, records: int) -> None:
    assert content_pages(job) * 4092 >= job
    assert job_need(job) <= job_need(job + more)
    assert change_cost(job, 0) <= change_cost(job + more, more)
    division = Division.of(Division.least_quota(job), job)
    assert division.log >= 2 * change_cost(job, 0)
    assert division.free(0, records, 0) >= division.free(1, records, 0) > division.free(1, records + 1, 0)
    assert division.free(1, records, 0) > division.free(1, records, 1) > division.free(1, records + 1, 0)


@pytest.mark.slow
def test_large_records_are_settled_within_the_share_of_the_log(store: Store, disk: Disk) -> None:
    store.names, store.quota, store.vfs = ("a",), 1 << 30, disk.name
    store.limits = dataclasses.replace(store.limits, job_bytes=1 << 20)
    large = (StepOutline(StepKind.LINE, 1, 5, (Bar(3, 12),) * 6),) * 5500
    spool = store.open()
    jobs = [store.accepted(spool, outline=large, steps=len(large)).job_id for _ in range(8)]
    log, peaks = store.folder / "a" / "area.sqlite-wal", [0]
    spool = store.open(power_on=False)
    spool.power_on(Reason.RESTART, AT)
    disk.on_write = disk.on_sync = lambda name: peaks.append(log.stat().st_size if name.endswith("-wal") else 0)
    spool.upkeep.settle()
    assert 0 < max(peaks) <= Division.of(store.quota, store.limits.job_bytes).log
    assert {record.job_id for record in spool.questions()} == set(jobs)
