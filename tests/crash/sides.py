"""An appliance and a teller's agent in this process, whole, each on a simulated disk that can lose its power.

Both are the real ones, with their real doors, desks and stores.  Only the disk is recorded, the cables can be cut, and
the printer is the simulator.  At the n-th sync of one side its power goes: from that moment none of its bytes reaches
the other side, a person, or the printer.  What its disk keeps is put on a new one, on which it boots again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import shutil
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NoReturn
from unittest.mock import patch

from typing_extensions import override
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError

import spooler.desk as desks
from client.connection import TerminalClient
from client.transport import Address, TlsTransport, Transport, UnixTransport
from demo.world import free_port, ruler_of, shipped_layout
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.ports.port import Port, PortError, PortTrouble, open_port
from drivers.session import DocumentSession
from drivers.simulator.faults import AtByte, Cut, Target
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper
from drivers.simulator.running import Simulator, open_cable
from drivers.stop import MechanismStop
from firmware import appliance as appliance_module
from firmware.appliance import Appliance
from firmware.config.configuration import load_configuration
from firmware.config.loading import load_key, load_named
from firmware.system.notify import Notifier
from passbook.errors import PassbookError
from passbook.job.choice import Side
from passbook.job.print_right import RightState
from passbook.job.record import Record
from passbook.protocol.messages import REQUESTER_KEY_BYTES, Prompt
from passbook.protocol.two_spools import AgentWelcome
from spooler.clock import SystemClock, stamp
from spooler.news import JobChanged, News, PromptChanged, StepDone
from spooler.printer import PrinterSettings
from spooler.problems import Problems
from spooler.supervisor import Supervisor
from storage import Spool
from terminal.agent import known_appliance, own_store, running_agent
from terminal.agent.agent_settings import AgentConfig
from terminal.agent.own_store import open_own_store
from terminal.agent.running_agent import Agent
from terminal.agent.upstream import Upstream
from terminal.home import Home
from terminal.keyring import AGENT_STORE, KeyRing
from tests.crash.life import put
from tests.crash.recorder import Recorder, recorded_by
from tests.crash.states import Disk, Image
from tests.crash.troubles_of_sides import CutLog, Left, SideRecorder, Trouble, Where
from tests.drivers.workbench import quick
from tests.terminal.conftest import Branch

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - memory, so that no run waits for a disk
BOOK: Final = "B1"
PRINTER: Final = "front"
TERMINAL: Final = "counter-1"
MANAGER: Final = "manager"
STRANGER: Final = "counter-2"
KEY: Final = bytes(range(REQUESTER_KEY_BYTES))
KEY_REF: Final = "anna-1"
MARK: Final = "Posting"
"""What each line of the document has, and nothing else that is sent to a printer."""
DOCUMENT: Final = f"""# layout: savings-24
# account: DE-TEST-1
# currency: EUR
# start: page 3 line 23
date,text,withdrawal,deposit,balance
2026-02-02,{MARK} 1,,10.00,10.00
2026-02-03,{MARK} 2,,10.00,20.00
2026-02-04,{MARK} 3,,10.00,30.00
""".encode()
PLACES: Final = ((3, 23), (3, 24), (4, 1))
"""Page and line of each line of the document."""
RULER: Final = ruler_of(shipped_layout("savings-24"))
_QUOTA_MIB: Final = 32
REPORT_WAIT: Final = 2.0
"""Seconds after which people are asked about a printer that was handed over to a terminal which does not know it."""


class PoweredSide:
    """One boot of one side, from its power-on until its power goes.

    Attributes:
        number: of the boot; the first has 0.
        orders: how many orders to print people gave in this boot.
        ends: the connections to be cut with its power.
    """

    def __init__(self, office: TwoSides, side: Side, number: int, image: Image) -> None:
        self.side = side
        self.number = number
        self.is_cut = False
        self._is_booted = False
        self.orders = 0
        self.spool: Any = None
        self.prompts: dict[str, Prompt] = {}
        self.ends: list[ClientConnection] = []
        self._office = office
        self.folder = office.folder / side.value
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        put(image, self.folder)
        self.log = CutLog(self._cut)
        self.log.start_with(image.folders, image.files)
        self.recorder = SideRecorder(self.folder, self.log)
        office.recorders.append(self.recorder)
        self._ready = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._app: Any = None

    def _cut(self) -> None:
        """The power goes, in the thread that was about to sync."""
        self._office.let_out()
        self.is_cut = True
        self._office.note_cut(self)

    async def boot(self) -> None:
        """Start; return when its doors are open."""
        make = self._make_appliance if self.side is Side.APPLIANCE else self._make_agent
        with patch.object(appliance_module, "Spool", self._opener()), patch.object(own_store, "Spool", self._opener()):
            self._app = make()
        self._app.hear = partial(self._office.hear, self)
        self._running = asyncio.create_task(self._app.run())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._running}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            self._running.result()
        self._is_booted = True

    @property
    def is_on(self) -> bool:
        """Whether it has power, and has begun and not ended."""
        return self._is_booted and not self.is_cut and not self.spool.is_closed

    def _opener(self) -> Any:
        def open_recorded(*given: Any, **more: Any) -> Spool:
            self.spool = spool = Spool.open(*given, vfs=self.recorder.name, **more)
            return spool

        return SimpleNamespace(open=open_recorded)

    def _make_appliance(self) -> Any:
        return _HeardAppliance(
            self._office.config,
            self._office.appliance_key,
            self._office.loaded,
            clock=_clock(),
            notifier=_ReadyNotifier(self._ready),
        )

    def _make_agent(self) -> Any:
        clock, problems = _clock(), Problems()
        secret = self._office.ring.stores[AGENT_STORE]
        home = Home(self.folder)
        store = open_own_store(
            home.spool,
            secret,
            state=home.spool_state,
            quota_mib=_QUOTA_MIB,
            machine=self._office.machine_id,
            rng=self._office.chance.randbytes,
            at=stamp(clock),
            report=problems.add,
        )
        agent = _HeardAgent(home, AgentConfig(), self._office.ring, store, TERMINAL, problems=problems, clock=clock)
        agent.ready = self._ready
        return agent

    async def stop(self) -> None:
        """End it: in order, or, where its power has gone, without any effect outside."""
        for connection in self.ends:
            connection.transport.abort()
        self._app._stopped.set()
        if self._running is not None:
            await self._running
        self._office.recorders.remove(self.recorder)
        self.recorder.unregister()

    def tell(self, news: News) -> None:
        """Tell the side of a change, as the threads of its spool do."""
        self._app._tell(news)

    def image(self, left: Left) -> Image:
        """The disk after the cut."""
        disk = Disk()
        for entry in self.log.told():
            disk.take(entry)
        match left:
            case Left.ALL:
                return disk.image(disk.everything())
            case Left.SYNCED:
                return disk.image({})
            case Left.SOME:
                return disk.image(
                    self._office.chance.choice(list(itertools.islice(disk.states(self._office.chance), 50)))
                )

    def record(self, job: str) -> Record | None:
        """The record of a job on this side; None where it has none."""
        try:
            found: Record = self.spool.record(job)
        except PassbookError as error:
            if error.code != "unknown-job":
                raise
            return None
        return found


class _HeardAppliance(Appliance):
    hear: Callable[[News], None]

    @override
    def _tell(self, news: News) -> None:
        super()._tell(news)
        self.hear(news)


class _HeardAgent(Agent):
    hear: Callable[[News], None]
    ready: asyncio.Event

    @override
    def _tell(self, news: News) -> None:
        super()._tell(news)
        self.hear(news)

    @override
    def _start_tasks(self, tasks: contextlib.ExitStack) -> None:
        super()._start_tasks(tasks)
        self.ready.set()


class _ReadyNotifier(Notifier):
    def __init__(self, is_ready: asyncio.Event) -> None:
        super().__init__({})
        self._is_ready = is_ready

    @override
    def ready(self) -> None:
        self._is_ready.set()


class Wire:
    """A connection that carries nothing any more once the power of a side has gone."""

    def __init__(self, office: TwoSides, connection: ClientConnection, *sides: PoweredSide) -> None:
        self._office = office
        self._connection = connection
        self._sides = sides
        for side in sides:
            side.ends.append(connection)

    @property
    def transport(self) -> Any:
        return self._connection.transport

    def _must_carry(self) -> None:
        if len(self._sides) == len(Side) and self._office.loses_message():
            self._end()
        self._must_have_power()

    def _must_have_power(self) -> None:
        if any(side.is_cut for side in self._sides):
            self._end()

    def _end(self) -> NoReturn:
        self._connection.transport.abort()
        raise ConnectionClosedError(None, None)

    async def ping(self) -> Any:
        """The agent measures by it; it counts as no message, since a clock says when it is sent."""
        self._must_have_power()
        return await self._connection.ping()

    async def send(self, message: bytes, *, text: bool) -> None:
        self._must_carry()
        await self._connection.send(message, text=text)

    async def recv(self, *, decode: bool) -> Any:
        message = await self._connection.recv(decode=decode)
        self._must_carry()
        return message

    async def close(self) -> None:
        await self._connection.close()


class WireTransport:
    """Opens connections to a side; `ends` are the two sides, at the moment of opening."""

    def __init__(self, office: TwoSides, inner: Transport, *ends: Side) -> None:
        self._office = office
        self._inner = inner
        self._ends = ends
        self.longest = inner.longest

    async def open(self, patience: float) -> Any:
        """Open one.  Raises PassbookError."""
        sides = [self._office.sides[end] for end in self._ends]
        if any(side.is_cut for side in sides):
            raise PassbookError("connection-lost")
        connection = await self._inner.open(patience)
        return Wire(self._office, connection, *sides)


class GuardedPort:
    """The port of the printer, as one boot of one side has it; it judges what is sent to paper."""

    def __init__(self, office: TwoSides, by: PoweredSide, port: Port) -> None:
        self._office = office
        self._by = by
        self._port = port
        self.is_open = True

    def _must_have_power(self) -> None:
        if self._by.is_cut:
            raise PortError(PortTrouble.UNPLUGGED)

    def write(self, data: bytes) -> None:
        self._must_have_power()
        if MARK.encode() in data:
            self._office.judge_print(self._by)
        self._port.write(data)

    def read(self, limit: int, timeout: float) -> bytes:
        self._must_have_power()
        return self._port.read(limit, timeout)

    def close(self) -> None:
        self.is_open = False
        self._port.close()

    @property
    def by(self) -> PoweredSide:
        """The boot that has it."""
        return self._by


class TwoSides:
    """Both sides, the printer between them, and all that was wrong so far."""

    def __init__(self, branch: Branch, folder: Path, troubles: Sequence[Trouble], seed: str) -> None:
        self.folder = folder
        self.branch = branch
        self.chance = random.Random(seed)
        self._troubles = deque(troubles)
        self._left = Left.ALL
        self._messages = 0
        self.recorders: list[Recorder] = []
        self.sides: dict[Side, PoweredSide] = {}
        self.faults: list[str] = []
        self.happened = 0
        self.claims = 0
        self.job = ""
        self.changed = asyncio.Event()
        self._dead: asyncio.Queue[PoweredSide] = asyncio.Queue()
        self._appliance_is_on = asyncio.Event()
        self._met = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._ports: list[GuardedPort] = []
        self._profile = quick(builtin_pr2())
        self._address = Address("127.0.0.1", free_port(), branch.appliance)
        self.ring = KeyRing({KEY_REF: KEY}, stores={AGENT_STORE: bytes(reversed(KEY))})
        self.machine_id = folder / "machine-id"
        self.machine_id.write_text("0123456789abcdef\n")
        self._stack = contextlib.ExitStack()

    # Building

    def build(self, *, on_network: bool) -> None:
        """Switch the printer on, and write the configuration of the appliance."""
        paper = Paper(self.folder / "paper.json")
        simulator = Simulator(self._profile, open_cable("tcp://127.0.0.1:0"), paper)
        self._stack.callback(simulator.close)
        self._url = simulator.address
        self.machine: Machine = simulator.machine
        self.config = load_configuration(self._write_config(on_network=on_network))
        self.loaded = load_named(self.config)
        self.appliance_key = load_key(self.config)
        self._stack.enter_context(recorded_by(self.recorders))
        for place, name, instead in (
            (appliance_module, "Supervisor", partial(Supervisor, end=self._note_failure)),
            (running_agent, "Supervisor", partial(Supervisor, end=self._note_failure)),
            (appliance_module, "connect_mechanism", partial(self._connect, Side.APPLIANCE)),
            (known_appliance, "connect_mechanism", partial(self._connect, Side.TERMINAL)),
            (running_agent, "Upstream", self._make_upstream),
            (desks, "RETRY", 0.01),
            (desks, "TAKE_LOOK", 0.05),
        ):
            self._stack.enter_context(patch.object(place, name, instead))

    def _write_config(self, *, on_network: bool) -> Path:
        disk = self.folder / Side.APPLIANCE.value
        file = self.branch.config / "passbook.toml"
        areas = "".join(f'[[area]]\nname = "{one}"\npath = "{disk / one}"\nquota = "32 MiB"\n' for one in "ab")
        file.write_text(
            f'appliance = "{self.branch.appliance}"\ncontrol = "{self.folder / "control"}"\n'
            f'state = "{disk / "state"}"\n{areas}[[printer]]\nname = "{PRINTER}"\nport = "{self._url}"\n'
            f"on_network = {str(on_network).lower()}\n"
            f'[terminals]\nlisten = "{self._address}"\ncertificate = "server.pem"\nkey = "server-key.pem"\n'
            'ca = "ca.pem"\nrevoked = "revoked.pem"\n[keys]\nappliance = "appliance.key"\n'
            f'[recovery]\nrepresentatives = ["{MANAGER}"]\n[turns]\nreport_wait = {REPORT_WAIT}\n'
        )
        return file

    def _make_upstream(self, _transport: object, spool: str, *, came: Any, **more: Any) -> Upstream:
        def meet(welcome: AgentWelcome) -> None:
            came(welcome)
            self._met.set()

        return Upstream(lambda: self.to_appliance(TERMINAL), spool, came=meet, pause=self._await_appliance, **more)

    def to_appliance(self, name: str) -> Any:
        """The way of a terminal to the appliance."""
        ends = (Side.TERMINAL, Side.APPLIANCE) if name == TERMINAL else (Side.APPLIANCE,)
        return WireTransport(self, TlsTransport(self._address, self._context(name)), *ends)

    def _context(self, name: str) -> ssl.SSLContext:
        return self.branch.terminal(name, representative=name == MANAGER).context()

    def to_agent(self) -> Any:
        """The way of a person at the terminal to its agent."""
        return WireTransport(
            self, UnixTransport(Home(self.folder / Side.TERMINAL.value).socket, of_agent=True), Side.TERMINAL
        )

    async def _await_appliance(self, _seconds: float) -> None:
        """The agent connects again when the appliance is there."""
        await asyncio.sleep(0)  # an agent without power tries on until it is stopped
        await self._appliance_is_on.wait()

    def _connect(self, side: Side, settings: PrinterSettings, _dialect: object, clock: SystemClock) -> DocumentSession:
        by = self.sides[side]
        if by.is_cut:
            raise MechanismStop.at_port(PortError(PortTrouble.UNPLUGGED))
        others = [one for one in self._ports if one.is_open and one.by.side is not side and not one.by.is_cut]
        if others:
            self.fault(f"P15: {side.value} opens the port that the other side has")
        port = GuardedPort(self, by, open_port(self._url))
        self._ports.append(port)
        return DocumentSession(port, Pr2(self._profile), code_page=settings.code_page, clock=clock.monotonic)

    # Power

    async def power_on(self, side: Side, image: Image) -> None:
        """Boot a side on a disk with this on it."""
        before = self.sides.get(side)
        new = PoweredSide(self, side, before.number + 1 if before else 0, image)
        self.sides[side] = new
        await new.boot()
        if side is Side.APPLIANCE:
            self._appliance_is_on.set()
        self.changed.set()

    def arm(self) -> None:
        """Have the next trouble come."""
        if not self._troubles:
            return
        where, nth, self._left = self._troubles.popleft()
        match where:
            case Where.TERMINAL | Where.APPLIANCE:
                self.sides[Side(where.value)].log.count(nth)
            case Where.NETWORK:
                self._messages = nth
            case Where.PRINTER:
                self.machine.cut(Cut(Target.PRINTER, AtByte(nth)))

    def trouble_is_over(self) -> None:
        """A trouble came and went."""
        self.happened += 1
        self.arm()

    def loses_message(self) -> bool:
        """Whether the network loses this message."""
        self._messages -= 1
        if self._messages == 0:
            self._loop.call_soon(self.trouble_is_over)
        return self._messages == 0

    def let_out(self) -> None:
        """Wait until what leaves before a sync has left; in the thread that was about to sync."""

    def note_cut(self, side: PoweredSide) -> None:
        """The power of a side went; from any thread."""
        self._loop.call_soon_threadsafe(self._lose, side)

    def _lose(self, side: PoweredSide) -> None:
        if side.side is Side.APPLIANCE:
            self._appliance_is_on.clear()
        side.prompts.clear()
        for connection in side.ends:
            connection.transport.abort()
        self._dead.put_nowait(side)

    async def bring_back(self) -> None:
        """Boot each side again whose power went, for ever."""
        while True:
            dead = await self._dead.get()
            await dead.stop()
            await self.power_on(dead.side, dead.image(self._left))
            self.trouble_is_over()

    async def begin(self) -> None:
        """Boot both sides on empty disks; return when the agent knows the appliance's printers."""
        for side in (Side.APPLIANCE, Side.TERMINAL):
            await self.power_on(side, Image((), {}, b""))
        await self._met.wait()
        async with TerminalClient.at(self.to_agent()) as client:
            await client.status()

    async def close(self) -> None:
        """End both sides in order, the agent first."""
        for side in (Side.TERMINAL, Side.APPLIANCE):
            if side in self.sides:
                await self.sides[side].stop()

    def leave(self) -> None:
        """Switch the printer off, and undo what was put in place."""
        self._stack.close()

    # What is seen

    def fault(self, what: str) -> None:
        """Note what must never be; from any thread."""
        self.faults.append(what)

    def _note_failure(self) -> None:
        self.fault("a part of a side ended that must go on")

    def hear(self, by: PoweredSide, news: News) -> None:
        """A side tells its news; from any thread."""
        if not by.is_cut:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._note, by, news)

    def _note(self, by: PoweredSide, news: News) -> None:
        if by.is_cut:
            return
        match news:
            case PromptChanged(printer, _, prompt):
                by.prompts.pop(printer, None)
                if prompt is not None:
                    by.prompts[printer] = prompt
            case JobChanged() | StepDone():
                self._judge_right(news.record.job_id)
            case _:
                pass
        self.changed.set()

    def _judge_right(self, job: str) -> None:
        """P13: the right is never here at both sides, unless two people gave an order without it."""
        one, other = (self.sides[side] for side in Side)
        if self.claims or not (one.is_on and other.is_on):
            return
        seen = [one.record(job), other.record(job), one.record(job)]
        rights = [None if record is None or record.ended else record.right for record in seen]
        # The token rises at each move: an equal right was the same in between.
        if rights[0] == rights[2] and all(right and right.state is RightState.HERE for right in rights):
            self.fault("P13: both sides have the print right")

    def judge_print(self, by: PoweredSide) -> None:
        """P4, P13: a line is about to be sent to the printer."""
        record = by.record(self.job) if self.job else None
        record = record or next(iter(by.spool.records()), None)
        if record is None:
            self.fault(f"{by.side.value} prints a job that it does not have")
        elif record.right.state is not RightState.HERE or not record.valid:
            self.fault(f"P13: {by.side.value} prints without valid record and right")
        elif by.number and record.epoch and not by.orders:
            # A job that came after this boot has no epoch yet, and needs no order.
            self.fault(f"P4: {by.side.value} prints after its boot, and no person ordered it")


def _clock() -> SystemClock:
    return SystemClock(synchronized=lambda: True)
