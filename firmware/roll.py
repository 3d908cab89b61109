"""The roll: every terminal that is known, when it was last heard, and what it has in the store (F3)."""

from __future__ import annotations

import asyncio
import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from firmware.clock import Clock
from firmware.hub import Hub, Listener
from firmware.tls import Peer
from passbook.job import JobState
from passbook.record import Record
from passbook.terminals import TerminalView
from storage.spool import Spool

REMEMBERED: Final = 1000
"""Terminals that are remembered after they went; the one that is silent longest is forgotten first."""
STANDING: Final = frozenset({JobState.PENDING_HELD, JobState.PROCESSING_STOPPED})


class _Seen(NamedTuple):
    """When a terminal was last heard (monotonic seconds), and what it was."""

    at: float
    representative: bool


class Roll:
    """Who was heard when; lives in the event loop."""

    def __init__(self, hub: Hub, spool: Spool, clock: Clock) -> None:
        self._hub = hub
        self._spool = spool
        self._clock = clock
        # The terminal that was heard last stands last.
        self._seen: dict[str, _Seen] = {}
        hub.watchers.append(self._connection_changed)

    def heard(self, peer: Peer) -> None:
        """A terminal sent something."""
        self._seen.pop(peer.name, None)
        self._seen[peer.name] = _Seen(self._clock.monotonic(), self._hub.is_representative(peer))
        if len(self._seen) > REMEMBERED:
            connected = set(self._hub.names())
            gone = next((name for name in self._seen if name not in connected), None)
            # Those that are connected are bounded by the limit of connections.
            if gone is not None:
                del self._seen[gone]

    async def terminals(self) -> tuple[TerminalView, ...]:
        """Every terminal that is connected, was heard since the start, has jobs, or is configured; by name."""
        records = await asyncio.to_thread(self._spool.records)
        connections = Counter(listener.peer.name for listener in self._hub.everybody())
        questions, held, pending = _count(records)
        names = {*self._seen, *connections, *self._hub.configured, *(record.requester for record in records)}
        return tuple(
            TerminalView(
                terminal=name,
                representative=self._is_representative(name),
                connections=connections[name],
                silent=self._silent(name),
                heard_at=self._heard_at(name),
                questions=questions[name],
                held=held[name],
                pending=pending[name],
            )
            for name in sorted(names)
        )

    def _connection_changed(self, listener: Listener, came: bool) -> None:
        if came:
            self.heard(listener.peer)

    def _is_representative(self, name: str) -> bool:
        return name in self._hub.configured or (name in self._seen and self._seen[name].representative)

    def _silent(self, name: str) -> int:
        return int(self._clock.monotonic() - self._seen[name].at) if name in self._seen else -1

    def _heard_at(self, name: str) -> str:
        if name not in self._seen:
            return ""
        # By the clock as it is now: what it said then may have been set right since.
        at = self._clock.now() - datetime.timedelta(seconds=self._silent(name))
        return at.astimezone(datetime.UTC).isoformat(timespec="seconds")


def _count(records: Iterable[Record]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By requester: open questions, jobs that stand still, and the other jobs."""
    questions, held, pending = Counter[str](), Counter[str](), Counter[str]()
    for record in records:
        questions[record.requester] += not record.valid
        (held if record.state in STANDING else pending)[record.requester] += 1
    return questions, held, pending
