"""The first valid answer counts, once, and only from who may give it and has the key."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from client.connection import TerminalClient
from demo.world import CommandFailed, Terminal
from drivers.simulator.faults import AfterStrike, AtLineByte, Now, Target
from passbook.errors import PassbookError
from passbook.job.record import Verdict
from passbook.protocol.events import JOB, QUESTION
from passbook.protocol.messages import AnswerQuestion, JobView, Question
from terminal.answers import compose
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, as_terminal, client_of, converse, ring_of
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office, book_of, next_line

STATEMENT = Statement(200, 4)
CUT = AfterStrike(2)
"""Line 2 is on paper, and the appliance does not know it."""
NEXT_STEP = 3


def resume(office: Office, question: Question, who: Terminal | None = None) -> AnswerQuestion:
    """The answer of somebody who saw line 2 on paper."""
    terminal = who or office.counter
    return compose(question, Verdict.RESUME, f"person at {terminal.name}", ring_of(terminal), step=NEXT_STEP)


def give(terminal: Terminal, answer: AnswerQuestion) -> JobView:
    return as_terminal(terminal, lambda client: client.answer(answer))


def code_of(terminal: Terminal, answer: AnswerQuestion) -> str:
    """The code with which an answer is refused."""
    with pytest.raises(PassbookError) as refused:
        give(terminal, answer)
    return refused.value.code


def job_of(terminal: Terminal, job: str) -> JobView:
    return as_terminal(terminal, lambda client: client.job(job))


def questions_of(terminal: Terminal) -> tuple[Question, ...]:
    return as_terminal(terminal, lambda client: client.questions())


@pytest.mark.long
def test_an_answer_repeated_gives_its_result_and_changes_nothing(office: Office) -> None:
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    answer = resume(office, question)
    results = [give(office.counter, answer) for _ in range(3)]
    assert {(result.epoch, result.job) for result in results} == {(question.job.epoch, question.job.job)}
    office.finish(printing)
    assert give(office.counter, answer).state.value == "completed"
    office.judge(STATEMENT)
    answered = [told for told in office.world.ctl("history") if told["entry"]["kind"] == "answered"]
    assert len(answered) == 1


@pytest.mark.long
def test_another_answer_after_one_that_won_is_refused(office: Office) -> None:
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    give(office.counter, resume(office, question))
    discard = compose(question, Verdict.DISCARD, "somebody", None)
    assert code_of(office.counter, discard) == "already-answered"
    office.finish(printing)
    assert code_of(office.counter, discard) == "already-answered"
    office.judge(STATEMENT)


@pytest.mark.long
@pytest.mark.parametrize("told", [False, True], ids=["before it was taken", "when it was on disk"])
def test_power_is_cut_again_before_the_answer_was_told(office: Office, told: bool) -> None:
    printing, first = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    # A printer without power ends no job before the cut.
    office.hands.cut(Target.PRINTER, Now())
    answer = resume(office, first)
    converse(_answer_and_cut(office, answer, told=told))
    office.give_power_back(Target.BOTH)
    second = office.await_question(printing, first.job.epoch)
    if second.answered is None and not told:
        assert code_of(office.counter, answer) == "stale-question"
    else:
        repeated = give(office.counter, answer)
        assert (repeated.valid, repeated.epoch) == (False, second.job.epoch), "the old answer must not print again"
        assert (second.job.confirmed, second.in_doubt) == (NEXT_STEP - 1, 0), "what it said of the paper is kept"
    line, again = next_line(office, STATEMENT, second)
    office.answer(office.counter, second.job.job, "--from-line", str(line))
    office.finish(printing)
    office.judge(STATEMENT, *again)


async def _answer_and_cut(office: Office, answer: AnswerQuestion, *, told: bool) -> None:
    """Send an answer and cut the appliance's power without waiting for the reply, or when its deed is seen."""
    async with client_of(office.counter) as client:
        events = client.events()
        answering = asyncio.create_task(client.answer(answer))
        await asyncio.sleep(0)
        while told:
            event = await anext(events)
            told = not (event.name == JOB and isinstance(event.what, JobView) and event.what.valid)
        office.world.kill_appliance()
        await asyncio.gather(answering, return_exceptions=True)


@pytest.mark.long
def test_an_answer_to_the_question_before_the_last_cut_is_stale(office: Office) -> None:
    printing, first = office.print_until_cut(STATEMENT, Target.APPLIANCE, CUT)
    office.arm_cut(Target.APPLIANCE, Now())
    office.await_cut(Target.APPLIANCE)
    office.give_power_back(Target.APPLIANCE)
    second = office.await_question(printing, first.job.epoch)
    assert code_of(office.counter, resume(office, first)) == "stale-question"
    assert not job_of(office.counter, first.job.job).valid
    give(office.counter, resume(office, second))
    office.finish(printing)
    office.judge(STATEMENT)


@pytest.mark.long
@pytest.mark.parametrize("round_", [0, *(pytest.param(one, marks=pytest.mark.soak) for one in range(1, 5))])
def test_of_many_answers_at_once_one_wins(office: Office, round_: int) -> None:
    statement = Statement(210 + round_, 4)
    printing, question = office.print_until_cut(statement, Target.BOTH, CUT)
    answers = [
        (office.counter, resume(office, question)),
        (office.manager, resume(office, question, office.manager)),
        (office.manager, compose(question, Verdict.DISCARD, "the manager", None)),
        (
            office.counter,
            compose(question, Verdict.RESUME, "somebody else", ring_of(office.counter), step=NEXT_STEP - 1),
        ),
    ]
    outcomes = converse(_all_at_once(answers))
    winners = [outcome for outcome in outcomes if isinstance(outcome, JobView)]
    codes = {outcome.code for outcome in outcomes if isinstance(outcome, PassbookError)}
    assert len(winners) == 1, outcomes
    assert codes <= {"already-answered", "stale-question"}
    told = [one["entry"]["record"] for one in office.world.ctl("history") if one["entry"]["record"]["answered"]]
    assert {record["answered"]["person"] for record in told} == {_winner(answers, outcomes)}
    printing.end()
    _judge_by_winner(office, statement, _winner(answers, outcomes))


async def _all_at_once(answers: list[tuple[Terminal, AnswerQuestion]]) -> list[JobView | BaseException]:
    """Every answer over a connection of its own; all are open before the first answer leaves."""
    ready = asyncio.Barrier(len(answers))

    async def one(terminal: Terminal, answer: AnswerQuestion) -> JobView:
        async with client_of(terminal) as client:
            await ready.wait()
            return await client.answer(answer)

    return await asyncio.gather(*(one(*answer) for answer in answers), return_exceptions=True)


def _winner(answers: list[tuple[Terminal, AnswerQuestion]], outcomes: list[Any]) -> str:
    return next(answer.person for (_, answer), won in zip(answers, outcomes, strict=True) if isinstance(won, JobView))


def _judge_by_winner(office: Office, statement: Statement, person: str) -> None:
    paper = office.world.paper
    lines = statement.expected()
    if person == "the manager":
        assert set(paper.lines(book_of(statement))) == set(list(lines)[:2])
    elif person == "somebody else":
        office.judge(statement, *list(lines)[1:2])
    else:
        office.judge(statement)


def test_a_wrong_key_is_no_answer(office: Office) -> None:
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    right = resume(office, question)
    wrong = msgspec.structs.replace(right, key=bytes(32))
    assert code_of(office.counter, wrong) == "wrong-key"
    assert code_of(office.manager, msgspec.structs.replace(right, key=b"", data_key=bytes(32))) == "wrong-key"
    assert code_of(office.counter, msgspec.structs.replace(right, key=b"")) == "key-needed"
    (still,) = questions_of(office.counter)
    assert (still.job.epoch, still.answered, still.readable) == (question.job.epoch, None, False)
    give(office.counter, right)
    office.finish(printing)
    office.judge(STATEMENT)


@pytest.mark.long
def test_a_job_put_under_a_new_key_is_opened_by_that_one_only(office: Office) -> None:
    printing, first = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    office.counter.run("keys", "new", "k2")
    office.arm_cut(Target.BOTH, AtLineByte(1, 60))
    office.answer(office.counter, first.job.job, "--from-line", "3", "--new-key", "k2")
    office.await_cut(Target.BOTH)
    office.give_power_back(Target.BOTH)
    office.wait("taken")
    second = office.await_question(printing, first.job.epoch)
    assert (second.job.key_ref, second.in_doubt) == ("k2", 3)
    ring = ring_of(office.counter)
    answer = AnswerQuestion(
        second.job.job, second.job.epoch, Verdict.RESUME, "somebody", 3, second.in_doubt, key=ring.key("k1")
    )
    assert code_of(office.counter, answer) == "wrong-key"
    office.search_disk(STATEMENT, questions=[second])
    office.answer(office.counter, second.job.job, "--from-line", "3")
    office.finish(printing)
    office.judge(STATEMENT)


@pytest.mark.long
def test_representatives_are_asked_when_the_requester_stays_away(open_office: OpenOffice) -> None:
    office = open_office(grace=4.0)
    office.arm_cut(Target.BOTH, CUT)
    printing = office.print(STATEMENT)
    office.await_cut(Target.BOTH)
    printing.kill()
    office.give_power_back(Target.BOTH)
    question = as_terminal(office.manager, _asked_after_grace)
    assert question.in_doubt == NEXT_STEP - 1
    with BookClerk(office.manager, office.hands, lambda _view: book_of(STATEMENT)):
        # The clean-up gave the book back, which the clerk takes.
        office.wait("taken")
        office.answer(office.manager, question.job.job, "--from-line", "3")
        office.wait("taken")
    office.judge(STATEMENT)
    assert job_of(office.manager, question.job.job).state.value == "completed"


async def _asked_after_grace(client: TerminalClient) -> Question:
    """What a representative is asked; it must not have been asked yet when it has just come."""
    events = client.events()
    await client.status()
    told: list[Question] = []
    asked = asyncio.Event()

    async def listen() -> None:
        async for event in events:
            if event.name == QUESTION and isinstance(event.what, Question):
                told.append(event.what)
                asked.set()

    listening = asyncio.create_task(listen())
    await client.status()
    assert not told, "the requester's grace was not kept"
    await asked.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return told[0]


@pytest.mark.long
def test_a_requester_that_is_there_is_asked_and_after_its_time_the_representatives_too(office: Office) -> None:
    printing, question = office.print_until_cut(STATEMENT, Target.PRINTER, CUT)
    asked = as_terminal(office.manager, _next_question)
    assert asked.job.epoch == question.job.epoch
    office.answer(office.counter, question.job.job, "--from-line", "3")
    office.finish(printing)
    office.judge(STATEMENT)


async def _next_question(client: TerminalClient) -> Question:
    async for event in client.events():
        if event.name == QUESTION and isinstance(event.what, Question):
            return event.what
    raise AssertionError("the events ended")


@pytest.mark.long
def test_a_representative_without_the_recovery_key_can_hold_and_discard_only(office: Office) -> None:
    deputy = office.world.enroll("deputy", representative=True)
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    job = question.job.job
    with pytest.raises(CommandFailed) as failed:
        office.answer(deputy, job, "--from-line", "3")
    assert failed.value.error_code == "key-not-in-ring"
    keyless = AnswerQuestion(job, question.job.epoch, Verdict.RESUME, "the deputy", 3, question.in_doubt)
    assert code_of(deputy, keyless) == "key-needed"
    office.answer(deputy, job, "--hold")
    assert not job_of(deputy, job).valid
    office.answer(deputy, job, "--discard")
    assert printing.end() == 1
    assert job_of(deputy, job).state.value == "canceled"
    assert set(office.world.paper.lines(book_of(STATEMENT))) == set(list(STATEMENT.expected())[:2])
    office.search_disk(STATEMENT, questions=[question])


@pytest.mark.long
def test_a_held_job_prints_when_it_is_answered_later(office: Office) -> None:
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    office.answer(office.counter, question.job.job, "--hold")
    office.answer(office.counter, question.job.job, "--from-line", "3")
    office.finish(printing)
    office.judge(STATEMENT)


@pytest.mark.long
def test_a_stranger_may_not_decide(office: Office) -> None:
    stranger = office.world.enroll("stranger")
    printing, question = office.print_until_cut(STATEMENT, Target.BOTH, CUT)
    assert questions_of(stranger) == ()
    assert code_of(stranger, resume(office, question)) == "not-permitted"
    with pytest.raises(CommandFailed) as failed:
        stranger.run("cancel", question.job.job, "--person", "a stranger")
    assert failed.value.error_code == "not-permitted"
    (still,) = questions_of(office.counter)
    assert still.job.epoch == question.job.epoch
    give(office.counter, resume(office, question))
    office.finish(printing)
    office.judge(STATEMENT)
