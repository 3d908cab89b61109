"""Turns: the part of a terminal in the printing of a job of two spools, at the appliance (C3, C4, P13, P15).

Theory of operation.  A job needs its terminal when the terminal's copy feeds the printer, or when the print right is
there.  The desk that comes to such a job asks `may_begin`; that calls the turn, and the desk goes on with other jobs.
The terminal's agent answers within `turn_wait` seconds; else the turn is closed durably, and an answer that comes
later is refused by its number.  So silence before the answer leaves nothing in doubt.  A document is judged whole
before the right is taken: the job may still fall back to the other copy.  A printer on the network is kept free while
its turn is open, and is lent with a durable hand-over; it comes back with the reported end of the job, or when the
terminal is silent for `report_wait` seconds.  The printing is in doubt then, and a person is asked.

Documents that were sent lie in memory only, and only until their job ends or stops.  At most MOST_OPEN turns of a
printer are open, so an agent that never answers keeps no other job back.

    counter-1's job 7 comes up   CALLED, event to the agent of counter-1
    TakeTurn, document           judged, right taken, FED; the desk finds it ready at its next look
    the job ended                forgotten
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from passbook.document.digest import is_document
from passbook.document.plan import Plan, outline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.print_right import RightState, reply_to_offer
from passbook.job.record import Change, Record, Told
from passbook.job.states import Reason
from passbook.protocol.messages import SubmitJob
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
from spooler.agents import Agents
from spooler.clock import Clock, stamp
from spooler.destination import Destination
from spooler.jobs import Jobs
from spooler.logs import Log

_LOG: Final = Log("turns")

TURN_EVENT: Final = "Spooler.YourTurnEvent"
MOST_OPEN: Final = 4
"""Turns of one printer that are open at the same time; each may have a document of 1 MiB in memory."""
ANSWERS_KEPT: Final = 256
"""Answers to TakeTurn that are known for a repeated command."""


class TurnState(StrEnum):
    """How far a turn is."""

    CALLED = "called"
    """The terminal was told; its answer is awaited."""
    FED = "fed"
    """All that the printing needs is here; the desk may begin."""
    LENT = "lent"
    """The terminal drives the printer."""
    OVER = "over"
    """Nothing is awaited any more."""


class TurnEvent(StrEnum):
    """What can happen to a turn."""

    GIVE = "give"
    """The terminal gave what was wanted."""
    LEND = "lend"
    """The printer was handed to the terminal."""
    END = "end"
    """The job ended, stopped or changed, or the terminal was silent."""


_S, _E = TurnState, TurnEvent
TURN_TRANSITIONS: Final = MappingProxyType(
    {
        (_S.CALLED, _E.GIVE): _S.FED,
        (_S.CALLED, _E.LEND): _S.LENT,
        (_S.CALLED, _E.END): _S.OVER,
        (_S.FED, _E.END): _S.OVER,
        (_S.LENT, _E.END): _S.OVER,
    }
)
"""(state, event) -> state; a pair that is not here is refused."""


@dataclass
class _Turn:
    """One turn.

    Attributes:
        until: monotonic time until which its terminal must say something.
        plan: what the terminal sent, placed.
    """

    job: str
    requester: str
    printer: str
    epoch: int
    number: int
    lends: bool
    until: float
    event: YourTurn
    state: TurnState = TurnState.CALLED
    plan: Plan | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether its terminal must still say something."""
        return self.state in {TurnState.CALLED, TurnState.LENT}


class Turns:
    """All open turns of an appliance.  The desks ask from their threads; all else happens in the event loop."""

    def __init__(
        self,
        jobs: Jobs,
        agents: Agents,
        destinations: Mapping[str, Destination],
        facts: Mapping[str, PrinterFacts],
        *,
        turn_wait: float,
        report_wait: float,
        clock: Clock,
        wake: Callable[[str], None],
        in_loop: Callable[[Callable[[], None]], object],
    ) -> None:
        """`facts` are those of the printers by name; `wake` has the desk of a printer look again.

        `in_loop` has the event loop call something soon, from any thread.
        """
        self._jobs = jobs
        self._agents = agents
        self._destinations = destinations
        self._facts = facts
        self._turn_wait = turn_wait
        self._report_wait = report_wait
        self._clock = clock
        self._wake_desk = wake
        self._in_loop = in_loop
        self._lock = threading.Lock()
        self._turns: dict[str, _Turn] = {}
        self._answered: OrderedDict[tuple[str, int, int], TurnTaken] = OrderedDict()
        self._news = asyncio.Event()
        agents.watchers.append(self._tell_agent)

    # What the desks ask

    def may_begin(self, record: Record) -> bool:
        """Whether the desk takes this valid job up now; else its terminal is asked, unless it was already."""
        has_right = record.right.state is RightState.HERE
        if has_right and not record.is_fed_by_terminal:
            return record.keeps_document
        with self._lock:
            turn = self._turns.get(record.job_id)
            if turn is not None and (turn.epoch, turn.number) == (record.epoch, record.turn + 1):
                return turn.state is TurnState.FED and has_right
            if sum(one.printer == record.printer for one in self._turns.values()) >= MOST_OPEN:
                return False
            self._turns[record.job_id] = turn = self._called(record)
        self._in_loop(functools.partial(self._call, turn))
        return False

    def plan_for(self, record: Record) -> Plan | None:
        """The plan that a terminal sent for this turn; None where the own copy feeds the printer."""
        with self._lock:
            turn = self._turns.get(record.job_id)
            return None if turn is None else turn.plan

    def over(self, job: str) -> None:
        """The desk has done with a job."""
        self._end(job)

    def is_lent(self, printer: str) -> bool:
        """Whether a terminal drives this printer, or is about to."""
        with self._lock:
            return any(one.printer == printer and one.lends and one.is_waiting for one in self._turns.values())

    def is_open(self, job: str) -> bool:
        """Whether a turn of this job is open."""
        with self._lock:
            return job in self._turns

    def _called(self, record: Record) -> _Turn:
        facts = self._facts.get(record.printer)
        fed = record.is_fed_by_terminal
        # A printer waits only for a terminal that is there.
        lends = fed and facts is not None and facts.is_on_network and self._agents.is_connected(record.requester)
        event = YourTurn(
            job=record.job_id,
            epoch=record.epoch,
            turn=record.turn + 1,
            wants_right=record.right.state is not RightState.HERE and not lends,
            wants_document=fed and not lends,
            hands_over=lends,
        )
        until = self._clock.monotonic() + self._turn_wait
        names = (record.job_id, record.requester, record.printer)
        return _Turn(*names, record.epoch, record.turn + 1, lends, until, event)

    # The event loop

    async def run(self) -> None:
        """Close the turns whose terminals are silent, for ever."""
        while True:
            self._news.clear()
            now = self._clock.monotonic()
            with self._lock:
                waiting = [turn for turn in self._turns.values() if turn.is_waiting]
            for turn in waiting:
                if turn.until <= now:
                    await self._close(turn, Reason.TERMINAL_SILENT)
            next_end = min((turn.until for turn in waiting if turn.until > now), default=None)
            try:
                async with asyncio.timeout(None if next_end is None else max(0.0, next_end - now)):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _call(self, turn: _Turn) -> None:
        _LOG.info("turn-called", job=turn.job, terminal=turn.requester, count=turn.number)
        self._agents.post(turn.requester, TURN_EVENT, turn.event)
        self._news.set()

    def _tell_agent(self, requester: str) -> None:
        """An agent registered: tell it the turns that are open."""
        with self._lock:
            waiting = [one for one in self._turns.values() if one.requester == requester]
        for turn in waiting:
            if turn.state is TurnState.CALLED:
                self._agents.post(requester, TURN_EVENT, turn.event)

    def note_job(self, record: Record) -> None:
        """A job changed: a turn of it that is not of its present state is over."""
        with self._lock:
            turn = self._turns.get(record.job_id)
        if turn is None:
            return
        lent_on = turn.state is TurnState.LENT and not record.ended and record.valid
        if not lent_on and (not record.valid or (turn.epoch, turn.number) != (record.epoch, record.turn + 1)):
            self._end(record.job_id)

    async def take(self, requester: str, asked: TakeTurn, document: bytes) -> TurnTaken:
        """Take the part of a terminal at a turn.

        Raises PassbookError `turn-over`, `document-differs`, and as a change of the job does.
        """
        key = (asked.job, asked.epoch, asked.turn)
        with self._lock:
            turn = self._turns.get(asked.job)
            known = self._answered.get(key)
        if turn is None or (turn.requester, turn.epoch, turn.number) != (requester, asked.epoch, asked.turn):
            turn = None
        if turn is None or turn.state is not TurnState.CALLED:
            if known is not None and self._jobs.spool.record(asked.job).requester == requester:
                return known
            raise PassbookError("turn-over", job=asked.job, turn=asked.turn)
        if asked.answer is TurnAnswer.NOT_SPOOLED:
            await self._close(turn, Reason.NOT_SPOOLED)
            return self._note_answer(key, TurnTaken())
        record = self._jobs.spool.record(turn.job)
        if turn.lends:
            return self._note_answer(key, await self._lend(turn))
        try:
            plan = await self._judge(turn, record, asked, document) if turn.event.wants_document else None
        except PassbookError:
            await self._close(turn, Reason.DIFFERS)
            raise
        reply = None
        if turn.event.wants_right:
            taken = await self._change(turn.job, changes.take_right(asked.offered, wanted=True))
            reply = reply_to_offer(taken.right, asked.offered)
            if taken.right.state is not RightState.HERE:
                await self._close(turn, Reason.NOT_SPOOLED)
                return self._note_answer(key, TurnTaken(right=reply))
        with self._lock:
            turn.plan = plan
        self._move(turn, TurnEvent.GIVE)
        self._wake_desk(turn.printer)
        _LOG.info("turn-taken", job=turn.job, terminal=requester, count=turn.number)
        return self._note_answer(key, TurnTaken(right=reply))

    def _note_answer(self, key: tuple[str, int, int], answer: TurnTaken) -> TurnTaken:
        """Keep an answer for a command that is repeated, since the first completion may have been lost."""
        self._answered[key] = answer
        while len(self._answered) > ANSWERS_KEPT:
            self._answered.popitem(last=False)
        return answer

    async def _judge(self, turn: _Turn, record: Record, asked: TakeTurn, document: bytes) -> Plan:
        """Return the plan of the document that was sent.  Raises `document-differs`, or why it cannot be placed."""
        if not is_document(record.digest, asked.digest_key, document):
            raise PassbookError("document-differs", job=record.job_id, why="its digest")
        request = SubmitJob(
            client_request=record.request_id,
            printer=record.printer,
            format=record.format,
            layout=record.layout,
            start=asked.start,
        )
        destination = self._destinations[turn.printer]
        prepared = await asyncio.to_thread(destination.prepare, request, document)
        for what, found, expected in (
            ("its outline", outline(prepared.plan), record.outline),
            ("its sheet", prepared.sheet, record.sheet),
        ):
            if found != expected:
                raise PassbookError("document-differs", job=record.job_id, why=what)
        return prepared.plan

    async def _lend(self, turn: _Turn) -> TurnTaken:
        """Hand printer and right over, durably."""
        record = await self._change(turn.job, changes.hand_over(stamp(self._clock)))
        self._move(turn, TurnEvent.LEND)
        self._hear_of(turn)
        _LOG.info("printer-lent", job=turn.job, terminal=turn.requester, printer=turn.printer)
        offered = record.right.token if record.right.state is RightState.OFFERED else 0
        return TurnTaken(offered=offered, printer=self._facts[turn.printer])

    async def offer(self, requester: str, asked: OfferRight) -> RightAnswer:
        """Take the right that an agent offers outside of a turn; the same offer again gives the same answer."""
        self._must_be_of(requester, asked.job)
        record = await self._change(asked.job, changes.take_right(asked.token, wanted=True))
        return RightAnswer(reply_to_offer(record.right, asked.token))

    async def confirm(self, requester: str, asked: ConfirmRight) -> Record:
        """Note what an agent did with the right that was offered with a printer."""
        self._must_be_of(requester, asked.job)
        record = await self._change(asked.job, changes.end_offer(asked.token, asked.right))
        if record.right.state is RightState.HERE:
            with self._lock:
                turn = self._turns.get(asked.job)
            if turn is not None and turn.state is TurnState.LENT:
                await self._close(turn, Reason.NOT_SPOOLED)
        return self._jobs.spool.record(asked.job)

    async def report(self, requester: str, job: str, told: Told) -> Record:
        """Note how far an agent is with a job whose print right it has."""
        self._must_be_of(requester, job)
        record = await self._change(job, changes.report(told, stamp(self._clock)))
        with self._lock:
            turn = self._turns.get(job)
        if turn is not None and turn.state is TurnState.LENT:
            self._hear_of(turn)
        return record

    def _must_be_of(self, requester: str, job: str) -> None:
        record = self._jobs.spool.record(job)
        if record.requester != requester:
            raise PassbookError("not-permitted", who=requester, deed=f"feed job {job}", whom="its requester")

    async def _close(self, turn: _Turn, reason: Reason) -> None:
        """Close a turn durably: the own copy prints where it may, else a person is asked."""
        _LOG.warning("turn-closed", job=turn.job, terminal=turn.requester, reason=reason.value)
        at = stamp(self._clock)
        lent = turn.state is TurnState.LENT
        change = changes.ask_apart(reason, at) if lent else changes.close_turn(turn.number, reason, at)
        try:
            await self._change(turn.job, change)
        except PassbookError as error:
            _LOG.error("turn-not-closed", job=turn.job, code=error.code)
        self._end(turn.job)

    def _hear_of(self, turn: _Turn) -> None:
        with self._lock:
            turn.until = self._clock.monotonic() + self._report_wait
        self._news.set()

    async def _change(self, job: str, change: Change) -> Record:
        return await asyncio.wrap_future(self._jobs.change(job, change, urgent=True))

    def _end(self, job: str) -> None:
        with self._lock:
            turn = self._turns.pop(job, None)
        if turn is not None and turn.state is not TurnState.OVER:
            self._move(turn, TurnEvent.END)
            turn.plan = None
            self._wake_desk(turn.printer)

    def _move(self, turn: _Turn, event: TurnEvent) -> None:
        """The one place that moves a turn."""
        with self._lock:
            turn.state = TURN_TRANSITIONS[turn.state, event]
