from __future__ import annotations

import asyncio
import secrets
from typing import Any, cast

import pytest
from msgspec.structs import replace

from client.connection import TerminalClient
from passbook.job.record import Verdict
from passbook.protocol.answer_all import ANSWERED_AT_ONCE, AnswerAll, AnsweredAll, AnsweredOne
from passbook.protocol.messages import Question
from storage.crypto.envelope import new_data_key, wrap_for_recovery, wrap_for_requester
from terminal.answer_many import answer_all
from terminal.keyring import KeyRing, new_recovery_key
from tests.terminal.samples import TWENTY, question, stopped

IDENTITY = b'["aa11"]'
DATA_KEY = new_data_key(secrets.token_bytes)
KEY = secrets.token_bytes(32)
PRIVATE, PUBLIC = new_recovery_key()
OWN, MANAGERS = KeyRing({"key-a": KEY}), KeyRing({}, {"branch": PRIVATE})
WRAPS = (
    wrap_for_requester(IDENTITY, DATA_KEY, KEY, "key-a", secrets.token_bytes),
    wrap_for_recovery(IDENTITY, DATA_KEY, PUBLIC, "branch"),
)


def asked_about(number: int, *, begun: bool = False, readable: bool = False, **facts: Any) -> Question:
    job = replace(stopped(0), job=f"job-{number:03}", sequence=number, begun=begun, **facts)
    return question(job, TWENTY, wraps=WRAPS, readable=readable, identity=IDENTITY)


class Appliance:
    """The client's side of an appliance that answers the next ones in order, and remembers what it was told."""

    def __init__(self, *questions: Question) -> None:
        self._questions = questions
        self.orders: list[AnswerAll] = []

    async def questions(self) -> tuple[Question, ...]:
        return self._questions

    async def answer_all(self, order: AnswerAll) -> AnsweredAll:
        self.orders.append(order)
        jobs = [one.job for one in self._questions if not one.job.begun and one.job.sequence > order.after]
        now = jobs[:ANSWERED_AT_ONCE]
        answers = tuple(AnsweredOne(job.job, view=job) for job in now)
        return AnsweredAll(answers, now[-1].sequence if now else order.after, len(jobs) - len(now))

    def ask(self, verdict: Verdict, ring: KeyRing, requester: str = "") -> list[str]:
        client = cast("TerminalClient", self)
        done = asyncio.run(answer_all(client, verdict, "Ann", requester, lambda: ring))
        return [one.job for one in done]


def test_the_requesters_key_goes_along_once_for_all_jobs_under_it() -> None:
    appliance = Appliance(*(asked_about(number) for number in (1, 2, 3)))
    assert appliance.ask(Verdict.PRINT, OWN) == ["job-001", "job-002", "job-003"]
    assert appliance.orders == [AnswerAll(Verdict.PRINT, "Ann", keys={"key-a": KEY})]


def test_a_representative_opens_each_job_and_sends_no_recovery_key() -> None:
    appliance = Appliance(asked_about(1), asked_about(2), asked_about(3, requester="teller-9"))
    appliance.ask(Verdict.PRINT, MANAGERS, "teller-1")
    [order] = appliance.orders
    assert (order.requester, order.keys) == ("teller-1", {})
    assert order.data_keys == {"job-001": DATA_KEY, "job-002": DATA_KEY}


def test_every_command_takes_the_keys_of_the_jobs_that_it_is_about() -> None:
    count = 2 * ANSWERED_AT_ONCE + 5
    appliance = Appliance(*(asked_about(number) for number in range(1, count + 1)))
    assert len(appliance.ask(Verdict.PRINT, MANAGERS, "teller-1")) == count
    assert [order.after for order in appliance.orders] == [0, ANSWERED_AT_ONCE, 2 * ANSWERED_AT_ONCE]
    sent = [set(order.data_keys) for order in appliance.orders]
    assert [len(keys) for keys in sent] == [ANSWERED_AT_ONCE, ANSWERED_AT_ONCE, 5]
    assert len(set.union(*sent)) == count


@pytest.mark.parametrize("verdict", [Verdict.DISCARD, Verdict.HOLD])
def test_without_printing_no_key_goes_along_and_the_ring_stays_shut(verdict: Verdict) -> None:
    appliance = Appliance(asked_about(1))

    def shut() -> KeyRing:
        raise AssertionError

    asyncio.run(answer_all(cast("TerminalClient", appliance), verdict, "Ann", "", shut))
    assert appliance.orders == [AnswerAll(verdict, "Ann")]


def test_no_key_goes_along_for_jobs_that_were_begun_or_can_be_read() -> None:
    appliance = Appliance(asked_about(1, begun=True), asked_about(2, readable=True))
    appliance.ask(Verdict.PRINT, OWN)
    assert appliance.orders == [AnswerAll(Verdict.PRINT, "Ann")]


def test_a_job_that_no_key_opens_does_not_keep_the_others_from_being_answered() -> None:
    appliance = Appliance(asked_about(1, key_ref="lost"), asked_about(2))
    assert appliance.ask(Verdict.PRINT, OWN) == ["job-001", "job-002"]
    assert appliance.orders[0].keys == {"key-a": KEY}
