"""The same request sent again is the same job, wherever it lies and however it stands (P10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from client.connection import TerminalClient
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from passbook.job.record import Verdict
from passbook.protocol.messages import AnswerQuestion, JobView, SubmitJob
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, as_terminal, client_of, converse
from tests.scenarios.door import request
from tests.scenarios.office import Office, book_of

STATEMENT: Final = Statement(700, 3)
OTHER: Final = Statement(701, 4)


@pytest.fixture
def still(office: Office) -> Office:
    """An office whose mechanism has no power, so that nothing prints."""
    office.hands.cut(Target.PRINTER, Now())
    return office


def submit(office: Office, job: SubmitJob) -> JobView:
    return as_terminal(office.counter, lambda client: client.submit(job))


def refused(office: Office, job: SubmitJob) -> str:
    with pytest.raises(PassbookError) as caught:
        submit(office, job)
    return caught.value.code


def restart(office: Office) -> None:
    office.world.kill_appliance()
    office.world.start_appliance()


def leave(_office: Office, _job: str) -> None:
    """It waits for its turn."""


def cut(office: Office, _job: str) -> None:
    """The power was away: the job waits for an answer."""
    restart(office)


def cancel(office: Office, job: str) -> None:
    as_terminal(office.counter, lambda client: client.cancel(job, "a teller"))


def discard(office: Office, job: str) -> None:
    restart(office)
    [question] = as_terminal(office.counter, TerminalClient.questions)
    answer = AnswerQuestion(job, question.job.epoch, Verdict.DISCARD, "a teller")
    as_terminal(office.counter, lambda client: client.answer(answer))


STANDINGS: Final[dict[str, tuple[Callable[[Office, str], None], str, str]]] = {
    "live": (leave, "pending", "pending-held"),
    "asked about": (cut, "pending-held", "pending-held"),
    "canceled": (cancel, "canceled", "canceled"),
    "discarded": (discard, "canceled", "canceled"),
}
"""How a job comes to stand, its state then, and its state after one more start."""


@pytest.mark.long
@pytest.mark.parametrize("standing", STANDINGS)
def test_it_is_the_same_job_however_that_stands(still: Office, standing: str) -> None:
    bring, *states = STANDINGS[standing]
    first = request(still, STATEMENT.csv())
    job = submit(still, first).job
    bring(still, job)
    live = still.told("jobs")
    for state in states:
        again = submit(still, first)
        assert (again.job, again.state.value) == (job, state)
        assert refused(still, request(still, OTHER.csv())) == "request-reused"
        # What is known of it is on disk.
        restart(still)
    assert [one["job"] for one in still.told("jobs")] == [one["job"] for one in live]


def test_a_job_that_was_printed_is_not_printed_again(office: Office) -> None:
    first = request(office, STATEMENT.csv())
    with BookClerk(office.manager, office.hands, lambda _view: book_of(STATEMENT)):
        job = submit(office, first).job
        office.wait("taken")
        restart(office)
        for _ in range(2):
            again = submit(office, first)
            assert (again.job, again.state.value) == (job, "completed")
    office.judge(STATEMENT)
    assert office.told("jobs") == []


def test_of_many_at_once_one_is_stored_and_the_others_are_it_or_must_wait(still: Office) -> None:
    first = request(still, STATEMENT.csv())

    async def send() -> str:
        async with client_of(still.counter) as client:
            try:
                return (await client.submit(first)).job
            except PassbookError as error:
                return error.code

    async def all_at_once() -> set[str]:
        return set(await asyncio.gather(*(send() for _ in range(8))))

    job = submit(still, msgspec.structs.replace(first, client_request="another")).job
    told = converse(all_at_once())
    [stored] = {one["job"] for one in still.told("jobs")} - {job}
    assert stored in told
    assert told <= {stored, "request-in-flight"}
    assert submit(still, first).job == stored


def where(office: Office, job: str) -> Path:
    """The area that the only job of an office lies in."""
    [name] = [area["name"] for area in office.told("areas") if area["records"]]
    assert [one["job"] for one in office.told("jobs")] == [job]
    return office.world.data / str(name)


@pytest.mark.long
def test_it_is_the_same_job_when_a_new_one_would_lie_elsewhere(still: Office) -> None:
    """Each further job goes where most is free (P6), so both areas have been the best one since."""
    jobs = {name: submit(still, request(still, OTHER.csv(), client_request=name)).job for name in "abcd"}
    assert {area["records"] for area in still.told("areas")} == {2}
    assert {name: submit(still, request(still, OTHER.csv(), client_request=name)).job for name in "abcd"} == jobs


@pytest.mark.long
@pytest.mark.parametrize("replaced", [False, True], ids=["missing", "an empty folder in its place"])
def test_while_its_area_is_away_nobody_knows_and_when_it_is_back_it_is_the_same_job(
    still: Office, replaced: bool
) -> None:
    first = request(still, STATEMENT.csv())
    job = submit(still, first).job
    area = where(still, job)
    away = area.with_name("away")
    still.world.kill_appliance()
    area.rename(away)
    if replaced:
        area.mkdir()
    still.world.start_appliance()
    assert [one["state"] for one in still.told("areas") if one["name"] == area.name] == ["absent"]
    for _ in range(2):
        assert refused(still, first) == "outcome-unknown"
    assert still.told("jobs") == []
    # One whose terminal vouches that it is new is taken: the counter goes on.
    new = submit(still, request(still, OTHER.csv(), client_request="new", first=True)).job
    still.world.kill_appliance()
    if area.exists():
        area.rmdir()
    away.rename(area)
    still.world.start_appliance()
    assert submit(still, first).job == job
    assert {one["job"] for one in still.told("jobs")} == {job, new}
    assert still.told("verify") == []
