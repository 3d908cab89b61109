"""The connected agents: at most one for each terminal, and always with the same spool.

Theory of operation.  An agent registers its connection with the id of its spool.  Two spools of one terminal could both
hold the right of a job that the other one does not know; so a second agent with another spool is refused while the
first one is connected.  One with the same spool takes the place of the first, whose connection is a dead one: the
store's lock lets a spool be open once only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from passbook.errors import PassbookError
from spooler.hub import Hub, Listener
from spooler.logs import Log

_LOG: Final = Log("agents")


class Agents:
    """The agents by the name of their terminal; changed in the event loop, asked from any thread."""

    def __init__(self, hub: Hub) -> None:
        self._lock = threading.Lock()
        self._connected: dict[str, tuple[str, Listener]] = {}
        self.watchers: list[Callable[[str], None]] = []
        """Called with the name of a terminal whose agent registered."""
        hub.watchers.append(self._watch)

    def register(self, listener: Listener, spool: str) -> None:
        """Take a connection for that of its terminal's agent.  Raises PassbookError `agent-connected`."""
        name = listener.actor.name
        known, before = self._connected.get(name, (spool, listener))
        if known != spool:
            raise PassbookError("agent-connected", requester=name)
        with self._lock:
            self._connected[name] = (spool, listener)
        if before is not listener:
            before.close("agent-connected")
        _LOG.info("agent-registered", terminal=name)
        for watcher in self.watchers:
            watcher(name)

    def must_be(self, listener: Any) -> None:
        """Raise PassbookError `agent-needed` unless this connection is that of a registered agent."""
        name = listener.actor.name
        if self._connected.get(name, ("", None))[1] is not listener:
            raise PassbookError("agent-needed", requester=name)

    def is_connected(self, name: str) -> bool:
        """Whether the agent of this terminal is connected."""
        with self._lock:
            return name in self._connected

    def post(self, name: str, event: str, payload: Any) -> None:
        """Tell the agent of a terminal something, if it is connected."""
        with self._lock:
            _, listener = self._connected.get(name, ("", None))
        if listener is not None:
            listener.post(event, payload)

    def _watch(self, listener: Listener, came: bool) -> None:
        """A connection ended: its agent is not connected any more."""
        name = listener.actor.name
        if not came and self._connected.get(name, ("", None))[1] is listener:
            with self._lock:
                del self._connected[name]
            _LOG.info("agent-left", terminal=name)
