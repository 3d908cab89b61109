"""An operators' door in a thread of its own, for commands that run as in real life: in another thread or process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from firmware.doors.operator_door import OperatorDoor
from firmware.service.operations import OperatorHandler


@contextlib.contextmanager
def served(path: Path, handlers: Mapping[str, OperatorHandler]) -> Iterator[Path]:
    """The door is open at `path` while the block runs."""
    opened = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        done = asyncio.Event()
        async with OperatorDoor(path, handlers):
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
