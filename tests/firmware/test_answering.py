from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware.service import answering
from firmware.service.answering import Answering
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.record import OPERATOR, Holder, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.answer_all import ANSWERED_AT_ONCE, AnswerAll, AnsweredAll
from passbook.protocol.media import Media
from storage.crypto.envelope import unwrap_for_recovery
from tests.firmware.branch import DOCUMENT, KEY, MANAGER, OTHER, TELLER, WAIT, Bench, request

RECOVERY = X25519PrivateKey.from_private_bytes(bytes(range(7, 39)))


class Morning:
    """Jobs that a power cut left, and people who answer for all of them at once."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._number = 0

    def send(self, actor: Actor = TELLER, **facts: Any) -> str:
        self._number += 1
        public = RECOVERY.public_key().public_bytes_raw()
        admission = self.bench.admission(recovery_public=public)
        return asyncio.run(admission.submit(actor, request(f"r-{self._number}", **facts), DOCUMENT)).job_id

    def begin(self, job: str) -> None:
        """Print by hand until step 1 is in doubt; then the mechanism is silent."""
        for change in (changes.start("t", 1), changes.journal(0, 1), changes.stop(Reason.SILENT, Media.PRESENT, "t")):
            self.bench.jobs.change(job, change).result(WAIT)

    def record(self, job: str) -> Record:
        return self.bench.spool.record(job)

    def data_key(self, job: str) -> bytes:
        """As a representative's key ring opens it."""
        [wrap] = [wrap for wrap in self.bench.spool.job(job).wraps if wrap.holder is Holder.RECOVERY]
        return unwrap_for_recovery(self.record(job).identity(), wrap, RECOVERY.private_bytes_raw())

    def order(self, verdict: Verdict, actor: Actor = TELLER, **facts: Any) -> AnsweredAll:
        async def ordered() -> AnsweredAll:
            bench = self.bench
            questions = bench.new_questions()
            known: dict[str, Any] = {"person": "Anna"}
            return await Answering(bench.jobs, questions).answer_all(actor, AnswerAll(verdict, **(known | facts)))

        return asyncio.run(ordered())


@pytest.fixture
def morning(bench: Bench) -> Morning:
    return Morning(bench)


def codes(done: AnsweredAll) -> list[str]:
    return [one.error.error_code if one.error else "" for one in done.answers]


def test_one_key_opens_all_jobs_under_it_and_they_print_in_their_order(morning: Morning) -> None:
    jobs = [morning.send() for _ in range(3)]
    morning.bench.power_cycle()
    done = morning.order(Verdict.PRINT, keys={"anna-1": KEY})
    assert [one.job for one in done.answers] == jobs
    assert codes(done) == ["", "", ""]
    assert done.left == 0
    assert all(one.view and one.view.valid for one in done.answers)
    for job in jobs:
        given = morning.record(job).answered
        assert given is not None
        assert (given.terminal, given.person, given.verdict) == (TELLER.name, "Anna", Verdict.PRINT)
        assert job in morning.bench.keys


@pytest.mark.slow
@pytest.mark.parametrize("verdict", [Verdict.PRINT, Verdict.DISCARD])
def test_a_hundred_jobs_are_answered_in_at_most_four_commits(morning: Morning, verdict: Verdict) -> None:
    jobs = [morning.send() for _ in range(100)]
    morning.bench.power_cycle()
    before = sum(one.ended for one in morning.bench.spool.progress().values())
    done = morning.order(verdict, keys={"anna-1": KEY})
    assert [one.job for one in done.answers if one.view] == jobs
    assert sum(one.ended for one in morning.bench.spool.progress().values()) - before <= 4


@pytest.mark.parametrize(
    ("verdict", "state"), [(Verdict.DISCARD, JobState.CANCELED), (Verdict.HOLD, JobState.PENDING_HELD)]
)
def test_discarding_and_holding_need_no_key(morning: Morning, verdict: Verdict, state: JobState) -> None:
    jobs = [morning.send() for _ in range(2)]
    morning.bench.power_cycle()
    morning.order(verdict)
    assert [morning.record(job).state for job in jobs] == [state, state]
    assert not any(morning.record(job).asked for job in jobs if verdict is Verdict.HOLD)


@pytest.mark.parametrize("verdict", [Verdict.PRINT, Verdict.DISCARD, Verdict.HOLD])
def test_what_an_operator_holds_is_passed_over_and_said_so(morning: Morning, verdict: Verdict) -> None:
    free, held = morning.send(), morning.send()
    morning.bench.power_cycle()
    morning.bench.jobs.change(held, changes.hold("t", OPERATOR, "Otto")).result(WAIT)
    before = morning.record(held)
    done = morning.order(verdict, keys={"anna-1": KEY})
    assert [one.job for one in done.answers] == [free, held]
    assert codes(done) == ["", "held-by-operator"]
    assert morning.record(held) == before


def test_a_job_with_a_step_sent_is_left_for_an_answer_of_its_own(morning: Morning) -> None:
    """Somebody must look at its paper, also when it was ordered from the start and counts no step any more."""
    begun, untouched = morning.send(), morning.send()
    morning.begin(begun)
    morning.bench.power_cycle()
    assert [one.job for one in morning.order(Verdict.DISCARD).answers] == [untouched]
    assert morning.record(begun).is_open


def test_only_the_jobs_of_the_named_requester_are_answered(morning: Morning) -> None:
    mine, others = morning.send(), morning.send(OTHER)
    morning.bench.power_cycle()
    done = morning.order(Verdict.PRINT, MANAGER, requester=OTHER.name, data_keys={others: morning.data_key(others)})
    assert [(one.job, bool(one.view and one.view.valid)) for one in done.answers] == [(others, True)]
    assert morning.record(mine).is_open


def test_who_is_neither_requester_nor_representative_changes_nothing(morning: Morning) -> None:
    job = morning.send()
    morning.bench.power_cycle()
    assert codes(morning.order(Verdict.DISCARD, OTHER, requester=TELLER.name)) == ["not-permitted"]
    assert morning.record(job).is_open


def test_a_job_that_cannot_be_answered_does_not_stop_the_others(morning: Morning) -> None:
    lost, good, wrong = morning.send(key_ref="lost"), morning.send(), morning.send(key_ref="wrong")
    morning.bench.power_cycle()
    done = morning.order(Verdict.PRINT, keys={"anna-1": KEY, "wrong": bytes(32)})
    assert codes(done) == ["key-needed", "", "wrong-key"]
    assert [morning.record(job).valid for job in (lost, good, wrong)] == [False, True, False]
    assert [job in morning.bench.keys for job in (lost, good, wrong)] == [False, True, False]


def test_a_repeated_order_changes_nothing_more(morning: Morning) -> None:
    job = morning.send()
    morning.bench.power_cycle()
    morning.order(Verdict.PRINT, keys={"anna-1": KEY})
    before = morning.record(job)
    assert morning.order(Verdict.DISCARD) == AnsweredAll((), 0, 0)
    assert morning.record(job) == before


def test_more_than_one_command_can_answer_goes_on_where_the_last_left_off(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "ANSWERED_AT_ONCE", 2)
    jobs = [morning.send(key_ref="lost") for _ in range(5)]
    morning.bench.power_cycle()
    after, seen = 0, list[str]()
    for expected in (3, 1, 0):
        done = morning.order(Verdict.PRINT, after=after)
        assert done.left == expected
        after, seen = done.last, [*seen, *(one.job for one in done.answers)]
    assert seen == jobs


@pytest.mark.parametrize(
    "facts",
    [
        {"person": ""},
        {"requester": "x" * 200},
        {"keys": dict.fromkeys(map(str, range(ANSWERED_AT_ONCE + 1)), KEY)},
        {"data_keys": dict.fromkeys(map(str, range(ANSWERED_AT_ONCE + 1)), KEY)},
    ],
)
def test_what_is_out_of_range_changes_nothing(morning: Morning, facts: dict[str, Any]) -> None:
    job = morning.send()
    morning.bench.power_cycle()
    with pytest.raises(PassbookError) as caught:
        morning.order(Verdict.DISCARD, **facts)
    assert caught.value.code == "invalid-message"
    assert morning.record(job).is_open


def test_to_resume_somebody_must_have_looked_at_each_paper(morning: Morning) -> None:
    with pytest.raises(PassbookError) as caught:
        morning.order(Verdict.RESUME)
    assert caught.value.code == "invalid-message"
