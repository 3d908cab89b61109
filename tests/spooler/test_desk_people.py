"""The print desk and people: books that come too early, too late or not at all, cancels and holds."""

from __future__ import annotations

import pytest

from drivers.simulator.machine import Machine
from passbook.job.record import Decider, HistoryKind
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Device, Media
from passbook.protocol.messages import Prompt
from spooler.news import JobChanged, News, PrinterChanged, StepDone
from tests.drivers.workbench import RULER, holding, once
from tests.firmware.counter import (
    PERSON,
    TELLER,
    Counter,
    OpenCounter,
    helpful,
    idle,
    plan_of,
    slow,
)
from tests.spooler.desk_story import SHORT, asked, is_end, watcher


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


@pytest.mark.slow
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


@pytest.mark.parametrize("text_ahead", [False, True])
def test_a_cancel_while_a_line_is_printed_ends_the_job_after_that_line(counter: Counter, *, text_ahead: bool) -> None:
    if text_ahead:
        counter.mechanism.profile = holding(counter.mechanism.profile)
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
    counter.await_news(lambda: any(is_end(one, job) for one in counter.news))
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
