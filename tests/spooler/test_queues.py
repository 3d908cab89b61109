"""The queues of the printers: judged by what the connections of the terminals hear."""

from __future__ import annotations

import asyncio
import queue
from typing import cast

import pytest
from msgspec.structs import replace

from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.choice import Choice, Keep, Side
from passbook.job.record import Change, Record
from passbook.job.states import Reason
from passbook.job.waiting import NEXT, Waiting, Why
from passbook.protocol.events import PROMPT
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import JobView, PrinterView, Prompt
from spooler.desk import PrintDesk
from spooler.desks import Desks
from spooler.news import JobChanged, News, PrinterChanged, PromptChanged
from spooler.queues import TOLD_PLACE, TOLD_WHY
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, PRINTER, TELLER, WAIT, Bench, Ear, request
from tests.spooler.test_desks import QuietDesk

EVENT = "Spooler.JobEvent"
LEFT = Prompt("0a", PRINTER, "take", 0)
OF_ANOTHER = Prompt("", PRINTER, "take", 0)


class Counters:
    """Terminals at one printer, and the news that the appliance tells them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.desks = Desks({PRINTER: cast("PrintDesk", QuietDesk())}, bench.jobs, bench.hub, bench.clock)
        self.teller, self.other, self.manager = (self.connect(actor) for actor in (TELLER, OTHER, MANAGER))
        # News come from other threads, and are told in that of the test.
        self._news: queue.Queue[News] = queue.Queue()
        bench.listen = self._news.put
        self._number = 0

    def connect(self, actor: Actor) -> Ear:
        ear = Ear(actor)
        self.bench.hub.join(ear)
        return ear

    def spread(self, news: News) -> None:
        """As the appliance does."""
        match news:
            case JobChanged(record):
                view = self.desks.note_queued(record)
                self.bench.hub.tell(record.requester, EVENT, view, representatives=True)
                self.desks.queues.retell(record.printer)
            case PromptChanged():
                self.desks.note_prompt(news)
            case PrinterChanged():
                self.desks.note_printer(news)
            case _:
                pass

    def send(self, actor: Actor = TELLER, priority: int = 50) -> Record:
        self._number += 1
        facts = request(f"r-{self._number}", priority=priority)
        return self._settled(asyncio.run(self.bench.admission().submit(actor, facts, DOCUMENT)))

    def change(self, record: Record, change: Change) -> Record:
        return self._settled(self.bench.jobs.change(record.job_id, change).result(WAIT))

    def begin(self, record: Record) -> Record:
        return self.change(record, changes.start("t", 1))

    def cancel(self, record: Record) -> None:
        self.change(record, changes.cancel("t", TELLER.name, "Anna"))

    def _settled(self, record: Record) -> Record:
        """The record, when the news of it were told."""
        told = None
        while told != JobChanged(record):
            told = self._news.get(timeout=WAIT)
            told = JobChanged(told.record) if isinstance(told, JobChanged) else told
            self.spread(told)
        return record

    def leave_book(self, prompt: Prompt | None = LEFT, owner: str = TELLER.name) -> None:
        self.spread(PromptChanged(PRINTER, owner, prompt))

    def say(self, device: Device, *conditions: str) -> None:
        self.spread(PrinterChanged(PrinterView(PRINTER, MechanismStatus(device, Media.UNKNOWN, conditions), 0)))

    def waiting(self, record: Record) -> Waiting | None:
        return self.desks.queues.view(record).waiting


@pytest.fixture
def counters(bench: Bench) -> Counters:
    return Counters(bench)


def told(ear: Ear) -> list[Waiting | None]:
    """Why the jobs of a terminal wait, as it was told."""
    return [payload.waiting for name, payload in ear.heard if name == EVENT and isinstance(payload, JobView)]


def prompts(ear: Ear) -> list[Prompt]:
    return [payload for name, payload in ear.heard if name == PROMPT]


def test_a_place_counts_priority_first_and_then_the_order_of_acceptance(counters: Counters) -> None:
    low, first, second, high = (counters.send(priority=priority) for priority in (10, 50, 50, 80))
    places = [counters.waiting(one) for one in (high, first, second, low)]
    assert places == [NEXT, *(Waiting(Why.TURN, ahead) for ahead in (1, 2, 3))]
    counters.begin(high)
    assert [counters.waiting(one) for one in (first, second, low)] == places[1:], "the one that prints is before them"
    counters.cancel(second)
    assert counters.waiting(low) == Waiting(Why.TURN, 2)


def test_a_place_is_as_of_one_printer(counters: Counters) -> None:
    counters.send()
    elsewhere = replace(counters.send(OTHER), printer="other")
    assert counters.desks.queues.note(elsewhere).waiting == NEXT


def test_a_requester_is_told_when_fewer_jobs_print_before_its_job(counters: Counters) -> None:
    first, second = counters.send(), counters.send(OTHER)
    assert told(counters.other) == [Waiting(Why.TURN, 1)]
    counters.begin(first)
    assert told(counters.other) == [Waiting(Why.TURN, 1)], "nothing has changed for it"
    counters.change(first, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, "t"))
    assert told(counters.other) == [Waiting(Why.TURN, 1), NEXT]
    assert second.job_id in {payload.job for name, payload in counters.other.heard if name == EVENT}


def test_a_wait_for_the_own_terminal_is_told_once(counters: Counters) -> None:
    first = counters.send()
    waits = replace(counters.send(OTHER), choice=Choice(Keep.BOTH, Side.TERMINAL))
    counters.spread(JobChanged(waits))
    counters.change(first, changes.hold("t", TELLER.name, "Anna"))
    before = len(told(counters.other))
    counters.spread(JobChanged(waits))
    assert told(counters.other)[before:] == [Waiting(Why.TERMINAL_COPY)]
    counters.desks.queues.retell(PRINTER)
    assert len(told(counters.other)) == before + 1, "nothing has changed for it"


def test_a_book_in_the_way_is_told_to_its_owner_and_to_all_who_wait(counters: Counters) -> None:
    counters.send(OTHER)
    counters.leave_book()
    assert (prompts(counters.teller), prompts(counters.manager)) == ([LEFT], [LEFT])
    assert prompts(counters.other) == [OF_ANOTHER]
    assert told(counters.other) == [NEXT, Waiting(Why.BOOK_LEFT)]
    counters.leave_book(None)
    assert told(counters.other) == [NEXT, Waiting(Why.BOOK_LEFT), NEXT]


def test_a_book_whose_owner_is_not_known_is_told_to_all_who_wait(counters: Counters) -> None:
    counters.send(OTHER)
    counters.leave_book(OF_ANOTHER, owner="")
    assert [prompts(ear) for ear in (counters.other, counters.manager, counters.teller)] == [[OF_ANOTHER]] * 2 + [[]]


def test_who_comes_while_a_book_lies_there_is_told_at_once(counters: Counters) -> None:
    """By a new job, once, and by connecting."""
    counters.leave_book()
    assert prompts(counters.other) == []
    sent = [counters.send(OTHER), counters.send(OTHER)]
    assert [counters.waiting(one) for one in sent] == [Waiting(Why.BOOK_LEFT), Waiting(Why.BOOK_LEFT, 1)]
    assert prompts(counters.other) == [OF_ANOTHER]
    assert told(counters.other)[0] == Waiting(Why.BOOK_LEFT)
    late = [Ear(actor) for actor in (OTHER, TELLER, Actor.of_terminal("teller-3", representative=False, serial=9))]
    for ear in late:
        counters.desks.show_prompts(ear)
    assert [prompts(ear) for ear in late] == [[OF_ANOTHER], [LEFT], []]


def test_another_prompt_is_of_its_requester_only(counters: Counters) -> None:
    counters.send(OTHER)
    counters.leave_book(Prompt("0a", PRINTER, "insert", 3))
    assert prompts(counters.other) == []
    assert told(counters.other) == [NEXT]


def test_the_trouble_of_a_printer_is_told_when_it_begins_changes_and_ends(counters: Counters) -> None:
    counters.send(OTHER)
    for device, conditions in (
        (Device.OFFLINE, ("printer-silent",)),
        (Device.OFFLINE, ("printer-silent",)),
        (Device.USER_ERROR, ("cover-open",)),
        (Device.ONLINE, ()),
        (Device.BUSY, ()),
    ):
        counters.say(device, *conditions)
    reasons = ("printer-silent", "cover-open")
    assert told(counters.other) == [NEXT, *(Waiting(Why.PRINTER, 0, reason) for reason in reasons), NEXT]


@pytest.mark.slow
def test_the_news_of_one_change_are_bounded(counters: Counters) -> None:
    """P14: a queue may be long."""
    sent = [counters.send() for _ in range(TOLD_WHY + 5)]
    before = len(told(counters.teller))
    counters.say(Device.OFFLINE, "printer-silent")
    assert len(told(counters.teller)) == before + TOLD_WHY
    assert counters.waiting(sent[-1]) == Waiting(Why.PRINTER, len(sent) - 1, "printer-silent"), "asked, each says it"
    counters.say(Device.ONLINE)
    before = len(told(counters.teller))
    counters.cancel(sent[0])
    # The end itself, and so many of the others.
    assert len(told(counters.teller)) == before + 1 + TOLD_PLACE


def test_a_record_that_was_set_aside_is_in_no_other_jobs_way(counters: Counters) -> None:
    first, second = counters.send(), counters.send()
    counters.desks.queues.drop(first.job_id)
    counters.desks.queues.drop("ff")
    assert counters.waiting(second) == NEXT


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        (LEFT, "a book lies in it and must be taken out"),
        (Prompt("0a", PRINTER, "turn", 4), "job 0a waits for its book to be turned to page 4"),
        (Prompt("0a", PRINTER, "insert", 4), "job 0a waits for its book"),
        (
            Prompt("0a", PRINTER, "insert", 1, book=2, books=2, is_new_book=True),
            "job 0a waits for a new book, opened at page 1: the one before is full",
        ),
    ],
)
def test_who_waits_in_vain_for_figures_is_told_why(counters: Counters, prompt: Prompt, why: str) -> None:
    counters.leave_book(prompt)
    assert counters.desks.why_busy(PRINTER) == why


def test_a_printer_that_prints_or_is_in_trouble_says_so(counters: Counters) -> None:
    assert counters.desks.why_busy(PRINTER) == "it is not ready"
    counters.say(Device.USER_ERROR, "cover-open")
    assert counters.desks.why_busy(PRINTER) == "a cover of the printer is open"
    counters.say(Device.ONLINE)
    assert counters.desks.why_busy(PRINTER) == "it has not answered yet"
    busy = PrinterView(PRINTER, MechanismStatus(Device.BUSY, Media.PRESENT), 0, "0a")
    counters.spread(PrinterChanged(busy))
    assert counters.desks.why_busy(PRINTER) == "job 0a is printing"
