"""A loaded appliance is killed again and again: every acknowledged job ends on paper once, or by a person's word."""

from __future__ import annotations

import asyncio
import functools
from collections import defaultdict

import pytest

from client.connection import TerminalClient
from passbook.job.states import JobState
from terminal.keyring import KeyRing
from tests.scenarios.books import seen
from tests.scenarios.clerk import BookClerk, as_terminal, ring_of
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.crowd import Crowd, Fate, Sent, submission
from tests.scenarios.office import Office, book_of

SECONDS_FOR_ONE = 30.0
ONE_IS_ENOUGH = "second_operator = false\n"


def live_through(office: Office, kills: int, seed: int) -> Crowd:
    """A crowd's work through so many kills."""
    tellers = [office.counter]
    for name in ("counter-2", "counter-3"):
        terminal = office.world.enroll(name)
        terminal.run("keys", "new", "k1")
        tellers.append(terminal)

    async def live() -> Crowd:
        crowd = Crowd(office, tellers, seed)
        async with asyncio.timeout(kills * SECONDS_FOR_ONE):
            await crowd.live_through(kills)
        return crowd

    with BookClerk(office.manager, office.hands, lambda view: f"book-{view.client_request.removeprefix('request-')}"):
        return asyncio.run(live())


def check_paper(office: Office, sent: Sent) -> None:
    """Every line once, and as often again as somebody may have ordered it; nothing else."""
    paper, book = office.world.paper, book_of(sent.statement)
    completed = sent.ended is not None and sent.ended.state is JobState.COMPLETED
    expected = sent.statement.expected()
    assert set(paper.lines(book)) <= set(expected)
    for place, text in expected.items():
        struck = seen(paper, book, place)
        assert set(struck) <= {text}
        assert int(completed) <= len(struck) <= 1 + sent.orders[place], f"{sent.request} {place}: {len(struck)} strikes"


def check_end(office: Office, crowd: Crowd) -> None:
    """Each request is one job; it was completed, was discarded by an answer, or has one open question."""
    open_questions = [question["job"]["job"] for question in office.questions()]
    for sent in crowd.sent.values():
        check_paper(office, sent)
        if sent.ended is None:
            assert sent.fate is Fate.LEAVE
            assert open_questions.count(sent.job) <= 1
        else:
            assert sent.job not in open_questions
            discarded = sent.fate is Fate.DISCARD and sent.ended.state is JobState.CANCELED
            assert discarded or sent.ended.state is JobState.COMPLETED
    assert set(open_questions) <= {sent.job for sent in crowd.sent.values()}
    told = [told["entry"]["record"] for told in office.world.ctl("history", "--last", "1000000")]
    jobs_of = defaultdict(set)
    for record in told:
        jobs_of[record["requestId"]].add(record["jobId"])
    assert all(len(jobs) == 1 for jobs in jobs_of.values()), "a request became two jobs"
    assert office.world.ctl("verify") == []


def check_repeated(crowd: Crowd) -> None:
    """Every request sent once more gives the job that it became, also after that has ended (P10)."""
    of_terminal = defaultdict(list)
    for sent in crowd.sent.values():
        of_terminal[sent.terminal].append(sent)
    for terminal, mine in of_terminal.items():
        as_terminal(terminal, functools.partial(_repeat, ring_of(terminal), mine))


async def _repeat(ring: KeyRing, mine: list[Sent], client: TerminalClient) -> None:
    for sent in mine:
        assert (await client.submit(submission(sent, ring))).job == sent.job


def survive(office: Office, kills: int, seed: int) -> None:
    crowd = live_through(office, kills, seed)
    print(f"seed {seed}: {kills} kills, {len(crowd.sent)} jobs, {crowd.answers} answers")
    office.world.kill_appliance()
    office.world.start_appliance()
    check_end(office, crowd)
    check_repeated(crowd)
    office.search_disk(*(sent.statement for sent in crowd.sent.values()))
    left = [sent for sent in crowd.sent.values() if sent.ended is None]
    open_questions = {question["job"]["job"] for question in office.questions()}
    assert open_questions == {sent.job for sent in left}, "a job that nobody answered must be a question"
    assert sum(sent.ended is not None for sent in crowd.sent.values()) >= kills // 4, "the appliance was not loaded"


@pytest.mark.soak
@pytest.mark.parametrize("kills", [20, 200])
def test_kills_under_load(open_office: OpenOffice, kills: int, seed: int) -> None:
    survive(open_office(ONE_IS_ENOUGH), kills, seed)
