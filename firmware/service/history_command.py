"""`Spooler.GetHistory`: what any terminal may see of the history (C6, P12)."""

from __future__ import annotations

import asyncio

from firmware.doors.terminal_session import TerminalSession
from passbook.errors import PassbookError
from passbook.protocol.history_reply import GetHistory, HistoryReply, line_of
from passbook.protocol.messages import Envelope, read_payload
from storage import Spool


class HistoryCommand:
    """Answers from the store, with the names of people for those who may decide about the job."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    async def __call__(self, session: TerminalSession, command: Envelope) -> HistoryReply:
        """The entries, or what they add up to.  Raises PassbookError `history-not-permitted` for a search by person."""
        asked = read_payload(command, GetHistory)
        actor = session.actor
        if asked.person and not actor.is_representative:
            raise PassbookError("history-not-permitted", who=actor.name)
        if asked.summary is not None:
            groups = await asyncio.to_thread(self._spool.summary, asked.summary, asked.wanted)
            return HistoryReply(summary=tuple(groups))
        told = await asyncio.to_thread(self._spool.history, "", asked.last, asked.wanted)
        may = actor.may_decide
        return HistoryReply(tuple(line_of(one.entry, with_people=may(one.entry.record.requester)) for one in told))
