"""What can be done with a store, in any order, with restarts and power cuts between; hypothesis chooses."""

from __future__ import annotations

import random
from contextlib import ExitStack
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from passbook import changes
from passbook.job import JobState, Reason
from passbook.media import Media
from passbook.record import Answered, Change, Record, Verdict
from tests.crash.explorer import Explorer, Tally, cut
from tests.crash.life import AT, KEYS, LIMITS, STEPS, Life
from tests.crash.model import Model
from tests.crash.states import Image

sizes = st.sampled_from([1, 300, 4000, 9000])


class Workload(RuleBasedStateMachine):
    """One store; when its story ends, the states of its disk are tried.

    Attributes:
        tally: of all stories.
        limit: how many states of each life are tried; None: all.
    """

    tally: ClassVar[Tally] = Tally()
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
            # A first start is the same in every story, and has a test of its own.
            self._life.log.first = len(self._life.log.entries)

    def _explore(self) -> None:
        life, chance = self._life, random.Random(self._lives)
        life.end()
        tally = self._explorer.explore(life.log, self._known, life.asked, chance=chance, limit=self.limit)
        self.tally.add(tally)
        assert not tally.findings, f"{tally}\n" + "\n".join(map(str, tally.findings))

    @override
    def teardown(self) -> None:
        with self._stack:
            if not self._life.over:
                self._explore()

    def _pick(self, number: int, *states: JobState, valid: bool | None = None) -> Record | None:
        fitting = [
            record
            for record in self._life.jobs.values()
            if (not states or record.state in states) and valid in {None, record.valid}
        ]
        return fitting[number % len(fitting)] if fitting else None

    # What terminals do

    @initialize(sizes=st.lists(sizes, min_size=1, max_size=3))
    def accept_some(self, sizes: list[int]) -> None:
        self._life.accept(*sizes)

    @rule(sizes=st.lists(sizes, min_size=1, max_size=3), priority=st.sampled_from([10, 50]))
    def accept(self, sizes: list[int], priority: int) -> None:
        if len(self._life.jobs) < 8:
            self._life.accept(*sizes, priority=priority)

    @rule()
    def refuse(self) -> None:
        self._life.refuse(LIMITS.job_bytes + 1)

    @rule(
        number=st.integers(0, 7),
        verdict=st.sampled_from(Verdict),
        step=st.integers(1, STEPS + 1),
        key=st.sampled_from([None, *KEYS]),
    )
    def answer(self, number: int, verdict: Verdict, step: int, key: str | None) -> None:
        record = self._pick(number, valid=False)
        if record is None:
            return
        wraps = None if key is None else self._life.rekeyed(record.job_id, key)
        first = step if verdict is Verdict.RESUME else 0
        given = Answered(record.epoch, verdict, first, record.sending, "teller-1", "somebody")
        change = changes.answer(given, at=AT, date=AT[:10], trusted=True, wraps=wraps)
        self._life.change(record.job_id, change)

    @rule(number=st.integers(0, 7))
    def cancel(self, number: int) -> None:
        if record := self._pick(number):
            self._life.change(record.job_id, changes.cancel(AT, "teller-1", "somebody", at_boundary=True))

    @rule(number=st.integers(0, 7))
    def acknowledge(self, number: int) -> None:
        """Somebody takes note of the end of a job."""
        ended = list(self._life.ended)
        if ended:
            self._life.change(ended[number % len(ended)], changes.acknowledge("teller-1", AT))

    @rule(number=st.integers(0, 7))
    def expire(self, number: int) -> None:
        """Nobody answers for a job until its day is long over."""
        if record := self._pick(number, valid=False):
            self._life.change(record.job_id, changes.expire(record.epoch, "2026-12-31", AT))

    # What operators do

    @rule(number=st.integers(0, 7), release=st.booleans())
    def hold(self, number: int, release: bool) -> None:
        if record := self._pick(number):
            self._life.change(record.job_id, changes.release(AT) if release else changes.hold(AT, "counter-1", "Ann"))

    @rule()
    def verify(self) -> None:
        assert self._life.spool.verify() == []

    @rule()
    def forget(self) -> None:
        self._life.forget()

    @rule(cut=st.booleans())
    def upkeep(self, cut: bool) -> None:
        self._life.upkeep(cut=cut)

    # What mechanisms do

    @rule()
    def take_up(self) -> None:
        if record := self._life.spool.next_valid("pr-1"):
            self._life.change(record.job_id, changes.start(AT, 1))

    @rule(count=st.integers(1, 3))
    def step(self, count: int) -> None:
        """One step further with all jobs in work, or the end of those that are through."""
        for _ in range(count):
            working = [one for one in self._life.jobs.values() if one.state is JobState.PROCESSING and one.valid]
            if working:
                self._life.change_all({one.job_id: _next_step(one) for one in working})

    @rule(number=st.integers(0, 7), proceed=st.booleans())
    def people(self, number: int, proceed: bool) -> None:
        record = self._pick(number, JobState.PROCESSING, JobState.PROCESSING_STOPPED, valid=True)
        if record is not None:
            change = changes.proceed(AT) if proceed else changes.wait_for_people(Reason.MEDIA_NEEDED, AT)
            self._life.change(record.job_id, change)

    @rule(number=st.integers(0, 7))
    def stop(self, number: int) -> None:
        if record := self._pick(number, JobState.PROCESSING, valid=True):
            self._life.change(record.job_id, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))

    # What befalls the appliance

    @precondition(lambda self: bool(self._life.jobs))
    @rule()
    def restart(self) -> None:
        self._life.restart()

    @precondition(lambda self: bool(self._life.jobs))
    @rule(where=st.floats(0, 1), seed=st.integers(0, 1000))
    def cut(self, where: float, seed: int) -> None:
        """The power goes at some moment of this life, and comes back."""
        self._explore()
        image, model = cut(self._life.log, where, self._known, random.Random(seed))
        self._begin(image, model)


def _next_step(record: Record) -> Change:
    if record.sending == STEPS:
        return changes.finish(AT)
    furthest = record.sending or record.confirmed
    return changes.finish(AT) if furthest == STEPS else changes.journal(furthest, furthest + 1)
