"""The network between terminals and appliance, as a cable that can be cut, slowed, and made to pass one way only.

It carries bytes and reads none: what goes through is the TLS of the product.  It runs in a thread with a loop of its
own, and counts the bytes of each direction.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, Final, Self

CHUNK: Final = 65536
"""Bytes that are carried at once."""


class Cable:
    """Carries connections from `address` to another one, `with Cable(host, port) as cable`.

    Attributes:
        delay: seconds that each piece of bytes takes, in both directions.
        up: bytes that went to the appliance.
        down: bytes that came from it.
    """

    def __init__(self, host: str, port: int, *, listen: str = "127.0.0.1") -> None:
        """Carry to `host` and `port`; a free port of `listen` is taken."""
        self._target = (host, port)
        self._listen = listen
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable")
        self._whole = True
        self._passes = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay = 0.0
        self.up = self.down = 0
        self.address = ""

    def __enter__(self) -> Self:
        """Begin to carry."""
        self._thread.start()
        self._do(self._serve())
        return self

    def __exit__(self, *_: object) -> None:
        """End every connection."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """End every connection, and let none come about."""
        self._whole = False
        self._do(self._drop())

    def mend(self) -> None:
        """Carry connections in both directions from now on."""
        self._whole = True
        self._do(self._pass("up", "down"))

    def swallow(self, *directions: str) -> None:
        """Keep the bytes of these directions, `up` or `down`, until `mend`; connections stay open."""
        self._do(self._block(*directions))

    def _do(self, deed: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(deed, self._loop).result(10.0)

    async def _serve(self) -> None:
        await self._pass("up", "down")
        self._server = await asyncio.start_server(self._carry, self._listen, 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    async def _pass(self, *directions: str) -> None:
        for direction in directions:
            self._passes[direction].set()

    async def _block(self, *directions: str) -> None:
        for direction in directions:
            self._passes[direction].clear()

    async def _drop(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        await self._drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # asyncio runs every connection in a task
        self._tasks.add(task)
        self._open.add(writer)
        try:
            if self._whole:
                await self._join(reader, writer)
        finally:
            writer.transport.abort()
            self._open.discard(writer)
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            self._open.add(far_writer)
            pumps = [
                asyncio.ensure_future(self._pump(reader, far_writer, "up")),
                asyncio.ensure_future(self._pump(far_reader, writer, "down")),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                far_writer.transport.abort()
                self._open.discard(far_writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._passes[direction].wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if direction == "up":
                    self.up += len(data)
                else:
                    self.down += len(data)
                writer.write(data)
                await writer.drain()
