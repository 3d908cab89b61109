from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from firmware.config.configuration import RecoveryConfig
from firmware.people.expiries import CLOCK_LOOK, RECORD_LOOK, Expiries
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.record import Change, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.messages import AnswerQuestion
from spooler.news import JobChanged, News
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, TELLER, WAIT, Bench, Ear, call_in, request

GRACE = 3600.0
DAY = 86400.0


class Night:
    """A job that a power cut left, and the two parts that ask about it and end it."""

    def __init__(self, bench: Bench, job: str) -> None:
        self.bench, self.job = bench, job
        self.loop = asyncio.get_running_loop()
        settings = RecoveryConfig(grace=1.0, answer_timeout=1.0)
        self.recovery = bench.new_questions(settings)
        self.expiry = Expiries(bench.jobs, bench.clock, GRACE)
        self.recovery.watchers.append(self.expiry.note_put)
        self._noted = asyncio.Event()
        bench.listen = self._hear
        self.note(self.record)

    @property
    def record(self) -> Record:
        return self.bench.spool.record(self.job)

    def _hear(self, news: News) -> None:
        if isinstance(news, JobChanged):
            call_in(self.loop, self.note, news.record)

    def note(self, record: Record) -> None:
        self.expiry.note(record)
        self.recovery.note(record)
        self._noted.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        while not seen():
            self._noted.clear()
            await self._noted.wait()

    def comes(self, actor: Actor) -> Ear:
        ear = Ear(actor)
        self.bench.hub.join(ear)
        return ear

    async def after(self, seconds: float) -> float:
        """Let time go on; how long the part wants to wait then."""
        self.bench.clock.seconds += seconds
        self.recovery.audiences.look()
        return await self.expiry.look()

    async def pass_grace(self) -> None:
        """A day and its grace go by, with a look at the end of each."""
        await self.after(DAY)
        await self.after(GRACE)

    async def change(self, change: Change) -> None:
        await asyncio.wrap_future(self.bench.jobs.change(self.job, change))


def tell(bench: Bench, story: Callable[[Night], Awaitable[None]], *, trusted: bool = True) -> None:
    """A job is accepted, power is cut, and `story` is what comes then."""

    async def run() -> None:
        bench.clock.trust = trusted
        job = (await bench.admission().submit(TELLER, request(), DOCUMENT)).job_id
        bench.power_cycle()
        async with asyncio.timeout(WAIT):
            await story(Night(bench, job))

    asyncio.run(run())


def test_a_question_that_was_put_expires_when_its_day_and_the_grace_are_over(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        await night.after(0)
        assert not night.record.ended
        assert await night.after(DAY) == pytest.approx(min(CLOCK_LOOK, GRACE))
        await night.after(GRACE - 1)
        assert not night.record.ended
        await night.after(1)
        assert (night.record.state, night.record.reasons) == (JobState.ABORTED, (Reason.EXPIRED,))

    tell(bench, story)


def test_its_end_is_told_logged_and_kept_and_its_key_is_gone(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="passbook")

    async def story(night: Night) -> None:
        teller = night.comes(TELLER)
        await night.pass_grace()
        await night.until(lambda: "Recovery.QuestionClosedEvent" in teller.names())
        [last] = night.bench.spool.history(night.job, last=1)
        assert (last.entry.kind, last.entry.record.reasons) == (HistoryKind.ENDED, (Reason.EXPIRED,))
        assert night.job not in night.bench.keys
        assert any(isinstance(news, JobChanged) and news.record.ended for news in night.bench.told)

    tell(bench, story)
    [facts] = [one.facts for one in caplog.records if one.getMessage() == "job-expired"]  # type: ignore[attr-defined]
    assert (facts["requester"], facts["reason"]) == (TELLER.name, "expired")


def test_what_nobody_was_asked_about_stays(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(OTHER)
        for _ in range(5):
            await night.pass_grace()
        assert night.record.is_open

    tell(bench, story)


def test_from_the_moment_on_that_it_is_put_the_grace_runs(bench: Bench) -> None:
    async def story(night: Night) -> None:
        await night.pass_grace()
        night.comes(MANAGER)
        await night.after(0)
        await night.after(GRACE - 1)
        assert night.record.is_open
        await night.after(1)
        assert night.record.ended

    tell(bench, story)


@pytest.mark.parametrize("actor", [TELLER, MANAGER])
def test_a_question_that_was_listed_was_put(bench: Bench, actor: Actor) -> None:
    async def story(night: Night) -> None:
        assert list(night.recovery.questions(OTHER)) == []
        await night.pass_grace()
        [listed] = night.recovery.questions(actor)
        await night.pass_grace()
        assert night.record.is_open
        night.recovery.note_put([listed])
        await night.pass_grace()
        assert night.record.ended

    tell(bench, story)


def test_what_an_operator_sees_was_not_put(bench: Bench) -> None:
    async def story(night: Night) -> None:
        assert len(list(night.recovery.all_questions())) == 1
        await night.pass_grace()
        assert night.record.is_open

    tell(bench, story)


def test_under_a_clock_that_is_not_trusted_nothing_expires(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        night.bench.clock.trust = False
        for _ in range(3):
            await night.pass_grace()
        assert night.record.is_open
        night.bench.clock.trust = True
        await night.after(0)
        assert night.record.is_open
        await night.after(GRACE)
        assert night.record.ended

    tell(bench, story)


def test_what_was_accepted_under_a_clock_not_trusted_begins_its_day_when_the_clock_is(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        await night.pass_grace()
        undated = night.record
        assert not undated.clock_trusted
        night.bench.clock.trust = True
        await night.after(0)
        assert night.record.clock_trusted
        assert night.record.business_date == night.bench.clock.business_date()
        await night.after(GRACE)
        assert night.record.is_open
        await night.pass_grace()
        assert night.record.ended

    tell(bench, story, trusted=False)


def test_a_clock_that_goes_back_a_day_ends_nothing(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        night.bench.clock.wall_ahead = DAY
        await night.after(0)
        night.bench.clock.wall_ahead = 0
        await night.after(GRACE)
        assert night.record.is_open
        night.bench.clock.wall_ahead = DAY
        await night.after(0)
        assert night.record.is_open

    tell(bench, story)


def test_an_answer_hold_was_given_by_somebody_who_was_asked(bench: Bench) -> None:
    async def story(night: Night) -> None:
        record = night.record
        order = AnswerQuestion(night.job, record.epoch, Verdict.HOLD, "Anna")
        await night.recovery.answer(TELLER, order)
        await night.until(lambda: not night.record.asked)
        await night.after(0)
        assert night.record.is_open
        await night.pass_grace()
        assert night.record.ended

    tell(bench, story)


def test_what_an_operator_holds_and_nobody_was_asked_about_stays(bench: Bench) -> None:
    async def story(night: Night) -> None:
        await night.change(changes.hold("t", "counter-1", "Ann"))
        night.comes(TELLER)
        await night.pass_grace()
        assert night.record.is_open
        await night.change(changes.release("t", "manager", "Ms Okafor"))
        await night.pass_grace()
        assert night.record.ended

    tell(bench, story)


def test_an_answer_that_makes_it_valid_ends_the_watch(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        await night.recovery.answer(
            TELLER, AnswerQuestion(night.job, night.record.epoch, Verdict.PRINT, "Anna", key=bytes(range(32)))
        )
        await night.pass_grace()
        assert night.record.valid

    tell(bench, story)


def test_a_store_that_fails_is_left_to_the_next_start(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        await night.after(DAY)
        night.bench.spool.close()
        await night.after(GRACE)
        await night.after(GRACE)

    tell(bench, story)
    assert [one.getMessage() for one in caplog.records].count("job-left-undated") == 1


def test_the_loop_ends_it_by_itself(bench: Bench) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        running = asyncio.create_task(night.expiry.run())
        try:
            night.bench.clock.seconds += DAY
            night.expiry.wake()
            await asyncio.sleep(0)
            night.bench.clock.seconds += GRACE
            night.expiry.wake()
            await night.until(lambda: night.record.ended)
        finally:
            running.cancel()

    tell(bench, story)


def test_a_look_is_due_at_the_days_end_and_once_a_minute_at_least(bench: Bench) -> None:
    async def story(night: Night) -> None:
        left = night.bench.clock.business_day_left()
        assert await night.after(0) == CLOCK_LOOK
        assert await night.after(left - 5) == pytest.approx(5)

    tell(bench, story)


def test_a_record_that_could_not_be_read_is_looked_at_again_soon(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(night: Night) -> None:
        night.comes(TELLER)
        with monkeypatch.context() as patch:
            patch.setattr(type(night.bench.spool), "record", broken)
            assert await night.after(DAY) == RECORD_LOOK
        await night.pass_grace()
        assert night.record.ended

    def broken(*_: object) -> Record:
        raise PassbookError("area-fenced", area="a", why="gone")

    tell(bench, story)
