"""Who is connected, and the way to tell them something; lives in the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from passbook.job.actor import Actor
from spooler.supervisor import must_go_on


class Listener(Protocol):
    """One connection of a terminal."""

    actor: Actor

    def post(self, name: str, payload: Any) -> None:
        """Queue an unsolicited message; a connection that does not read is closed, never waited for."""

    def close(self, code: str) -> None:
        """End the connection, giving the stable code of the reason."""


class Hub:
    """The connected terminals by certificate name; one name may have several connections."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self.watchers: list[Callable[[Listener, bool], None]] = []
        """Called with each connection that came (True) or went (False)."""

    def join(self, listener: Listener) -> None:
        """A connection is ready to be told things."""
        self._listeners.setdefault(listener.actor.name, []).append(listener)
        self._tell_watchers(listener, came=True)

    def leave(self, listener: Listener) -> None:
        """A connection has ended."""
        remaining = self._listeners.get(listener.actor.name, [])
        if listener in remaining:
            remaining.remove(listener)
            if not remaining:
                del self._listeners[listener.actor.name]
            self._tell_watchers(listener, came=False)

    def _tell_watchers(self, listener: Listener, *, came: bool) -> None:
        for watcher in self.watchers:
            try:
                watcher(listener, came)
            except Exception as error:  # noqa: BLE001  # a defect of the watcher, and not of the connection
                must_go_on("watcher of connections", error)

    def expel(self, listener: Listener, code: str) -> None:
        """Tell a connection nothing more, and end it with the stable code of the reason."""
        self.leave(listener)
        listener.close(code)

    def connected(self, name: str) -> bool:
        """Whether any connection of the terminal `name` is there."""
        return name in self._listeners

    def names(self) -> tuple[str, ...]:
        """The names of all connected terminals."""
        return tuple(sorted(self._listeners))

    def everybody(self) -> list[Listener]:
        """Every connection."""
        return [listener for several in self._listeners.values() for listener in several]

    def tell(self, requester: str, name: str, payload: Any, *, representatives: bool) -> None:
        """Post to the connections of `requester` and, when asked, of every representative; each once."""
        for listener in self.everybody():
            mine = listener.actor.name == requester
            if mine or (representatives and listener.actor.is_representative):
                listener.post(name, payload)
