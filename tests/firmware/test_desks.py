from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

import pytest
from msgspec.structs import replace

from firmware.desk import PrintDesk
from firmware.desks import NEVER_SEEN, Desks
from firmware.news import JobLeft, PrinterChanged, PromptChanged
from passbook.completions import Completion, completion_for
from passbook.counters import NOTHING
from passbook.environment import Environment
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
        self.told: list[Any] = []
        self.asked: list[Future[Environment]] = []

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")

    def wake(self) -> None:
        self.told.append("wake")

    def environment(self) -> Future[Environment]:
        self.asked.append(Future())
        return self.asked[-1]

    def cancel(self, job: str, terminal: str, person: str) -> bool:
        self.told.append((job, terminal, person))
        return job == self.printing


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
    ended = asyncio.run(desks.cancel(record, TELLER.name, "Anna", senior=False))
    assert ended.state is JobState.CANCELED
    assert ended.answered is not None
    assert (ended.answered.terminal, ended.answered.person) == (TELLER.name, "Anna")
    assert desk.told == [(record.job_id, TELLER.name, "Anna")]


def test_a_printing_job_is_left_to_its_desk(bench: Bench, desks: Desks, desk: QuietDesk) -> None:
    record = accepted(bench)
    desk.printing = record.job_id
    assert asyncio.run(desks.cancel(record, TELLER.name, "Anna", senior=False)) == record
    assert not bench.spool.record(record.job_id).ended


def test_who_waits_for_the_end_of_a_printing_job_is_told_of_it(bench: Bench, desks: Desks) -> None:
    record = accepted(bench)

    async def waiting(news: Callable[[Record], None]) -> Record:
        waiter = asyncio.create_task(desks.settled(record, 30))
        await asyncio.sleep(0)
        news(record)
        return await waiter

    ended = replace(record, valid=False, state=JobState.CANCELED)
    assert asyncio.run(waiting(lambda _record: desks.note_job(ended))) == ended
    failure = PassbookError("area-fenced", area="a", why="it failed")
    with pytest.raises(PassbookError) as caught:
        asyncio.run(waiting(lambda _record: desks.note_left(JobLeft(record.job_id, TELLER.name, failure))))
    assert caught.value is failure


def test_who_waits_too_long_is_told_how_the_job_is_now(bench: Bench, desks: Desks) -> None:
    record = accepted(bench)
    assert asyncio.run(desks.settled(record, 0)) == record
    held = asyncio.run(desks.hold(record.job_id, TELLER.name, "Anna"))
    assert asyncio.run(desks.settled(record, 30)) == held


@pytest.mark.parametrize("person", ["", " ", "x" * 129, "Anna\x1b[2J"])
def test_to_cancel_somebody_must_have_decided(bench: Bench, desks: Desks, desk: QuietDesk, person: str) -> None:
    record = accepted(bench)
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.cancel(record, TELLER.name, person, senior=False))
    assert caught.value.code == "invalid-message"
    assert (desk.told, bench.spool.record(record.job_id)) == ([], record)


def test_a_job_of_a_printer_that_is_not_configured_any_more_can_be_cancelled(bench: Bench) -> None:
    record = accepted(bench)
    none = Desks({}, bench.jobs, bench.hub, bench.clock)
    none.note_job(record)
    assert asyncio.run(none.cancel(record, TELLER.name, "Anna", senior=False)).ended


def test_an_ended_job_cannot_be_held(bench: Bench, desks: Desks) -> None:
    record = accepted(bench)
    asyncio.run(desks.cancel(record, TELLER.name, "Anna", senior=False))
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.hold(record.job_id, TELLER.name, "Anna"))
    assert caught.value.code == "not-allowed-in-state"


READING = Environment(PRINTER, "t", MechanismStatus(Device.ONLINE, Media.NOT_PRESENT), NOTHING, NOTHING, NOTHING, ())


@pytest.mark.parametrize("name", [PRINTER, ""])
def test_a_reading_is_told_to_all_that_wait_for_it(desks: Desks, desk: QuietDesk, name: str) -> None:
    async def story() -> None:
        waiting = [asyncio.create_task(desks.environment(name, 30.0)) for _ in range(2)]
        await asyncio.sleep(0)
        for asked in desk.asked:
            asked.set_result(READING)
        assert await asyncio.gather(*waiting) == [READING, READING]

    asyncio.run(story())


def test_a_wait_that_is_over_is_told_and_disturbs_nobody(desks: Desks, desk: QuietDesk) -> None:
    async def story() -> None:
        with pytest.raises(PassbookError) as caught:
            await desks.environment(PRINTER, 0.01)
        assert (caught.value.code, caught.value.facts) == ("printer-busy", {"printer": PRINTER, "seconds": "0.01"})
        assert completion_for(caught.value) is Completion.TIME_OUT
        assert [asked.cancelled() for asked in desk.asked] == [True]

    asyncio.run(story())


@pytest.mark.parametrize(("name", "shown"), [("other", "other"), ("x\x1b[2J", "x?[2J")])
def test_a_printer_that_is_not_there_has_no_reading(desks: Desks, name: str, shown: str) -> None:
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.environment(name, 30.0))
    assert (caught.value.code, caught.value.facts) == ("unknown-printer", {"printer": shown, "known": PRINTER})


def test_where_there_are_several_printers_one_must_be_named(bench: Bench, desk: QuietDesk) -> None:
    two = {"p-1": cast("PrintDesk", desk), "p-2": cast("PrintDesk", desk)}
    with pytest.raises(PassbookError) as caught:
        asyncio.run(Desks(two, bench.jobs, bench.hub, bench.clock).environment("", 30.0))
    assert caught.value.facts == {"printer": "(not named)", "known": "p-1, p-2"}
