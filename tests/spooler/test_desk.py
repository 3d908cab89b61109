"""The print desk: judged by the paper, by what people were asked, and by the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from drivers.simulator.faults import AtLineByte, Cut, Fault, FaultKind, Target
from drivers.simulator.machine import Machine
from firmware.config.configuration import PrinterConfig
from passbook.document.plan import Eject, Line, Run
from passbook.job import changes
from passbook.job.record import Answered, Decider, HistoryKind, Verdict
from passbook.job.states import JobState, Reason
from passbook.job.waiting import NO_PLACE, waiting_of
from passbook.protocol.media import Device, Media
from passbook.protocol.messages import Prompt, view_of
from passbook.protocol.progress import state_words
from spooler.news import DeskGaveUp, JobChanged, News, PrinterChanged, PromptChanged, StepDone
from tests.drivers.workbench import RULER, WAIT, line, once, text_of
from tests.firmware.counter import (
    LAYOUT,
    PERSON,
    PRINTER,
    ROUND,
    TELLER,
    Counter,
    OpenCounter,
    RushingClock,
    asked_again,
    helpful,
    idle,
    plan_of,
    slow,
)
from tests.storage.disk import Disk, failing, ignore
from tests.storage.store import AT, Store

EJECT = len(b"\x1bO")
SHORT = PrinterConfig(PRINTER, "tcp://127.0.0.1:1", insert_timeout=0.05, take_timeout=0.05)


def asked(counter: Counter) -> list[tuple[str, int]]:
    return [(prompt.action, prompt.page) for prompt in counter.prompts]


def watcher(*, confirmed: int, then: Callable[[], object]) -> Callable[[News], None]:
    """Does `then` once, between the journal and the bytes of the step after `confirmed`."""
    left = [then]

    def watch(news: News) -> None:
        if isinstance(news, StepDone) and news.record.confirmed == confirmed and left:
            left.pop()()

    return watch


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
    waits = [words.partition(" waits for ")[2] for words in told if " waits for its book" in words]
    assert waits == ["its book.", "its book to be turned to page 4."]


def changed(counter: Counter) -> list[JobChanged]:
    return [one for one in counter.news if isinstance(one, JobChanged)]


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
    counter.await_end(jobs[4])
    ended = [one.record.job_id for one in counter.news if isinstance(one, JobChanged) and one.record.ended]
    assert ended == [jobs[number] for number in (3, 5, 1, 2, 4)]


# What people do or do not


def test_a_book_that_is_turned_and_back_at_once_is_noticed_and_must_come_out_once_more(counter: Counter) -> None:
    """The mechanism cannot be asked in between: only the announcement of the insertion tells."""

    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action == "turn":
            machine.turn(prompt.page)
        else:
            helpful(machine, prompt)

    counter.hands = hands
    counter.start()
    job = counter.accept(plan_of(20, turned=(1,)))
    assert counter.await_end(job).state is JobState.COMPLETED
    assert asked(counter)[:4] == [("insert", 3), ("turn", 4), ("take", 4), ("insert", 4)]
    assert set(counter.mechanism.struck()) == {(3, 20), (4, 1)}


def test_a_book_that_is_back_before_the_mechanism_is_ready_for_it_must_come_out_once_more(counter: Counter) -> None:
    back: list[Prompt] = []

    def watch(news: News) -> None:
        turned = counter.prompts[-1:] and counter.prompts[-1].action == "turn"
        if isinstance(news, PrinterChanged) and news.view.status.media is Media.NOT_PRESENT and turned and not back:
            back.append(counter.prompts[-1])
            counter.machine.insert("B1", 4, RULER)

    counter.watch = watch
    counter.start()
    job = counter.accept(plan_of(20, turned=(1,)))
    assert counter.await_end(job).state is JobState.COMPLETED
    assert asked(counter)[:4] == [("insert", 3), ("turn", 4), ("take", 4), ("insert", 4)]
    assert len(back) == 1
    assert set(counter.mechanism.struck()) == {(3, 20), (4, 1)}


def test_a_slot_that_has_a_book_before_every_prompt_stops_the_job(counter: Counter) -> None:
    taken = 0

    def watch(news: News) -> None:
        nonlocal taken
        turned = any(prompt.action == "turn" for prompt in counter.prompts)
        if isinstance(news, PrinterChanged) and news.view.status.media is Media.NOT_PRESENT and turned and taken < 3:
            taken += 1
            counter.machine.insert("B1", 4, RULER)

    counter.watch = watch
    counter.start()
    record = counter.await_question(counter.accept(plan_of(20, turned=(1,))))
    assert (record.reasons, record.confirmed, record.sending) == ((Reason.MEDIA_NOT_TAKEN,), 2, 0)
    assert taken == 3


def test_a_book_that_does_not_come_in_time_stops_the_job_with_nothing_in_doubt(open_counter: OpenCounter) -> None:
    counter = open_counter(settings=SHORT, hands=idle)
    counter.start()
    record = counter.await_question(counter.accept(plan_of(1)))
    assert (record.state, record.reasons) == (JobState.PROCESSING_STOPPED, (Reason.MEDIA_NEEDED,))
    assert (record.valid, record.sending, record.media) == (False, 0, Media.NOT_PRESENT)
    assert counter.machine.state().strikes == 0
    counter.hands = helpful
    counter.resume(record.job_id, 1)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    assert counter.mechanism.struck() == once(1)


@pytest.mark.parametrize(
    ("action", "reason", "media"),
    [
        ("turn", Reason.MEDIA_NOT_TAKEN, Media.ENTERING),
        ("insert", Reason.MEDIA_NEEDED, Media.NOT_PRESENT),
    ],
)
def test_a_book_that_is_not_turned_in_time_stops_the_job_with_nothing_in_doubt(
    open_counter: OpenCounter, action: str, reason: Reason, media: Media
) -> None:
    def hands(machine: Machine, prompt: Prompt) -> None:
        if (prompt.action, prompt.page) != (action, 4):
            helpful(machine, prompt)

    counter = open_counter(settings=SHORT, hands=hands)
    counter.start()
    record = counter.await_question(counter.accept(plan_of(20, turned=(1,))))
    assert (record.reasons, record.confirmed, record.sending, record.media) == ((reason,), 2, 0, media)
    counter.hands = helpful
    counter.resume(record.job_id, 3)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    assert set(counter.mechanism.struck()) == {(3, 20), (4, 1)}


def test_a_cancel_while_a_line_is_printed_ends_the_job_after_that_line(counter: Counter) -> None:
    job = ""

    def cancel() -> None:
        assert counter.desk.cancel(job, TELLER, PERSON)

    counter.hands = slow
    counter.watch = watcher(confirmed=1, then=cancel)
    job = counter.accept(plan_of(1, 2, 3))
    counter.start()
    record = counter.await_end(job)
    assert (record.state, record.reasons) == (JobState.CANCELED, (Reason.CANCELED_BY_PERSON,))
    assert (record.confirmed, record.sending) == (2, 0)
    assert counter.mechanism.struck() == once(1, 2)
    assert counter.await_prompt("take").job == job
    entry = counter.kept(job)
    assert (entry.kind, entry.record.answered and entry.record.answered.person) == (HistoryKind.ENDED, PERSON)
    following = counter.accept(plan_of(4))
    assert counter.await_end(following).state is JobState.COMPLETED
    assert counter.mechanism.struck() == once(1, 2, 4)


def test_a_cancel_while_the_book_is_awaited_ends_the_job_and_the_printer_stays_online(counter: Counter) -> None:
    def hands(_machine: Machine, prompt: Prompt) -> None:
        if prompt.action == "insert":
            assert counter.desk.cancel(prompt.job, TELLER, PERSON)

    counter.hands = hands
    counter.start()
    job = counter.accept(plan_of(1))
    assert counter.await_end(job).state is JobState.CANCELED
    counter.hands = helpful
    following = counter.accept(plan_of(2))
    assert counter.await_end(following).state is JobState.COMPLETED
    assert counter.mechanism.struck() == once(2)
    assert {view.status.device for view in counter.views} <= {Device.ONLINE, Device.BUSY}


@pytest.mark.parametrize(("action", "media"), [("insert", Media.NOT_PRESENT), ("turn", Media.ENTERING)])
def test_a_hold_while_the_book_is_awaited_gives_the_job_up_and_an_answer_goes_on(
    counter: Counter, action: str, media: Media
) -> None:
    job = ""

    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action == action and prompt.job == job:
            assert counter.desk.hold(job, TELLER, PERSON)
            assert not counter.desk.hold(job, TELLER, PERSON), "one order is enough"
        else:
            helpful(machine, prompt)

    counter.hands = hands
    job = counter.accept(plan_of(20, turned=(1,)))
    counter.start()
    record = counter.await_question(job)
    assert (record.state, record.valid, record.asked) == (JobState.PROCESSING_STOPPED, False, False)
    assert (record.reasons, record.media) == ((Reason.HELD_BY_PERSON, Reason.MEDIA_NEEDED), media)
    assert record.held_by == Decider(TELLER, PERSON)
    done = 2 if action == "turn" else 0
    assert (record.confirmed, record.sending) == (done, 0)
    counter.hands = helpful
    following = counter.accept(plan_of(4))
    if action == "turn":
        assert counter.await_prompt("take").job == job
    assert counter.await_end(following).state is JobState.COMPLETED
    counter.resume(job, done + 1)
    counter.await_news(lambda: any(_is_end(one, job) for one in counter.news))
    assert set(counter.mechanism.struck()) == {(3, 20), (3, 4), (4, 1)}
    assert {view.status.device for view in counter.views} <= {Device.ONLINE, Device.BUSY}


def test_a_job_that_is_printing_is_not_held_and_goes_on(counter: Counter) -> None:
    tried: list[bool] = []
    job = ""
    counter.watch = watcher(confirmed=1, then=lambda: tried.append(counter.desk.hold(job, TELLER, PERSON)))
    job = counter.accept(plan_of(1, 2))
    counter.start()
    assert counter.await_end(job).state is JobState.COMPLETED
    assert tried == [False]
    assert counter.mechanism.struck() == once(1, 2)


def _is_end(news: News, job: str) -> bool:
    return isinstance(news, JobChanged) and news.record.job_id == job and news.record.ended


def test_a_cancel_that_comes_after_the_last_step_disturbs_no_other_job(counter: Counter) -> None:
    counter.hands = slow
    first, second = counter.accept(plan_of(1)), counter.accept(plan_of(2))

    def watch(news: News) -> None:
        if isinstance(news, StepDone) and news.record.job_id == first and news.record.sending == news.record.steps:
            assert counter.desk.cancel(first, TELLER, PERSON)

    counter.watch = watch
    counter.start()
    assert counter.await_end(second).state is JobState.COMPLETED
    assert counter.record(first).state is JobState.COMPLETED
    assert counter.mechanism.struck() == once(1, 2)


def test_a_job_that_is_not_printing_here_is_not_cancelled_here(counter: Counter) -> None:
    job = counter.accept(plan_of(1))
    assert not counter.desk.cancel(job, TELLER, PERSON)


# What the mechanism does

FAULTS = {
    FaultKind.JAM: (Reason.MEDIA_JAM, False),
    FaultKind.COVER_OPEN: (Reason.COVER_OPEN, False),
    FaultKind.RIBBON_OUT: (Reason.RIBBON_OUT, False),
    FaultKind.GARBAGE: (Reason.GARBLED, True),
    FaultKind.HALF_REPLY: (Reason.GARBLED, True),
    FaultKind.SILENT: (Reason.SILENT, True),
}
"""The reason, and whether the line is on paper."""


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_a_line_asks_about_that_line_and_after_mending_an_answer_completes_the_paper(
    open_counter: OpenCounter, kind: FaultKind
) -> None:
    reason, struck = FAULTS[kind]
    counter = open_counter(answer=0.3)
    counter.machine.fault(Fault(kind, line=2))
    counter.start()
    job = counter.accept(plan_of(1, 2, 3))
    record = counter.await_question(job)
    assert (record.state, record.reasons) == (JobState.PROCESSING_STOPPED, (reason,))
    assert (record.valid, record.epoch, record.confirmed, record.sending) == (False, 1, 1, 2)
    assert counter.kept(job).kind is HistoryKind.STOPPED
    assert counter.mechanism.struck() == (once(1, 2) if struck else once(1))
    counter.machine.mend()
    if kind is not FaultKind.JAM:
        assert counter.await_prompt("take").job == job
    counter.resume(job, 3 if struck else 2)
    counter.await_news(lambda: any(isinstance(one, JobChanged) and one.record.ended for one in counter.news))
    assert counter.record(job).state is JobState.COMPLETED
    told = [confirmed for confirmed, _ in counter.steps()]
    assert told == sorted(set(told)), "each step is told of once, also around a resume"
    assert counter.mechanism.struck() == once(1, 2, 3)


STAYS_INSIDE = (FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT, FaultKind.SILENT)
"""Faults after which the book lies in the mechanism until that is mended."""


def taken_from(counter: Counter) -> list[tuple[str, str]]:
    """Whose book people were asked to take out: the job, and who is asked."""
    told = [one for one in counter.news if isinstance(one, PromptChanged) and one.prompt is not None]
    return [(one.prompt.job, one.requester) for one in told if one.prompt and one.prompt.action == "take"]


@pytest.mark.parametrize("kind", STAYS_INSIDE)
@pytest.mark.parametrize("verdict", [Verdict.RESUME, Verdict.DISCARD])
def test_a_book_is_asked_of_its_owner_also_after_the_question_was_answered(
    open_counter: OpenCounter, kind: FaultKind, verdict: Verdict
) -> None:
    counter = open_counter(answer=0.3)
    counter.machine.fault(Fault(kind, line=2))
    counter.start()
    job = counter.accept(plan_of(1, 2, 3))
    record = counter.await_question(job)
    step = 2 if verdict is Verdict.RESUME else 0
    given = Answered(record.epoch, verdict, step, record.sending, TELLER, PERSON)
    counter.jobs.change(job, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result(WAIT)
    counter.machine.mend()
    counter.await_prompt("take")
    assert taken_from(counter)[0] == (job, TELLER)


def test_a_book_that_outlasts_a_restart_is_asked_of_the_last_owner_though_its_job_has_ended(
    open_counter: OpenCounter, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    counter = open_counter(store)
    earlier = counter.accept(plan_of(1))
    counter.start()
    counter.await_end(earlier)
    counter.machine.fault(Fault(FaultKind.COVER_OPEN, line=2))
    job = counter.accept(plan_of(2, 3), requester="teller-2")
    counter.await_question(job)
    counter.close()
    second = Counter(counter.mechanism, store)
    record = second.record(job)
    given = Answered(record.epoch, Verdict.DISCARD, 0, record.sending, TELLER, PERSON)
    second.jobs.change(job, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result(WAIT)
    counter.machine.mend()
    second.start()
    try:
        second.await_prompt("take")
        assert taken_from(second) == [(job, "teller-2")]
    finally:
        second.close()


def test_a_book_that_came_after_the_last_was_taken_is_nobodys(open_counter: OpenCounter) -> None:
    counter = open_counter(answer=0.3)
    counter.start()
    counter.await_end(counter.accept(plan_of(1)))
    counter.await_news(lambda: counter.views[-1].status.media is Media.NOT_PRESENT)
    counter.hands = idle
    counter.machine.fault(Fault(FaultKind.SILENT))
    counter.await_news(lambda: counter.views[-1].status.device is Device.OFFLINE)
    counter.machine.insert("B9", 3, RULER)
    counter.machine.mend()
    counter.await_news(lambda: len(taken_from(counter)) == 2)
    assert taken_from(counter)[-1] == ("", "")


def test_a_mechanism_that_needs_a_person_is_not_called_offline(open_counter: OpenCounter) -> None:
    counter = open_counter(hands=idle)
    counter.start()
    counter.await_news(lambda: bool(counter.views))
    counter.machine.fault(Fault(FaultKind.COVER_OPEN))
    counter.accept(plan_of(1))
    counter.await_news(lambda: counter.views[-1].status.conditions == (Reason.COVER_OPEN.value,))
    assert counter.views[-1].status.device is Device.USER_ERROR


@pytest.mark.parametrize(
    ("kind", "reason", "media"),
    [
        (FaultKind.JAM, Reason.MEDIA_JAM, Media.JAMMED),
        (FaultKind.COVER_OPEN, Reason.COVER_OPEN, Media.PRESENT),
        (FaultKind.SILENT, Reason.SILENT, Media.UNKNOWN),
    ],
)
def test_what_is_wrong_is_shown_with_the_medium_until_it_is_put_right(
    open_counter: OpenCounter, kind: FaultKind, reason: Reason, media: Media
) -> None:
    counter = open_counter(answer=0.3)
    counter.machine.fault(Fault(kind, line=2))
    counter.start()
    counter.await_question(counter.accept(plan_of(1, 2)))
    counter.await_news(lambda: counter.views[-1].status.conditions == (reason.value,))
    assert (counter.views[-1].status.media, counter.views[-1].job) == (media, "")
    counter.machine.mend()
    counter.await_news(lambda: not counter.views[-1].status.conditions)
    assert counter.views[-1].status.device is Device.ONLINE


def test_the_medium_is_shown_where_the_mechanism_has_it_at_every_moment(counter: Counter) -> None:
    counter.start()
    job = counter.accept(plan_of(1, 2))
    counter.await_end(job)
    counter.await_news(lambda: counter.views[-1].status.media is Media.NOT_PRESENT and not counter.views[-1].job)
    assert [(view.status.device, view.status.media, view.job) for view in counter.views if view.job] == [
        (Device.BUSY, Media.NOT_PRESENT, job),
        (Device.BUSY, Media.ENTERING, job),
        (Device.BUSY, Media.PRESENT, job),
        (Device.BUSY, Media.ENTERING, job),
    ]
    waited, taken = counter.views[-2:]
    assert (waited.status.device, waited.status.media, waited.job) == (Device.ONLINE, Media.ENTERING, "")
    assert (taken.status.device, taken.status.media) == (Device.ONLINE, Media.NOT_PRESENT)


@pytest.mark.parametrize("action", ["insert", "take"])
def test_while_a_person_is_waited_for_the_status_is_told_again_and_again(
    open_counter: OpenCounter, action: str
) -> None:
    def hands(machine: Machine, prompt: Prompt) -> None:
        if prompt.action != action:
            helpful(machine, prompt)

    counter = open_counter(hands=hands, clock=RushingClock())
    counter.start()
    counter.accept(plan_of(1))
    counter.await_prompt(action)
    told = len(counter.views)
    counter.await_news(lambda: len(counter.views) > told + 5)
    assert counter.views[-1] == counter.views[-5]
    assert counter.views[-1].status.media is (Media.NOT_PRESENT if action == "insert" else Media.ENTERING)


def test_a_medium_found_at_the_clean_up_is_noted_in_the_question_and_given_back(counter: Counter) -> None:
    counter.machine.cut(Cut(Target.APPLIANCE, AtLineByte(2, 9)))
    found: list[Media] = []
    counter.watch = lambda news: found.append(news.record.media) if isinstance(news, JobChanged) else None
    counter.start()
    job = counter.accept(plan_of(1, 2))
    assert counter.await_prompt("take") == Prompt(job, PRINTER, "take", 0)
    record = counter.record(job)
    assert (record.reasons, record.sending, record.media) == ((Reason.UNPLUGGED,), 2, Media.PRESENT)
    assert found[-2:] == [Media.UNKNOWN, Media.PRESENT]
    assert counter.machine.wait("taken", 0, WAIT)
    assert counter.mechanism.struck() == once(1)


def test_a_printer_that_is_offline_at_the_start_is_tried_again(counter: Counter) -> None:
    counter.offline = 2
    counter.start()
    assert counter.await_end(counter.accept(plan_of(1))).state is JobState.COMPLETED
    first, then = (view.status for view in counter.views[:2])
    assert (first.device, first.media, first.conditions) == (Device.OFFLINE, Media.UNKNOWN, ("printer-unplugged",))
    assert (then.device, then.media, then.conditions) == (Device.ONLINE, Media.NOT_PRESENT, ())
    assert counter.mechanism.struck() == once(1)


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
