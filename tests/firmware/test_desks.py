from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from firmware.desk import PrintDesk
from firmware.desks import NEVER_SEEN, Desks
from firmware.news import PrinterChanged, PromptChanged
from passbook.errors import PassbookError
from passbook.job import JobState
from passbook.media import Device, MechanismStatus, Media
from passbook.messages import PrinterView, Prompt
from passbook.record import Record
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, PRINTER, TELLER, Bench, Ear, request

PROMPT = Prompt("0a", PRINTER, "insert", 3, "savings-24")
EVENT = "Spooler.MediaPromptEvent"


class QuietDesk:
    """A print desk that only remembers what it was told."""

    def __init__(self) -> None:
        self.printing = ""
        self.died = False
        self.told: list[Any] = []

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")

    def wake(self) -> None:
        self.told.append("wake")

    def cancel(self, job: str, terminal: str, person: str) -> bool:
        self.told.append((job, terminal, person))
        return job == self.printing


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path)
    yield one
    one.spool.close()


@pytest.fixture
def desk() -> QuietDesk:
    return QuietDesk()


@pytest.fixture
def desks(bench: Bench, desk: QuietDesk) -> Desks:
    return Desks({PRINTER: cast("PrintDesk", desk)}, bench.jobs, bench.hub, bench.clock)


def accepted(bench: Bench) -> Record:
    return asyncio.run(bench.admission().submit(TELLER, request(), DOCUMENT))


def test_all_desks_start_and_stop(desks: Desks, desk: QuietDesk) -> None:
    desks.start()
    asyncio.run(desks.stop())
    assert desk.told == ["start", "stop"]


def test_a_desk_looks_when_a_job_of_its_own_may_be_printed(bench: Bench, desks: Desks, desk: QuietDesk) -> None:
    record = accepted(bench)
    desks.note_job(record)
    assert desk.told == ["wake"]
    held = asyncio.run(desks.hold(record.job_id, TELLER.name, "Anna"))
    desks.note_job(held)
    assert desk.told == ["wake"]


def test_a_prompt_is_told_to_whom_it_concerns_now_and_later(bench: Bench, desks: Desks) -> None:
    ears = [Ear(peer) for peer in (TELLER, OTHER, MANAGER)]
    for ear in ears:
        bench.hub.join(ear)
    desks.note_prompt(PromptChanged(PRINTER, TELLER.name, PROMPT))
    assert [ear.heard for ear in ears] == [[(EVENT, PROMPT)], [], [(EVENT, PROMPT)]]
    late = [Ear(peer) for peer in (TELLER, OTHER, MANAGER)]
    for ear in late:
        desks.show_prompts(ear)
    assert [ear.heard for ear in late] == [[(EVENT, PROMPT)], [], [(EVENT, PROMPT)]]


def test_a_prompt_that_is_over_is_shown_to_nobody(desks: Desks) -> None:
    desks.note_prompt(PromptChanged(PRINTER, TELLER.name, PROMPT))
    for _ in range(2):
        desks.note_prompt(PromptChanged(PRINTER, TELLER.name, None))
    late = Ear(TELLER)
    desks.show_prompts(late)
    assert late.heard == []


def test_a_mechanism_is_shown_as_it_was_last_seen_with_its_age(bench: Bench, desks: Desks) -> None:
    assert desks.views() == (PrinterView(PRINTER, NEVER_SEEN, -1),)
    status = MechanismStatus(Device.ONLINE, Media.PRESENT)
    desks.note_printer(PrinterChanged(PrinterView(PRINTER, status, 0, "0a")))
    bench.clock.seconds += 7.9
    assert desks.views() == (PrinterView(PRINTER, status, 7, "0a"),)


def test_a_pending_job_is_cancelled_at_once(bench: Bench, desks: Desks, desk: QuietDesk) -> None:
    record = accepted(bench)
    ended = asyncio.run(desks.cancel(record, TELLER.name, "Anna"))
    assert ended.state is JobState.CANCELED
    assert ended.answered is not None
    assert (ended.answered.terminal, ended.answered.person) == (TELLER.name, "Anna")
    assert desk.told == [(record.job_id, TELLER.name, "Anna")]


def test_a_dead_desk_is_named(desks: Desks, desk: QuietDesk) -> None:
    assert desks.died() == ()
    desk.died = True
    assert desks.died() == (PRINTER,)


def test_a_printing_job_is_left_to_its_desk(bench: Bench, desks: Desks, desk: QuietDesk) -> None:
    record = accepted(bench)
    desk.printing = record.job_id
    assert asyncio.run(desks.cancel(record, TELLER.name, "Anna")) == record
    assert not bench.spool.record(record.job_id).ended


@pytest.mark.parametrize("person", ["", " ", "x" * 129, "Anna\x1b[2J"])
def test_to_cancel_somebody_must_have_decided(bench: Bench, desks: Desks, desk: QuietDesk, person: str) -> None:
    record = accepted(bench)
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.cancel(record, TELLER.name, person))
    assert caught.value.code == "invalid-message"
    assert (desk.told, bench.spool.record(record.job_id)) == ([], record)


def test_a_job_of_a_printer_that_is_not_configured_any_more_can_be_cancelled(bench: Bench) -> None:
    record = accepted(bench)
    none = Desks({}, bench.jobs, bench.hub, bench.clock)
    none.note_job(record)
    assert asyncio.run(none.cancel(record, TELLER.name, "Anna")).ended


def test_an_ended_job_cannot_be_held(bench: Bench, desks: Desks) -> None:
    record = accepted(bench)
    asyncio.run(desks.cancel(record, TELLER.name, "Anna"))
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.hold(record.job_id, TELLER.name, "Anna"))
    assert caught.value.code == "not-allowed-in-state"
