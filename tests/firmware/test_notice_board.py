from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from firmware.people.audiences import BREATH, SHOWN_AT_ONCE
from firmware.people.notice_board import AWAITED_AT_ONCE, LISTED_AT_ONCE, NoticeBoard
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.job.record import OPERATOR, Answered, Change, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.events import ENDED
from passbook.protocol.media import Media
from passbook.protocol.notice import Notice
from passbook.protocol.pages import Page
from spooler.news import EndAcknowledged, JobChanged, News
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, TELLER, WAIT, Bench, Ear, call_in, request

GRACE, TIME, HOUR = 30.0, 300.0, 3600.0
CANCEL = changes.cancel("2027-01-15T08:00:00.000+00:00", "@operator", "Otto")
STOP = changes.stop(Reason.SILENT, Media.PRESENT, "t")
BEGUN = (changes.start("t", 1), changes.journal(0, 1))


def answered(verdict: Verdict, step: int = 0) -> Change:
    return changes.answer(Answered(1, verdict, step, 1, TELLER.name, "Anna"), at="t", date="", trusted=True)


ENDS: dict[str, tuple[Change, ...]] = {
    "completed": (*BEGUN, changes.journal(1, 2), changes.journal(2, 3), changes.finish_job("t")),
    "canceled by a person": (CANCEL,),
    "discarded": (*BEGUN, STOP, answered(Verdict.DISCARD)),
    "closed": (*BEGUN, changes.journal(1, 2), changes.journal(2, 3), STOP, changes.found_medium(Media.ENTERING)),
}


class Office:
    """A notice board, and people who come and go."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.hub.watchers.clear()
        self.board = NoticeBoard(bench.jobs, bench.hub, grace=GRACE, acknowledge_timeout=TIME, clock=bench.clock)
        self.board.start()
        self.loop = asyncio.get_running_loop()
        self.ends: list[str] = []
        self._noted = asyncio.Event()
        bench.listen = self._hear

    def _hear(self, news: News) -> None:
        call_in(self.loop, self._note, news)

    def _note(self, news: News) -> None:
        if isinstance(news, JobChanged | EndAcknowledged):
            self.board.note(news.record)
            self.ends += [news.record.job_id] if news.record.ended else []
            self._noted.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for the news after which it is so."""
        while not seen():
            self._noted.clear()
            await self._noted.wait()

    async def accepted(self, actor: Actor = TELLER) -> str:
        number = len(self.bench.told)
        return (await self.bench.admission().submit(actor, request(f"r-{number}"), DOCUMENT)).job_id

    async def do(self, job: str, *rules: Change) -> Record:
        for rule in rules:
            await asyncio.wrap_future(self.bench.jobs.change(job, rule))
        return self.bench.spool.record(job)

    async def ended(self, actor: Actor = TELLER) -> str:
        """A job that somebody cancelled; the board has taken note of that."""
        job = await self.accepted(actor)
        await self.do(job, CANCEL)
        await self.until(lambda: job in self.ends)
        return job

    def comes(self, actor: Actor) -> Ear:
        ear = Ear(actor)
        self.bench.hub.join(ear)
        return ear

    def after(self, seconds: float) -> float | None:
        self.bench.clock.seconds += seconds
        return self.board.audiences.look()

    async def refused(self, actor: Actor, job: str) -> str:
        before = self.bench.spool.record(job)
        with pytest.raises(PassbookError) as caught:
            await self.board.acknowledge(actor, job)
        assert self.bench.spool.record(job) == before
        return caught.value.code


def told_of(ear: Ear) -> list[str]:
    """The jobs of whose end a connection was told."""
    assert set(ear.names()) <= {ENDED}
    return [payload.job.job for _, payload in ear.heard]


def tell(bench: Bench, story: Callable[[Office], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(WAIT):
            await story(Office(bench))

    asyncio.run(run())


# Who is told


@pytest.mark.parametrize("end", ENDS)
def test_every_kind_of_end_is_told(bench: Bench, end: str) -> None:
    async def story(office: Office) -> None:
        teller, manager, other = (office.comes(actor) for actor in (TELLER, MANAGER, OTHER))
        job = await office.accepted()
        record = await office.do(job, *ENDS[end])
        if end == "closed":
            closing = Answered(1, Verdict.RESUME, 4, 3, TELLER.name, "Anna")
            record = await office.do(job, changes.answer(closing, at="t", date="", trusted=True))
        await office.until(lambda: bool(teller.heard))
        [(name, notice)] = teller.heard
        assert (name, notice.job.job, notice.job.state) == (ENDED, job, record.state)
        assert notice.on_paper is not None
        assert notice.on_paper.lines == 2
        assert notice.acknowledged is None
        assert manager.heard == other.heard == []

    tell(bench, story)


def test_what_the_system_aborted_is_told_too(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller = office.comes(TELLER)
        job = await office.accepted()

        def abort(record: Record) -> Any:
            outcome = CANCEL(record)
            return replace(outcome, record=replace(outcome.record, state=JobState.ABORTED, answered=None))

        await office.do(job, abort)
        await office.until(lambda: bool(teller.heard))
        assert teller.heard[0][1].job.state is JobState.ABORTED

    tell(bench, story)


def test_a_job_that_goes_on_is_no_notice(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller = office.comes(TELLER)
        job = await office.accepted()
        await office.do(job, *BEGUN, STOP)
        office.after(TIME)
        assert teller.heard == []
        assert await office.refused(TELLER, job) == "not-allowed-in-state"
        assert await office.refused(MANAGER, job) == "not-allowed-in-state"

    tell(bench, story)


def test_representatives_are_told_when_the_requester_stays_away(bench: Bench) -> None:
    async def story(office: Office) -> None:
        manager, other = office.comes(MANAGER), office.comes(OTHER)
        job = await office.ended()
        assert office.after(GRACE - 1) == pytest.approx(1)
        assert manager.heard == []
        office.after(1)
        assert told_of(manager) == [job]
        assert other.heard == []
        assert told_of(office.comes(TELLER)) == [job]

    tell(bench, story)


def test_representatives_are_told_when_the_requester_takes_no_note(bench: Bench) -> None:
    async def story(office: Office) -> None:
        teller, manager = office.comes(TELLER), office.comes(MANAGER)
        job = await office.ended()
        office.after(TIME - 1)
        assert (told_of(teller), told_of(manager)) == ([job], [])
        assert told_of(office.comes(MANAGER)) == []
        office.after(1)
        assert (told_of(teller), told_of(manager)) == ([job], [job])
        assert told_of(office.comes(MANAGER)) == [job]

    tell(bench, story)


def test_an_end_is_told_at_every_coming_until_somebody_takes_note(bench: Bench) -> None:
    """P8: being told is not taking note."""

    async def story(office: Office) -> None:
        job = await office.ended()
        for _ in range(3):
            ear = office.comes(TELLER)
            assert told_of(ear) == [job]
            bench.hub.leave(ear)
        await office.board.acknowledge(TELLER, job)
        assert office.comes(TELLER).heard == office.comes(MANAGER).heard == []
        assert office.after(TIME) is None

    tell(bench, story)


def test_both_connections_of_one_terminal_are_told(bench: Bench) -> None:
    async def story(office: Office) -> None:
        first, second = office.comes(TELLER), office.comes(TELLER)
        job = await office.ended()
        assert told_of(first) == told_of(second) == [job]
        one, other = await asyncio.gather(*(office.board.acknowledge(TELLER, job) for _ in range(2)))
        assert one.acknowledged == other.acknowledged
        kinds = [told.entry.kind for told in bench.spool.history(job)]
        assert kinds == [HistoryKind.ENDED, HistoryKind.ACKNOWLEDGED]

    tell(bench, story)


# Who may take note


@pytest.mark.parametrize("actor", [TELLER, MANAGER, Actor.of_terminal("supervisor", representative=True, serial=9)])
def test_the_requester_and_every_representative_may_take_note(bench: Bench, actor: Actor) -> None:
    async def story(office: Office) -> None:
        job = await office.ended()
        notice = await office.board.acknowledge(actor, job)
        assert notice.acknowledged is not None
        assert notice.acknowledged.terminal == actor.name
        assert notice.head is not None
        assert notice.head.entries == 2

    tell(bench, story)


@pytest.mark.parametrize("actor", [OTHER, Actor(OPERATOR, frozenset({Role.OPERATOR}), UnixCaller(0, 1))])
def test_a_stranger_may_not_take_note(bench: Bench, actor: Actor) -> None:
    """An operator is one to every job but its own rulers."""

    async def story(office: Office) -> None:
        job = await office.ended()
        assert await office.refused(actor, job) == "not-permitted"
        assert told_of(office.comes(TELLER)) == [job]

    tell(bench, story)


def test_the_first_of_several_counts_and_the_others_get_its_result(bench: Bench) -> None:
    async def story(office: Office) -> None:
        job = await office.ended()
        first = await office.board.acknowledge(MANAGER, job)
        later = await office.board.acknowledge(TELLER, job)
        assert first.acknowledged == later.acknowledged
        assert first.acknowledged is not None
        assert first.acknowledged.terminal == MANAGER.name

    tell(bench, story)


def test_taking_note_is_told_to_nobody_as_a_change_of_the_job(bench: Bench) -> None:
    async def story(office: Office) -> None:
        job = await office.ended()
        before = len([news for news in bench.told if isinstance(news, JobChanged)])
        await office.board.acknowledge(TELLER, job)
        await office.until(lambda: any(isinstance(news, EndAcknowledged) for news in bench.told))
        assert len([news for news in bench.told if isinstance(news, JobChanged)]) == before

    tell(bench, story)


def test_of_a_job_that_nobody_knows_nobody_takes_note(bench: Bench) -> None:
    async def story(office: Office) -> None:
        with pytest.raises(PassbookError) as caught:
            await office.board.acknowledge(TELLER, "ff")
        assert caught.value.code == "unknown-job"

    tell(bench, story)


# After a power cut


def test_after_a_power_cut_the_end_is_told_again_and_its_requester_has_its_time_again(bench: Bench) -> None:
    async def story(office: Office) -> None:
        job = await office.ended()
        office.after(GRACE)
        bench.power_cycle()
        later = Office(bench)
        manager = later.comes(MANAGER)
        assert manager.heard == []
        assert told_of(later.comes(TELLER)) == [job]
        later.after(TIME)
        assert told_of(manager) == [job]
        await later.board.acknowledge(MANAGER, job)
        bench.power_cycle()
        last = Office(bench)
        assert last.comes(TELLER).heard == []
        assert last.after(TIME) is None

    tell(bench, story)


# Many of them


@pytest.mark.slow
def test_many_ends_flood_nobody_and_all_are_listed(bench: Bench) -> None:
    async def story(office: Office) -> None:
        jobs = [await office.ended() for _ in range(SHOWN_AT_ONCE + 5)]
        bench.power_cycle()
        later = Office(bench)
        teller, manager = later.comes(TELLER), later.comes(MANAGER)
        assert told_of(teller) == jobs[:SHOWN_AT_ONCE]
        assert told_of(manager) == jobs[:5], "those whose requester has no time of its own"
        later.after(TIME)
        assert set(told_of(manager)) == set(jobs)
        pages: list[Notice] = []
        more = True
        while more:
            page = await later.board.notices(TELLER, Page(pages[-1].job.sequence if pages else 0))
            assert len(page.notices) <= LISTED_AT_ONCE
            pages += page.notices
            more = page.more
        assert [notice.job.job for notice in pages] == jobs

    tell(bench, story)


@pytest.mark.slow
def test_many_whose_time_is_over_at_once_come_in_portions(bench: Bench) -> None:
    async def story(office: Office) -> None:
        manager = office.comes(MANAGER)
        jobs = [await office.ended() for _ in range(SHOWN_AT_ONCE + 1)]
        assert office.after(GRACE) == BREATH
        assert told_of(manager) == jobs[:-1]
        assert office.after(BREATH) is None
        assert told_of(manager) == jobs

    tell(bench, story)


def test_the_oldest_of_too_many_are_everybodys_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.people.notice_board.AWAITED_AT_ONCE", 2)

    async def story(office: Office) -> None:
        manager = office.comes(MANAGER)
        jobs = [await office.ended() for _ in range(4)]
        assert told_of(manager) == jobs[:2]
        office.after(GRACE)
        assert told_of(manager) == jobs

    assert AWAITED_AT_ONCE > SHOWN_AT_ONCE
    tell(bench, story)


@pytest.mark.parametrize(
    ("actor", "count"),
    [(TELLER, 1), (OTHER, 1), (MANAGER, 2), (Actor.of_terminal("x", representative=False, serial=7), 0)],
)
def test_who_may_take_note_sees_the_notice(bench: Bench, actor: Actor, count: int) -> None:
    async def story(office: Office) -> None:
        for requester in (TELLER, OTHER):
            await office.ended(requester)
        page = await office.board.notices(actor, Page())
        assert (len(page.notices), page.more) == (count, False)
        assert len((await office.board.notices(actor, Page(after=2**70))).notices) == 0

    tell(bench, story)


# Old ones


def test_an_end_that_nobody_takes_note_of_for_a_day_is_a_problem_until_somebody_does(bench: Bench) -> None:
    async def story(office: Office) -> None:
        job = await office.accepted()
        now = bench.clock.now().isoformat(timespec="milliseconds")
        await office.do(job, changes.cancel(now, "@operator", "Otto"))
        bench.clock.seconds += 23 * HOUR
        office.board.look_for_old()
        assert office.board.problems() == ()
        bench.clock.seconds += 2 * HOUR
        bench.clock.trust = False
        office.board.look_for_old()
        assert office.board.problems() == (), "a clock that is not trusted says nothing"
        bench.clock.trust = True
        office.board.look_for_old()
        [problem] = office.board.problems()
        assert (problem.code, problem.facts["count"]) == ("notices-old", 1)
        await office.board.acknowledge(TELLER, job)
        await office.until(lambda: office.board.problems() == ())

    tell(bench, story)


def test_the_board_looks_at_ages_by_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(office: Office) -> None:
        await office.ended()
        bench.clock.seconds += 400 * 24 * HOUR
        looked = asyncio.Event()

        def trusted() -> bool:
            looked.set()
            return True

        monkeypatch.setattr(bench.clock, "trusted", trusted)
        running = asyncio.create_task(office.board.watch_ages())
        await looked.wait()
        assert office.board.problems() != ()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    tell(bench, story)


# History


def test_the_heads_are_told_as_they_are_and_as_they_were(bench: Bench) -> None:
    async def story(office: Office) -> None:
        job = await office.ended()
        [area] = {told.area for told in bench.spool.history(job)}
        first = {head.area: head for head in office.board.heads({}).now}
        await office.board.acknowledge(TELLER, job)
        heads = office.board.heads({area: 1, "elsewhere": 1})
        assert {head.area: head.entries for head in heads.now}[area] == 2
        assert heads.then == (first[area],)
        assert office.board.heads({area: 3}).then == ()

    tell(bench, story)
