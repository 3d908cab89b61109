"""The end of a job is told until its requester or a representative took note of it (P8, F5)."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from typing import Any

import pytest

from client.connection import TerminalClient
from demo.world import PROJECT, CommandFailed, Terminal
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from passbook.job.states import JobState
from passbook.protocol.events import ENDED
from passbook.protocol.notice import Notice
from passbook.screen.columns import short
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, as_terminal, client_of
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import request
from tests.scenarios.office import Office, book_of

STATEMENT = Statement(700, 3)
SOON = "[notices]\nacknowledge_timeout = 1.0\n"
STAYING = 600.0
"""Seconds of grace that no test waits for."""


def sent(office: Office, statement: Statement = STATEMENT) -> str:
    """A job whose terminal leaves as soon as it is accepted."""
    file = statement.save(office.world.folder)
    return str(office.counter.run("print", str(file), "--no-wait")["payload"]["job"])


def cancelled(office: Office, statement: Statement = STATEMENT) -> str:
    """A job that an operator ended while its requester was away."""
    job = sent(office, statement)
    office.world.ctl("cancel", job, "--person", "Otto")
    return job


@pytest.fixture
def quiet(open_office: OpenOffice) -> Office:
    """An office whose mechanism has no power, and whose requesters have time."""
    office = open_office(grace=STAYING)
    office.hands.cut(Target.PRINTER, Now())
    return office


async def next_end(client: TerminalClient) -> Notice:
    async for event in client.events():
        if event.name == ENDED and isinstance(event.what, Notice):
            return event.what
    raise AssertionError("the events ended")


async def told_on_coming(client: TerminalClient) -> list[str]:
    """The jobs of whose end a terminal is told before it asks anything."""
    told: list[str] = []

    async def listen() -> None:
        async for event in client.events():
            told.extend([event.what.job.job] if isinstance(event.what, Notice) else [])

    listening = asyncio.create_task(listen())
    # What is told on coming is sent before the first answer.
    await client.status()
    await client.status()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return told


def open_ends(office: Office) -> list[str]:
    """As operators see them."""
    return [one["job"]["job"] for one in office.world.ctl("notices")]


def noted_by(office: Office, job: str) -> list[str]:
    """Who took note, as the history tells."""
    entries = [told["entry"] for told in office.world.ctl("history", "--job", job)]
    return [one["record"]["acknowledged"]["terminal"] for one in entries if one["kind"] == "acknowledged"]


@pytest.mark.long
def test_who_sees_a_job_end_takes_note_of_it(office: Office) -> None:
    printing = office.print(STATEMENT)
    office.finish(printing)
    assert open_ends(office) == []
    assert noted_by(office, printing.job) == ["counter-1"]
    assert printing.error() == ""


@pytest.mark.long
def test_a_representative_is_told_and_takes_note_when_the_requester_is_gone(open_office: OpenOffice) -> None:
    office = open_office(grace=2.0)
    with BookClerk(office.manager, office.hands, lambda _view: book_of(STATEMENT)):
        job = sent(office)
        notice = as_terminal(office.manager, next_end)
    assert (notice.job.job, notice.job.state) == (job, JobState.COMPLETED)
    assert notice.on_paper is not None
    assert (notice.on_paper.confirmed, notice.on_paper.lines) == (3, 3)
    office.judge(STATEMENT)
    assert open_ends(office) == [job]
    shown = office.manager.screen("notices", "--acknowledge")
    assert f"Job {short(job)} of counter-1" in shown
    assert "completed" in shown
    assert "3 of 3 lines are on paper" in shown
    assert open_ends(office) == []
    assert noted_by(office, job) == ["manager"]
    assert as_terminal(office.counter, told_on_coming) == []


@pytest.mark.long
def test_a_representative_is_told_when_the_requester_is_there_and_takes_no_note(open_office: OpenOffice) -> None:
    office = open_office(SOON, grace=STAYING)
    office.hands.cut(Target.PRINTER, Now())
    job = cancelled(office)

    async def both(client: TerminalClient) -> tuple[Notice, Notice]:
        async with client_of(office.manager) as manager:
            return await next_end(client), await next_end(manager)

    mine, others = as_terminal(office.counter, both)
    assert mine.job.job == others.job.job == job
    assert open_ends(office) == [job]


@pytest.mark.long
def test_the_power_is_cut_between_the_end_and_its_acknowledgement(quiet: Office) -> None:
    job = cancelled(quiet)
    quiet.world.kill_appliance()
    quiet.world.start_appliance()
    assert as_terminal(quiet.manager, told_on_coming) == [], "the requester has its grace"
    assert as_terminal(quiet.counter, told_on_coming) == [job]
    quiet.world.kill_appliance()
    quiet.world.start_appliance()
    assert as_terminal(quiet.counter, told_on_coming) == [job], "being told is not taking note"
    quiet.counter.run("notices", "--acknowledge")
    quiet.world.kill_appliance()
    quiet.world.start_appliance()
    assert as_terminal(quiet.counter, told_on_coming) == []
    assert as_terminal(quiet.manager, told_on_coming) == []
    assert quiet.world.ctl("verify") == []


def test_two_connections_of_one_terminal_are_both_told_and_the_first_counts(quiet: Office) -> None:
    job = sent(quiet)

    async def both(first: TerminalClient) -> list[Notice]:
        async with client_of(quiet.counter) as second:
            # After an answer on each of them both are known to the appliance.
            await asyncio.gather(first.status(), second.status())
            await asyncio.to_thread(quiet.world.ctl, "cancel", job, "--person", "Otto")
            told = await asyncio.gather(next_end(first), next_end(second))
            noted = await asyncio.gather(first.acknowledge(job), second.acknowledge(job))
            return [*told, *noted]

    first, second, *noted = as_terminal(quiet.counter, both)
    assert first.job.job == second.job.job == job
    assert noted[0].acknowledged == noted[1].acknowledged
    assert noted_by(quiet, job) == ["counter-1"]


@pytest.mark.long
def test_a_stranger_is_not_told_and_may_not_take_note(quiet: Office) -> None:
    stranger = quiet.world.enroll("stranger")
    job = cancelled(quiet)
    assert as_terminal(stranger, told_on_coming) == []
    assert stranger.run("notices") == []
    with pytest.raises(PassbookError) as refused:
        as_terminal(stranger, lambda client: client.acknowledge(job))
    assert refused.value.code == "not-permitted"
    with pytest.raises(CommandFailed) as failed:
        stranger.run("notices", "--acknowledge", job)
    assert failed.value.error_code == "no-such-notice"
    assert open_ends(quiet) == [job]


@pytest.mark.long
def test_a_person_takes_note_of_one_end_among_several(quiet: Office) -> None:
    jobs = [cancelled(quiet, Statement(710 + number, 2)) for number in range(3)]
    [shown] = quiet.counter.run("notices", jobs[1], "--acknowledge")
    assert shown["job"]["job"] == jobs[1]
    assert open_ends(quiet) == [jobs[0], jobs[2]]


# A disk that was put back


def warned(terminal: Terminal, *arguments: str) -> list[dict[str, Any]]:
    """What `teller` tells beside its result; the command itself must succeed."""
    done = subprocess.run(
        terminal.command(*arguments), cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True
    )
    return [json.loads(line) for line in done.stderr.splitlines()]


def put_back(office: Office) -> None:
    """The disk of the appliance is as it was before its last job; its key and its clock know nothing of that."""
    office.world.stop_appliance()
    data, kept = office.world.data, office.world.folder / "kept"
    shutil.copytree(data, kept)
    office.world.start_appliance()
    for number in range(2):
        cancelled(office, Statement(720 + number, 2))
    office.counter.run("notices", "--acknowledge")
    office.world.stop_appliance()
    shutil.rmtree(data)
    kept.rename(data)
    office.world.start_appliance()


@pytest.mark.long
@pytest.mark.parametrize(
    "grown", [pytest.param(False, id="shorter", marks=pytest.mark.soak), pytest.param(True, id="grown again")]
)
def test_a_disk_that_was_put_back_is_found_by_a_terminal(quiet: Office, grown: bool) -> None:
    cancelled(quiet)
    assert warned(quiet.counter, "jobs") == []
    put_back(quiet)
    assert quiet.world.ctl("verify") == [], "the disk alone does not say it"
    if grown:
        as_terminal(quiet.manager, lambda client: grow(quiet, client))
    found = warned(quiet.counter, "jobs")
    assert {one["errorCode"] for one in found} == {"history-rolled-back"}
    assert {one["errorCode"] for one in warned(quiet.counter, "jobs")} == {"history-rolled-back"}, "told every time"
    assert warned(quiet.manager, "jobs") == [], "who was never told more cannot know"
    quiet.counter.run("accept-rollback")
    assert warned(quiet.counter, "jobs") == []


async def grow(office: Office, client: TerminalClient) -> None:
    """Make the history longer than it ever was."""
    for number in range(12):
        job = await client.submit(request(office, STATEMENT.csv(), client_request=f"request-{number}"))
        await client.cancel(job.job, "Otto")
