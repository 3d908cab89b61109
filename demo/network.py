"""The network between terminals and appliance, as a cable that can be cut, slowed, and made to pass one way only.

It carries bytes and changes none.  It runs in a thread with a loop of its own, and counts the bytes of each direction.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, Self

PULSE: Final = 128
"""Bytes of a piece that says nothing: a ping or its answer, under TLS."""
CHUNK: Final = 65536
"""Bytes that are carried at once."""
AHEAD: Final = 64
"""Pieces that are on their way at the same time."""


class Cable:
    """Carries connections from `address` to another one, `with Cable(host, port) as cable`.

    Attributes:
        delay: seconds that each piece of bytes takes, in both directions.
        up: bytes that went to the appliance.
        down: bytes that came from it.
        said: bytes of both directions but for the pings that go on by themselves.
        kept: bytes that it keeps back now.
        is_whole: whether it carries connections.
    """

    def __init__(
        self, host: str, port: int, *, listen: str = "127.0.0.1", look: Callable[[bytes], None] = lambda _data: None
    ) -> None:
        """Carry to `host` and `port`; a free port of `listen` is taken.

        `look` is called, in the thread of the cable, with the bytes that are about to go up.
        """
        self._target = (host, port)
        self._listen = listen
        self._look = look
        self._cut_after: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable")
        self.is_whole = True
        self._passes = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay = 0.0
        self.up = self.down = self.kept = self.said = 0
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
        self.is_whole = False
        self._do(self._drop())

    def cut_after(self, direction: str, count: int) -> None:
        """Cut it in the middle of what goes in a direction, `up` or `down`: when so many more bytes went there."""
        self._cut_after[direction] = count

    def mend(self) -> None:
        """Carry connections in both directions from now on."""
        self.is_whole = True
        self._do(self._pass("up", "down"))

    def swallow(self, *directions: str) -> None:
        """Keep the bytes of these directions, `up` or `down`, until `mend`, and carry the others; connections stay."""
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
        for direction, passes in self._passes.items():
            if direction in directions:
                passes.clear()
            else:
                passes.set()

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
            if self.is_whole:
                # At the end of the cable its tasks are canceled; asyncio would tell of that as of a failure.
                with contextlib.suppress(asyncio.CancelledError):
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
        """Read ahead, so that each piece is on its way for the delay, however many there are."""
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(AHEAD)
        deliver = asyncio.ensure_future(self._deliver(on_its_way, writer, direction))
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(CHUNK):
                    await on_its_way.put((self._loop.time() + self.delay, data))
            await on_its_way.put((self._loop.time() + self.delay, b""))
            await deliver
        finally:
            deliver.cancel()
            await asyncio.gather(deliver, return_exceptions=True)

    async def _deliver(
        self, on_its_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, direction: str
    ) -> None:
        """Hand pieces on when they are due, until the empty one at the end."""
        with contextlib.suppress(OSError):
            while (piece := await on_its_way.get())[1]:
                due, data = piece
                self.said += len(data) if len(data) > PULSE else 0
                await self._may_pass(direction, len(data))
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                left = self._cut_after.get(direction, len(data))
                await self._hand_on(writer, data[:left], direction)
                if direction in self._cut_after:
                    self._cut_after[direction] -= len(data)
                    if self._cut_after[direction] <= 0:
                        del self._cut_after[direction]
                        self.is_whole = False
                        await self._drop()

    async def _may_pass(self, direction: str, count: int) -> None:
        """Wait until bytes of this direction are carried."""
        self.kept += count
        try:
            await self._passes[direction].wait()
        finally:
            self.kept -= count

    async def _hand_on(self, writer: asyncio.StreamWriter, data: bytes, direction: str) -> None:
        if direction == "up":
            self.up += len(data)
            self._look(data)
        else:
            self.down += len(data)
        writer.write(data)
        await writer.drain()
