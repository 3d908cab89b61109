"""The operators' door over handlers of a test, and raw connections to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.protocol import State

from firmware.doors.operator_door import OperatorDoor
from firmware.identity.callers import Callers
from passbook.errors import PassbookError
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.job.record import OPERATOR
from passbook.protocol.messages import SERVICE_PATH, Envelope
from passbook.protocol.operation import Call

Handler = Callable[[dict[str, Any]], Awaitable[Any]]
"""Takes a command's payload as plain values and gives what msgspec can write as JSON."""

OTTO: Final = Actor(OPERATOR, frozenset({Role.OPERATOR}), UnixCaller(os.getuid(), os.getpid()))


class StandIn:
    """Performs commands with handlers of a test."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self.handlers = handlers
        self.timeouts: list[int] = []

    async def perform(self, call: Call, command: Envelope) -> Any:
        self.timeouts.append(call.timeout)
        handler = self.handlers.get(command.header.name)
        if handler is None:
            raise PassbookError("unknown-command", command=command.header.name)
        return await handler(msgspec.json.decode(command.payload))


def door_at(path: Path, handlers: Mapping[str, Handler], **more: Any) -> OperatorDoor:
    """A door that judges callers as the appliance does."""
    return OperatorDoor(path, StandIn(handlers), judge=Callers().judge, **more)


@contextlib.contextmanager
def served(path: Path, handlers: Mapping[str, Handler], stand_in: StandIn | None = None) -> Iterator[Path]:
    """The door is open at `path` while the block runs, in a thread of its own."""
    opened = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        done = asyncio.Event()
        async with OperatorDoor(path, stand_in or StandIn(handlers), judge=Callers().judge):
            loops.append((asyncio.get_running_loop(), done))
            opened.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert opened.wait(30)
        yield path
    finally:
        loop, done = loops[0]
        loop.call_soon_threadsafe(done.set)
        thread.join(30)
        assert not thread.is_alive()


class Caller:
    """One connection to the door."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await unix_connect(
            str(self._path), f"ws://localhost{SERVICE_PATH}", compression=None, max_size=None
        )
        return self

    async def __aexit__(self, *_failure: object) -> None:
        if self.socket.state is State.OPEN:
            await self.socket.close()

    async def say(self, message: bytes | str) -> Any:
        """Send a raw message; the next message that comes."""
        await self.socket.send(message, text=True)
        return json.loads(await self.socket.recv())

    async def ask(self, name: str, **payload: Any) -> Any:
        """The completion of a command."""
        header = {"name": name, "type": "command", "requestId": next(self._numbers)}
        told = await self.say(json.dumps({"header": header, "payload": payload}))
        assert (told["header"]["type"], told["header"]["requestId"]) == ("acknowledge", header["requestId"])
        return json.loads(await self.socket.recv())
