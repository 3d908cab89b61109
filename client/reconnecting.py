"""Work over as many connections as it takes: an appliance that lost power is back within minutes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from client.connection import TerminalClient
from passbook.errors import PassbookError

T = TypeVar("T")

Connect = Callable[[], AbstractAsyncContextManager[TerminalClient]]
Sleep = Callable[[float], Awaitable[None]]


class Shown(Protocol):
    """Tells people and programs what happens."""

    def show(self, value: Any, lines: Sequence[str]) -> None:
        """Show a value to a program, or its lines to a person."""


PASSING: Final = frozenset(
    {"connection-lost", "appliance-unreachable", "certificate-not-accepted", "request-in-flight"}
)
"""Errors after which a new connection may help, when there was one before: an appliance whose power fails
during a handshake looks like one that does not know the terminal, and an acceptance may outlive its connection."""
PAUSES: Final = (1.0, 1.0, 2.0, 2.0, *(5.0,) * 60)
"""Seconds between attempts to connect."""
TRYING_AGAIN: Final = "The appliance has not answered yet; trying again. Ctrl-C ends this command."


@dataclass(frozen=True)
class Reconnecting:
    """Connects again and again.

    Attributes:
        connect: opens a connection.
        console: where an outage and its end are told, each once.
        pauses: seconds before each further attempt to connect; when they are used up the error is raised.
        sleep: waits that long.
        was_connected: a connection came about before, so the first one here need not come about at once.
    """

    connect: Connect
    console: Shown
    pauses: Iterable[float]
    sleep: Sleep
    was_connected: bool = False

    async def persist(self, over: Callable[[TerminalClient], Awaitable[T]]) -> T:
        """Run `over` on one connection after the other until it returns; the very first one must come about at once."""
        connected, away = self.was_connected, False
        pauses = iter(self.pauses)
        while True:
            try:
                async with self.connect() as client:
                    if away:
                        self.console.show({"event": "connected", "payload": {}}, ["The appliance answers again."])
                    connected, away, pauses = True, False, iter(self.pauses)
                    return await over(client)
            except PassbookError as error:
                pause = next(pauses, None)
                if error.code not in PASSING or not connected or pause is None:
                    raise
                words = [] if away else [TRYING_AGAIN]
                self.console.show({"event": error.code, "payload": {}}, words)
                away = True
                await self.sleep(pause)
