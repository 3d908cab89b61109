"""Several representatives, enrolled and configured, one of them a requester too; the first answer counts (F3, P12)."""

from __future__ import annotations

from typing import Final

import pytest

from client.connection import TerminalClient
from demo.world import CommandFailed, Terminal
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from passbook.job.record import Verdict
from passbook.protocol.events import QUESTION, QUESTION_CLOSED
from passbook.protocol.messages import AnswerQuestion, JobView, Question
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal, client_of, converse, ring_of
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import request
from tests.scenarios.office import Office

FIRST: Final = Statement(710, 3)
SECOND: Final = Statement(711, 3)
SUPERVISOR: Final = 'representatives = ["supervisor"]\n'
"""Behind the times of `[recovery]`: a terminal that is no representative by its certificate."""


def discard(question: Question, person: str) -> AnswerQuestion:
    return AnswerQuestion(question.job.job, question.job.epoch, Verdict.DISCARD, person)


def submit(office: Office, terminal: Terminal, statement: Statement) -> str:
    key = ring_of(terminal).key("k1")
    job = request(office, statement.csv(), client_request=f"request-{statement.number}", key=key)
    return as_terminal(terminal, lambda client: client.submit(job)).job


async def question(client: TerminalClient, job: str) -> Question:
    """The next question about `job` that this connection is given."""
    async for event in client.events():
        if event.name == QUESTION and isinstance(event.what, Question) and event.what.job.job == job:
            return event.what
    raise AssertionError("the events ended")


async def closed(client: TerminalClient, job: str) -> None:
    async for event in client.events():
        if event.name == QUESTION_CLOSED and isinstance(event.what, JobView) and event.what.job == job:
            return


def silent_office(open_office: OpenOffice, **times: float) -> tuple[Office, Terminal]:
    """Nothing prints; the supervisor is configured as a representative and has a key of its own."""
    office = open_office(SUPERVISOR, **times)
    office.hands.cut(Target.PRINTER, Now())
    supervisor = office.world.enroll("supervisor")
    supervisor.run("keys", "new", "k1")
    return office, supervisor


@pytest.mark.long
def test_all_representatives_are_asked_and_the_first_answer_counts(open_office: OpenOffice) -> None:
    """The supervisor sends jobs too: its own question comes to it as to any requester."""
    office, supervisor = silent_office(open_office)
    theirs, own = submit(office, office.counter, FIRST), submit(office, supervisor, SECOND)
    office.world.kill_appliance()
    office.world.start_appliance()

    async def talk() -> None:
        async with client_of(office.manager) as manager, client_of(supervisor) as deputy:
            asked = await question(manager, theirs), await question(deputy, theirs)
            assert asked[0].job.epoch == asked[1].job.epoch
            answered = await deputy.answer(discard(asked[1], "the supervisor"))
            assert answered.state.value == "canceled"
            await closed(manager, theirs)
            with pytest.raises(PassbookError) as late:
                await manager.answer(AnswerQuestion(theirs, asked[0].job.epoch, Verdict.HOLD, "the manager"))
            assert late.value.code == "already-answered"
            mine = next(one for one in await deputy.questions() if one.job.job == own)
            assert (await deputy.answer(discard(mine, "the supervisor"))).state.value == "canceled"

    converse(talk())
    assert office.told("jobs") == []


def test_a_representative_may_answer_before_the_requesters_time_is_over(open_office: OpenOffice) -> None:
    """The requester has an hour, and is there; a representative that looks sees the question and decides."""
    office, supervisor = silent_office(open_office, grace=3600.0, answer_timeout=3600.0)
    job = submit(office, office.counter, FIRST)
    office.world.kill_appliance()
    office.world.start_appliance()

    async def talk() -> None:
        async with client_of(office.counter) as counter, client_of(supervisor) as deputy:
            asked = await question(counter, job)
            [seen] = await deputy.questions()
            assert seen.job == asked.job
            await deputy.answer(discard(seen, "the supervisor"))
            await closed(counter, job)
            with pytest.raises(PassbookError) as late:
                await counter.answer(AnswerQuestion(job, asked.job.epoch, Verdict.HOLD, "a teller"))
            assert late.value.code == "already-answered"

    converse(talk())


@pytest.mark.long
def test_the_live_list_says_who_is_there_and_what_is_open(open_office: OpenOffice) -> None:
    office, supervisor = silent_office(open_office, grace=3600.0)
    submit(office, office.counter, FIRST)
    office.world.kill_appliance()
    office.world.start_appliance()
    submit(office, office.counter, SECOND)

    async def talk() -> None:
        manager = client_of(office.manager), client_of(office.manager)
        async with client_of(supervisor) as deputy, manager[0], manager[1]:
            for one in manager:
                assert (await one.status()).printers
            rows = {row.terminal: row for row in await deputy.terminals()}
            assert rows["manager"].connections == 2
            assert rows["counter-1"].connections == 0
            assert rows["counter-1"].silent >= 0
            assert (rows["counter-1"].questions, rows["counter-1"].held, rows["counter-1"].pending) == (1, 1, 1)
            assert [rows[name].representative for name in ("counter-1", "supervisor", "manager")] == [False, True, True]

    converse(talk())
    rows = {row["terminal"]: row for row in supervisor.run("terminals")}
    assert rows["counter-1"]["questions"] == 1
    assert {row["terminal"] for row in office.world.ctl("terminals")} == {"counter-1", "supervisor", "manager"}
    with pytest.raises(CommandFailed) as failed:
        office.counter.run("terminals")
    assert failed.value.error_code == "not-permitted"
