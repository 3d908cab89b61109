"""One connection at a door: messages that wait to be sent, and uploads that have begun."""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections.abc import Awaitable, Coroutine, Iterator
from typing import Any, Final, TypeVar

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.protocol.messages import POLICY_VIOLATION, Header, MessageType, encode

T = TypeVar("T")

FAREWELL: Final = 1.0
"""Seconds that a terminal has to agree to the end of its connection."""
LAST_COMMAND: Final = 3.0
"""Seconds that a command under way has when the door closes."""
HANG_UP_LOOK: Final = 1.0
"""Seconds between looks whether a terminal has hung up while nothing is read from it."""
OUTGOING_LIMIT: Final = 512
"""Messages that wait for a client that does not read; with one more it is disconnected, and asks again later."""
GOING_AWAY: Final = 1001
INTERNAL_ERROR: Final = 1011
"""Close codes of RFC 6455 section 7.4.1."""


class DoorSession:
    """One connection at a door: its outgoing queue and its unfinished uploads."""

    def __init__(self, socket: ServerConnection, actor: Actor) -> None:
        self.actor = actor
        self.uploads: dict[str, bytearray | None] = {}
        """Uploads by name; None for one that became too large, so that its later pieces are no document."""
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(OUTGOING_LIMIT)
        self._closing: asyncio.Task[None] | None = None
        self._conversation: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, conversation: Coroutine[Any, Any, None]) -> None:
        """Converse, and send the queued messages, until one of the two ends."""
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write_out())
            self._conversation = tasks.create_task(conversation)
            self._conversation.add_done_callback(lambda _done: writer.cancel())

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Mark a command as under way while the block runs."""
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()

    @property
    def gone(self) -> bool:
        """Whether the connection has ended, or the client has hung up behind bytes that are not read yet."""
        return self._socket.state is not State.OPEN or _hung_up(self._socket)

    def cut_off(self) -> None:
        """End the connection at once, without a close code."""
        self._socket.transport.abort()

    async def dismiss(self) -> None:
        """End the connection as the door closes: after the command under way, and in LAST_COMMAND + FAREWELL."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_COMMAND):
                await self._idle.wait()
        await self._say_farewell(GOING_AWAY, "")
        if self._conversation is not None:
            self._conversation.cancel()

    @property
    def closing(self) -> bool:
        """Whether its end was ordered; then no further command is read."""
        return self._closing is not None

    def post(self, name: str, payload: Any) -> None:
        """Queue an unsolicited message."""
        self.queue(encode(Header(name, MessageType.UNSOLICITED), payload))

    def queue(self, data: bytes) -> None:
        """Queue a message; a connection whose queue is full does not read and is closed."""
        try:
            self._outgoing.put_nowait(data)
        except asyncio.QueueFull:
            self.close("connection-lost")

    def close(self, code: str) -> None:
        """End the connection, giving the stable code of the reason; a terminal that does not agree is cut off."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._say_farewell(POLICY_VIOLATION, code))

    async def while_connected(self, work: Awaitable[T]) -> T:
        """Return the result of long work, or give it up with `connection-lost` when the client goes."""
        wanted, gone = asyncio.ensure_future(work), asyncio.ensure_future(self._until_gone())
        try:
            await asyncio.wait({wanted, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not wanted.done():
                raise PassbookError("connection-lost")
            return wanted.result()
        finally:
            wanted.cancel()
            gone.cancel()

    async def _until_gone(self) -> None:
        # While nothing is read, the end of the connection is not noticed.
        while not self.gone:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HANG_UP_LOOK):
                    await self._socket.wait_closed()

    async def _say_farewell(self, code: int, reason: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._socket.close(code, reason)
        self._socket.transport.abort()

    async def _write_out(self) -> None:
        """Send the queued messages until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                data = await self._outgoing.get()
                await self._socket.send(data.decode())


def _hung_up(socket: ServerConnection) -> bool:
    """Whether the kernel knows that the client has hung up; earlier bytes may still be unread."""
    descriptor: int = socket.transport.get_extra_info("socket").fileno()
    if descriptor < 0:
        return True
    look = select.poll()
    look.register(descriptor, select.POLLRDHUP)
    return bool(look.poll(0))
