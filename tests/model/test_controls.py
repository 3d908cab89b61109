"""Planted defects: short days that are in order, and that the model finds fault with when the appliance is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final
from unittest import mock

import pytest
from msgspec.structs import replace

from drivers.simulator.faults import AfterStrike, Target
from firmware.people.questions import Questions
from passbook.job import changes, reprinting
from passbook.job.figures import NO_FIGURES, Figures
from passbook.job.record import Change, HistoryEntry, HistoryKind, Record, Verdict
from passbook.job.states import JobState
from passbook.protocol.environment import Environment
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import Prompt
from spooler.boundary import Boundary
from spooler.desks import Desks
from spooler.hub import Listener
from storage.area.area import AreaState
from storage.crypto import envelope
from storage.spool import Spool
from storage.tables.chain import History
from storage.tables.printed import Counters
from tests.model.judge import stored
from tests.model.requests import Request
from tests.model.test_appliance import ApplianceMachine

Story = Callable[[ApplianceMachine], None]
Plant = Callable[[], AbstractContextManager[Any]]


# Days


def figures(day: ApplianceMachine) -> None:
    """One job is printed over a page's end, another one has begun, and figures are asked for twice."""
    day.submit(Request("anna", 3, 24, 50, 3))
    day.submit(Request("ben", 1, 5, 50, 0))
    # Again and again: a loaded machine may need longer than one question waits, even for a wrong answer.
    for _ in range(100):
        day.ask_where_no_boundary_is("anna")
    day.ask_for_the_next_boundary("anna", "chief", 5)


def queue(day: ApplianceMachine) -> None:
    """While one is printed two others come, the more urgent one last."""
    for terminal, priority in (("anna", 50), ("ben", 10), ("chief", 80)):
        day.submit(Request(terminal, 1, 5, priority, 0))
    day.work(4)


def cut(day: ApplianceMachine) -> None:
    """Power goes behind the second line."""
    for terminal in ("ben", "chief"):
        day.comes_or_goes(terminal)
    day.submit(Request("anna", 4, 5, 50, 0))
    day.promises_are_kept()
    day.cut(Target.BOTH, AfterStrike(2), 0, 1)
    day.promises_are_kept()


def going_on(day: ApplianceMachine) -> None:
    """Power goes behind the second line, and the job goes on with the third one to its end."""
    cut(day)
    day.mend()
    day.go_on(1, 5)
    assert [job.terminal for job in day.live()] == []


def second_person(day: ApplianceMachine) -> None:
    """A line on paper is ordered again by two people."""
    cut(day)
    day.print_again(0, Verdict.RESUME, 0, False, "another", 0)


def same_person(day: ApplianceMachine) -> None:
    """A line on paper is ordered again by one person at two terminals."""
    cut(day)
    day.print_again(0, Verdict.RESUME, 0, False, "the same person elsewhere", 0)


def wrap(day: ApplianceMachine) -> None:
    """The requester is gone: a damaged data key, and then the right one."""
    cut(day)
    for damage in (True, False):
        day.open_for_who_is_gone(0, 0, damage, 3)


def disk(day: ApplianceMachine) -> None:
    """The area of the job under way fails, the other one takes the next job and prints it, and a start asks."""
    day.submit(Request("anna", 4, 5, 50, 0))
    (area,) = [name for name, folder in day.areas.items() if stored(folder)]
    day.disk_fails(area, 1)
    assert day.fenced == {area}
    day.submit(Request("ben", 1, 5, 50, 2))
    day.promises_are_kept()
    assert [day.counts(job) for job in day.jobs] == [{}, {(3, 5): 1}]
    day.restart()
    assert [job.terminal for job in day.live()] == ["anna"]


DAYS: Final = (figures, queue, cut, going_on, second_person, same_person, wrap, disk)


@contextmanager
def a_branch() -> Iterator[ApplianceMachine]:
    """A branch whose day is judged at its end too."""
    day = ApplianceMachine()
    try:
        yield day
        day.promises_are_kept()
    finally:
        day.teardown()


# Damage


def wrapped(owner: object, name: str, damaged: Callable[..., Any]) -> Plant:
    """`damaged` in place of a function, which it gets as its first argument."""
    whole = getattr(owner, name)
    return lambda: mock.patch.object(owner, name, lambda *given, **named: damaged(whole, *given, **named))


def one_line_more(add: Callable[..., None], self: Counters, printer: str, more: Figures) -> None:
    add(self, printer, more + Figures(lines=1) if more.books else more)


def at_once(ask: Callable[..., Future[Environment]], self: Boundary) -> Future[Environment]:
    asked = ask(self)
    self.reach()
    self.answer(MechanismStatus(Device.BUSY, Media.PRESENT))
    return asked


def oldest_first(_next_valid: object, self: Spool, printer: str, _passed: Record | None = None) -> Record | None:
    ready = [one for one in self.records() if one.valid and one.state is JobState.PENDING and one.printer == printer]
    return ready[0] if ready else None


def not_with_a_failed_area(
    next_valid: Callable[..., Record | None], self: Spool, printer: str, passed: Record | None = None
) -> Record | None:
    failed = any(area.state != AreaState.READY.value for area in self.areas())
    return None if failed else next_valid(self, printer, passed)


def at_the_same_epoch(invalidate: Callable[..., Change], *given: Any) -> Change:
    def change(record: Record) -> Any:
        outcome = invalidate(*given)(record)
        return replace(outcome, record=replace(outcome.record, epoch=record.epoch))

    return change


def a_line_too_early(print_from: Callable[..., Record], record: Record, step: int, at: str) -> Record:
    return print_from(record, max(step - 1, 1), at)


def without_ends(append: Callable[..., None], self: History, entry: HistoryEntry) -> None:
    if entry.kind is not HistoryKind.ENDED:
        append(self, entry)


def to_everybody(_show: object, _self: Desks, listener: Listener, _news: object, prompt: Prompt) -> None:
    listener.post("Spooler.MediaPromptEvent", prompt)


PLANTS: Final = (
    (figures, wrapped(Counters, "add", one_line_more), "P9: .* is told, and it is"),
    (figures, lambda: mock.patch("storage.tables.printed.left", return_value=NO_FIGURES), "P9: .* is told, and it is"),
    (figures, wrapped(Boundary, "ask", at_once), "P9: figures were told while a book is in work"),
    (queue, wrapped(Spool, "next_valid", oldest_first), "F9: r-3 comes before r-2"),
    (disk, wrapped(Spool, "next_valid", not_with_a_failed_area), "F9: r-2 may be printed and is left lying"),
    (going_on, wrapped(changes, "_print_from", a_line_too_early), "P3: step 2 of r-1 is on paper too"),
    (second_person, wrapped(reprinting, "takes_two", lambda *_: False), "P3, P7: an answer that does not count"),
    (same_person, wrapped(reprinting, "seconded", lambda *given: given[-1]), "P3: one person alone"),
    (wrap, wrapped(envelope, "opens", lambda *_: True), "P7: a key that does not open the job"),
    (disk, wrapped(Questions, "all_questions", lambda *_: iter(())), "P7: what was left is asked about"),
    (cut, wrapped(changes, "invalidate", at_the_same_epoch), "P7: r-1 stopped and its epoch is still 0"),
    (queue, wrapped(History, "append", without_ends), "P11: the history tells 0 ends of r-1"),
    (cut, wrapped(Desks, "_show_prompt", to_everybody), "P12: ben was told .* of somebody else"),
)
"""A day, what is damaged, and what the model says of it."""


@pytest.mark.parametrize("story", DAYS, ids=lambda story: story.__name__)
def test_the_day_is_in_order(story: Story) -> None:
    with a_branch() as day:
        story(day)


@pytest.mark.parametrize(("story", "plant", "says"), PLANTS, ids=[says for *_, says in PLANTS])
def test_the_model_finds_fault_with(story: Story, plant: Plant, says: str) -> None:
    with pytest.raises(AssertionError, match=says), plant(), a_branch() as day:
        story(day)
