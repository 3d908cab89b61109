"""Answers `Spooler.GetHistory` from both histories: the appliance's, or what is kept of it, and the own one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.record import Reported
from passbook.protocol.history_reply import MOST_ENTRIES, GetHistory, HistoryLine, HistoryReply
from passbook.protocol.notice import GetHistoryHeads, HistoryHeads
from terminal.agent.merged_history import KeptHistory, is_copy, merged, reply_of
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.upstream import Upstream

_HISTORY: Final = "Spooler.GetHistory"


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
            told = await self._upstream.command(_HISTORY, GetHistory(last=news), HistoryReply)
        self._kept.learn(told.entries, entries)

    async def told(self, asked: GetHistory) -> HistoryReply:
        """The history that is asked for, while the appliance can be reached; its summary has every reported end."""
        _ = asked.wanted  # conditions that make no sense are not sent
        if asked.summary is not None:
            return await self._upstream.command(_HISTORY, asked, HistoryReply)
        theirs = await self._theirs(asked)
        own = await asyncio.to_thread(self._own_lines, asked)
        return reply_of(await self._merged(theirs, own, is_whole=True), asked.last, 0)

    async def apart(self, asked: GetHistory) -> HistoryReply:
        """The history that is asked for, from the knowledge of this side.

        A summary is of the own spool alone.  Raises PassbookError `history-not-permitted`, as the appliance does.
        """
        wanted, age = asked.wanted, self._kept.age()
        if asked.person:
            raise PassbookError("history-not-permitted", who=self._terminal)
        if asked.summary is not None:
            groups = await asyncio.to_thread(self._own.spool.summary, asked.summary, wanted)
            return HistoryReply(summary=tuple(groups), age=age)
        own = await asyncio.to_thread(self._own_lines, asked)
        lines = await self._merged(self._kept.wanted(wanted), own, is_whole=False)
        return reply_of(lines, asked.last, age)

    async def _theirs(self, asked: GetHistory) -> tuple[HistoryLine, ...]:
        """So many entries of the appliance that `last` of them are no copies, where it has so many."""
        count = asked.last
        while True:
            reply = await self._upstream.command(_HISTORY, replace(asked, last=count), HistoryReply)
            is_all = len(reply.entries) < count or count == MOST_ENTRIES
            if is_all or await asyncio.to_thread(self._count, reply.entries) >= asked.last:
                return reply.entries
            count = min(2 * count, MOST_ENTRIES)

    def _count(self, lines: Sequence[HistoryLine]) -> int:
        """The number of these entries that are no copies."""
        return sum(not is_copy(line, self._is_own) for line in lines)

    async def _merged(
        self, theirs: Sequence[HistoryLine], own: Sequence[HistoryLine], *, is_whole: bool
    ) -> list[HistoryLine]:
        # Each copy is looked up in the store, which takes too long for the loop.
        return await asyncio.to_thread(merged, theirs, own, self._is_own, is_whole=is_whole)

    def _own_lines(self, asked: GetHistory) -> list[HistoryLine]:
        told = self._own.spool.history("", asked.last, asked.wanted)
        return [self._own.line(one.entry) for one in told]

    def _is_own(self, told: Reported) -> bool:
        """Whether the own spool has this very entry."""
        found = self._own.spool.notices.heads_at({told.area: told.entry}) if told.entry else ()
        return any(one.chain.hex() == told.chain for one in found)
