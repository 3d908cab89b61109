"""Somebody who connects as a terminal in this process: asks, answers, and handles books as the prompts say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Self, TypeVar

from client.connection import TerminalClient
from demo.world import Terminal, ruler_of, shipped_layout
from drivers.simulator.control import ControlFailure, SimulatorControl
from passbook.errors import PassbookError
from passbook.protocol.events import PROMPT
from passbook.protocol.messages import JobView, Prompt
from terminal import keyring
from terminal.home import Home
from terminal.keyring import KeyRing

T = TypeVar("T")
PATIENCE: Final = 60.0
"""Seconds for one conversation, or for what a mechanism does; a test that waits longer has failed."""
BETWEEN_ATTEMPTS: Final = 0.05
"""Seconds after an appliance was not there."""


def client_of(terminal: Terminal) -> TerminalClient:
    """A connection as this terminal, not yet opened."""
    home = Home(terminal.home)
    return TerminalClient(home.address(), home.context())


def ring_of(terminal: Terminal) -> KeyRing:
    """Its key ring; empty when it has none."""
    file = terminal.home / "keyring"
    return keyring.load_ring(file, passphrase_of(terminal).encode()) if file.exists() else KeyRing()


def passphrase_of(terminal: Terminal) -> str:
    """What its key ring is sealed with."""
    return (terminal.home / "passphrase").read_text().strip()


def converse(conversation: Coroutine[Any, Any, T]) -> T:
    """Run one conversation to its end."""

    async def run() -> T:
        async with asyncio.timeout(PATIENCE):
            return await conversation

    return asyncio.run(run())


def as_terminal(terminal: Terminal, talk: Callable[[TerminalClient], Coroutine[Any, Any, T]]) -> T:
    """One conversation over a connection of its own."""

    async def run() -> T:
        async with client_of(terminal) as client:
            return await talk(client)

    return converse(run())


class BookClerk:
    """Handles the books that a representative is prompted for, until it is left (`with`)."""

    def __init__(
        self,
        terminal: Terminal,
        hands: SimulatorControl,
        book_of: Callable[[JobView], str],
        layout: str = "savings-24",
    ) -> None:
        """`book_of` names the book for a job; all of them have the pages of `layout`."""
        self._terminal = terminal
        self._hands = hands
        self._book_of = book_of
        self._ruler = ruler_of(shipped_layout(layout))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="book clerk")
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._leave)
        self._thread.join()

    def _leave(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
            runner.run(self._work())

    async def _work(self) -> None:
        self._task = asyncio.current_task()
        while True:
            with suppress(PassbookError):
                async with client_of(self._terminal) as client:
                    async for event in client.events():
                        if event.name == PROMPT and isinstance(event.what, Prompt):
                            await self._handle(client, event.what)
            await asyncio.sleep(BETWEEN_ATTEMPTS)

    async def _handle(self, client: TerminalClient, prompt: Prompt) -> None:
        """Do what it says; where a deed is done already it does no harm."""
        with suppress(ControlFailure):
            if prompt.action == "insert":
                book = self._book_of(await client.job(prompt.job))
                await asyncio.to_thread(self._hands.insert, book, prompt.page, self._ruler)
            else:
                await asyncio.to_thread(self._hands.take)
