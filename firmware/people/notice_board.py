"""The notice board: tells the end of every job until a terminal acknowledges it (F5, P8, P12).

The notice is the ended record. Memory has only notices whose requester still has time: all others are for the requester
and the representatives, and the store has them.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from firmware.people.audiences import SHOWN_AT_ONCE, Audiences
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor, may_not_decide
from passbook.job.record import Record
from passbook.protocol.events import ENDED
from passbook.protocol.notice import HistoryHead, HistoryHeads, Notice, NoticePage, notice_of
from passbook.protocol.pages import Page, page_of
from spooler.clock import Clock, stamp
from spooler.hub import Hub, Listener
from spooler.jobs import Jobs
from spooler.logs import Log
from storage import Ended, HeadAt

_LOG: Final = Log("notices")

AWAITED_AT_ONCE: Final = 1000
"""The most ends whose requesters have time; beyond them, the board tells the representatives of the oldest at once."""
LISTED_AT_ONCE: Final = 100
"""The most notices in one answer; reading them must not hold up another reader of the same area."""
ALARM_AGE: Final = datetime.timedelta(hours=24)
"""The age from which an end without an acknowledgement is a problem for an operator."""
ALARM_LOOK: Final = 600.0
"""Seconds between looks for such ends."""
ALARM_COUNT: Final = 1000
"""The number of ends of each area that the board looks at, those of the oldest jobs."""


class NoticeBoard:
    """Tells the requester, then the representatives too; the first acknowledgement counts."""

    def __init__(self, jobs: Jobs, hub: Hub, *, grace: float, acknowledge_timeout: float, clock: Clock) -> None:
        """Seconds: `grace` for an absent requester to come, `acknowledge_timeout` for a present one to acknowledge."""
        self._jobs = jobs
        self._clock = clock
        self._old: PassbookError | None = None
        self.audiences = Audiences(hub, clock, self._show, grace=grace, answer_timeout=acknowledge_timeout)
        """The ends whose requesters have time; its run() watches their deadlines."""
        hub.watchers.append(self._greet)

    def start(self) -> None:
        """After power-on: the requesters of the newest ends get their time again."""
        for ended in self._jobs.spool.notices.newest(SHOWN_AT_ONCE):
            self.audiences.open(ended.record.job_id, ended.record.requester)

    def note(self, record: Record) -> None:
        """A record changed: the job may have ended, or its end was acknowledged."""
        if not record.ended:
            return
        if record.acknowledged is None:
            self.audiences.open(record.job_id, record.requester)
            self.audiences.close_oldest(AWAITED_AT_ONCE)
        else:
            self.audiences.close(record.job_id)
            if self._old is not None:
                self.look_for_old()

    async def watch_ages(self) -> None:
        """Look now and then for ends without an acknowledgement, until cancelled."""
        while True:
            self.look_for_old()
            await asyncio.sleep(ALARM_LOOK)

    def look_for_old(self) -> None:
        """See whether ends wait too long for an acknowledgement; an untrusted clock says nothing of that (N4)."""
        if not self._clock.trusted():
            return
        before = (self._clock.now() - ALARM_AGE).astimezone(datetime.UTC).isoformat(timespec="milliseconds")
        count = self._jobs.spool.notices.count_old(before, among=ALARM_COUNT)
        was = self._old
        hours = ALARM_AGE // datetime.timedelta(hours=1)
        self._old = PassbookError("notices-old", count=count, hours=hours) if count else None
        if self._old is not None and was is None:
            _LOG.warning("notices-old", code=self._old.code, count=count)

    def problems(self) -> tuple[PassbookError, ...]:
        """The problems for an operator, by the last look."""
        return () if self._old is None else (self._old,)

    async def notices(self, actor: Actor, page: Page) -> NoticePage:
        """The first open notices behind the page's job that `actor` may acknowledge; all of them for an operator."""
        limit = min(page.limit, LISTED_AT_ONCE)
        found = await asyncio.to_thread(self._open_for, actor, page.after, limit + 1)
        return NoticePage(*page_of(map(told, found), limit))

    def _open_for(self, actor: Actor, after: int, limit: int) -> list[Ended]:
        requester = None if actor.is_representative or actor.is_operator else actor.name
        return self._jobs.spool.notices.oldest(requester, after=after, limit=limit)

    async def acknowledge(self, actor: Actor, job: str) -> Notice:
        """Acknowledge an end; return when that is durable. Raises PassbookError, and then nothing has changed."""
        record = self._jobs.spool.record(job)
        if not actor.may_decide(record.requester):
            raise may_not_decide(actor.name, job)
        noted = self._jobs.acknowledge(job, changes.acknowledge(actor.name, stamp(self._clock)))
        await asyncio.wrap_future(noted)
        ended = self._jobs.spool.notices.one(job)
        if ended is None:
            raise PassbookError("unknown-job", job=job)
        return told(ended)

    def heads(self, entries: Mapping[str, int]) -> HistoryHeads:
        """The present head of each area's history, and the earlier heads after `entries` of the areas named there."""
        store = self._jobs.spool.notices
        return HistoryHeads(tuple(map(as_head, store.heads())), tuple(map(as_head, store.heads_at(entries))))

    def _greet(self, listener: Listener, came: bool) -> None:
        """Give a new connection the notices that are put to it."""
        if came:
            for ended in self._open_for(listener.actor, 0, SHOWN_AT_ONCE):
                if self.audiences.is_asked(listener, ended.record.job_id, ended.record.requester):
                    listener.post(ENDED, told(ended))

    def _show(self, job: str, listeners: Sequence[Listener]) -> None:
        """Put a notice to these connections; tell an unreadable one later."""
        ended = self._jobs.spool.notices.one(job)
        if ended is not None:
            notice = told(ended)
            for listener in listeners:
                listener.post(ENDED, notice)


def told(ended: Ended) -> Notice:
    """The notice of an ended job, for terminals and operators."""
    return notice_of(ended.record, None if ended.head is None else as_head(ended.head))


def as_head(head: HeadAt) -> HistoryHead:
    """A head of the history, for terminals."""
    return HistoryHead(head.area, head.entries, head.chain)
