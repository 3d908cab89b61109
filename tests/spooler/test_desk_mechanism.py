"""The print desk and its mechanism: faults, books that stay inside, and the status that is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.simulator.faults import AfterStrike, AtLineByte, Cut, Fault, FaultKind, Target
from drivers.simulator.machine import Machine
from passbook.job import changes
from passbook.job.record import Answered, HistoryKind, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Device, Media
from passbook.protocol.messages import Prompt
from spooler.news import JobChanged
from tests.drivers.workbench import RULER, SHORT_ANSWER, WAIT, holding, once, text_of
from tests.firmware.counter import (
    PERSON,
    PRINTER,
    TELLER,
    Counter,
    OpenCounter,
    RushingClock,
    helpful,
    idle,
    plan_of,
)
from tests.spooler.desk_story import is_end, taken_from
from tests.storage.store import AT, Store

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
    counter = open_counter(answer=SHORT_ANSWER)
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


@pytest.mark.parametrize("kind", STAYS_INSIDE)
@pytest.mark.parametrize("verdict", [Verdict.RESUME, Verdict.DISCARD])
def test_a_book_is_asked_of_its_owner_also_after_the_question_was_answered(
    open_counter: OpenCounter, kind: FaultKind, verdict: Verdict
) -> None:
    counter = open_counter(answer=SHORT_ANSWER)
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


@pytest.mark.slow
def test_a_book_that_came_after_the_last_was_taken_is_nobodys(open_counter: OpenCounter) -> None:
    counter = open_counter(answer=SHORT_ANSWER)
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
    counter = open_counter(answer=SHORT_ANSWER)
    counter.machine.fault(Fault(kind, line=2))
    counter.start()
    counter.await_question(counter.accept(plan_of(1, 2)))
    shown = ((reason.value,), "")
    counter.await_news(lambda: (counter.views[-1].status.conditions, counter.views[-1].job) == shown)
    assert counter.views[-1].status.media is media
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


@pytest.mark.parametrize("text_ahead", [False, True])
@pytest.mark.parametrize("lines", [1, 2, 3, 4])
def test_a_resume_behind_every_line_equals_an_uninterrupted_print(
    counter: Counter, lines: int, *, text_ahead: bool
) -> None:
    if text_ahead:
        counter.mechanism.profile = holding(counter.mechanism.profile)
    counter.machine.cut(Cut(Target.APPLIANCE, AfterStrike(lines)))
    counter.start()
    job = counter.accept(plan_of(1, 20, turned=(1, 2)))
    record = counter.await_question(job)
    assert (record.reasons, record.sending) == ((Reason.UNPLUGGED,), lines if lines < 3 else lines + 1)
    counter.resume(job, record.sending + 1)
    counter.await_news(lambda: any(is_end(one, job) for one in counter.news))
    assert counter.mechanism.struck() == {
        (page, number): [(text_of(number), 1)] for page, number in ((3, 1), (3, 20), (4, 1), (4, 2))
    }


def test_a_medium_found_at_the_clean_up_is_noted_in_the_question_and_given_back(counter: Counter) -> None:
    counter.machine.cut(Cut(Target.APPLIANCE, AtLineByte(2, 9)))
    found: list[Media] = []
    counter.watch = lambda news: found.append(news.record.media) if isinstance(news, JobChanged) else None
    counter.start()
    job = counter.accept(plan_of(1, 2))
    assert counter.await_prompt("take") == Prompt(job, PRINTER, "take", 0)
    record = counter.record(job)
    assert (record.reasons, record.sending, record.media) == ((Reason.UNPLUGGED,), 2, Media.PRESENT)
    counter.await_news(lambda: found[-2:] == [Media.UNKNOWN, Media.PRESENT])
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
