from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.counts import JobCounts
from passbook.job.figures import NO_FIGURES
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from passbook.protocol.completions import Completion, completion_for
from passbook.protocol.environment import Environment
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import PrinterView, Prompt
from spooler.desk import PrintDesk
from spooler.desks import NEVER_SEEN, Desks
from spooler.news import DeskGaveUp, PrinterChanged, PromptChanged
from tests.firmware.branch import DOCUMENT, MANAGER, OTHER, PRINTER, TELLER, Bench, Ear, request

PROMPT = Prompt("0a", PRINTER, "insert", 3, "savings-24")
EVENT = "Spooler.MediaPromptEvent"


class QuietDesk:
    """A print desk that only remembers what it was told."""

    def __init__(self) -> None:
        self.printing = ""
        self.waiting = ""
        self.held: list[Any] = []
        self.told: list[Any] = []
        self.asked: list[Future[Environment]] = []

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")

    def wake(self) -> None:
        self.told.append("wake")

    def hold(self, job: str, terminal: str, person: str) -> bool:
        self.held.append((job, terminal, person))
        return job == self.waiting

    def problems(self) -> list[PassbookError]:
        return []

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
    ears = [Ear(actor) for actor in (TELLER, OTHER, MANAGER)]
    for ear in ears:
        bench.hub.join(ear)
    desks.note_prompt(PromptChanged(PRINTER, TELLER.name, PROMPT))
    assert [ear.heard for ear in ears] == [[(EVENT, PROMPT)], [], [(EVENT, PROMPT)]]
    late = [Ear(actor) for actor in (TELLER, OTHER, MANAGER)]
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


@pytest.mark.parametrize(
    ("condition", "code", "words"),
    [
        (Reason.UNPLUGGED, "printer-silent", "does not answer"),
        (Reason.SILENT, "printer-silent", "does not answer"),
        (Reason.GARBLED, "printer-garbled", "bytes that its dialect does not know"),
        (Reason.MEDIA_JAM, "printer-attention", "paper is jammed"),
        (Reason.COVER_OPEN, "printer-attention", "a cover of the printer is open"),
        (Reason.RIBBON_OUT, "printer-attention", "the ribbon is used up"),
        (Reason.NOT_ACCEPTED, "printer-attention", "did not accept a command"),
        (Reason.ATTENTION, "printer-attention", "needs attention"),
    ],
)
def test_what_keeps_a_printer_from_printing_is_a_problem_as_long_as_it_lasts(
    desks: Desks, condition: Reason, code: str, words: str
) -> None:
    status = MechanismStatus(Device.USER_ERROR, Media.UNKNOWN, (condition.value,))
    desks.note_printer(PrinterChanged(PrinterView(PRINTER, status, 0)))
    (problem,) = desks.problems()
    assert (problem.code, problem.facts["printer"]) == (code, PRINTER)
    assert words in str(problem)
    assert condition.value not in str(problem)
    well = MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)
    desks.note_printer(PrinterChanged(PrinterView(PRINTER, well, 0)))
    assert desks.problems() == []


def test_a_book_that_lies_in_the_slot_for_a_minute_is_a_problem_until_it_is_taken(bench: Bench, desks: Desks) -> None:
    def seen(media: Media, job: str = "") -> list[str]:
        desks.note_printer(PrinterChanged(PrinterView(PRINTER, MechanismStatus(Device.ONLINE, media), 0, job)))
        return [problem.code for problem in desks.problems()]

    assert seen(Media.ENTERING) == []
    bench.clock.seconds += 59.0
    assert seen(Media.ENTERING) == []
    bench.clock.seconds += 1.0
    assert seen(Media.ENTERING) == ["medium-not-taken"]
    assert seen(Media.NOT_PRESENT) == []
    seen(Media.ENTERING, "0a")
    bench.clock.seconds += 60.0
    assert seen(Media.ENTERING, "0a") == [], "a job waits for that book"


def test_the_jobs_of_a_printer_are_counted_by_what_they_wait_for(bench: Bench, desks: Desks) -> None:
    def counted() -> JobCounts:
        return desks.views()[0].jobs

    first, second, third = (asyncio.run(bench.admission().submit(TELLER, request(name), DOCUMENT)) for name in "abc")
    assert counted() == JobCounts(pending=3)
    bench.jobs.change(first.job_id, changes.start("t", 1)).result(30)
    bench.jobs.change(first.job_id, changes.wait_for_people(Reason.MEDIA_NEEDED, "t")).result(30)
    asyncio.run(desks.hold(second.job_id, TELLER.name, "Anna"))
    assert counted() == JobCounts(pending=1, processing=1, held=1)
    bench.jobs.change(first.job_id, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, "t")).result(30)
    asyncio.run(desks.cancel(third, TELLER.name, "Anna", senior=False))
    assert counted() == JobCounts(questions=1, held=1)
    assert bench.spool.count_notices() == 1
    asyncio.run(desks.cancel(bench.spool.record(first.job_id), TELLER.name, "Anna", senior=False))
    asyncio.run(desks.cancel(bench.spool.record(second.job_id), TELLER.name, "Anna", senior=False))
    assert (counted(), bench.spool.counts()) == (JobCounts(), {})


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
        asyncio.run(waiting(lambda _record: desks.note_left(DeskGaveUp(record.job_id, TELLER.name, failure))))
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


def test_a_job_that_waits_for_its_book_is_held_when_its_desk_has_given_it_up(
    bench: Bench, desks: Desks, desk: QuietDesk
) -> None:
    record = accepted(bench)
    bench.jobs.change(record.job_id, changes.start("t", 1)).result(30)
    desk.waiting = record.job_id

    async def story() -> Record:
        holding = asyncio.create_task(desks.hold(record.job_id, TELLER.name, "Anna"))
        await asyncio.sleep(0)
        assert not holding.done()
        given_up = changes.hold("t", TELLER.name, "Anna", media=Media.NOT_PRESENT)
        desks.note_job(bench.jobs.change(record.job_id, given_up).result(30))
        return await holding

    held = asyncio.run(story())
    assert desk.held == [(record.job_id, TELLER.name, "Anna")]
    assert (held.valid, held.asked) == (False, False)


def test_an_ended_job_cannot_be_held(bench: Bench, desks: Desks) -> None:
    record = accepted(bench)
    asyncio.run(desks.cancel(record, TELLER.name, "Anna", senior=False))
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.hold(record.job_id, TELLER.name, "Anna"))
    assert caught.value.code == "not-allowed-in-state"


READING = Environment(
    PRINTER, "t", MechanismStatus(Device.ONLINE, Media.NOT_PRESENT), NO_FIGURES, NO_FIGURES, NO_FIGURES, ()
)


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
        assert (caught.value.code, caught.value.facts) == (
            "printer-busy",
            {"printer": PRINTER, "seconds": "0.01", "why": "it is not ready"},
        )
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


def test_a_next_hop_is_no_printer_that_may_be_meant(bench: Bench) -> None:
    hop, printer = QuietDesk(), QuietDesk()
    both = {"bank": cast("PrintDesk", hop), PRINTER: cast("PrintDesk", printer)}
    desks = Desks(both, bench.jobs, bench.hub, bench.clock, hops=("bank",))
    with pytest.raises(PassbookError) as caught:
        asyncio.run(desks.environment("other", 30.0))
    assert caught.value.facts["known"] == PRINTER
    with pytest.raises(PassbookError):
        asyncio.run(desks.environment("", 0.0))
    assert (len(hop.asked), len(printer.asked)) == (0, 1)
