"""Turns: an agent does its part, lies about it, or is silent; the job falls back or a person is asked (C3, C4, P13)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from passbook.document.digest import document_digest
from passbook.document.plan import encode_plan
from passbook.errors import PassbookError
from passbook.job.choice import Keep, Side
from passbook.job.print_right import RightReply, RightState
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from passbook.protocol.two_spools import TurnTaken, YourTurn
from spooler.news import JobChanged
from tests.firmware.branch import DOCUMENT, PRINTER, TELLER, Bench
from tests.firmware.rooms import NETWORK_PRINTER, Alone, Rooms

JOB = "0123456789abcdef0123456789abcdef"
KEY = bytes(range(32))
BOTH = {"keep": "both", "feed": "terminal"}
ONLY = {"keep": "terminal", "feed": "terminal"}


class Agency:
    """The rooms of an appliance, and the agent of one terminal."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self.rooms = Rooms(self.bench)
        self.turns = self.rooms.turns
        self.agent = Alone(TELLER)
        self.bench.listen = self._hear
        self.loop: asyncio.AbstractEventLoop | None = None

    def _hear(self, news: Any) -> None:
        if isinstance(news, JobChanged) and self.loop is not None:
            self.loop.call_soon_threadsafe(self.turns.note_job, news.record)

    async def register(self, connection: Alone | None = None, spool: str = "spool-1") -> Any:
        self.loop = asyncio.get_running_loop()
        return await self.ask("Spooler.RegisterAgent", {"spool": spool}, connection or self.agent)

    async def ask(self, name: str, payload: dict[str, Any], connection: Alone | None = None) -> Any:
        connection = connection or self.agent
        return await self.rooms.ask(connection.actor, name, payload, connection=connection)

    async def submit(self, number: str = "r-1", job: str = JOB, **facts: Any) -> Record:
        """A document of the teller; the terminal's copy is known by its digest."""
        known = {
            "clientRequest": number,
            "printer": PRINTER,
            "format": "text",
            "layout": "sheet",
            "key": base64.b64encode(KEY).decode(),
            "keyRef": "anna-1",
            "job": job,
            "digest": document_digest(KEY, DOCUMENT),
            "document": base64.b64encode(DOCUMENT).decode(),
        }
        view = await self.ask("Spooler.SubmitJob", known | facts)
        return self.bench.spool.record(view.job)

    async def called(self, record: Record) -> YourTurn:
        """The desk comes to the job; what its agent is told."""
        assert not self.turns.may_begin(record)
        name, event = self.agent.told[-1]
        assert name == "Spooler.YourTurnEvent"
        assert isinstance(event, YourTurn)
        return event

    async def take(self, event: YourTurn, **facts: Any) -> TurnTaken:
        known = {
            "job": event.job,
            "epoch": event.epoch,
            "turn": event.turn,
            "answer": "ready",
            "document": base64.b64encode(DOCUMENT).decode(),
            "digestKey": base64.b64encode(KEY).decode(),
        }
        taken = await self.ask("Spooler.TakeTurn", known | facts)
        assert isinstance(taken, TurnTaken)
        return taken

    async def silence(self) -> None:
        """As long as the terminal has, and longer."""
        self.bench.clock.seconds += 11.0
        watching = asyncio.create_task(self.turns.run())
        while self.turns.is_open(JOB):  # noqa: ASYNC110 - the turn ends in the same loop
            await asyncio.sleep(0)
        watching.cancel()

    def record(self) -> Record:
        return self.bench.spool.record(JOB)


@pytest.fixture
def agency(tmp_path: Path) -> Agency:
    return Agency(tmp_path)


Story = Callable[[Agency], Coroutine[Any, Any, None]]


def told(agency: Agency, story: Story) -> None:
    asyncio.run(story(agency))
    agency.bench.spool.close()


async def refused(deed: Coroutine[Any, Any, Any]) -> str:
    try:
        await deed
    except PassbookError as error:
        return error.code
    return "it was not refused"


async def outline_of(agency: Agency) -> dict[str, Any]:
    """The outline and sheet of the document, as an appliance that keeps it says."""
    known = await agency.submit("r-known", "f" * 32, **BOTH)
    steps = [
        {
            "kind": step.kind.value,
            "page": step.page,
            "line": step.line,
            "bars": [[bar.column, bar.width] for bar in step.bars],
        }
        for step in known.outline
    ]
    return {"outline": steps, "sheet": [known.sheet.height, known.sheet.cpi, known.sheet.left], "document": ""}


def test_the_terminals_copy_feeds_the_printer_at_its_turn(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH)
        assert (record.choice.keep, record.choice.feed, record.job_id) == (Keep.BOTH, Side.TERMINAL, JOB)
        event = await agency.called(record)
        assert (event.turn, event.wants_document, event.wants_right) == (1, True, False)
        assert await agency.take(event) == TurnTaken()
        assert agency.turns.may_begin(agency.record())
        assert agency.turns.plan_for(agency.record()) is not None
        assert PRINTER in agency.rooms.woken

    told(agency, story)


def test_a_document_that_the_terminal_alone_keeps_is_not_on_the_disk_and_prints(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        record = await agency.submit(**ONLY, **shape)
        assert (record.keeps_document, record.size) == (False, 0)
        with pytest.raises(PassbookError, match="document"):
            agency.bench.spool.sealed(agency.bench.spool.job(JOB))
        await agency.take(await agency.called(record))
        plan = agency.turns.plan_for(agency.record())
        assert plan is not None
        assert encode_plan(plan)

    told(agency, story)


def test_the_right_is_taken_before_the_job_begins(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(keep="both", feed="appliance", ifApart="terminal")
        assert record.right.state is RightState.AWAY
        event = await agency.called(record)
        assert (event.wants_right, event.wants_document) == (True, False)
        taken = await agency.take(event, offered=1)
        assert taken.right is RightReply.TAKEN
        assert agency.record().right.state is RightState.HERE
        assert await agency.take(event, offered=1) == taken

    told(agency, story)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ({"document": base64.b64encode(b"other text\n").decode()}, "document-differs"),
        ({"digestKey": base64.b64encode(bytes(32)).decode()}, "document-differs"),
        ({"digestKey": ""}, "document-differs"),
        ({"document": ""}, "document-differs"),
    ],
)
def test_another_document_is_not_printed_and_a_person_is_asked(agency: Agency, lie: Any, code: str) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**ONLY, **(await outline_of(agency)))
        assert await refused(agency.take(await agency.called(record), **lie)) == code
        asked = agency.record()
        assert (asked.valid, asked.reasons) == (False, (Reason.DIFFERS,))

    told(agency, story)


def test_a_document_with_another_outline_than_was_announced_is_not_printed(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        shape["outline"][0]["bars"] = [[1, 3]]
        record = await agency.submit(**ONLY, **shape)
        assert await refused(agency.take(await agency.called(record))) == "document-differs"
        assert agency.record().is_open

    told(agency, story)


def test_an_outline_that_no_document_has_is_refused_when_the_job_is_sent(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await outline_of(agency)
        steps: list[Any] = shape["outline"]
        for outline in (steps[:0], steps[:-1], steps[::-1]):
            assert await refused(agency.submit(**ONLY, **(shape | {"outline": outline}))) == "invalid-message"
        with pytest.raises(PassbookError, match="There is no job"):
            agency.record()

    told(agency, story)


@pytest.mark.parametrize("wrong", [{"turn": 2}, {"epoch": 7}, {"turn": 0}])
def test_data_at_the_wrong_turn_is_refused_and_the_turn_stays_open(agency: Agency, wrong: Any) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        assert await refused(agency.take(event, **wrong)) == "turn-over"
        assert await agency.take(event) == TurnTaken()

    told(agency, story)


@pytest.mark.parametrize(("if_apart", "is_valid", "fed"), [("appliance", True, Side.APPLIANCE), ("ask", False, None)])
def test_silence_closes_the_turn_and_later_data_is_refused(
    agency: Agency, if_apart: str, is_valid: bool, fed: Side | None
) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, ifApart=if_apart))
        await agency.silence()
        record = agency.record()
        assert (record.valid, record.turn) == (is_valid, 1)
        assert (record.fed.by if record.fed else None) is fed
        if is_valid:
            assert agency.turns.may_begin(record)
            assert agency.turns.plan_for(record) is None
        assert await refused(agency.take(event)) == "turn-over"

    told(agency, story)


def test_a_terminal_without_its_agent_is_silent_and_one_that_comes_back_is_told(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH)
        agency.bench.hub.join(agency.agent)
        agency.bench.hub.leave(agency.agent)
        assert not agency.turns.may_begin(record)
        assert not agency.agent.told
        again = Alone(TELLER)
        await agency.register(again)
        assert [name for name, _ in again.told] == ["Spooler.YourTurnEvent"]

    told(agency, story)


def test_an_agent_that_has_no_copy_says_so_and_a_person_is_asked(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        await agency.take(event, answer="not-spooled", document="")
        assert (agency.record().valid, agency.record().reasons) == (False, (Reason.NOT_SPOOLED,))

    told(agency, story)


def test_only_the_registered_agent_of_the_requester_does_its_part(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH))
        stranger = Alone(TELLER)
        payload = {"job": event.job, "epoch": 0, "turn": 1, "answer": "ready"}
        assert await refused(agency.ask("Spooler.TakeTurn", payload, stranger)) == "agent-needed"
        assert await refused(agency.register(stranger, "spool-2")) == "agent-connected"
        await agency.register(stranger, "spool-1")
        assert agency.agent.closed == "agent-connected"
        assert await refused(agency.take(event)) == "agent-needed"

    told(agency, story)


def test_a_job_id_of_another_request_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        first = await agency.submit(**BOTH)
        assert await refused(agency.submit("r-2", **BOTH)) == "job-id-taken"
        assert await agency.submit(**BOTH) == first
        assert await refused(agency.submit("r-3", "XYZ", **BOTH)) == "invalid-message"

    told(agency, story)


@pytest.mark.parametrize(
    "choice",
    [
        {"keep": "appliance", "feed": "terminal"},
        {"keep": "terminal", "feed": "appliance"},
        {"keep": "appliance", "ifApart": "terminal"},
        {"keep": "terminal", "feed": "terminal", "ifApart": "appliance"},
    ],
)
def test_a_choice_of_a_copy_that_is_not_kept_is_refused(agency: Agency, choice: Any) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        assert await refused(agency.submit(**choice)) == "choice-not-possible"

    told(agency, story)


def test_a_printer_on_the_network_is_lent_and_comes_back_with_the_reported_end(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH, printer=NETWORK_PRINTER)
        event = await agency.called(record)
        assert event.hands_over
        assert agency.turns.is_lent(NETWORK_PRINTER)
        taken = await agency.take(event, document="", digestKey="")
        assert (taken.offered, taken.printer and taken.printer.name) == (1, NETWORK_PRINTER)
        assert (agency.record().right.state, agency.record().handed) == (RightState.OFFERED, True)
        await agency.ask("Spooler.ConfirmRight", {"job": JOB, "token": 1, "right": "taken"})
        progress = {"state": "processing", "confirmed": 1, "begun": True, "fed": {"by": "terminal"}}
        await agency.ask("Spooler.ReportJob", {"job": JOB, "told": progress})
        assert (agency.record().confirmed, agency.turns.is_lent(NETWORK_PRINTER)) == (1, True)
        end = {**progress, "state": "completed", "reasons": ["job-completed-successfully"], "confirmed": record.steps}
        view = await agency.ask("Spooler.ReportJob", {"job": JOB, "told": end})
        assert (view.state, view.fed.by) == (JobState.COMPLETED, Side.TERMINAL)
        while agency.turns.is_lent(NETWORK_PRINTER):  # noqa: ASYNC110 - the news of the end comes in the same loop
            await asyncio.sleep(0)
        assert await agency.ask("Spooler.ReportJob", {"job": JOB, "told": end}) == view

    told(agency, story)


def test_silence_of_a_terminal_that_prints_is_a_question_and_the_printer_comes_back(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        event = await agency.called(await agency.submit(**BOTH, printer=NETWORK_PRINTER))
        await agency.take(event, document="", digestKey="")
        agency.bench.clock.seconds += 60.0
        await agency.silence()
        record = agency.record()
        assert (record.valid, record.reasons, record.asked) == (False, (Reason.TERMINAL_SILENT,), True)
        assert not agency.turns.is_lent(NETWORK_PRINTER)

    told(agency, story)


def test_a_report_about_a_job_whose_right_is_here_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.submit(**BOTH)
        lie = {"job": JOB, "told": {"state": "completed", "confirmed": 99}}
        assert await refused(agency.ask("Spooler.ReportJob", lie)) == "not-allowed-in-state"

    told(agency, story)


def test_no_more_turns_of_a_printer_are_open_than_its_limit(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        for number in range(6):
            agency.turns.may_begin(await agency.submit(f"r-{number}", f"{number:032x}", **BOTH))
        assert len(agency.agent.told) == 4

    told(agency, story)


def test_the_feed_is_chosen_until_the_turn(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.submit(**BOTH)
        order = {"job": JOB, "feed": "appliance", "person": "Anna"}
        view = await agency.ask("Spooler.SetFeed", order)
        assert view.choice.feed is Side.APPLIANCE
        assert agency.turns.may_begin(agency.record())

    told(agency, story)
