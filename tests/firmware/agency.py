"""The rooms of an appliance with the agent of one terminal, without doors and mechanisms."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from firmware.config.layouts import load_layouts
from passbook.document.digest import document_digest
from passbook.errors import PassbookError
from passbook.job.actor import Actor, Certificate, Role
from passbook.job.record import Record
from passbook.protocol.messages import SubmitJob
from passbook.protocol.request_content import request_content
from passbook.protocol.two_spools import TurnTaken, YourTurn
from spooler.destination import Destination, Prepared
from spooler.news import JobChanged
from tests.firmware.branch import DOCUMENT, PRINTER, TELLER, Bench, call_in, unconnected
from tests.firmware.rooms import NETWORK_PRINTER, Alone, Rooms

JOB: Final = "0123456789abcdef0123456789abcdef"
KEY: Final = bytes(range(32))
BOTH: Final[dict[str, Any]] = {"keep": "both", "feed": "terminal"}
ONLY: Final[dict[str, Any]] = {"keep": "terminal", "feed": "terminal"}


class Judge:
    """A printer; `meanwhile` is called, in the thread of the judgement, before it judges a document."""

    def __init__(self, printer: Destination) -> None:
        self._printer = printer
        self.meanwhile: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._printer, name)

    def prepare(self, request: SubmitJob, document: bytes) -> Prepared:
        self.meanwhile()
        return self._printer.prepare(request, document)


class Agency:
    """The rooms of an appliance, and the agent of one terminal."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._build()

    def _build(self) -> None:
        self.destination = Judge(unconnected(load_layouts(None)))
        self.rooms = Rooms(self.bench, destination=self.destination)
        self.turns = self.rooms.turns
        self.agent = Alone(TELLER)
        self.bench.listen = self._hear

    def boot(self) -> None:
        """The appliance goes off and on again; its agent is not connected."""
        self.bench.power_cycle()
        self._build()

    def _hear(self, news: Any) -> None:
        if isinstance(news, JobChanged) and self.loop is not None:
            call_in(self.loop, self.turns.note_job, news.record)

    async def register(self, connection: Alone | None = None, spool: str = "spool-1") -> Any:
        self.loop = asyncio.get_running_loop()
        return await self.ask("Spooler.RegisterAgent", {"spool": spool}, connection or self.agent)

    async def ask(self, name: str, payload: dict[str, Any], connection: Alone | None = None) -> Any:
        connection = connection or self.agent
        return await self.rooms.ask(connection.actor, name, payload, connection=connection)

    async def other(self, name: str) -> Alone:
        """The registered agent of another terminal."""
        connection = Alone(Actor(name, frozenset({Role.REQUESTER}), Certificate(9)))
        await self.register(connection, f"spool of {name}")
        return connection

    async def submit(
        self, number: str = "r-1", job: str = JOB, *, connection: Alone | None = None, **facts: Any
    ) -> Record:
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
        asked = known | facts
        document = base64.b64decode(asked["document"]) or DOCUMENT
        asked = {"content": content_of_facts(asked, document)} | asked
        if not asked["digest"]:
            del asked["content"]
        view = await self.ask("Spooler.SubmitJob", asked, connection)
        return self.bench.spool.record(view.job)

    async def called(self, record: Record) -> YourTurn:
        """The desk comes to the job, and leaves the port where it must; what its agent is told."""
        assert not self.turns.may_begin(record)
        if self.turns.is_lent(record.printer):
            self.turns.note_left(record.printer)
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

    async def report(self, facts: dict[str, Any]) -> Any:
        return await self.ask("Spooler.ReportJob", {"job": JOB, "told": facts})

    async def lent(self, **facts: Any) -> Record:
        """A job whose printer on the network was handed to its terminal, which has taken the right."""
        event = await self.called(await self.submit(**(BOTH | {"printer": NETWORK_PRINTER} | facts)))
        taken = await self.take(event, document="", digestKey="")
        await self.ask("Spooler.ConfirmRight", {"job": JOB, "token": taken.offered, "right": "taken"})
        return self.record()

    async def silence(self) -> None:
        """As long as the terminal has, and longer."""
        self.bench.clock.seconds += 11.0
        watching = asyncio.create_task(self.turns.run())
        while self.turns.is_open(JOB) and not self.turns.problems():  # noqa: ASYNC110 - the turn ends in the same loop
            await asyncio.sleep(0)
        watching.cancel()

    def record(self) -> Record:
        return self.bench.spool.record(JOB)


Story = Callable[[Agency], Coroutine[Any, Any, None]]


def told(agency: Agency, story: Story) -> None:
    asyncio.run(story(agency))


async def refused(deed: Coroutine[Any, Any, Any]) -> str:
    try:
        await deed
    except PassbookError as error:
        return error.code
    return "it was not refused"


def content_of_facts(facts: dict[str, Any], document: bytes) -> str:
    """What the agent of a terminal says that a person asked for."""
    names = ("printer", "format", "layout")
    asked = SubmitJob("", **{name: facts[name] for name in names}, import_name=facts.get("importName", ""))
    return request_content(asked, document)
