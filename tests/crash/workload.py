"""What can be done with a store, in any order, with restarts and power cuts between; hypothesis chooses."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace
from typing_extensions import override

from passbook.job import changes
from passbook.job.priorities import set_priority
from passbook.job.record import OPERATOR, Answered, Change, Decider, Record, Verdict, Wrap
from passbook.job.reprinting import as_given
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from tests.crash.coverage import Deed
from tests.crash.explorer import Explored, Explorer, cut
from tests.crash.life import AT, KEYS, LIMITS, STEPS, Life
from tests.crash.model import Model
from tests.crash.states import Image

sizes = st.sampled_from([1, 300, 4000, 9000])
numbers = st.integers(0, 7)
MOST_JOBS = 8
PEOPLE = [("teller-1", "somebody"), ("manager", "somebody else")]
ANSWERS = {
    Verdict.PRINT: Deed.PRINT,
    Verdict.RESUME: Deed.RESUME,
    Verdict.DISCARD: Deed.DISCARD,
    Verdict.HOLD: Deed.KEEP,
}


class Workload(RuleBasedStateMachine):
    """One store; when its story ends, the states of its disk are tried.

    Attributes:
        explored: of all stories.
        limit: how many states of each life are tried; None: all.
    """

    explored: ClassVar[Explored] = Explored()
    limit: ClassVar[int | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._explorer = self._stack.enter_context(Explorer())
        self._lives = 0
        self._begin(Image((), {}, b""), Model())

    def _begin(self, image: Image, known: Model) -> None:
        """A life; `known` stays what people know before it."""
        self._lives += 1
        self._known = known
        self._life = Life(self._stack.enter_context(self._explorer.room()), self._lives, image)
        self._life.begin(known)
        if self._lives == 1:
            # A first boot is the same in every story, and has a test of its own.
            self._life.log.first = len(self._life.log.entries)

    def _explore(self) -> None:
        life, chance = self._life, random.Random(self._lives)
        life.end()
        explored = self._explorer.explore(life.log, self._known, life.asked, chance=chance, limit=self.limit)
        self.explored.add(explored)
        assert not explored.findings, f"{explored}\n" + "\n".join(map(str, explored.findings))

    @override
    def teardown(self) -> None:
        with self._stack:
            if not self._life.over:
                self._explore()

    # What a rule needs is made when it is not there, so that each of them does what it is for.  A precondition would
    # not do: what is left after a power cut depends on threads too, and hypothesis wants the same choice twice.

    def _fitting(self, fits: Callable[[Record], bool]) -> list[Record]:
        return [record for record in self._life.jobs.values() if fits(record)]

    def _a_job(self, number: int) -> Record:
        if not self._life.jobs:
            self._life.accept(300)
        return _pick(list(self._life.jobs.values()), number)

    def _an_open_job(self, number: int) -> Record:
        if not self._fitting(_is_open):
            self._a_job(number)
            self._life.restart()
        return _pick(self._fitting(_is_open), number)

    def _a_held_job(self, number: int) -> Record:
        if not self._fitting(_is_held):
            self._life.change(self._an_open_job(number).job_id, Deed.HOLD, changes.hold(AT, "counter-1", "Ann"))
        return _pick(self._fitting(_is_held), number)

    def _a_printing_job(self, number: int) -> Record:
        if not self._fitting(_is_printing):
            if self._life.spool.next_valid("pr-1") is None:
                self._life.accept(300)
            self._take_up()
        return _pick(self._fitting(_is_printing), number)

    def _a_job_on_paper(self, number: int) -> Record:
        """An open one."""
        if not self._fitting(_is_on_paper):
            job = self._a_printing_job(number).job_id
            while not self._life.jobs[job].confirmed:
                self._life.change(job, *_next_step(self._life.jobs[job]))
            self._life.change(job, Deed.STOP, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))
        return _pick(self._fitting(_is_on_paper), number)

    def _an_ended_job(self, number: int) -> Record:
        if not self._life.ended:
            [job] = self._life.accept(300)
            self._life.change(job, Deed.CANCEL, changes.cancel(AT, "teller-1", "somebody"))
        return _pick(list(self._life.ended.values()), number)

    def _take_up(self) -> None:
        if record := self._life.spool.next_valid("pr-1"):
            self._life.change(record.job_id, Deed.START, changes.start(AT, 1))

    # What terminals do

    @initialize(
        sizes=st.lists(sizes, min_size=1, max_size=3),
        count=st.integers(0, STEPS),
        what=st.sampled_from(["", "restart", "stop"]),
    )
    def begin_work(self, sizes: list[int], count: int, what: str) -> None:
        """Most of what can be done needs jobs that were printed in part, or are asked about."""
        self._life.accept(*sizes)
        self.print_on(count)
        if what == "restart":
            self._life.restart()
        elif what == "stop":
            self.stop(0)

    @rule(sizes=st.lists(sizes, min_size=1, max_size=3), priority=st.sampled_from([10, 50]), too_large=st.booleans())
    def accept(self, sizes: list[int], priority: int, too_large: bool) -> None:
        if too_large:
            self._life.refuse(LIMITS.job_bytes + 1)
        if len(self._life.jobs) < MOST_JOBS:
            self._life.accept(*sizes, priority=priority)

    @rule(
        number=numbers,
        verdict=st.sampled_from(list(ANSWERS)),
        step=st.integers(0, STEPS),
        key=st.sampled_from([None, *KEYS]),
        person=st.sampled_from(PEOPLE),
    )
    def answer(self, number: int, verdict: Verdict, step: int, key: str | None, person: tuple[str, str]) -> None:
        """An answer that is possible."""
        record = self._an_open_job(number)
        first = {Verdict.PRINT: 1, Verdict.RESUME: 1 + step % (record.furthest_sent + 1)}
        given = Answered(record.epoch, verdict, first.get(verdict, 0), record.sending, *person)
        # With lines on paper the order waits for a second person, and then it cannot change the key.
        wraps = None if key is None or record.confirmed else self._life.rekeyed(record.job_id, key)
        self._answer(record, given, wraps)

    @rule(number=numbers, person=st.sampled_from(PEOPLE), soon=st.sampled_from([True, True, False]))
    def order_again(self, number: int, person: tuple[str, str], soon: bool) -> None:
        """One person orders lines printed again that are on paper; another one agrees at once, or the next time."""
        if not self._fitting(_is_proposed):
            record = self._a_job_on_paper(number)
            self._answer(record, Answered(record.epoch, Verdict.PRINT, 1, record.sending, *person), None)
            if not soon:
                return
        if proposed := self._fitting(_is_proposed):
            record = _pick(proposed, number)
            assert record.proposed is not None
            [other] = [one for one in PEOPLE if one[0] != record.proposed.terminal]
            # What the appliance noted of the order is no part of an answer; with it this would be another order.
            given = replace(as_given(record.proposed), terminal=other[0], person=other[1])
            self._answer(record, given, None)

    def _answer(self, record: Record, given: Answered, wraps: list[Wrap] | None) -> None:
        change = changes.answer(given, at=AT, date=AT[:10], trusted=True, wraps=wraps)
        self._life.change(record.job_id, ANSWERS[given.verdict], change)

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        record = self._a_job(number)
        change = changes.cancel(AT, "teller-1", "somebody", at_boundary=True)
        self._life.change(record.job_id, Deed.CANCEL, change)

    @rule(number=numbers, forget=st.booleans())
    def acknowledge(self, number: int, forget: bool) -> None:
        """Somebody takes note of the end of a job, and later nothing is kept of it."""
        record = self._an_ended_job(number)
        self._life.change(record.job_id, Deed.ACKNOWLEDGE, changes.acknowledge("teller-1", AT))
        if forget:
            self._life.forget()

    @rule(number=numbers)
    def expire(self, number: int) -> None:
        """Nobody answers for a job until its day is long over."""
        record = self._an_open_job(number)
        self._life.change(record.job_id, Deed.EXPIRE, changes.expire(record.epoch, "2026-12-31", AT))

    # What operators do

    @rule(number=numbers, release=st.booleans(), who=st.sampled_from(["counter-1", OPERATOR]))
    def hold(self, number: int, release: bool, who: str) -> None:
        """What an operator holds stays held over a power cut, and only an operator releases it."""
        if release:
            held = self._a_held_job(number)
            self._life.change(held.job_id, Deed.RELEASE, changes.release(AT, "counter-1", "Ann", senior=True))
        else:
            self._life.change(self._a_job(number).job_id, Deed.HOLD, changes.hold(AT, who, "Ann"))

    @rule(number=numbers, priority=st.integers(1, 100))
    def set_priority(self, number: int, priority: int) -> None:
        """A person gives a job that waits another place."""
        setting = set_priority(priority, Decider("counter-1", "Ann"), AT)
        self._life.change(self._an_open_job(number).job_id, Deed.PRIORITY, setting)

    @rule(size=sizes)
    def check(self, size: int) -> None:
        if len(self._life.jobs) < MOST_JOBS:
            self._life.check(size)

    @rule(what=st.sampled_from(["heads", "history", "checkpoint"]))
    def upkeep(self, what: str) -> None:
        if what == "checkpoint":
            self._life.checkpoint()
        else:
            self._life.upkeep(cut=what == "history")

    # What mechanisms do

    @rule(count=st.integers(1, STEPS))
    def print_on(self, count: int) -> None:
        """A mechanism takes the next job up, and all go on: so many steps, or to their end."""
        self._take_up()
        for _ in range(count):
            if working := self._fitting(_is_printing):
                self._life.change_all({one.job_id: _next_step(one) for one in working})

    @rule(number=numbers)
    def finish(self, number: int) -> None:
        """A job is printed to its end."""
        job = self._a_printing_job(number).job_id
        while job in self._life.jobs:
            self._life.change(job, *_next_step(self._life.jobs[job]))

    @rule(number=numbers)
    def people(self, number: int) -> None:
        """A job waits for people to handle its book, or goes on after they did."""
        if waiting := self._fitting(_is_waiting):
            self._life.change(_pick(waiting, number).job_id, Deed.PROCEED, changes.proceed(AT))
        else:
            record = self._a_printing_job(number)
            self._life.change(record.job_id, Deed.WAIT, changes.wait_for_people(Reason.MEDIA_NEEDED, AT))

    @rule(number=numbers)
    def stop(self, number: int) -> None:
        record = self._a_printing_job(number)
        self._life.change(record.job_id, Deed.STOP, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))

    # What befalls the appliance

    @rule()
    def restart(self) -> None:
        self._life.restart()

    @rule(where=st.floats(0, 1), seed=st.integers(0, 1000))
    def cut(self, where: float, seed: int) -> None:
        """The power goes at some moment of this life, and comes back."""
        self._explore()
        image, model = cut(self._life.log, where, self._known, random.Random(seed))
        self._begin(image, model)


def _pick(records: list[Record], number: int) -> Record:
    return records[number % len(records)]


def _is_open(record: Record) -> bool:
    return record.is_open


def _is_on_paper(record: Record) -> bool:
    return record.is_open and record.confirmed > 0


def _is_proposed(record: Record) -> bool:
    return record.is_open and record.proposed is not None


def _is_held(record: Record) -> bool:
    return record.is_open and not record.asked


def _is_printing(record: Record) -> bool:
    return record.valid and record.state is JobState.PROCESSING


def _is_waiting(record: Record) -> bool:
    return record.valid and record.state is JobState.PROCESSING_STOPPED


def _next_step(record: Record) -> tuple[Deed, Change]:
    furthest = record.sending or record.confirmed
    if furthest == STEPS:
        return Deed.FINISH, changes.finish_job(AT)
    return Deed.STEP, changes.journal(furthest, furthest + 1)
