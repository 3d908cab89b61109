"""The print desk: judged by the paper, by what people were asked, and by the records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from drivers.simulator.faults import Fault, FaultKind
from drivers.simulator.machine import Machine
from passbook.document.plan import Eject, Line, Run
from passbook.job import changes
from passbook.job.states import JobState, Reason
from passbook.job.waiting import NO_PLACE, waiting_of
from passbook.protocol.media import Media
from passbook.protocol.messages import Prompt, view_of
from passbook.protocol.progress import state_words
from spooler.news import DeskGaveUp, JobChanged
from tests.drivers.workbench import RULER, WAIT, line, once, text_of
from tests.firmware.counter import (
    LAYOUT,
    PRINTER,
    ROUND,
    Counter,
    OpenCounter,
    RushingClock,
    asked_again,
    helpful,
    idle,
    plan_of,
)
from tests.spooler.desk_story import EJECT, asked, changed, watcher
from tests.storage.disk import Disk, failing, ignore
from tests.storage.store import AT, Store

# What goes well


def test_a_job_with_a_turn_is_printed_once_and_its_book_given_back(counter: Counter) -> None:
    counter.start()
    job = counter.accept(plan_of(1, 20, turned=(1, 2)))
    record = counter.await_end(job)
    counter.await_news(lambda: len(counter.prompts) == 4)
    assert (record.state, record.confirmed, record.sending, record.valid) == (JobState.COMPLETED, 6, 0, False)
    assert counter.mechanism.struck() == {
        (page, number): [(text_of(number), 1)] for page, number in ((3, 1), (3, 20), (4, 1), (4, 2))
    }
    assert asked(counter) == [("insert", 3), ("turn", 4), ("insert", 4), ("take", 0)]
    assert counter.steps() == [(1, 2), (2, 3), (3, 0), (4, 5), (5, 6)], "each step is told of once, also around a turn"
    assert counter.machine.state().media is Media.NOT_PRESENT


def test_a_job_that_waits_for_a_turn_says_so_and_to_which_page(counter: Counter) -> None:
    counter.start()
    counter.await_end(counter.accept(plan_of(20, turned=(1,))))
    told = [state_words(view_of(one.record, waiting_of(one.record, NO_PLACE))) for one in changed(counter)]
    waits = [words.partition(" waits for ")[2] for words in told if " waits for its sheet" in words]
    assert waits == ["its sheet.", "its sheet to be turned to page 4."]


def test_a_prompt_names_job_printer_page_and_layout_and_comes_when_a_book_can_be_taken(counter: Counter) -> None:
    seen: list[bytes] = []

    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action == "insert":
            assert machine.wait("document-wanted", 0, 0.0), "asked before the mechanism could take a book"
            seen.append(b"")
        helpful(machine, prompt)

    counter.hands = hands
    counter.start()
    job = counter.accept(plan_of(1))
    counter.await_end(job)
    assert counter.prompts[0] == Prompt(job, PRINTER, "insert", 3, LAYOUT)
    assert len(seen) == 1


def test_a_job_waits_for_people_while_it_stays_valid(counter: Counter) -> None:
    waiting: list[object] = []

    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action == "insert":
            record = counter.record(prompt.job)
            waiting.append((record.state, record.reasons, record.valid, record.sending))
        helpful(machine, prompt)

    counter.hands = hands
    counter.start()
    counter.await_end(counter.accept(plan_of(1)))
    assert waiting == [(JobState.PROCESSING_STOPPED, (Reason.MEDIA_NEEDED,), True, 0)]


def test_a_book_that_lies_there_unasked_must_be_taken_before_one_is_asked_for(counter: Counter) -> None:
    counter.machine.insert("B1", 3, RULER)
    counter.hands = idle
    counter.start()
    counter.await_prompt("take")
    job = counter.accept(plan_of(1))
    assert counter.record(job).state is JobState.PENDING
    counter.hands = helpful
    counter.machine.take()
    counter.await_end(job)
    assert asked(counter)[:2] == [("take", 0), ("insert", 3)]
    assert counter.mechanism.struck() == once(1)


def test_a_book_put_in_while_nobody_asked_is_asked_out_in_the_name_of_the_next_job(open_counter: OpenCounter) -> None:
    counter = open_counter(clock=RushingClock())
    counter.start()
    # Told after the clean-up, when nothing had to be taken, and by the first look of an idle desk.
    counter.await_news(lambda: len(counter.views) >= 3)
    counter.machine.insert("B1", 7, RULER)
    job = counter.accept(plan_of(1))
    assert counter.await_end(job).state is JobState.COMPLETED
    assert counter.prompts[:2] == [Prompt(job, PRINTER, "take", 3, LAYOUT), Prompt(job, PRINTER, "insert", 3, LAYOUT)]
    assert counter.mechanism.struck() == once(1)


@pytest.mark.slow
def test_the_next_job_waits_until_the_book_of_the_last_was_taken(counter: Counter) -> None:
    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action == "insert":
            helpful(machine, prompt)

    counter.hands = hands
    counter.start()
    first, second = counter.accept(plan_of(1)), counter.accept(plan_of(2))
    counter.await_prompt("take")
    assert counter.await_end(first).state is JobState.COMPLETED
    assert asked_again(counter.machine, counter.machine.state().received, 20)
    assert asked(counter) == [("insert", 3), ("take", 0)], "people are asked once"
    assert counter.record(second).state is JobState.PENDING
    counter.await_news(lambda: (counter.views[-1].status.media, counter.views[-1].job) == (Media.ENTERING, ""))
    counter.hands = helpful
    counter.machine.take()
    assert counter.await_end(second).state is JobState.COMPLETED
    assert counter.mechanism.struck() == once(1, 2)


def test_jobs_are_printed_by_priority_and_then_in_their_order(counter: Counter) -> None:
    jobs = {
        number: counter.accept(plan_of(number), priority=priority)
        for number, priority in ((1, 50), (2, 50), (3, 80), (4, 10), (5, 80))
    }
    counter.start()
    for job in jobs.values():
        counter.await_end(job)
    ended = [one.record.job_id for one in counter.news if isinstance(one, JobChanged) and one.record.ended]
    assert ended == [jobs[number] for number in (3, 5, 1, 2, 4)]


# What the store and the appliance do


def test_a_stop_finishes_the_line_under_way_and_leaves_nothing_in_doubt(counter: Counter) -> None:
    def stop() -> None:
        counter.desk._stopping.set()

    counter.watch = watcher(confirmed=1, then=stop)
    job = counter.accept(plan_of(1, 2, 3))
    counter.start()
    record = counter.await_question(job)
    counter.desk.stop()
    assert (record.reasons, record.valid, record.confirmed, record.sending) == ((Reason.RESTART,), False, 2, 0)
    assert counter.mechanism.struck() == once(1, 2)
    assert counter.machine.state().media is Media.ENTERING


@pytest.mark.parametrize("action", ["insert", "take"])
def test_a_stop_ends_a_wait_for_a_person(counter: Counter, action: str) -> None:
    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action != action:
            helpful(machine, prompt)

    counter.hands = hands
    counter.start()
    job = counter.accept(plan_of(1))
    counter.await_prompt(action)
    counter.desk.stop()
    record = counter.record(job)
    assert record.sending == 0
    assert record.state is (JobState.PROCESSING_STOPPED if action == "insert" else JobState.COMPLETED)
    assert record.reasons[0] is (Reason.RESTART if action == "insert" else Reason.COMPLETED)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """The disk of a store that a test opens; use it before `open_counter` so that it outlives the store."""
    watched = Disk(f"disk {tmp_path}")
    yield watched
    watched.unregister()


def test_nothing_of_a_step_leaves_when_its_journal_entry_failed(
    disk: Disk, open_counter: OpenCounter, tmp_path: Path
) -> None:
    counter = open_counter(Store(tmp_path, vfs=disk.name))
    before: list[int] = []

    def fail(name: str) -> None:
        if name.endswith("-wal"):
            before.append(counter.machine.state().received)
            failing("-wal")(name)

    counter.watch = watcher(confirmed=1, then=lambda: setattr(disk, "on_sync", fail))
    job = counter.accept(plan_of(1, 2, 3))
    counter.hands = lambda machine, prompt: helpful(machine, prompt) if prompt.action == "insert" else None
    counter.start()
    assert counter.await_prompt("take").job == job
    counter.desk.stop()
    state = counter.machine.state()
    assert (state.lines, state.media) == (2, Media.ENTERING)
    assert (state.received - before[0] - EJECT) % ROUND == 0
    assert counter.mechanism.struck() == once(1, 2)
    record = counter.record(job)
    assert (record.confirmed, record.sending) == (1, 2)
    left = [news for news in counter.news if isinstance(news, DeskGaveUp)]
    assert [(one.job, one.requester, one.error.code) for one in left] == [(job, record.requester, "stop-not-stored")]


def test_a_stop_that_a_full_disk_did_not_take_becomes_a_question_when_there_is_room(
    disk: Disk, open_counter: OpenCounter, tmp_path: Path
) -> None:
    counter = open_counter(Store(tmp_path, vfs=disk.name))

    def refuse(name: str) -> None:
        if name.endswith("-wal"):
            raise apsw.FullError("no space")

    counter.watch = watcher(confirmed=1, then=lambda: setattr(disk, "on_write", refuse))
    job = counter.accept(plan_of(1, 2))
    counter.start()
    counter.await_news(lambda: any(isinstance(news, DeskGaveUp) for news in counter.news))
    assert counter.record(job).valid
    assert [problem.code for problem in counter.desk.problems()] == ["stop-not-stored"]
    disk.on_write = ignore
    counter.desk.wake()
    record = counter.await_question(job)
    assert (record.valid, record.confirmed, record.sending) == (False, 1, 2)
    counter.desk.stop()
    assert counter.desk.problems() == []
    assert counter.mechanism.struck() == once(1, 2)


def test_a_question_in_an_area_that_failed_keeps_no_other_job_waiting(
    disk: Disk, open_counter: OpenCounter, tmp_path: Path
) -> None:
    counter = open_counter(Store(tmp_path, vfs=disk.name))
    counter.machine.fault(Fault(FaultKind.JAM, line=1))
    counter.start()
    stopped = counter.accept(plan_of(1))
    counter.await_question(stopped)
    area = counter.spool._area_of(stopped)
    disk.on_sync = lambda name: failing("-wal")(name) if name.startswith(str(area.settings.path)) else None
    counter.jobs.change(stopped, changes.hold(AT, "counter-1", "Ann")).exception(WAIT)
    counter.machine.mend()
    following = counter.accept(plan_of(2))
    assert counter.await_end(following).state is JobState.COMPLETED
    assert counter.spool._area_of(following) is not area
    assert counter.mechanism.struck() == once(2)


def test_a_job_whose_key_nobody_gave_asks_for_it_and_the_next_is_printed(counter: Counter) -> None:
    counter.start()
    job = counter.accept(plan_of(1), with_key=False)
    record = counter.await_question(job)
    assert (record.state, record.reasons) == (JobState.PROCESSING_STOPPED, (Reason.UNREADABLE,))
    assert (record.sending, record.media) == (0, Media.NOT_PRESENT)
    assert counter.await_end(counter.accept(plan_of(2))).state is JobState.COMPLETED
    assert counter.mechanism.struck() == once(2)


def test_a_line_that_this_mechanism_cannot_print_stops_its_job_only(counter: Counter) -> None:
    wide = Line(3, 2, RULER.y(2), (Run(94, "ab"),))
    counter.start()
    job = counter.accept((line(1), wide, Eject(3)))
    record = counter.await_question(job)
    assert (record.reasons, record.confirmed, record.sending) == ((Reason.ATTENTION,), 1, 2)
    assert counter.await_prompt("take").job == job
    assert counter.await_end(counter.accept(plan_of(3))).state is JobState.COMPLETED
    assert counter.mechanism.struck() == once(1, 3)
