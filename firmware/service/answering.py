"""One answer for all untouched jobs of a requester: the same answer to each question, in few commits."""

from __future__ import annotations

import asyncio
from typing import Final

from firmware.people.questions import Questions
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.record import Record, Verdict
from passbook.protocol.answer_all import ANSWERED_AT_ONCE, AnswerAll, AnsweredAll, AnsweredOne
from passbook.protocol.messages import AnswerQuestion, ErrorPayload, JobView
from passbook.protocol.naming import check_name
from spooler.jobs import Jobs
from spooler.logs import Log

_LOG: Final = Log("answering")


class Answering:
    """Answers `Recovery.AnswerAll`; a job that refuses the answer is left unchanged and does not stop the others."""

    def __init__(self, jobs: Jobs, recovery: Questions) -> None:
        self._jobs = jobs
        self._recovery = recovery

    async def answer_all(self, actor: Actor, order: AnswerAll) -> AnsweredAll:
        """Answer the next jobs, and return how each came out when all answers are durable.

        Raises PassbookError `invalid-message`, and then nothing has changed.
        """
        _judge(order)
        requester = order.requester or actor.name
        untouched = [
            record
            for record in await asyncio.to_thread(self._jobs.spool.records_of, requester)
            if record.is_open and record.untouched and record.sequence > order.after
        ]
        now, later = untouched[:ANSWERED_AT_ONCE], untouched[ANSWERED_AT_ONCE:]
        done_with = await self._recovery.answer_each(actor, [_answer(order, record) for record in now])
        answers = [_answered(record.job_id, done) for record, done in zip(now, done_with, strict=True)]
        done = sum(one.error is None for one in answers)
        _LOG.info("answered-all", requester=requester, terminal=actor.name, verdict=order.verdict.value, count=done)
        return AnsweredAll(tuple(answers), now[-1].sequence if now else order.after, len(later))


def _answer(order: AnswerAll, record: Record) -> AnswerQuestion:
    """The order as the answer to one question."""
    return AnswerQuestion(
        job=record.job_id,
        epoch=record.epoch,
        verdict=order.verdict,
        person=order.person,
        key=order.keys.get(record.key_ref, b""),
        data_key=order.data_keys.get(record.job_id, b""),
    )


def _answered(job: str, done: JobView | PassbookError) -> AnsweredOne:
    if isinstance(done, PassbookError):
        return AnsweredOne(job, error=ErrorPayload(done.code, str(done), done.facts))
    return AnsweredOne(job, view=done)


def _judge(order: AnswerAll) -> None:
    check_name("person", order.person)
    check_name("requester", order.requester, least=0)
    if order.verdict in {Verdict.RESUME, Verdict.NEW_BOOK}:
        raise PassbookError("invalid-message", why="one answer for all is print, discard or hold")
    if max(len(order.keys), len(order.data_keys)) > ANSWERED_AT_ONCE:
        raise PassbookError("invalid-message", why=f"at most {ANSWERED_AT_ONCE} keys of each kind")
