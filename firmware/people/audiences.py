"""The terminals that have been told of each topic that waits for people, and the time of the representatives (F3).

Questions and notices share this module: it tells the requester first, and the representatives if the requester does not
come or answer in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from passbook.job.audience import ASKS_REPRESENTATIVES, ASKS_REQUESTER, Audience, AudienceEvent, next_audience
from spooler.clock import Clock
from spooler.hub import Hub, Listener

SHOWN_AT_ONCE: Final = 100
"""The most topics that a terminal gets unasked when it connects; it can list the others."""
BREATH: Final = 1.0
"""Seconds between two such batches when time is over for more: a terminal that reads must not seem silent."""

Show: TypeAlias = Callable[[str, Sequence[Listener]], None]
"""Puts the present topic of a job to connections."""


class _Topic:
    """The audience of one topic, and the end of its time (monotonic seconds; 0: none)."""

    def __init__(self, requester: str) -> None:
        self.requester = requester
        self.audience = Audience.AWAITED
        self.deadline = 0.0
        self.answer_by = 0.0
        """Set when the requester is asked first: a requester that comes and goes gains no time."""


class Audiences:
    """The topics of one kind by the id of their job; lives in the event loop."""

    def __init__(self, hub: Hub, clock: Clock, show: Show, *, grace: float, answer_timeout: float) -> None:
        """`grace` is an absent requester's time to come, `answer_timeout` a present one's to answer, in seconds."""
        self._hub = hub
        self._clock = clock
        self._show = show
        self._grace = grace
        self._answer_timeout = answer_timeout
        self._topics: dict[str, _Topic] = {}
        self._changed = asyncio.Event()
        hub.watchers.append(self._connection_changed)

    def open(self, job: str, requester: str) -> None:
        """A new topic, in place of an earlier one about the same job."""
        self._topics[job] = topic = _Topic(requester)
        came = self._hub.connected(requester)
        self._move(topic, AudienceEvent.REQUESTER_CAME if came else AudienceEvent.REQUESTER_LEFT)
        self._changed.set()
        self._put(job, topic)

    def need_second(self, job: str) -> None:
        """An open topic needs a second person, who is at another terminal."""
        self._move(self._topics[job], AudienceEvent.SECOND_NEEDED)

    def show_again(self, job: str) -> None:
        """Tell the audience of an open topic its new text."""
        self._put(job, self._topics[job])

    def close(self, job: str) -> None:
        """Close a topic: no terminal is asked any more."""
        self._topics.pop(job, None)

    def close_oldest(self, most: int) -> None:
        """While there are more than `most`, tell the representatives of the oldest now, and close it."""
        while len(self._topics) > most:
            job, topic = next(iter(self._topics.items()))
            if topic.deadline:
                self._end_time(job, topic)
            self.close(job)

    def is_asked(self, listener: Listener, job: str, requester: str) -> bool:
        """Whether a topic is put to this connection; one that is not open here is put to all that may decide."""
        topic = self._topics.get(job)
        if topic is None:
            return listener.actor.may_decide(requester)
        return self._is_asked(listener, topic)

    def asked_of(self, listener: Listener) -> list[str]:
        """The jobs whose topics are put to this connection, the oldest topic first."""
        return [job for job, topic in self._topics.items() if self._is_asked(listener, topic)]

    async def run(self) -> None:
        """Watch the deadlines until cancelled."""
        while True:
            self._changed.clear()
            delay = self.look()
            try:
                await asyncio.wait_for(self._changed.wait(), delay)
            except TimeoutError:
                continue

    def look(self) -> float | None:
        """Ask the representatives if time is over; return seconds until the next look, None to wait for a change."""
        now = self._clock.monotonic()
        over = [job for job, topic in self._topics.items() if topic.deadline and topic.deadline <= now]
        for job in over[:SHOWN_AT_ONCE]:
            self._end_time(job, self._topics[job])
        if len(over) > SHOWN_AT_ONCE:
            return BREATH
        return min((one.deadline - now for one in self._topics.values() if one.deadline), default=None)

    def _end_time(self, job: str, topic: _Topic) -> None:
        self._move(topic, AudienceEvent.TIME_OVER)
        # The requester has the topic already.
        self._put(job, topic, but=topic.requester)

    def _connection_changed(self, listener: Listener, came: bool) -> None:
        """A requester came or went: its topics move on."""
        name = listener.actor.name
        happening = AudienceEvent.REQUESTER_CAME if came else AudienceEvent.REQUESTER_LEFT
        for topic in self._topics.values():
            if topic.requester == name and self._hub.connected(name) == came:
                self._move(topic, happening)
                self._changed.set()

    def _is_asked(self, listener: Listener, topic: _Topic) -> bool:
        mine = listener.actor.name == topic.requester and topic.audience in ASKS_REQUESTER
        return mine or (listener.actor.is_representative and topic.audience in ASKS_REPRESENTATIVES)

    def _put(self, job: str, topic: _Topic, *, but: str = "") -> None:
        """Show the topic to its whole audience, except to the terminal `but`."""
        asked = [one for one in self._hub.everybody() if one.actor.name != but and self._is_asked(one, topic)]
        if asked:
            self._show(job, asked)

    def _move(self, topic: _Topic, happening: AudienceEvent) -> None:
        """Go to the next audience; the one place that assigns it."""
        topic.audience = next_audience(topic.audience, happening)
        now = self._clock.monotonic()
        match topic.audience:
            case Audience.AWAITED:
                grace = now + self._grace
                topic.deadline = min(grace, topic.answer_by or grace)
            case Audience.REQUESTER:
                topic.answer_by = topic.answer_by or now + self._answer_timeout
                topic.deadline = topic.answer_by
            case Audience.REPRESENTATIVES | Audience.EVERYBODY:
                topic.deadline = 0.0
