"""Answers `Spooler.GetHistory` from both histories: the appliance's, or what is kept of it, and the own one."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.record import Reported
from passbook.protocol.history_reply import MOST_ENTRIES, GetHistory, HistoryLine, HistoryReply, line_of
from passbook.protocol.notice import GetHistoryHeads, HistoryHeads
from terminal.agent.merged_history import KeptHistory, is_copy, merged, reply_of
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.upstream import Upstream

HISTORY = "Spooler.GetHistory"


class BothHistories:
    """Lives in the event loop."""

    def __init__(self, own: OwnJobs, upstream: Upstream, terminal: str) -> None:
        """`terminal` is the name of this one."""
        self._own = own
        self._upstream = upstream
        self._terminal = terminal
        self._kept = KeptHistory(own.clock)

    async def learn(self) -> None:
        """Keep what is new in the appliance's history.  Raises PassbookError where the connection is lost."""
        heads = await self._upstream.command("Spooler.GetHistoryHeads", GetHistoryHeads({}), HistoryHeads)
        entries = {one.area: one.entries for one in heads.now}
        news = self._kept.news(entries)
        told = HistoryReply()
        if news:
            told = await self._upstream.command(HISTORY, GetHistory(last=news), HistoryReply)
        self._kept.learn(told.entries, entries)

    async def told(self, asked: GetHistory) -> HistoryReply:
        """What is asked for, while the appliance can be reached; its summary has every end that was reported to it."""
        _ = asked.wanted  # conditions that make no sense are not sent
        if asked.summary is not None:
            return await self._upstream.command(HISTORY, asked, HistoryReply)
        theirs = await self._theirs(asked)
        own = await asyncio.to_thread(self._own_lines, asked)
        return reply_of(merged(theirs, own, self._is_own, is_whole=True), asked.last, 0)

    async def apart(self, asked: GetHistory) -> HistoryReply:
        """What is asked for, as far as it is known here.

        A summary is of the own spool alone.  Raises PassbookError `history-not-permitted`, as the appliance does.
        """
        wanted, age = asked.wanted, self._kept.age()
        if asked.person:
            raise PassbookError("history-not-permitted", who=self._terminal)
        if asked.summary is not None:
            groups = await asyncio.to_thread(self._own.spool.summary, asked.summary, wanted)
            return HistoryReply(summary=tuple(groups), age=age)
        own = await asyncio.to_thread(self._own_lines, asked)
        return reply_of(merged(self._kept.wanted(wanted), own, self._is_own, is_whole=False), asked.last, age)

    async def _theirs(self, asked: GetHistory) -> tuple[HistoryLine, ...]:
        """So many entries of the appliance that `last` of them are no copies, where it has so many."""
        count = asked.last
        while True:
            reply = await self._upstream.command(HISTORY, replace(asked, last=count), HistoryReply)
            found = sum(not is_copy(line, self._is_own) for line in reply.entries)
            if found >= asked.last or len(reply.entries) < count or count == MOST_ENTRIES:
                return reply.entries
            count = min(2 * count, MOST_ENTRIES)

    def _own_lines(self, asked: GetHistory) -> list[HistoryLine]:
        told = self._own.spool.history("", asked.last, asked.wanted)
        return [line_of(one.entry, with_people=True) for one in told]

    def _is_own(self, told: Reported) -> bool:
        """Whether the own spool has this very entry."""
        found = self._own.spool.notices.heads_at({told.area: told.entry}) if told.entry else ()
        return any(one.chain.hex() == told.chain for one in found)
