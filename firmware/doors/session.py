"""One connection of one terminal: what waits to be sent, and what it has begun to upload."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from firmware.tls import Peer
from passbook.errors import PassbookError
from passbook.messages import Header, MessageType, encode

T = TypeVar("T")

FAREWELL: Final = 1.0
"""Seconds that a peer has to agree to the end of its connection."""
OUTGOING_LIMIT: Final = 512
"""Messages that wait for a terminal that does not read; then it is disconnected and asks again when it is back."""
POLICY_VIOLATION: Final = 1008
"""Close code of RFC 6455 section 7.4.1."""


class TerminalSession:
    """One connection of one terminal: its outgoing queue and its unfinished uploads."""

    def __init__(self, socket: ServerConnection, peer: Peer) -> None:
        self.peer = peer
        self.uploads: dict[str, bytearray | None] = {}
        """What was begun, by name; None for one that became too large and must not be taken for its rest."""
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(OUTGOING_LIMIT)
        self._closing: asyncio.Task[None] | None = None

    @property
    def closing(self) -> bool:
        """Whether its end was ordered: nothing that it still sends is read."""
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
        """End the connection, giving the stable code of the reason; a peer that does not agree is cut off."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._say_farewell(code))

    async def while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that may take long; it is given up, with `connection-lost`, when the peer goes."""
        wanted, gone = asyncio.ensure_future(work), asyncio.ensure_future(self._socket.wait_closed())
        try:
            await asyncio.wait({wanted, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not wanted.done():
                raise PassbookError("connection-lost")
            return wanted.result()
        finally:
            wanted.cancel()
            gone.cancel()

    async def _say_farewell(self, code: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._socket.close(POLICY_VIOLATION, code)
        self._socket.transport.abort()

    async def write_out(self) -> None:
        """Send what is queued until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                data = await self._outgoing.get()
                await self._socket.send(data.decode())
