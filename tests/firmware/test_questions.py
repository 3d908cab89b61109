from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware.config.configuration import RecoveryConfig
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.record import Decider, Holder, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from passbook.protocol.messages import AnswerQuestion
from spooler.news import JobChanged, News
from storage.crypto.envelope import unwrap_for_recovery
from storage.tables.schema import DATABASE
from tests.firmware.branch import DOCUMENT, KEY, MANAGER, OTHER, TELLER, WAIT, Bench, Ear, call_in, code_of, request

GRACE, TIME = 30.0, 120.0
ASKED, CLOSED = "Recovery.QuestionEvent", "Recovery.QuestionClosedEvent"
NEW_KEY = bytes(range(50, 82))
RECOVERY = X25519PrivateKey.from_private_bytes(bytes(range(7, 39)))
SUPERVISOR = Actor.of_terminal("supervisor", representative=True, serial=9)


class Office:
    """The questions over one job that a power cut left, and people who come and go."""

    def __init__(self, bench: Bench, record: Record) -> None:
        self.bench, self.record, self.job = bench, record, record.job_id
        self.questions = bench.new_questions(RecoveryConfig(grace=GRACE, answer_timeout=TIME))
        self.loop = asyncio.get_running_loop()
        self._noted = asyncio.Event()
        bench.listen = self._hear
        self.questions.note(record)

    def _hear(self, news: News) -> None:
        call_in(self.loop, self._note, news)

    def _note(self, news: News) -> None:
        if isinstance(news, JobChanged):
            self.questions.note(news.record)
            self._noted.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for the news after which it is so."""
        while not seen():
            self._noted.clear()
            await self._noted.wait()

    def comes(self, actor: Actor) -> Ear:
        ear = Ear(actor)
        self.bench.hub.join(ear)
        return ear

    def goes(self, ear: Ear) -> None:
        self.bench.hub.leave(ear)

    def after(self, seconds: float) -> float | None:
        self.bench.clock.seconds += seconds
        return self.questions.audiences.look()

    async def give(self, verdict: Verdict, actor: Actor = TELLER, **facts: Any) -> Any:
        record = self.bench.spool.record(self.job)
        known: dict[str, Any] = {"epoch": record.epoch, "person": "Anna", "in_doubt": record.sending}
        return await self.questions.answer(actor, AnswerQuestion(job=self.job, verdict=verdict, **(known | facts)))

    async def refuse(self, verdict: Verdict, actor: Actor = TELLER, **facts: Any) -> str:
        """The code with which an answer is refused; nothing is changed by it and no key stays."""
        before, keys = self.bench.spool.record(self.job), self.job in self.bench.keys
        with pytest.raises(PassbookError) as caught:
            await self.give(verdict, actor, **facts)
        assert self.bench.spool.record(self.job) == before
        assert (self.job in self.bench.keys) == keys
        return caught.value.code


def tell(bench: Bench, story: Callable[[Office], Awaitable[None]], **facts: Any) -> None:
    """A job is accepted, power is cut, and `story` is what comes then."""

    async def run() -> None:
        public = RECOVERY.public_key().public_bytes_raw()
        job = (await bench.admission(recovery_public=public).submit(TELLER, request(**facts), DOCUMENT)).job_id
        bench.power_cycle()
        async with asyncio.timeout(WAIT):
            await story(Office(bench, bench.spool.record(job)))

    asyncio.run(run())


def in_doubt(bench: Bench, job: str) -> Record:
    """Print by hand until step 1 is confirmed and step 2 is in doubt; then the mechanism is silent."""
    for change in (changes.start("t", 1), changes.journal(0, 1), changes.journal(1, 2)):
        bench.jobs.change(job, change).result(WAIT)
    return bench.jobs.change(job, changes.stop(Reason.SILENT, Media.PRESENT, "t")).result(WAIT)


async def at_once(*answers: Awaitable[Any]) -> list[Any]:
    """The results of answers that are given at the same time, errors among them."""
    return list(await asyncio.gather(*answers, return_exceptions=True))


# Who is asked


def test_a_requester_that_is_there_is_asked_and_the_others_are_not(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller, other, manager = (office.comes(actor) for actor in (TELLER, OTHER, MANAGER))
        assert teller.names() == [ASKED]
        assert other.heard == manager.heard == []

    tell(bench, story)


def test_when_nobody_comes_the_representatives_are_asked_after_the_grace(bench: Bench) -> None:
    async def story(office: Office) -> None:
        manager, supervisor, other = (office.comes(actor) for actor in (MANAGER, SUPERVISOR, OTHER))
        assert office.after(GRACE - 1) == pytest.approx(1)
        assert manager.heard == []
        assert office.after(1) is None
        assert manager.names() == supervisor.names() == [ASKED]
        assert other.heard == []

    tell(bench, story)


def test_a_requester_that_does_not_answer_keeps_its_question_and_others_get_it_too(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller, manager = office.comes(TELLER), office.comes(MANAGER)
        office.after(TIME)
        assert teller.names() == manager.names() == [ASKED]

    tell(bench, story)


def test_representatives_that_come_later_are_asked_when_they_come(bench: Bench) -> None:
    async def story(office: Office) -> None:
        office.after(GRACE)
        assert office.comes(MANAGER).names() == [ASKED]
        assert office.comes(OTHER).heard == []

    tell(bench, story)


def test_a_requester_that_comes_after_the_representatives_is_asked_too(bench: Bench) -> None:
    async def story(office: Office) -> None:
        manager = office.comes(MANAGER)
        office.after(GRACE)
        assert office.comes(TELLER).names() == [ASKED]
        assert manager.names() == [ASKED]

    tell(bench, story)


def test_a_requester_that_comes_and_goes_gains_no_time(bench: Bench) -> None:
    """F3: a terminal that dials in again and again does not keep the representatives from being asked."""

    async def story(office: Office) -> None:
        manager = office.comes(MANAGER)
        for _ in range(int(TIME) // 10):
            assert manager.heard == []
            teller = office.comes(TELLER)
            office.after(5)
            office.goes(teller)
            office.after(5)
        assert manager.names() == [ASKED]

    tell(bench, story)


def test_a_second_connection_of_the_requester_is_asked_and_the_first_not_again(bench: Bench) -> None:
    async def story(office: Office) -> None:
        first, second = office.comes(TELLER), office.comes(TELLER)
        assert first.names() == second.names() == [ASKED]
        office.goes(first)
        assert office.questions.audiences.look() == pytest.approx(TIME)

    tell(bench, story)


def test_the_loop_asks_by_itself_when_time_is_over(bench: Bench) -> None:
    async def story(office: Office) -> None:
        asked = asyncio.Event()

        class Manager(Ear):
            def post(self, name: str, payload: Any) -> None:  # type: ignore[explicit-override]  # Python 3.12
                super().post(name, payload)
                asked.set()

        bench.hub.join(Manager(MANAGER))
        bench.clock.seconds += GRACE
        watching = asyncio.create_task(office.questions.audiences.run())
        await asked.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    tell(bench, story)


def test_an_answered_question_is_closed_for_everybody_and_not_put_again(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller, manager = office.comes(TELLER), office.comes(MANAGER)
        await office.give(Verdict.DISCARD)
        await office.until(lambda: CLOSED in teller.names())
        assert teller.names() == [ASKED, CLOSED]
        assert manager.names() == [CLOSED]
        assert office.after(TIME) is None
        assert office.comes(TELLER).heard == []

    tell(bench, story)


def test_a_held_question_is_listed_but_not_put(bench: Bench) -> None:
    async def story(office: Office) -> None:
        first = office.comes(TELLER)
        await office.give(Verdict.HOLD)
        await office.until(lambda: CLOSED in first.names())
        assert office.comes(TELLER).heard == []
        assert [one.job.job for one in office.questions.questions(TELLER)] == [office.job]
        assert (await office.give(Verdict.PRINT, key=KEY)).valid

    tell(bench, story)


def test_a_new_stop_is_a_new_question(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller = office.comes(TELLER)
        await office.give(Verdict.PRINT, key=KEY)
        stopped = await asyncio.to_thread(in_doubt, bench, office.job)
        await office.until(lambda: teller.names()[-1] == ASKED)
        assert teller.heard[-1][1].job.epoch == stopped.epoch == 2
        assert teller.heard[-1][1].in_doubt == 2

    tell(bench, story)


def test_what_is_learnt_of_the_medium_is_told_to_those_who_were_asked(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller, manager = office.comes(TELLER), office.comes(MANAGER)
        await office.give(Verdict.PRINT, key=KEY)
        await asyncio.to_thread(in_doubt, bench, office.job)
        await office.until(lambda: teller.names()[-1] == ASKED)
        await asyncio.wrap_future(bench.jobs.change(office.job, changes.found_medium(Media.JAMMED)))
        await office.until(lambda: teller.names()[-2:] == [ASKED, ASKED])
        assert teller.heard[-1][1].media is Media.JAMMED
        assert ASKED not in manager.names()

    tell(bench, story)


def test_a_record_that_cannot_be_read_does_not_silence_the_others(bench: Bench) -> None:
    async def story(office: Office) -> None:
        more = bench.admission().submit(TELLER, request("r-2"), DOCUMENT)
        held = bench.jobs.change((await more).job_id, changes.hold("t", "counter-1", "Ann"))
        other = await asyncio.wrap_future(held)
        office.questions.note(
            await asyncio.wrap_future(bench.jobs.change(other.job_id, changes.invalidate(Reason.RESTART, "t")))
        )
        for area in bench.spool._areas:
            with closing(apsw.Connection(str(area.settings.path / DATABASE))) as connection:
                connection.execute("UPDATE job SET version = version + 1 WHERE job_id = ?", (office.job,))
        teller, manager = office.comes(TELLER), office.comes(MANAGER)
        office.after(TIME)
        for ear in (teller, manager):
            assert [payload.job.job for name, payload in ear.heard if name == ASKED] == [other.job_id]
        assert [one.job.job for one in office.questions.questions(MANAGER)] == [other.job_id]

    tell(bench, story)


@pytest.mark.parametrize(("actor", "count"), [(TELLER, 1), (MANAGER, 1), (SUPERVISOR, 1), (OTHER, 0)])
def test_who_may_decide_sees_the_question(bench: Bench, actor: Actor, count: int) -> None:
    async def story(office: Office) -> None:
        assert len(list(office.questions.questions(actor))) == count
        assert len(list(office.questions.all_questions())) == 1

    tell(bench, story)


# What is answered


def test_with_the_requesters_key_it_prints(bench: Bench) -> None:
    async def story(office: Office) -> None:
        view = await office.give(Verdict.PRINT, key=KEY)
        assert (view.valid, view.state) == (True, JobState.PENDING)
        assert office.job in bench.keys

    tell(bench, story)


@pytest.mark.parametrize("verdict", [Verdict.PRINT, Verdict.RESUME])
def test_without_a_key_it_cannot_print(bench: Bench, verdict: Verdict) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(verdict, step=1) == "key-needed"

    tell(bench, story)


def test_a_job_for_a_printer_that_was_taken_away_is_kept_and_can_only_be_discarded(bench: Bench) -> None:
    async def story(office: Office) -> None:
        office.questions._printers = {"another"}
        assert await office.refuse(Verdict.PRINT, key=KEY) == "printer-gone"
        assert (await office.give(Verdict.DISCARD)).state is JobState.CANCELED

    tell(bench, story)


@pytest.mark.parametrize("wrong", [{"key": NEW_KEY}, {"key": b"short"}, {"data_key": NEW_KEY}, {"data_key": b"x"}])
def test_a_wrong_key_is_no_answer(bench: Bench, wrong: dict[str, Any]) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.PRINT, **wrong) == "wrong-key"
        assert (await office.give(Verdict.PRINT, key=KEY)).valid

    tell(bench, story)


def test_two_keys_at_once_are_refused(bench: Bench) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.PRINT, key=KEY, data_key=NEW_KEY) == "invalid-message"
        assert not bench.spool.record(office.job).valid

    tell(bench, story)


def test_a_representative_prints_with_the_branch_recovery_key(bench: Bench) -> None:
    async def story(office: Office) -> None:
        office.after(GRACE)
        question = office.comes(MANAGER).heard[0][1]
        [wrap] = [wrap for wrap in question.wraps if wrap.holder is Holder.RECOVERY]
        data_key = unwrap_for_recovery(question.identity, wrap, RECOVERY.private_bytes_raw())
        assert (await office.give(Verdict.PRINT, MANAGER, data_key=data_key)).valid

    tell(bench, story)


@pytest.mark.parametrize("verdict", [Verdict.DISCARD, Verdict.HOLD])
def test_to_end_or_hold_it_nobody_needs_a_key(bench: Bench, verdict: Verdict) -> None:
    async def story(office: Office) -> None:
        await office.give(verdict, MANAGER)
        assert office.job not in bench.keys

    tell(bench, story)


def test_another_teller_may_not_decide(bench: Bench) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.DISCARD, OTHER) == "not-permitted"
        assert await office.refuse(Verdict.PRINT, OTHER, key=KEY) == "not-permitted"

    tell(bench, story)


@pytest.mark.parametrize("facts", [{"epoch": 0}, {"epoch": 2}, {"in_doubt": 1}])
def test_an_answer_to_another_question_leaves_no_key(bench: Bench, facts: dict[str, Any]) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.PRINT, key=KEY, **facts) == "stale-question"

    tell(bench, story)


@pytest.mark.parametrize("step", [-1, 0, 2, 99])
def test_an_impossible_answer_leaves_no_key(bench: Bench, step: int) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.RESUME, key=KEY, step=step) == "answer-not-possible"

    tell(bench, story)


def test_an_impossible_answer_does_not_take_the_key_that_was_there(bench: Bench) -> None:
    """The mechanism stopped, power stayed: the appliance can still read the job, whatever somebody mistypes."""

    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, key=KEY)
        await asyncio.to_thread(in_doubt, bench, office.job)
        assert await office.refuse(Verdict.RESUME, step=9) == "answer-not-possible"
        assert await office.refuse(Verdict.RESUME, step=2, key=NEW_KEY) == "wrong-key"
        assert (await office.give(Verdict.RESUME, step=3)).confirmed == 2

    tell(bench, story)


@pytest.mark.parametrize("person", ["", " ", "x" * 129, "Anna\x1b[2J", "Anna\n"])
def test_an_answer_names_the_person_who_decided(bench: Bench, person: str) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.PRINT, key=KEY, person=person) == "invalid-message"

    tell(bench, story)


def test_the_name_of_a_new_key_is_bounded(bench: Bench) -> None:
    async def story(office: Office) -> None:
        new: dict[str, Any] = {"new_key": NEW_KEY, "new_key_ref": "k" * 129}
        assert await office.refuse(Verdict.PRINT, key=KEY, **new) == "invalid-message"

    tell(bench, story)


def test_the_same_answer_again_gives_its_result(bench: Bench) -> None:
    async def story(office: Office) -> None:
        first = await office.give(Verdict.PRINT, key=KEY)
        assert await office.give(Verdict.PRINT, key=KEY, epoch=1, in_doubt=0) == first
        assert await office.refuse(Verdict.DISCARD, MANAGER, epoch=1, in_doubt=0) == "already-answered"
        ended = await asyncio.to_thread(in_doubt, bench, office.job)
        assert (await office.give(Verdict.PRINT, epoch=1, in_doubt=0)).epoch == ended.epoch

    tell(bench, story)


def test_the_first_of_two_answers_at_once_wins(bench: Bench) -> None:
    async def story(office: Office) -> None:
        first, second = await at_once(office.give(Verdict.PRINT, key=KEY), office.give(Verdict.DISCARD, MANAGER))
        assert first.valid
        assert code_of(second) == "already-answered"
        assert bench.spool.record(office.job).valid
        assert office.job in bench.keys

    tell(bench, story)


def test_two_discards_at_once_leave_no_key_behind(bench: Bench) -> None:
    async def story(office: Office) -> None:
        first, second = await at_once(office.give(Verdict.DISCARD, MANAGER), office.give(Verdict.PRINT, key=KEY))
        assert first.state is JobState.CANCELED
        assert code_of(second) == "already-answered"
        assert office.job not in bench.keys

    tell(bench, story)


def test_a_job_that_ended_by_itself_asks_nothing(bench: Bench) -> None:
    async def story(office: Office) -> None:
        await asyncio.wrap_future(bench.jobs.change(office.job, changes.cancel("t", "operator", "Otto")))
        for verdict in Verdict:
            with pytest.raises(PassbookError) as caught:
                await office.questions.answer(
                    MANAGER, AnswerQuestion(job=office.job, epoch=5, verdict=verdict, person="C", key=KEY)
                )
            assert caught.value.code == "stale-question"
        assert office.job not in bench.keys

    tell(bench, story)


def test_a_job_that_nobody_knows_is_said_so(bench: Bench) -> None:
    async def story(office: Office) -> None:
        with pytest.raises(PassbookError) as caught:
            await office.questions.answer(
                TELLER, AnswerQuestion(job="ff", epoch=1, verdict=Verdict.DISCARD, person="A")
            )
        assert caught.value.code == "unknown-job"

    tell(bench, story)


# What takes two


def test_lines_on_paper_print_again_when_two_people_at_two_terminals_order_it(bench: Bench) -> None:
    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, key=KEY)
        await asyncio.to_thread(in_doubt, bench, office.job)
        view = await office.give(Verdict.PRINT)
        assert (view.valid, view.epoch) == (False, 2)
        assert await office.give(Verdict.PRINT) == view
        assert await office.refuse(Verdict.PRINT, person="Carla") == "second-person-needed"
        assert await office.refuse(Verdict.PRINT, MANAGER) == "second-person-needed"
        assert (await office.give(Verdict.PRINT, MANAGER, person="Carla")).valid
        record = bench.spool.record(office.job)
        assert record.answered is not None
        assert (record.answered.person, record.answered.seconded_by) == ("Anna", Decider(MANAGER.name, "Carla"))
        assert record.reprints == 1
        # Both get the result when they repeat it.
        assert (await office.give(Verdict.PRINT, MANAGER, person="Carla", epoch=2, in_doubt=2)).valid
        assert (await office.give(Verdict.PRINT, epoch=2, in_doubt=2)).valid

    tell(bench, story)


def test_whoever_may_be_the_second_is_asked_at_once_and_sees_what_was_ordered(bench: Bench) -> None:
    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, key=KEY)
        teller, manager = office.comes(TELLER), office.comes(MANAGER)
        await asyncio.to_thread(in_doubt, bench, office.job)
        await office.until(lambda: ASKED in teller.names())
        assert ASKED not in manager.names()
        await office.give(Verdict.RESUME, step=1)
        await office.until(lambda: ASKED in manager.names())
        assert [ear.heard[-1][1].proposed.person for ear in (teller, manager)] == ["Anna", "Anna"]
        await office.give(Verdict.DISCARD, MANAGER, person="Carla")
        await office.until(lambda: CLOSED in teller.names())
        assert bench.spool.record(office.job).state is JobState.CANCELED

    tell(bench, story)


def test_the_line_in_doubt_needs_nobody_else(bench: Bench) -> None:
    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, key=KEY)
        await asyncio.to_thread(in_doubt, bench, office.job)
        assert (await office.give(Verdict.RESUME, step=2)).valid
        assert bench.spool.record(office.job).reprints == 0

    tell(bench, story)


def test_where_the_operator_says_so_one_person_is_enough(bench: Bench) -> None:
    async def story(office: Office) -> None:
        office.questions._second_operator = False
        await office.give(Verdict.PRINT, key=KEY)
        await asyncio.to_thread(in_doubt, bench, office.job)
        assert (await office.give(Verdict.PRINT)).valid
        assert bench.spool.record(office.job).reprints == 1

    tell(bench, story)


def test_a_proposal_does_not_survive_a_power_cut(bench: Bench) -> None:
    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, key=KEY)
        await asyncio.to_thread(in_doubt, bench, office.job)
        await office.give(Verdict.PRINT)
        bench.power_cycle()
        later = Office(bench, bench.spool.record(office.job))
        assert next(iter(later.questions.all_questions())).proposed is None
        assert not (await later.give(Verdict.PRINT, MANAGER, person="Carla", key=KEY)).valid

    tell(bench, story)


# Under which key


def test_a_job_is_put_under_a_new_key(bench: Bench) -> None:
    """F7: after the next cut the old key opens nothing."""

    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, key=KEY, new_key=NEW_KEY, new_key_ref="anna-2")
        assert bench.spool.record(office.job).key_ref == "anna-2"
        bench.power_cycle()
        later = Office(bench, bench.spool.record(office.job))
        assert [wrap.holder for wrap in next(later.questions.all_questions()).wraps] == [
            Holder.REQUESTER,
            Holder.RECOVERY,
        ]
        assert await later.refuse(Verdict.PRINT, key=KEY) == "wrong-key"
        assert (await later.give(Verdict.PRINT, key=NEW_KEY)).valid

    tell(bench, story)


def test_a_new_key_of_another_length_changes_nothing(bench: Bench) -> None:
    async def story(office: Office) -> None:
        assert await office.refuse(Verdict.PRINT, key=KEY, new_key=b"short", new_key_ref="x") == "key-malformed"

    tell(bench, story)


def test_a_job_under_the_appliances_key_needs_none(bench: Bench) -> None:
    async def story(office: Office) -> None:
        [question] = office.questions.all_questions()
        assert question.readable
        assert (await office.give(Verdict.PRINT)).valid

    tell(bench, story, key=b"", key_ref="")


def test_a_job_that_got_a_key_of_its_own_is_not_the_appliances_any_more(bench: Bench) -> None:
    async def story(office: Office) -> None:
        await office.give(Verdict.PRINT, new_key=NEW_KEY, new_key_ref="anna-2")
        bench.power_cycle()
        later = Office(bench, bench.spool.record(office.job))
        assert not next(later.questions.all_questions()).readable
        assert await later.refuse(Verdict.PRINT) == "key-needed"
        assert (await later.give(Verdict.PRINT, key=NEW_KEY)).valid

    tell(bench, story, key=b"", key_ref="")
