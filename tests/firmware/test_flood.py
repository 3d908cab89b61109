"""A power cut that leaves very many questions floods nobody: memory, messages and pages stay bounded."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from bench.filling import JOBS_OF_ONE, LIMITS, fill
from firmware.config.configuration import RecoveryConfig
from firmware.people.audiences import SHOWN_AT_ONCE
from firmware.people.expiries import Expiries
from firmware.people.questions import Questions
from firmware.service.answering import Answering
from passbook.job.actor import Actor
from passbook.job.record import Verdict
from passbook.protocol.answer_all import ANSWERED_AT_ONCE, AnswerAll
from passbook.protocol.messages import AnswerQuestion
from spooler.news import JobChanged, News
from tests.firmware.branch import MANAGER, WAIT, Bench, Ear, call_in

pytestmark = pytest.mark.slow

KEPT = 20
REQUESTERS = 4
JOBS = REQUESTERS * JOBS_OF_ONE
LAST = Actor.of_terminal(f"teller-{REQUESTERS - 1}", representative=False, serial=5)
STRANGER = Actor.of_terminal("somebody", representative=False, serial=6)
CLOSED = "Recovery.QuestionClosedEvent"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """After a power cut that left JOBS questions; memory keeps time for KEPT of them."""
    monkeypatch.setattr("firmware.people.questions.ASKED_AT_ONCE", KEPT)
    one = Bench(tmp_path, limits=LIMITS)
    fill(one.spool, JOBS, document_bytes=100)
    one.power_cycle()
    yield one
    one.spool.close()


def new_questions(bench: Bench) -> Questions:
    questions = bench.new_questions(RecoveryConfig(grace=30.0, answer_timeout=120.0))
    questions.start()
    return questions


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(WAIT):
            await story()

    asyncio.run(in_time())


def comes(bench: Bench, actor: Actor) -> Ear:
    ear = Ear(actor)
    bench.hub.join(ear)
    return ear


def test_whoever_comes_is_given_a_page_and_told_how_many_there_are(bench: Bench) -> None:
    async def story() -> None:
        questions = new_questions(bench)
        teller, manager, other = (comes(bench, actor) for actor in (LAST, MANAGER, STRANGER))
        assert len(teller.heard) == min(SHOWN_AT_ONCE, JOBS_OF_ONE)
        assert {question.job.requester for _, question in teller.heard} == {LAST.name}
        assert len(manager.heard) == SHOWN_AT_ONCE
        assert other.heard == []
        assert [questions.count(actor) for actor in (LAST, MANAGER, STRANGER)] == [JOBS_OF_ONE, JOBS, 0]

    run(story)


def test_every_question_is_on_a_page(bench: Bench) -> None:
    async def story() -> None:
        questions = new_questions(bench)
        seen: list[int] = []
        while page := list(islice(questions.questions(MANAGER, seen[-1] if seen else 0), 90)):
            seen += [question.job.sequence for question in page]
        assert len(seen) == JOBS
        assert sorted(set(seen)) == seen

    run(story)


def test_one_command_after_the_other_answers_them_all(bench: Bench) -> None:
    async def story() -> None:
        questions = new_questions(bench)
        order, rounds, left = AnswerAll(Verdict.DISCARD, "Anna", requester=LAST.name), 0, 1
        while left:
            answered = await Answering(bench.jobs, questions).answer_all(MANAGER, order)
            assert len(answered.answers) <= ANSWERED_AT_ONCE
            left, rounds = answered.left, rounds + 1
        assert questions.count(LAST) == 0
        assert questions.count(MANAGER) == JOBS - JOBS_OF_ONE
        assert rounds == JOBS_OF_ONE // ANSWERED_AT_ONCE

    run(story)


def test_the_end_of_a_question_for_which_no_time_is_kept_is_told(bench: Bench) -> None:
    async def story() -> None:
        questions, loop, told = new_questions(bench), asyncio.get_running_loop(), asyncio.Event()

        def hear(news: News) -> None:
            if isinstance(news, JobChanged):
                questions.note(news.record, was_asked=news.was_asked)
                told.set()

        def pass_on(news: News) -> None:
            call_in(loop, hear, news)

        bench.listen = pass_on
        teller = comes(bench, LAST)
        record = bench.spool.records_of(LAST.name)[-1]
        await questions.answer(LAST, AnswerQuestion(record.job_id, record.epoch, Verdict.DISCARD, "Anna"))
        await told.wait()
        name, view = teller.heard[-1]
        assert (name, view.job) == (CLOSED, record.job_id)

    run(story)


def test_new_questions_make_the_oldest_everybodys_and_nobody_is_forgotten(bench: Bench) -> None:
    async def story() -> None:
        questions = new_questions(bench)
        manager = comes(bench, MANAGER)
        manager.heard.clear()
        for record in bench.spool.records_of(LAST.name)[:5]:
            questions.note(record)
        first = [record.job_id for record in bench.spool.records(limit=5)]
        assert [question.job.job for _, question in manager.heard] == first

    run(story)


def test_memory_does_not_grow_with_the_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.people.questions.ASKED_AT_ONCE", KEPT)
    monkeypatch.setattr("firmware.people.expiries.WATCHED", KEPT)
    used = [_used(tmp_path / str(jobs), jobs) for jobs in (JOBS_OF_ONE, 10 * JOBS_OF_ONE)]
    # Ten times the questions; kept whole, they would take ten times the memory.
    assert used[1] < 3 * used[0]


def _used(folder: Path, jobs: int) -> int:
    """Bytes of the parts that were given all questions, after somebody listed them all."""
    bench = Bench(folder, limits=LIMITS)
    fill(bench.spool, jobs, document_bytes=100)
    bench.power_cycle()

    used: list[int] = []

    async def story() -> None:
        tracemalloc.start()
        questions = new_questions(bench)
        expiry = Expiries(bench.jobs, bench.clock, 60.0)
        questions.watchers.append(expiry.note_put)
        bench.hub.join(Ear(MANAGER))
        for question in questions.questions(MANAGER):
            questions.note_put([question])
        await expiry.look()
        used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()

    run(story)
    bench.spool.close()
    return used[0]
