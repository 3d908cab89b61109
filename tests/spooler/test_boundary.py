"""Requests for figures at a print desk: when they are answered, with what, and when they are not (P9)."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from drivers.simulator.faults import AtLineByte, Cut, Fault, FaultKind, Now, Target
from drivers.simulator.machine import Machine
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.figures import NO_FIGURES, Figures
from passbook.job.states import JobState, Reason
from passbook.protocol.environment import LONGEST_WAIT, USUAL_WAIT, Environment, patience
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import Prompt
from spooler.news import JobChanged, News, StepDone
from tests.drivers.workbench import SHORT_ANSWER, WAIT, once
from tests.firmware.counter import (
    PRINTER,
    TELLER,
    Counter,
    OpenCounter,
    RushingClock,
    asked_again,
    helpful,
    idle,
    plan_of,
)
from tests.storage.disk import Disk, failing
from tests.storage.store import AT, Store

EMPTY = MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)
FOREVER = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """What an earlier boot leaves; the counter that takes it closes it."""
    return Store(tmp_path)


def inserts_only(machine: Machine, prompt: Prompt) -> None:
    """A person who puts books in and lets them lie when they come out."""
    if prompt.action == "insert":
        helpful(machine, prompt)


def code_of(asked: Future[Environment]) -> str:
    error = asked.exception(WAIT)
    assert isinstance(error, PassbookError), error
    return error.code


def looked(counter: Counter, device: Device, times: int = 5) -> None:
    """Wait until the desk has said so often from now on what is with the mechanism."""
    before = len(counter.views)
    counter.await_news(lambda: [view.status.device for view in counter.views[before:]].count(device) >= times)


def test_an_idle_desk_answers_at_once_with_what_the_mechanism_says_now(counter: Counter) -> None:
    counter.start()
    counter.await_news(lambda: bool(counter.views))
    asked = counter.machine.state().received
    reading = counter.desk.environment().result(WAIT)
    assert counter.machine.state().received > asked
    assert (reading.printer, reading.at, reading.status) == (PRINTER, "2026-03-02T09:30:00.000+00:00", EMPTY)
    assert (reading.printed, reading.pending, reading.held) == (NO_FIGURES, NO_FIGURES, NO_FIGURES)
    assert [(area.name, area.state, area.counted, area.why) for area in reading.areas] == [
        ("a", "ready", True, ""),
        ("b", "ready", True, ""),
    ]
    counter.machine.fault(Fault(FaultKind.COVER_OPEN))
    status = counter.desk.environment().result(WAIT).status
    assert (status.device, status.conditions) == (Device.USER_ERROR, (Reason.COVER_OPEN.value,))


def test_a_request_in_mid_job_is_answered_after_its_book_was_taken_and_before_the_next_job_begins(
    counter: Counter,
) -> None:
    first, second = counter.accept(plan_of(1, 20, turned=(1,))), counter.accept(plan_of(2, 3))
    asked: list[Future[Environment]] = []
    at_answer: list[tuple[int, Media]] = []
    early: list[News] = []

    def watch(news: News) -> None:
        record = news.record if isinstance(news, StepDone | JobChanged) else None
        if isinstance(news, StepDone) and news.record.job_id == first:
            if news.record.confirmed in {1, 3}:
                asked.append(counter.desk.environment())
                asked[-1].add_done_callback(lambda _: at_answer.append(_paper(counter)))
            early.extend([news] if any(one.done() for one in asked) else [])
        if record is not None and record.job_id == second and record.state is JobState.PROCESSING:
            early.extend([] if all(one.done() for one in asked) else [news])

    counter.watch = watch
    counter.start()
    counter.await_end(second)
    assert len(asked) == 2, "asked while a line was printed, and while the page was turned"
    assert early == []
    assert at_answer == [(3, Media.NOT_PRESENT)] * 2
    readings = [one.result(WAIT) for one in asked]
    assert all(one is readings[0] for one in readings), "all that wait share one reading"
    assert (readings[0].printed, readings[0].pending) == (Figures(1, 2, 3), Figures(1, 1, 2))
    assert readings[0].status == EMPTY
    assert counter.desk.environment().result(WAIT).printed == Figures(2, 3, 5)


def _paper(counter: Counter) -> tuple[int, Media]:
    state = counter.machine.state()
    return state.strikes, state.media


@pytest.mark.slow
def test_nobody_is_answered_before_the_last_book_was_taken(open_counter: OpenCounter) -> None:
    counter = open_counter(hands=inserts_only)
    counter.start()
    job = counter.accept(plan_of(1))
    counter.await_end(job)
    asked = counter.desk.environment()
    assert asked_again(counter.machine, counter.machine.state().received, 20)
    assert not asked.done()
    counter.machine.take()
    assert asked.result(WAIT).printed == Figures(1, 1, 1)


def test_a_stop_whose_book_was_taken_is_a_boundary_and_one_whose_book_lies_inside_is_none(
    open_counter: OpenCounter,
) -> None:
    counter = open_counter(hands=inserts_only, clock=RushingClock())
    counter.machine.fault(Fault(FaultKind.COVER_OPEN, line=2))
    counter.start()
    job = counter.accept(plan_of(1, 2, 3))
    counter.await_question(job)
    asked = counter.desk.environment()
    looked(counter, Device.USER_ERROR)
    assert not asked.done()
    counter.machine.mend()
    assert counter.await_prompt("take").job == job
    assert not asked.done()
    counter.machine.take()
    reading = asked.result(WAIT)
    assert (reading.printed, reading.pending, reading.held) == (Figures(0, 1, 1), NO_FIGURES, Figures(1, 0, 2))
    assert counter.mechanism.struck() == once(1)


@pytest.mark.slow
def test_a_job_that_waits_for_its_book_is_not_disturbed_and_a_stop_for_lack_of_it_is_a_boundary(
    open_counter: OpenCounter,
) -> None:
    counter = open_counter(hands=idle)
    counter.start()
    job = counter.accept(plan_of(1))
    counter.await_prompt("insert")
    asked = counter.desk.environment()
    assert asked_again(counter.machine, counter.machine.state().received, 5)
    assert not asked.done()
    assert counter.desk.cancel(job, TELLER, "Ms Okafor")
    reading = asked.result(WAIT)
    assert (reading.printed, reading.pending, reading.held) == (NO_FIGURES, NO_FIGURES, NO_FIGURES)
    assert counter.record(job).state is JobState.CANCELED


def test_what_a_clean_up_finds_must_be_taken_first(counter: Counter) -> None:
    counter.machine.cut(Cut(Target.APPLIANCE, AtLineByte(2, 9)))
    counter.hands = inserts_only
    counter.start()
    job = counter.accept(plan_of(1, 2))
    assert counter.await_prompt("take").job == job
    asked = counter.desk.environment()
    assert asked_again(counter.machine, counter.machine.state().received, 5)
    assert not asked.done()
    counter.machine.take()
    assert asked.result(WAIT).held == Figures(1, 0, 1)


def test_a_mechanism_that_was_never_reached_is_offline_and_the_figures_are_told(open_counter: OpenCounter) -> None:
    counter = open_counter(offline=FOREVER)
    counter.accept(plan_of(1))
    counter.start()
    reading = counter.desk.environment().result(WAIT)
    assert reading.status == MechanismStatus(Device.OFFLINE, Media.UNKNOWN, (Reason.UNPLUGGED.value,))
    assert reading.pending == Figures(1, 1, 1)


def test_a_mechanism_that_is_lost_while_idle_is_offline(open_counter: OpenCounter) -> None:
    counter = open_counter(answer=SHORT_ANSWER)
    counter.start()
    counter.await_end(counter.accept(plan_of(1)))
    assert counter.desk.environment().result(WAIT).status == EMPTY
    counter.machine.cut(Cut(Target.PRINTER, Now()))
    reading = counter.desk.environment().result(WAIT)
    assert (reading.status.device, reading.printed) == (Device.OFFLINE, Figures(1, 1, 1))


def begun_before(store: Store) -> str:
    """A job that an earlier boot had begun; it was killed then."""
    spool = store.open()
    job = store.accepted(spool, printer=PRINTER).job_id
    spool.change(job, changes.start(AT, 1)).result(WAIT)
    spool.change(job, changes.journal(0, 1)).result(WAIT)
    return job


def test_a_lost_mechanism_that_may_hold_the_book_of_an_earlier_start_is_no_boundary(
    open_counter: OpenCounter, store: Store
) -> None:
    job = begun_before(store)
    counter = open_counter(store, offline=FOREVER, clock=RushingClock())
    counter.start()
    asked = counter.desk.environment()
    looked(counter, Device.OFFLINE)
    assert not asked.done()
    counter.offline = 0
    reading = asked.result(WAIT)
    assert (reading.status, reading.held) == (EMPTY, Figures(1, 1, 1))
    assert counter.record(job).sending == 1


def test_a_book_of_a_job_that_has_ended_keeps_nobody_waiting(open_counter: OpenCounter, store: Store) -> None:
    job = begun_before(store)
    counter = open_counter(store, offline=FOREVER, clock=RushingClock())
    counter.start()
    asked = counter.desk.environment()
    looked(counter, Device.OFFLINE)
    counter.jobs.change(job, changes.cancel(AT, TELLER, "Ms Okafor")).result(WAIT)
    reading = asked.result(WAIT)
    assert (reading.status.device, reading.held) == (Device.OFFLINE, NO_FIGURES)


def test_who_does_not_wait_any_more_is_forgotten(open_counter: OpenCounter) -> None:
    counter = open_counter(hands=idle)
    counter.start()
    counter.accept(plan_of(1))
    counter.await_prompt("insert")
    gone, waiting = counter.desk.environment(), counter.desk.environment()
    assert gone.cancel()
    assert counter.desk._boundary.awaited
    assert waiting.cancel()
    assert not counter.desk._boundary.awaited


def test_the_end_of_the_desk_ends_every_wait(open_counter: OpenCounter) -> None:
    counter = open_counter(hands=idle)
    counter.start()
    counter.accept(plan_of(1))
    counter.await_prompt("insert")
    asked = counter.desk.environment()
    counter.desk.stop()
    assert code_of(asked) == "appliance-stopping"
    assert code_of(counter.desk.environment()) == "appliance-stopping"


def test_an_area_that_failed_is_not_in_the_figures_and_says_so(open_counter: OpenCounter, store: Store) -> None:
    disk = Disk(f"disk {store.folder}")
    try:
        store.vfs = disk.name
        counter = open_counter(store, offline=FOREVER, clock=RushingClock())
        job, other = counter.accept(plan_of(1)), counter.accept(plan_of(2, 3))
        area = counter.spool._area_of(job)
        assert counter.spool._area_of(other) is not area
        disk.on_sync = lambda name: failing("-wal")(name) if name.startswith(str(area.settings.path)) else None
        counter.jobs.change(job, changes.hold(AT, "counter-1", "Ann")).exception(WAIT)
        counter.start()
        counter.offline = 0
        counter.hands = helpful
        reading = counter.desk.environment().result(WAIT)
        told = {one.name: one for one in reading.areas}
        assert (told[area.name].state, told[area.name].counted) == ("fenced", False)
        assert told[area.name].why
        assert reading.printed + reading.pending == Figures(1, 1, 2)
        counter.desk.stop()
        store.close()
    finally:
        disk.unregister()


@pytest.mark.parametrize(
    ("milliseconds", "wait"),
    [(0, USUAL_WAIT), (-1, USUAL_WAIT), (1, 0.001), (2500, 2.5), (10**12, LONGEST_WAIT)],
)
def test_a_wait_is_bounded(milliseconds: int, wait: float) -> None:
    assert patience(milliseconds) == wait
