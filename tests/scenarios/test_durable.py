"""P1: nothing is acknowledged, and nothing is printed, before the disk has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from client.connection import TerminalClient
from demo.world import PRINTER
from passbook.errors import PassbookError
from passbook.protocol.messages import JobView, SubmitJob
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, as_terminal, client_of, converse, ring_of
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.held_disk import PROGRAM, DiskHold
from tests.scenarios.office import Office, book_of, check_truth, next_line

DELAY = 2.0
"""Seconds that a sync takes at least while an acceptance must not come."""


@dataclass
class Slow:
    """An office on a disk that can be held."""

    office: Office
    disk: DiskHold


@pytest.fixture
def slow(open_office: OpenOffice) -> Iterator[Slow]:
    # At this pace much of a job is left when the test hears of its first line.
    office = open_office(program=PROGRAM, pace="real")
    with DiskHold(office.world.folder) as disk:
        yield Slow(office, disk)


def request(office: Office, statement: Statement) -> SubmitJob:
    key = ring_of(office.counter).key("k1")
    document = statement.csv().encode()
    number = f"request-{statement.number}"
    return SubmitJob(number, PRINTER, "passbook-update+csv", document=document, key=key, key_ref="k1")


def submit(office: Office, statement: Statement) -> JobView:
    return as_terminal(office.counter, lambda client: client.submit(request(office, statement)))


def clerk(office: Office) -> BookClerk:
    return BookClerk(office.manager, office.hands, lambda view: f"book-{view.client_request.removeprefix('request-')}")


async def until_ended(client: TerminalClient, job: str) -> JobView:
    """The last view of a job."""
    events = client.events()
    view = await client.job(job)
    while view.job != job or view.state.value != "completed":
        event = await anext(events)
        if isinstance(event.what, JobView):
            view = event.what
    return view


@pytest.mark.long
def test_no_acceptance_leaves_before_its_sync_returned(slow: Slow) -> None:
    converse(_accept_while_held(slow))


async def _accept_while_held(slow: Slow) -> None:
    office, first, second = slow.office, Statement(500, 2), Statement(501, 2)
    async with client_of(office.counter) as one, client_of(office.counter) as other:
        slow.disk.hold()
        accepting = asyncio.create_task(one.submit(request(office, first)))
        held = await asyncio.to_thread(slow.disk.await_held)
        assert await other.jobs() == (), "a job that is not on disk is none"
        await asyncio.wait({accepting}, timeout=DELAY)
        await other.status()
        assert not accepting.done(), "the acceptance left before the sync returned"
        slow.disk.let_go()
        view = await accepting
        assert [one.job for one in await other.jobs()] == [view.job]
        assert held in {"a", "b"}
        await other.submit(request(office, second))


def test_a_slow_disk_holds_up_its_own_area_only(slow: Slow) -> None:
    converse(_accept_in_the_other_area(slow))


async def _accept_in_the_other_area(slow: Slow) -> None:
    office, first, second = slow.office, Statement(510, 2), Statement(511, 2)
    async with client_of(office.counter) as one, client_of(office.counter) as other:
        slow.disk.hold()
        accepting = asyncio.create_task(one.submit(request(office, first)))
        await asyncio.to_thread(slow.disk.await_held)
        # What is held stays held; whatever comes now goes through.
        slow.disk.hold_no_more()
        accepted = await other.submit(request(office, second))
        assert not accepting.done()
        slow.disk.let_go()
        assert (await accepting).job != accepted.job


@pytest.mark.long
def test_a_kill_before_the_sync_returned_leaves_one_job_for_the_same_request(slow: Slow) -> None:
    office, statement = slow.office, Statement(520, 2)

    async def cut_while_held() -> None:
        async with client_of(office.counter) as client:
            slow.disk.hold()
            accepting = asyncio.create_task(client.submit(request(office, statement)))
            await asyncio.to_thread(slow.disk.await_held)
            office.world.kill_appliance()
            with pytest.raises(PassbookError) as lost:
                await accepting
            assert lost.value.code == "connection-lost"

    converse(cut_while_held())
    slow.disk.let_go()
    office.world.start_appliance()
    jobs = {submit(office, statement).job for _ in range(2)}
    assert {job["job"] for job in office.world.ctl("jobs")} == jobs
    assert len(jobs) == 1


@pytest.mark.long
def test_a_sync_that_fails_is_never_an_acceptance(slow: Slow) -> None:
    office, first, second = slow.office, Statement(530, 2), Statement(531, 3)
    failed_area = converse(_submit_to_a_failing_disk(slow, first))
    assert office_areas(office)[failed_area] == "fenced"
    with pytest.raises(PassbookError) as blocked:
        submit(office, first)
    assert blocked.value.code == "outcome-unknown"
    with clerk(office):
        job = submit(office, second).job
        as_terminal(office.counter, lambda client: until_ended(client, job))
    office.judge(second)
    assert book_of(first) not in office.world.paper.books
    office.world.kill_appliance()
    office.world.start_appliance()
    assert set(office_areas(office).values()) == {"ready"}
    jobs = {submit(office, first).job for _ in range(2)}
    assert {one["job"] for one in office.world.ctl("jobs")} == jobs
    assert len(jobs) == 1


async def _submit_to_a_failing_disk(slow: Slow, statement: Statement) -> str:
    """The area whose sync failed; the terminal must hear that nobody knows."""
    async with client_of(slow.office.counter) as client:
        slow.disk.hold()
        accepting = asyncio.create_task(client.submit(request(slow.office, statement)))
        area = await asyncio.to_thread(slow.disk.await_held)
        slow.disk.fail()
        with pytest.raises(PassbookError) as unknown:
            await accepting
        assert unknown.value.code == "outcome-unknown"
        return area


def office_areas(office: Office) -> dict[str, str]:
    """Area name -> state."""
    return {area["name"]: area["state"] for area in office.world.ctl("areas")}


@pytest.mark.long
def test_no_line_is_sent_before_its_step_is_on_disk(slow: Slow) -> None:
    office, statement = slow.office, Statement(540, 20)
    printing = office.print(statement)
    office.wait("struck")
    slow.disk.hold()
    slow.disk.await_held()
    strikes = office.world.paper.strikes
    assert strikes < 20, "no line is left that could be struck"
    with pytest.raises(TimeoutError):
        printing.wait_for(lambda _events: False, DELAY)
    assert office.world.paper.strikes == strikes, "a line was struck whose step was not on disk"
    slow.disk.fail()
    office.wait("taken")
    assert office.world.paper.strikes == strikes, "a line was struck whose step was never stored"
    office.world.kill_appliance()
    office.world.start_appliance()
    question = office.await_question(printing)
    check_truth(office, statement, question)
    line, again = next_line(office, statement, question)
    office.answer(office.counter, question.job.job, "--from-line", str(line))
    office.finish(printing)
    office.judge(statement, *again)
