"""A desk and the turns of two spools: what waits for a terminal keeps no other job back, and a port has one owner."""

from __future__ import annotations

import threading

from msgspec.structs import replace
from typing_extensions import override

from passbook.document.plan import Plan
from passbook.job import changes
from passbook.job.choice import Choice, Keep, Side
from passbook.job.record import Decider, Outcome, Record
from passbook.job.states import JobState
from tests.drivers.workbench import WAIT, once
from tests.firmware.counter import OpenCounter, plan_of


class Calling:
    """Waits for the terminal of some jobs, and lends the printer when it is told to; else every job may begin."""

    def __init__(self) -> None:
        self.waits: set[str] = set()
        self.sent: dict[str, Plan] = {}
        self.done: list[str] = []
        self.lent = False
        self.left = threading.Event()

    def may_begin(self, record: Record) -> bool:
        return record.job_id not in self.waits and not self.lent

    def plan_for(self, record: Record) -> Plan | None:
        return self.sent.get(record.job_id)

    def over(self, job: str) -> None:
        self.done.append(job)

    def is_lent(self, _printer: str) -> bool:
        return self.lent

    def note_left(self, _printer: str) -> None:
        self.left.set()


def test_a_job_that_waits_for_its_terminal_keeps_no_other_one_back(open_counter: OpenCounter) -> None:
    feeding = Calling()
    counter = open_counter(feeding=feeding)
    waiting = counter.accept(plan_of(1), priority=60)
    later = counter.accept(plan_of(2), priority=60)
    other = counter.accept(plan_of(3), priority=40, requester="teller-2")
    feeding.waits = {waiting, later}
    counter.start()
    assert counter.await_end(other).state is JobState.COMPLETED
    assert counter.record(waiting).state is counter.record(later).state is JobState.PENDING
    feeding.waits = {waiting}
    counter.desk.wake()
    assert counter.await_end(later).state is JobState.COMPLETED
    assert counter.record(waiting).state is JobState.PENDING
    assert counter.mechanism.struck() == once(2, 3)


def test_what_the_terminal_sent_is_printed_and_then_forgotten(open_counter: OpenCounter) -> None:
    feeding = Calling()
    counter = open_counter(feeding=feeding)
    job = counter.accept(plan_of(5), with_key=False)
    feeding.sent[job] = plan_of(5)
    counter.start()
    assert counter.await_end(job).state is JobState.COMPLETED
    counter.await_news(lambda: len(counter.prompts) == 2)
    assert counter.mechanism.struck() == once(5)
    assert feeding.done == [job]


def test_a_choice_between_the_look_of_a_desk_and_its_beginning_has_the_desk_look_again(
    open_counter: OpenCounter,
) -> None:
    class ChosenMeanwhile(Calling):
        """A person chooses the terminal's copy of a job when the desk has just looked at it."""

        @override
        def may_begin(self, record: Record) -> bool:
            if record.job_id == chosen and not record.is_fed_by_terminal:
                choosing = changes.choose_feed(Side.TERMINAL, Decider("teller-1", "Anna"), record.changed_at)
                counter.jobs.change(chosen, choosing).result(WAIT)
                return True
            return record.job_id not in self.waits

    feeding = ChosenMeanwhile()
    counter = open_counter(feeding=feeding)
    chosen = counter.accept(plan_of(1), priority=60)
    other = counter.accept(plan_of(2), priority=40, requester="teller-2")
    both = Choice(Keep.BOTH, Side.APPLIANCE)
    counter.jobs.change(chosen, lambda record: Outcome(replace(record, choice=both))).result(WAIT)
    feeding.waits = {chosen}
    counter.start()
    assert counter.await_end(other).state is JobState.COMPLETED
    assert (counter.record(chosen).state, counter.record(chosen).fed) == (JobState.PENDING, None)
    assert counter.mechanism.struck() == once(2)


def test_a_job_whose_print_right_is_offered_never_begins_and_keeps_no_other_one_back(
    open_counter: OpenCounter,
) -> None:
    counter = open_counter(feeding=Calling())
    offered = counter.accept(plan_of(1))
    counter.jobs.change(offered, changes.offer_right()).result(WAIT)
    own = counter.accept(plan_of(2))
    counter.start()
    assert counter.await_end(own).state is JobState.COMPLETED
    assert (counter.record(offered).state, counter.record(offered).begun) == (JobState.PENDING, False)
    assert counter.mechanism.struck() == once(2)


def test_a_desk_leaves_the_port_says_so_and_comes_back_when_it_is_woken(open_counter: OpenCounter) -> None:
    feeding = Calling()
    counter = open_counter(feeding=feeding)
    counter.start()
    counter.await_news(lambda: len(counter.views) >= 1)
    feeding.lent = True
    counter.desk.wake()
    assert feeding.left.wait(WAIT)
    # Only one session can be open at the simulated port, so the terminal's is proof that the desk has left it.
    session = counter.mechanism.session()
    session.clean_up()
    job = counter.accept(plan_of(1))
    assert counter.record(job).state is JobState.PENDING
    session.close()
    feeding.lent = False
    counter.desk.wake()
    assert counter.await_end(job).state is JobState.COMPLETED


def test_a_printer_that_is_lent_when_the_desk_starts_is_left_alone(open_counter: OpenCounter) -> None:
    feeding = Calling()
    feeding.lent = True
    counter = open_counter(feeding=feeding)
    counter.start()
    assert feeding.left.wait(WAIT)
    assert not counter.views
    assert counter.machine.state().received == 0
