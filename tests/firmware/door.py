"""A terminal door on the loopback with real TLS, and raw connections to it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from firmware.config.configuration import LimitsConfig, TerminalsConfig
from firmware.doors.terminal_door import TerminalDoor
from firmware.identity.doorkeeper import Doorkeeper
from firmware.identity.server_tls import load_trust, server_context
from passbook.protocol.messages import SERVICE_PATH, view_of
from spooler.browser_files import PageFiles
from spooler.hub import Listener
from spooler.news import JobChanged, News
from tests.firmware.branch import DOCUMENT, KEY, PRINTER, WAIT, Bench, call_in
from tests.firmware.rooms import SUPERVISOR, Rooms
from tests.terminal.conftest import Branch


class Door:
    """The appliance's terminal door, its rooms, and who is at it."""

    def __init__(
        self, branch: Branch, folder: Path, limits: LimitsConfig, pause: Callable[[float], Awaitable[None]]
    ) -> None:
        self.branch = branch
        self.bench = Bench(folder)
        self.limits = limits
        self.rooms = Rooms(self.bench)
        self.desks, self.recovery, self.notices = self.rooms.desks, self.rooms.recovery, self.rooms.notices
        self.roll = self.rooms.roll
        self._changed = asyncio.Event()
        self.bench.hub.watchers.append(lambda _listener, _came: self._changed.set())
        self._loop = asyncio.get_running_loop()
        self.bench.listen = self._hear
        settings = _settings(branch)
        trust = load_trust(settings.ca, settings.revoked)
        self.doorkeeper = Doorkeeper(settings, trust, self.bench.clock, [SUPERVISOR])
        self._door = TerminalDoor(
            hub=self.bench.hub,
            desks=self.desks,
            performer=self.rooms.service,
            limits=limits,
            judge=self.doorkeeper.judge,
            heard=self.roll.heard,
            clock=self.bench.clock,
            files=PageFiles.shipped(),
            names=frozenset({"127.0.0.1", branch.appliance}),
            pause=pause,
        )

    def _hear(self, news: News) -> None:
        if isinstance(news, JobChanged):
            record = news.record
            call_in(self._loop, self.recovery.note, record)
            call_in(self._loop, self.notices.note, record)
            view = view_of(record)
            tell = self.bench.hub.tell
            call_in(self._loop, lambda: tell(record.requester, "Spooler.JobEvent", view, representatives=True))

    def server(self) -> Any:
        etc = self.branch.config
        return self._door.open(
            "127.0.0.1", 0, server_context(etc / "server.pem", etc / "server-key.pem", etc / "ca.pem")
        )

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until terminals have come or gone so that it is so."""
        while not seen():
            self._changed.clear()
            await self._changed.wait()

    def listeners(self) -> list[Listener]:
        return self.bench.hub.everybody()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def submission(**facts: Any) -> dict[str, Any]:
    """The payload of `Spooler.SubmitJob` for a text on the sheet."""
    known = {"clientRequest": "r-1", "printer": PRINTER, "format": "text", "layout": "sheet", "key": b64(KEY)}
    return known | {"document": b64(DOCUMENT)} | facts


def _settings(branch: Branch) -> TerminalsConfig:
    etc = branch.config
    return TerminalsConfig(etc / "server.pem", etc / "server-key.pem", etc / "ca.pem", etc / "revoked.pem")


class Wire:
    """One raw connection: messages as they are on the wire."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)

    async def send(self, name: str, payload: Any = None, *, kind: str = "command", number: int = 0) -> int:
        number = number or next(self._numbers)
        header = {"name": name, "type": kind, "requestId": number}
        await self.socket.send(json.dumps({"header": header, "payload": payload or {}}))
        return number

    async def read(self) -> Any:
        return json.loads(await self.socket.recv())

    async def answer_to(self, number: int) -> Any:
        """The completion of a command; its acknowledgement must come before it."""
        kinds = []
        while True:
            message = await self.read()
            if message["header"].get("requestId", 0) == number:
                kinds.append(message["header"]["type"])
                if kinds[-1] == "completion":
                    assert kinds == ["acknowledge", "completion"]
                    return message

    async def ask(self, name: str, payload: Any = None) -> Any:
        """The payload of a completion that must be a success."""
        message = await self.answer_to(await self.send(name, payload))
        assert message["header"]["completionCode"] == "success", message
        return message["payload"]

    async def refused(self, name: str, payload: Any = None) -> str:
        """The stable code of a refusal."""
        message = await self.answer_to(await self.send(name, payload))
        assert message["header"]["completionCode"] != "success", message
        return str(message["payload"]["errorCode"])


class Connector:
    """Opens connections to the door as this terminal or that."""

    def __init__(self, door: Door, port: int) -> None:
        self.door, self.port = door, port

    @asynccontextmanager
    async def __call__(
        self, name: str, *, path: str = SERVICE_PATH, representative: bool = False, **options: Any
    ) -> AsyncIterator[Wire]:
        async with connect(
            f"wss://127.0.0.1:{self.port}{path}",
            ssl=self.door.branch.terminal(name, representative=representative).context(),
            server_hostname=self.door.branch.appliance,
            compression=None,
            proxy=None,
            **options,
        ) as socket:
            yield Wire(socket)


Story = Callable[[Door, Connector], Awaitable[None]]


def at_the_door(
    branch: Branch,
    folder: Path,
    story: Story,
    *,
    limits: LimitsConfig | None = None,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Run `story` while the door is open."""

    async def run() -> None:
        door = Door(branch, folder, limits or LimitsConfig(), pause)
        try:
            async with asyncio.timeout(WAIT), door.server() as server:
                await story(door, Connector(door, server.sockets[0].getsockname()[1]))
        finally:
            door.bench.spool.close()

    asyncio.run(run())
