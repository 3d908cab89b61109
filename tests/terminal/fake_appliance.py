"""A small appliance for clients under test: real TLS and WebSocket, answers from a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve, unix_serve
from websockets.exceptions import ConnectionClosed

from client.transport import Address
from firmware.identity import pki
from firmware.identity.server_tls import server_context
from passbook.errors import PassbookError
from passbook.job.states import JobState
from passbook.protocol.completions import Completion, completion_for
from passbook.protocol.messages import ErrorPayload, Header, MessageType, decode, encode
from passbook.protocol.notice import HistoryHeads
from tests.terminal.conftest import Branch
from tests.terminal.samples import notice, view

Answer = Callable[[dict[str, Any]], Any]
UNASKED = frozenset({"Spooler.GetHistoryHeads", "Spooler.AcknowledgeNotice"})


class FakeAppliance:
    """Answers each command by name; `greet` is told to each newcomer.

    `received` has every command that a person is behind, and `unasked` those that `teller` sends by itself.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            "Spooler.GetHistoryHeads": lambda _: HistoryHeads((), ()),
            "Spooler.GetJob": lambda asked: view(job=asked["job"]),
            "Spooler.ListNotices": lambda _: {"notices": []},
            "Spooler.AcknowledgeNotice": lambda asked: notice(view(job=asked["job"], state=JobState.COMPLETED)),
        }
        self.unasked: list[tuple[str, dict[str, Any]]] = []
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.greet: list[tuple[str, Any]] = []
        self.connections: list[ServerConnection] = []
        self.arrived: asyncio.Queue[str] = asyncio.Queue()
        self.address = Address("", 0, "")
        self.loop: asyncio.AbstractEventLoop

    async def tell(self, name: str, payload: Any) -> None:
        for connection in self.connections:
            await connection.send(encode(Header(name, MessageType.UNSOLICITED), payload), text=True)

    async def until_it_came(self, name: str) -> None:
        """Wait for such a command."""
        while await self.arrived.get() != name:
            pass

    def from_thread(self, story: Coroutine[Any, Any, None]) -> None:
        """Do it where the appliance runs, for a test that does not run there."""
        asyncio.run_coroutine_threadsafe(story, self.loop).result(60)

    async def drop(self, code: int = 1001, reason: str = "") -> None:
        for connection in list(self.connections):
            await connection.close(code, reason)

    def cut(self) -> None:
        for connection in self.connections:
            connection.transport.abort()

    async def handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            for name, payload in self.greet:
                await connection.send(encode(Header(name, MessageType.UNSOLICITED), payload), text=True)
            async for message in connection:
                await self._answer(connection, message if isinstance(message, bytes) else message.encode())
        except ConnectionClosed:
            pass
        finally:
            self.connections.remove(connection)

    async def _answer(self, connection: ServerConnection, message: bytes) -> None:
        command = decode(message)
        name, number = command.header.name, command.header.request_id
        payload = msgspec.json.decode(command.payload)
        if name in UNASKED:
            self.unasked.append((name, payload))
        else:
            self.received.append((name, payload))
            self.arrived.put_nowait(name)
        answer = self.answers.get(name)
        if answer is None:
            return
        await connection.send(encode(Header(name, MessageType.ACKNOWLEDGE, number)), text=True)
        code, result = Completion.SUCCESS, None
        try:
            result = answer(payload)
        except PassbookError as error:
            code, result = completion_for(error), ErrorPayload(error.code, str(error), error.facts)
        if asyncio.iscoroutine(result):
            result = await result
        header = Header(name, MessageType.COMPLETION, number, completion_code=code)
        await connection.send(encode(header, result), text=True)


@asynccontextmanager
async def running_agent(fake: FakeAppliance, socket: Path) -> AsyncIterator[FakeAppliance]:
    """Serve `fake` as the agent of a terminal does."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    server = await unix_serve(fake.handle, str(socket), compression=None)
    fake.loop = asyncio.get_running_loop()
    try:
        yield fake
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def running(branch: Branch, fake: FakeAppliance, port: int = 0) -> AsyncIterator[FakeAppliance]:
    """Serve `fake` on the loopback with the certificate of the branch's appliance."""
    context = server_context(branch.config / pki.SERVER, branch.config / pki.SERVER_KEY, branch.config / pki.AUTHORITY)
    server: Server = await serve(fake.handle, "127.0.0.1", port, ssl=context, compression=None)
    fake.address = Address("127.0.0.1", server.sockets[0].getsockname()[1], branch.appliance)
    fake.loop = asyncio.get_running_loop()
    try:
        yield fake
    finally:
        server.close()
        await server.wait_closed()
