"""Every operation of the appliance over a bench, without doors and mechanisms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec.structs import replace

from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.escpos.escpos_profile import builtin_escpos
from firmware.config.configuration import RecoveryConfig
from firmware.config.layouts import load_layouts
from firmware.identity.doorkeeper import Doorkeeper
from firmware.people.grants import Grants
from firmware.people.notice_board import NoticeBoard
from firmware.people.questions import Questions
from firmware.people.roll import Roll
from firmware.service.book_reporter import BookReporter
from firmware.service.clock_report import ClockReporter
from firmware.service.operations import OPERATIONS, Operations
from firmware.service.printer_report import PrinterReporter
from firmware.service.service import Service
from firmware.service.upkeep_operations import UpkeepOperations
from firmware.system.joining import Joining
from passbook.errors import PassbookError
from passbook.job.actor import Actor, Certificate, Role, UnixCaller
from passbook.job.record import Record
from passbook.protocol.finding import Finding
from passbook.protocol.messages import Envelope, Header, MessageType, MoveJob, StatusReport, view_of
from passbook.protocol.operation import COMMON_ERRORS, Call, Operation
from passbook.protocol.operators import AskRoute, RouteTest
from passbook.protocol.two_spools import AgentWelcome, PrinterFacts
from spooler.agents import Agents
from spooler.clock import SystemClock
from spooler.desks import Desks
from spooler.destination import Destination
from spooler.form_stock import FormStock
from spooler.known_books import KnownBooks
from spooler.problems import Problems
from spooler.shared_names import SharedNames
from spooler.turns import Turns
from tests.firmware.branch import MANAGER, PRINTER, TELLER, Bench, unconnected
from tests.firmware.operators import OTTO

T = TypeVar("T")

SUPERVISOR: Final = "supervisor"
"""Configured as a representative."""
PAUSED: Final = Finding("printer-paused", "Otto paused printer window-1.", {"person": "Otto"})
STATUS: Final = StatusReport((), ("teller-1",), ("a: ready",), (PAUSED.sentence,), findings=(PAUSED,))


AUDITOR: Final = Actor("@auditor", frozenset({Role.AUDITOR}), UnixCaller(1, 1))
WALL: Final = Actor("hall-1", frozenset({Role.WALL}), Certificate(8))
NOBODY: Final = Actor("nobody", frozenset(), Certificate(7))
ACTORS: Final = {
    TELLER: Role.REQUESTER,
    MANAGER: Role.REPRESENTATIVE,
    OTTO: Role.OPERATOR,
    AUDITOR: Role.AUDITOR,
    WALL: Role.WALL,
}
SAMPLES: Final[dict[str, Any]] = {
    "answer": "ready",
    "area": "a",
    "cassette": "1",
    "count": 1,
    "form": "certificate",
    "reason": "torn",
    "clientRequest": "r-2",
    "data": "",
    "entries": {},
    "epoch": 1,
    "feed": "appliance",
    "format": "text",
    "job": "7f3a09c2d1e84b55",
    "key": "A" * 43 + "=",
    "person": "Ann",
    "priority": 60,
    "printer": "front",
    "right": "taken",
    "secrets": ["A" * 43 + "="],
    "spool": "0a0b",
    "terminal": "teller-2",
    "token": 1,
    "told": {"state": "processing"},
    "turn": 1,
    "upload": "u",
    "verdict": "hold",
    "address": "window-1@branch.example",
    "to": "window-2",
}
"""Field that a command must have -> something of the right type."""


def sample(operation: Operation) -> dict[str, Any]:
    """A payload with the fields that an operation must have."""
    fields = msgspec.structs.fields(operation.payload)
    return {one.encode_name: SAMPLES[one.encode_name] for one in fields if one.required}


class Keeper:
    """A doorkeeper with an empty list."""

    revoked = 0

    def reload(self) -> None:
        """There is nothing to read."""


class Alone:
    """A connection on which nothing else goes on, and whose caller never goes."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.uploads: dict[str, bytearray | None] = {}
        self.told: list[tuple[str, Any]] = []
        self.closed = ""

    def post(self, name: str, payload: Any) -> None:
        self.told.append((name, payload))

    def close(self, code: str) -> None:
        self.closed = code

    async def while_connected(self, work: Awaitable[T]) -> T:
        return await work


class JudgedService(Service):
    """The service; an operation that is refused with a code that its row lacks is a defect of the catalogue."""

    def __init__(self, operations: Operations, upkeep: UpkeepOperations, is_usable: Callable[[], bool]) -> None:
        super().__init__(operations, upkeep, is_usable)
        self.instead: dict[str, Callable[[], Awaitable[Any]]] = {}
        """Handlers of a test, by the operation's name."""

    async def perform(self, call: Call, command: Envelope) -> Any:  # type: ignore[explicit-override]  # Python 3.12
        name = command.header.name
        if name in self.instead:
            return await self.instead[name]()
        try:
            return await super().perform(call, command)
        except PassbookError as error:
            allowed = {*COMMON_ERRORS, *(OPERATIONS[name].errors if name in OPERATIONS else ())}
            assert error.code in allowed, f"the catalogue does not say that {name} may be refused with {error.code}"
            raise


NETWORK_PRINTER = "hall"
SLIP_PRINTER = "slips"
FACTS = PrinterFacts(PRINTER, "pr2", "cp858", "tcp://127.0.0.1:1", False, 120.0, 120.0)


class NoMail:
    """What an appliance without the table [mail] says."""

    async def move(self, record: Record, order: MoveJob) -> Record:
        raise PassbookError("no-way-there", job=record.job_id, to=order.to, known="none")

    def say_route(self, _asked: AskRoute) -> RouteTest:
        return RouteTest(taken=False, steps=("There is no table [mail].",))


class Rooms:
    """The rooms behind the doors."""

    def __init__(self, bench: Bench, keeper: Any = None, destination: Destination | None = None) -> None:
        """`destination` prepares the documents that are sent at turns; None for a printer that nothing reaches."""
        self.bench = bench
        self.usable = True
        self.woken: list[str] = []
        self.agents = Agents(bench.hub)
        self.grants = Grants()
        self.known_books = KnownBooks(bench.jobs, bench.clock)
        self.turns = self._make_turns(destination or unconnected(load_layouts(None)))
        self.desks = Desks({}, bench.jobs, bench.hub, bench.clock)
        self.recovery = Questions(
            bench.jobs,
            bench.hub,
            RecoveryConfig(),
            bench.appliance_key,
            clock=bench.clock,
            rng=bench.rng,
            printers={PRINTER, NETWORK_PRINTER},
            view=view_of,
        )
        self.notices = NoticeBoard(bench.jobs, bench.hub, grace=30.0, acknowledge_timeout=120.0, clock=bench.clock)
        self.roll = Roll(bench.hub, bench.spool, bench.clock, [SUPERVISOR])
        self.problems = Problems()
        network_printer = unconnected(load_layouts(None), name=NETWORK_PRINTER)
        slip_printer = unconnected(load_layouts(None), EscposSlip(builtin_escpos()), SLIP_PRINTER)
        mailing = NoMail()
        printers = PrinterReporter(
            {NETWORK_PRINTER: network_printer, SLIP_PRINTER: slip_printer}, load_layouts(None).values()
        )
        upkeep = UpkeepOperations(
            spool=bench.spool,
            desks=self.desks,
            hub=bench.hub,
            doorkeeper=cast("Doorkeeper", keeper),
            clock=ClockReporter(SystemClock(wall=lambda: bench.clock.now().timestamp()), lambda: None),
            problems=self.problems,
            joining=Joining(bench.spool, self.problems, bench.clock, report=self.problems.add, begun=lambda: None),
            mailing=mailing,
            stock=FormStock(bench.spool, {}, bench.clock, lambda _printer: None),
            printers=printers,
        )
        operations = Operations(
            jobs=bench.jobs,
            admission=bench.admission(
                destinations={NETWORK_PRINTER: unconnected(load_layouts(None)), SLIP_PRINTER: slip_printer}
            ),
            recovery=self.recovery,
            notices=self.notices,
            desks=self.desks,
            roll=self.roll,
            now=bench.clock,
            turns=self.turns,
            agents=self.agents,
            welcome=AgentWelcome("here", "boot-1", 10.0, 60.0, (FACTS,), tuple(load_layouts(None).values())),
            printers=printers,
            names=SharedNames(bench.appliance_key, bench.rng),
            grants=self.grants,
            mailing=mailing,
            books=BookReporter(bench.spool, ()),
            status=lambda: STATUS,
            uri="wss://here",
            zone="Asia/Tokyo",
        )
        self.service = JudgedService(operations, upkeep, lambda: self.usable)

    def _make_turns(self, destination: Destination) -> Turns:
        return Turns(
            self.bench.jobs,
            self.agents,
            dict.fromkeys((PRINTER, NETWORK_PRINTER), destination),
            {PRINTER: FACTS, NETWORK_PRINTER: replace(FACTS, name=NETWORK_PRINTER, is_on_network=True)},
            self.known_books,
            turn_wait=10.0,
            report_wait=60.0,
            clock=self.bench.clock,
            wake=self.woken.append,
            in_loop=lambda deed: deed(),
        )

    async def ask(
        self,
        actor: Actor,
        name: str,
        payload: Any,
        *,
        kind: str = "command",
        waits: int = 0,
        connection: Alone | None = None,
    ) -> Any:
        """The reply to a command whose payload is given as plain values.  Raises PassbookError."""
        raw = msgspec.Raw(msgspec.json.encode(payload))
        command = Envelope(Header(name, MessageType(kind), 1, timeout=waits), raw)
        return await self.service.perform(Call(actor, connection or Alone(actor), waits), command)
