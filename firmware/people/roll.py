"""The roll: every known terminal, the time when it was last heard, and its jobs in the store (F3)."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from passbook.job.actor import Actor
from passbook.protocol.terminal_list import TerminalView
from spooler.clock import Clock
from spooler.hub import Hub, Listener
from storage import HeldUsage, Spool

REMEMBERED: Final = 1000
"""The most terminals that the roll remembers after they went; it forgets first the one that is silent longest."""


class _Seen(NamedTuple):
    """The time when a terminal was last heard (monotonic seconds), and its role."""

    at: float
    representative: bool


class Roll:
    """The times of all terminals; lives in the event loop."""

    def __init__(self, hub: Hub, spool: Spool, clock: Clock, configured: Iterable[str] = ()) -> None:
        """`configured`: names of terminals that the operator made representatives."""
        self._hub = hub
        self._spool = spool
        self._clock = clock
        self._configured = frozenset(configured)
        # The terminal that was heard last stands last.
        self._seen: dict[str, _Seen] = {}
        hub.watchers.append(self._connection_changed)

    def heard(self, actor: Actor) -> None:
        """A terminal sent something."""
        self._seen.pop(actor.name, None)
        self._seen[actor.name] = _Seen(self._clock.monotonic(), actor.is_representative)
        if len(self._seen) > REMEMBERED:
            connected = set(self._hub.names())
            gone = next((name for name in self._seen if name not in connected), None)
            # The limit of connections bounds the connected ones.
            if gone is not None:
                del self._seen[gone]

    def terminals(self) -> tuple[TerminalView, ...]:
        """Every terminal that is connected, was heard since the boot, has jobs, or is configured; by name."""
        store = self._spool.held()
        connections = Counter(listener.actor.name for listener in self._hub.everybody())
        names = {*self._seen, *connections, *self._configured, *store}
        return tuple(
            TerminalView(
                terminal=name,
                representative=self._is_representative(name),
                connections=connections[name],
                silent=self._silent(name),
                heard_at=self._heard_at(name),
                questions=held.questions,
                held=held.standing,
                pending=held.jobs - held.standing,
            )
            for name in sorted(names)
            for held in (store.get(name, HeldUsage()),)
        )

    def _connection_changed(self, listener: Listener, came: bool) -> None:
        if came:
            self.heard(listener.actor)

    def _is_representative(self, name: str) -> bool:
        return name in self._configured or (name in self._seen and self._seen[name].representative)

    def _silent(self, name: str) -> int:
        return int(self._clock.monotonic() - self._seen[name].at) if name in self._seen else -1

    def _heard_at(self, name: str) -> str:
        if name not in self._seen:
            return ""
        # By the present clock: its time then may have been corrected since.
        at = self._clock.now() - datetime.timedelta(seconds=self._silent(name))
        return at.astimezone(datetime.UTC).isoformat(timespec="seconds")
