from __future__ import annotations

import asyncio
from typing import Any

import pytest

from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.record import ChosenAnew, Decider, HistoryKind
from passbook.protocol.messages import JobView
from tests.firmware.branch import MANAGER, OTHER, TELLER, Bench
from tests.firmware.door import submission
from tests.firmware.rooms import Rooms


def ask(bench: Bench, actor: Actor, name: str, payload: Any) -> Any:
    return asyncio.run(Rooms(bench).ask(actor, name, payload))


def accepted(bench: Bench, number: str) -> JobView:
    view: JobView = ask(bench, TELLER, "Spooler.SubmitJob", submission(clientRequest=number))
    return view


@pytest.mark.parametrize("actor", [TELLER, MANAGER])
def test_a_job_with_a_higher_priority_prints_before_older_ones(bench: Bench, actor: Actor) -> None:
    first, second = accepted(bench, "r-1"), accepted(bench, "r-2")
    view = ask(bench, actor, "Spooler.SetPriority", {"job": second.job, "priority": 80, "person": "Ann"})
    assert (view.priority, view.changed_at) == (80, second.changed_at)
    following = bench.spool.next_valid(first.printer)
    assert following is not None
    assert following.job_id == second.job


def test_another_priority_stands_in_the_history_with_its_person_and_the_earlier_one(bench: Bench) -> None:
    job = accepted(bench, "r-1")
    ask(bench, TELLER, "Spooler.SetPriority", {"job": job.job, "priority": 80, "person": "Ann"})
    [told] = ask(bench, MANAGER, "Spooler.GetHistory", {"person": "ann"}).entries
    assert (told.kind, told.job.priority) == (HistoryKind.PRIORITY_SET, 80)
    assert told.chosen == ChosenAnew(Decider(TELLER.name, "Ann"), str(job.priority), "80")
    [other] = ask(bench, OTHER, "Spooler.GetHistory", {"job": job.job}).entries
    assert other.chosen == ChosenAnew(Decider(TELLER.name, ""), str(job.priority), "80")


@pytest.mark.parametrize(
    ("actor", "priority", "person", "code"),
    [
        (OTHER, 80, "Ann", "not-permitted"),
        (TELLER, 0, "Ann", "priority-not-allowed"),
        (TELLER, 101, "Ann", "priority-not-allowed"),
        (TELLER, 80, "", "invalid-message"),
    ],
)
def test_a_priority_that_may_not_be_set_changes_nothing(
    bench: Bench, actor: Actor, priority: int, person: str, code: str
) -> None:
    job = accepted(bench, "r-1")
    with pytest.raises(PassbookError) as caught:
        ask(bench, actor, "Spooler.SetPriority", {"job": job.job, "priority": priority, "person": person})
    assert caught.value.code == code
    assert bench.spool.record(job.job).priority == job.priority


def test_every_terminal_gets_the_steps_of_a_job_and_none_of_its_text(bench: Bench) -> None:
    job = accepted(bench, "r-1")
    told = ask(bench, OTHER, "Spooler.GetOutline", {"job": job.job})
    assert len(told.outline) == job.steps
    assert sum(step.kind.traits.is_line for step in told.outline) == job.lines
    assert told.outline == bench.spool.job(job.job).record.outline


def test_the_steps_of_a_job_that_is_not_known_are_refused(bench: Bench) -> None:
    with pytest.raises(PassbookError) as caught:
        ask(bench, TELLER, "Spooler.GetOutline", {"job": "no-such-job"})
    assert caught.value.code == "unknown-job"
