"""The agent's part at the turn of a job: the offer of the print right, the document, or that it has neither.

A turn may be told again, also one whose printer was handed over: the agent that drives that printer says nothing, one
that did not hear of it takes it now, and one that will not drive it says so, and the appliance has it back (P15).

The offer is durable before it is sent, and ends with the durable word of the appliance; what was lost on the way is
sent again under the same token (P13).  An invalid copy gives nothing (P2, P4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.print_right import RightState, reply_to_offer
from passbook.job.record import Record
from passbook.protocol.messages import JobView
from passbook.protocol.two_spools import (
    ConfirmRight,
    OfferRight,
    PrinterFacts,
    RightAnswer,
    TakeTurn,
    TurnAnswer,
    TurnTaken,
    YourTurn,
)
from spooler.logs import Log
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.upstream import Upstream

_LOG: Final = Log("turns")

TAKE_TURN: Final = "Spooler.TakeTurn"
Drive = Callable[[str, PrinterFacts], Awaitable[None]]


class TurnAnswers:
    """Lives in the event loop."""

    def __init__(self, own: OwnJobs, upstream: Upstream, drive: Drive) -> None:
        """`drive` prints a job on a printer that was handed over, and returns when that is given back."""
        self._own = own
        self._upstream = upstream
        self._drive = drive
        self._at_work: dict[str, YourTurn] = {}

    async def answer(self, turn: YourTurn) -> None:
        """Do the agent's part, unless that is under way; return when a printer that is handed over went back.

        A turn that was told meanwhile is answered where this one is found to be over.  Raises PassbookError; the
        appliance closes a turn that was not answered.
        """
        is_at_work = turn.job in self._at_work
        if not is_at_work and self._is_end_due(turn.job):
            return
        self._at_work[turn.job] = turn
        if is_at_work:
            return
        try:
            while await self._is_over(turn):
                turn = self._at_work[turn.job]
        finally:
            del self._at_work[turn.job]

    async def _is_over(self, turn: YourTurn) -> bool:
        """Do the part at one turn; whether it was over, and another one was told meanwhile."""
        try:
            await self._do_part(turn)
        except PassbookError as error:
            if error.code != "turn-over" or self._at_work[turn.job] == turn:
                raise
            return True
        return False

    def _is_end_due(self, job: str) -> bool:
        """Whether the own copy has ended with its right, unknown to the appliance: the report of that ends the turn."""
        record = self._own.record(job)
        return record is not None and record.ended and record.right.state is RightState.HERE and not record.acknowledged

    async def _do_part(self, turn: YourTurn) -> None:
        _LOG.info("turn-came", job=turn.job, count=turn.turn)
        found = self._own.record(turn.job)
        part = TakeTurn(turn.job, turn.epoch, turn.turn, TurnAnswer.READY)
        document = b""
        try:
            record = _feeding(found, turn)
            if turn.hands_over and record.right.state is RightState.OFFERED:
                # Where the right is must be known before it comes back with the printer.
                await self.give_right(record)
            if turn.wants_document:
                request, document = await asyncio.to_thread(self._own.content, record)
                part = replace(part, digest_key=self._own.store.digest_key(turn.job), start=request.start)
            if turn.wants_right:
                part = replace(part, offered=await self._offered(record))
        except PassbookError as error:
            _LOG.info("turn-not-taken", job=turn.job, code=error.code)
            await self._decline(part)
            return
        try:
            taken = await self._upstream.command_with(TAKE_TURN, part, document, TurnTaken)
        except PassbookError as error:
            if error.code != "turn-over" or not turn.hands_over:
                raise
            # An earlier boot of the appliance handed the printer over, and knows no answer of it.
            await self._decline(part)
            return
        if taken.right is not None:
            await self._own.change(turn.job, changes.end_offer(part.offered, taken.right))
        if taken.printer is not None:
            await self._take_over(record, taken.offered, taken.printer)

    async def _decline(self, part: TakeTurn) -> None:
        await self._upstream.command(TAKE_TURN, replace(part, answer=TurnAnswer.NOT_SPOOLED), TurnTaken)

    async def _offered(self, record: Record) -> int:
        """The token of the durable offer of the print right."""
        if record.right.state is not RightState.OFFERED:
            record = await self._own.change(record.job_id, changes.offer_right())
        return record.right.token

    async def _take_over(self, record: Record, offered: int, printer: PrinterFacts) -> None:
        """Take the print right with the printer, say so, and print."""
        job = record.job_id
        if offered:
            record = await self._own.change(job, changes.take_right(offered, wanted=True))
            reply = reply_to_offer(record.right, offered)
            if reply is not None:
                await self._confirm(ConfirmRight(job, offered, reply))
        if record.right.state is RightState.HERE and record.valid:
            await self._drive(job, printer)

    async def _confirm(self, word: ConfirmRight) -> None:
        """Say what was done with the right; a report of the job says the same later."""
        try:
            await self._upstream.command("Spooler.ConfirmRight", word, JobView)
        except PassbookError as error:
            _LOG.warning("right-not-confirmed", job=word.job, code=error.code)

    async def give_right(self, record: Record) -> bool:
        """Give the print right to the appliance outside of a turn; whether it took it."""
        offered = await self._offered(record)
        answer = await self._upstream.command("Spooler.OfferRight", OfferRight(record.job_id, offered), RightAnswer)
        if answer.right is not None:
            record = await self._own.change(record.job_id, changes.end_offer(offered, answer.right))
        return record.right.state is RightState.AWAY

    async def resume(self) -> None:
        """The appliance can be reached again: ask what became of offers whose answer was lost."""
        for record in self._own.unfinished():
            if record.right.state is RightState.OFFERED:
                try:
                    await self.give_right(record)
                except PassbookError as error:
                    _LOG.warning("offer-open", job=record.job_id, code=error.code)
                    self._upstream.must_be_reached()


def _feeding(record: Record | None, turn: YourTurn) -> Record:
    """The copy that can do what is wanted: it is valid, and the print right is here or was offered before.

    Raises PassbookError `document-not-kept`, for any other one.
    """
    may = record is not None and record.valid and not record.ended
    if record is None or not may or (turn.wants_right and record.right.state is RightState.AWAY):
        raise PassbookError("document-not-kept", job=turn.job, requester="this one")
    return record
