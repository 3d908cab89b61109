"""Turns: the part of a terminal in the printing of a job of two spools, at the appliance (C3, C4, P13, P15).

Theory of operation.  A job needs its terminal when the terminal's copy feeds the printer, or when the print right is
there.  The desk that comes to such a job asks `may_begin`; that calls the turn, and the desk goes on with other jobs.
The terminal's agent answers within `turn_wait` seconds; else the turn is closed durably, and an answer that comes
later is refused by its number.  So silence before the answer leaves nothing in doubt.  A document is judged whole
before the right is taken: the job may still fall back to the other copy.

A printer on the network has one owner (P15).  Its desk first leaves the port, then the terminal is told, and no job
begins there until the turn is over.  While the terminal is asked, its book stays free; it is judged once more when the
printer is handed over.  It is lent with a durable hand-over, and comes back with the reported end of the
job, with the report that a person is asked at the terminal, or with the word that the terminal does not drive it.
After `report_wait` seconds without a report the printing is in doubt, and a person is asked; but the terminal may
still print, and no port on the network tells who else uses it.  So the printer waits until the terminal is heard
again, or until two people answered the question.  Reports that tell of no further step are silence too, once a person
had the time to put the book in and to take it out: a terminal must not keep a printer by the same words for ever.  A
boot of the appliance does not take the printer back either: the record says that it was handed over
(`is_printer_lent`).  An agent that comes again is told its open turns again.

Documents that were sent lie in memory only, and only until their job ends or stops.  Few turns of a printer are open at
a time, and fewer of one terminal, so terminals that are absent, or never answer, keep no other job back.

    counter-1's job 7 comes up   CALLED, event to the agent of counter-1
    TakeTurn, document           ANSWERED: judged, right taken; FED: the desk finds it ready at its next look
    the job ended                OVER, and forgotten
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from passbook.document.digest import is_document
from passbook.document.documents import DRAWN_FORMATS
from passbook.document.plan import Plan, outline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.print_right import RightState, reply_to_offer
from passbook.job.record import Change, Outcome, Record, Told
from passbook.job.reported import is_driving
from passbook.job.states import JobState, Reason
from passbook.protocol.events import TURN_CALL
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
from spooler.known_books import KnownBooks
from spooler.logs import Log
from spooler.page_renderer import Drawings
from spooler.turn_states import AT_TERMINAL, DRIVEN, TURN_TRANSITIONS, OpenTurn, TurnEvent, TurnState

_LOG: Final = Log("turns")

MOST_OPEN: Final = 4
"""Open turns of one printer whose terminals are there; each may have a document of 1 MiB in memory."""
MOST_ABSENT: Final = 16
"""Open turns of one printer whose terminals are not there; these only wait for their time to pass."""
MOST_OF_ONE: Final = 2
"""Open turns of one terminal at one printer: one that prints, and the next one."""
ANSWERS_KEPT: Final = 256
"""Answers to TakeTurn that are known for a repeated command."""


class Turns:
    """All open turns of an appliance.  The desks ask from their threads; all else happens in the event loop."""

    def __init__(
        self,
        jobs: Jobs,
        agents: Agents,
        destinations: Mapping[str, Destination],
        facts: Mapping[str, PrinterFacts],
        books: KnownBooks,
        *,
        turn_wait: float,
        report_wait: float,
        clock: Clock,
        wake: Callable[[str], None],
        in_loop: Callable[[Callable[[], None]], object],
    ) -> None:
        """`facts` are those of the printers by name; `books` is the one that the desks ask.

        `wake` has the desk of a printer look again.
        `in_loop` has the event loop call something soon, from any thread.
        """
        self._jobs = jobs
        self._agents = agents
        self._destinations = destinations
        self._facts = facts
        self._books = books
        self._turn_wait = turn_wait
        self._report_wait = report_wait
        self._clock = clock
        self._wake_desk = wake
        self._in_loop = in_loop
        # A turn whose document is refused would end as one with another document, so those of some printers wait.
        self._drawing = Drawings(longest_wait=None)
        self._lock = threading.RLock()
        self._turns: dict[str, OpenTurn] = {}
        self._silent: set[str] = set()
        self._looked_at: set[str] = set()
        self._answered: OrderedDict[tuple[str, int, int], TurnTaken] = OrderedDict()
        self._news = asyncio.Event()
        agents.watchers.append(self._tell_agent)

    # What the desks ask

    def may_begin(self, record: Record) -> bool:
        """Whether the desk takes this valid job up now; else its terminal is asked, unless it was already."""
        has_right = record.right.state is RightState.HERE
        with self._lock:
            if self._is_lent(record.printer):
                return False
            if has_right and not record.is_fed_by_terminal:
                return record.keeps_document
            turn = self._turns.get(record.job_id)
            if turn is not None and (turn.state in AT_TERMINAL or turn.is_of(record)):
                return turn.state is TurnState.FED and has_right
            if turn is not None:
                self._end(record.job_id)
            turn = self._turn_for(record)
            if not self._has_place(turn):
                return False
            self._turns[record.job_id] = turn
        if turn.state is TurnState.CALLED:
            self._in_loop(functools.partial(self._call, turn))
        return False

    def plan_for(self, record: Record) -> Plan | None:
        """The plan that a terminal sent for this turn; None where the own copy feeds the printer."""
        with self._lock:
            turn = self._turns.get(record.job_id)
            return turn.plan if turn is not None and turn.is_of(record) else None

    def over(self, job: str) -> None:
        """The desk has done with a job."""
        with self._lock:
            turn = self._turns.get(job)
            if turn is not None and turn.state not in AT_TERMINAL:
                self._end(job)

    def is_lent(self, printer: str) -> bool:
        """Whether a terminal drives this printer, or is about to; asked by the desk of the printer."""
        facts = self._facts.get(printer)
        if facts is not None and facts.is_on_network and printer not in self._looked_at:
            self._find_handed(printer)
            self._looked_at.add(printer)
        with self._lock:
            return self._is_lent(printer)

    def note_left(self, printer: str) -> None:
        """The desk has left the port of a printer: the terminal that is to drive it is told."""
        with self._lock:
            sought = [one for one in self._turns.values() if one.printer == printer and one.state is TurnState.SOUGHT]
            for turn in sought:
                self._move(turn, TurnEvent.FREE)
                turn.until = self._clock.monotonic() + self._turn_wait
        for turn in sought:
            self._in_loop(functools.partial(self._call, turn))

    def note_joined(self) -> None:
        """An area came into use: what it knows of printers that were handed over is looked at."""
        self._looked_at.clear()
        for printer in self._facts:
            self._wake_desk(printer)

    def problems(self) -> list[PassbookError]:
        """Printers that wait for terminals which are silent.  From any thread."""
        with self._lock:
            silent = [turn for turn in self._turns.values() if turn.state is TurnState.SILENT]
        return [
            PassbookError("printer-not-back", printer=one.printer, requester=one.requester, job=one.job)
            for one in silent
        ]

    def is_open(self, job: str) -> bool:
        """Whether a turn of this job is open."""
        with self._lock:
            return job in self._turns

    def _is_lent(self, printer: str) -> bool:
        """Under the lock."""
        return any(turn.printer == printer and turn.has_printer for turn in self._turns.values())

    def _find_handed(self, printer: str) -> None:
        """An earlier boot handed the printer over: it stays with its terminal."""
        for record in self._jobs.spool.questions():
            if record.printer == printer and record.is_printer_lent and not self.is_open(record.job_id):
                _LOG.info("printer-still-lent", job=record.job_id, terminal=record.requester, printer=printer)
                with self._lock:
                    self._turns[record.job_id] = turn = self._reported(record, TurnState.LENT)
                    self._give_time(turn)
        self._in_loop(self._news.set)

    def _turn_for(self, record: Record) -> OpenTurn:
        """A new turn of a job, as its terminal is told."""
        facts = self._facts.get(record.printer)
        fed, right = record.is_fed_by_terminal, record.right.state
        is_there = self._agents.is_connected(record.requester) and record.requester not in self._silent
        # A printer waits only for a terminal that is there.
        may_lend = is_there and (record.untouched or right is RightState.AWAY)
        lends = fed and may_lend and facts is not None and facts.is_on_network
        event = YourTurn(
            job=record.job_id,
            epoch=record.epoch,
            turn=record.turn + 1,
            wants_right=right is not RightState.HERE and not lends,
            wants_document=fed and not lends,
            hands_over=lends,
        )
        until = self._clock.monotonic() + self._turn_wait
        state = TurnState.SOUGHT if lends else TurnState.CALLED
        return OpenTurn(record.job_id, record.requester, record.printer, event, until, is_there, state)

    def _reported(self, record: Record, state: TurnState) -> OpenTurn:
        """A turn of a job that its terminal has, and reports about."""
        hands_over = state is TurnState.LENT
        event = YourTurn(record.job_id, record.epoch, record.turn + 1, hands_over=hands_over)
        until = self._clock.monotonic() + self._report_wait
        return OpenTurn(record.job_id, record.requester, record.printer, event, until, is_there=True, state=state)

    def _has_place(self, new: OpenTurn) -> bool:
        """Under the lock: whether one more turn of the printer may be open."""
        others = [one for one in self._turns.values() if one.printer == new.printer and one.takes_a_place]
        of_one = sum(one.requester == new.requester for one in others)
        alike = sum(one.is_there == new.is_there for one in others)
        return of_one < MOST_OF_ONE and alike < (MOST_OPEN if new.is_there else MOST_ABSENT)

    # The event loop

    async def run(self) -> None:
        """Close the turns whose terminals are silent, for ever."""
        while True:
            self._news.clear()
            now = self._clock.monotonic()
            with self._lock:
                waiting = [turn for turn in self._turns.values() if turn.is_timed]
            for turn in waiting:
                if turn.until <= now and turn.is_timed:
                    self._silent.add(turn.requester)
                    await self._close(turn, Reason.TERMINAL_SILENT)
            next_end = min((turn.until for turn in waiting if turn.until > now), default=None)
            try:
                async with asyncio.timeout(None if next_end is None else max(0.0, next_end - now)):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _call(self, turn: OpenTurn) -> None:
        _LOG.info("turn-called", job=turn.job, terminal=turn.requester, count=turn.event.turn)
        self._agents.post(turn.requester, TURN_CALL, turn.event)
        self._news.set()

    def _tell_agent(self, requester: str) -> None:
        """An agent registered: tell it its open turns, also that of a printer that it was handed."""
        self._silent.discard(requester)
        with self._lock:
            told = [one for one in self._turns.values() if one.state is TurnState.CALLED or one.state in DRIVEN]
        for turn in told:
            if turn.requester == requester:
                self._agents.post(requester, TURN_CALL, turn.event)

    def note_job(self, record: Record) -> None:
        """A job changed: a turn of it that is not of its present state is over."""
        has_right = record.right.state is RightState.HERE
        with self._lock:
            turn = self._turns.get(record.job_id)
            if turn is None:
                return
            if turn.state in AT_TERMINAL:
                is_over = record.ended or has_right
            else:
                is_needless = turn.state is TurnState.CALLED and has_right and not record.is_fed_by_terminal
                is_over = not record.valid or not turn.is_of(record) or is_needless
            if is_over:
                self._end(record.job_id)

    async def take(self, requester: str, asked: TakeTurn, document: bytes) -> TurnTaken:
        """Take the part of a terminal at a turn; the same command again gets the same answer.

        Raises PassbookError `not-permitted`, `turn-over`, `document-differs`, and as a change of the job does.
        """
        self._must_be_of(requester, asked.job)
        key = (asked.job, asked.epoch, asked.turn)
        with self._lock:
            turn = self._turns.get(asked.job)
        if turn is None or (turn.event.epoch, turn.event.turn) != (asked.epoch, asked.turn):
            return self._known_answer(key)
        async with turn.answering:
            if turn.state in DRIVEN and asked.answer is TurnAnswer.NOT_SPOOLED:
                await self._take_back(turn)
                return TurnTaken()
            if turn.state is not TurnState.CALLED:
                return self._known_answer(key)
            self._silent.discard(requester)
            self._move(turn, TurnEvent.ANSWER)
            try:
                answer = await self._do_part(turn, asked, document)
            finally:
                self._have_again(turn)
        if turn.has_printer or not turn.event.hands_over:
            self._answered[key] = answer
        while len(self._answered) > ANSWERS_KEPT:
            self._answered.popitem(last=False)
        return answer

    def _have_again(self, turn: OpenTurn) -> None:
        """An answer that was not made durable, or whose connection ended, may come again in the time of the turn."""
        with self._lock:
            if turn.state is TurnState.ANSWERED:
                self._move(turn, TurnEvent.FAIL)
        self._news.set()

    def _known_answer(self, key: tuple[str, int, int]) -> TurnTaken:
        """The answer to a repeated command, whose first completion may have been lost.  Raises `turn-over`."""
        if key not in self._answered:
            raise PassbookError("turn-over", job=key[0], turn=key[2])
        return self._answered[key]

    async def _do_part(self, turn: OpenTurn, asked: TakeTurn, document: bytes) -> TurnTaken:
        if asked.answer is TurnAnswer.NOT_SPOOLED:
            await self._close(turn, Reason.NOT_SPOOLED)
            return TurnTaken()
        if turn.event.hands_over:
            return await self._lend(turn)
        record = self._jobs.spool.record(turn.job)
        try:
            plan = await self._judge(record, asked, document) if turn.event.wants_document else None
        except PassbookError as error:
            _LOG.warning("document-refused", job=turn.job, terminal=turn.requester, code=error.code)
            await self._close(turn, Reason.DIFFERS)
            raise
        reply = None
        if turn.event.wants_right:
            self._must_be_answered(turn)
            taken = await self._change_at(turn, changes.take_right(asked.offered, wanted=True))
            reply = reply_to_offer(taken.right, asked.offered)
            if taken.right.state is not RightState.HERE:
                await self._close(turn, Reason.NOT_SPOOLED)
                return TurnTaken(right=reply)
        with self._lock:
            self._must_be_answered(turn)
            turn.plan = plan
            self._move(turn, TurnEvent.GIVE)
        self._wake_desk(turn.printer)
        _LOG.info("turn-taken", job=turn.job, terminal=turn.requester, count=turn.event.turn)
        return TurnTaken(right=reply)

    def _must_be_answered(self, turn: OpenTurn) -> None:
        """Raise `turn-over` if the turn ended while its answer was judged."""
        if turn.state is not TurnState.ANSWERED:
            raise PassbookError("turn-over", job=turn.job, turn=turn.event.turn)

    async def _judge(self, record: Record, asked: TakeTurn, document: bytes) -> Plan:
        """Return the plan of the document that was sent.  Raises `document-differs`, or why it cannot be placed."""
        destination = self._destinations[record.printer]
        if record.format in DRAWN_FORMATS:
            return await self._drawing.run(record.printer, _judged, destination, record, asked, document)
        return await asyncio.to_thread(_judged, destination, record, asked, document)

    async def _lend(self, turn: OpenTurn) -> TurnTaken:
        """Hand printer and right over, durably.

        Nothing is handed over, and the turn is over, where another desk took the book up since the turn was called, or
        a person chose the other copy.
        """
        record = self._jobs.spool.record(turn.job)
        try:
            if not await asyncio.to_thread(self._books.admits, record):
                _LOG.info("book-not-free", job=turn.job, terminal=turn.requester)
                self._end_this(turn)
                return TurnTaken()
            record = await self._change_at(turn, changes.hand_over(stamp(self._clock)))
        finally:
            # From here on the record says that the book is under way, or nothing of it is.
            self._books.over(turn.job)
        with self._lock:
            self._must_be_answered(turn)
            self._move(turn, TurnEvent.LEND)
            self._give_time(turn)
        self._hear_of(turn)
        _LOG.info("printer-lent", job=turn.job, terminal=turn.requester, printer=turn.printer)
        offered = record.right.token if record.right.state is RightState.OFFERED else 0
        return TurnTaken(offered=offered, printer=self._facts[turn.printer])

    async def _take_back(self, turn: OpenTurn) -> None:
        """The terminal does not drive the printer that it was handed; its desk may have it."""
        record = await self._change(turn.job, changes.take_back(stamp(self._clock)))
        _LOG.info("printer-not-taken", job=turn.job, terminal=turn.requester, printer=turn.printer)
        with self._lock:
            if turn.state not in DRIVEN:
                return
            if record.right.state is RightState.AWAY:
                self._move(turn, TurnEvent.LEAVE)
                self._wake_desk(turn.printer)
            else:
                self._end(turn.job)
        self._hear_of(turn)

    async def offer(self, requester: str, asked: OfferRight) -> RightAnswer:
        """Take the right that an agent offers outside of a turn; the same offer again gives the same answer."""
        self._must_be_of(requester, asked.job)
        record = await self._change(asked.job, changes.take_right(asked.token, wanted=True))
        return RightAnswer(reply_to_offer(record.right, asked.token))

    async def confirm(self, requester: str, asked: ConfirmRight) -> Record:
        """Note what an agent did with the right that was offered with a printer; the printer may be back."""
        self._must_be_of(requester, asked.job)
        return await self._change(asked.job, changes.end_hand_over(asked.token, asked.right, stamp(self._clock)))

    async def report(self, requester: str, job: str, told: Told) -> Record:
        """Note how far an agent is with a job whose print right it has.

        Raises PassbookError `not-permitted`, `report-not-credible`, and as a change of the job does.
        """
        self._must_be_of(requester, job)
        record = await asyncio.wrap_future(self._jobs.report(job, told, stamp(self._clock)))
        if not record.ended:
            self._note_report(record, told)
        return record

    def _note_report(self, record: Record, told: Told) -> None:
        """The printer comes back when the terminal has the job without it.

        A report of a terminal that has long come no further is not heard, so that a person is asked.
        """
        is_waiting = told.state is JobState.PENDING and told.valid
        with self._lock:
            turn = self._turns.get(record.job_id)
            if turn is None and not is_waiting:
                turn = self._turns[record.job_id] = self._reported(record, TurnState.ELSEWHERE)
            if turn is None or turn.state is TurnState.ANSWERED:
                return
            if turn.state is TurnState.ELSEWHERE and is_waiting:
                # Its copy may print again, and needs a turn.
                self._end(record.job_id)
                return
            if turn.state in DRIVEN and is_driving(told):
                if (told.confirmed, told.sending) > turn.furthest:
                    turn.furthest = told.confirmed, told.sending
                    self._give_time(turn)
                elif turn.stuck_at <= self._clock.monotonic():
                    return
                self._move(turn, TurnEvent.HEAR)
            elif turn.state in DRIVEN or not is_waiting:
                self._move(turn, TurnEvent.LEAVE)
                self._wake_desk(turn.printer)
        if turn.state in AT_TERMINAL:
            self._hear_of(turn)

    def _must_be_of(self, requester: str, job: str) -> None:
        record = self._jobs.spool.record(job)
        if record.requester != requester:
            raise PassbookError("not-permitted", who=requester, deed=f"feed job {job}", whom="its requester")

    async def _close(self, turn: OpenTurn, reason: Reason) -> None:
        """Close a turn durably: the own copy prints where it may, else a person is asked.

        A printer that the terminal may still drive does not come back by that.
        """
        _LOG.warning("turn-closed", job=turn.job, terminal=turn.requester, reason=reason.value)
        at = stamp(self._clock)
        may_drive = turn.state in DRIVEN
        try:
            record = self._jobs.spool.record(turn.job)
            if turn.state not in AT_TERMINAL:
                record = await self._change(turn.job, changes.close_turn(turn.event.turn, reason, at))
            elif may_drive or record.valid:
                record = await self._change(turn.job, changes.ask_apart(reason, at))
            may_drive = record.is_printer_lent and not record.ended
        except PassbookError as error:
            _LOG.error("turn-not-closed", job=turn.job, code=error.code)
        with self._lock:
            if self._turns.get(turn.job) is not turn:
                return
            if not may_drive:
                self._end(turn.job)
            elif turn.state is not TurnState.SILENT:
                self._move(turn, TurnEvent.MISS)
                _LOG.warning("printer-not-back", job=turn.job, terminal=turn.requester, printer=turn.printer)

    def _hear_of(self, turn: OpenTurn) -> None:
        """The terminal that has a job said something of it."""
        self._silent.discard(turn.requester)
        with self._lock:
            turn.until = self._clock.monotonic() + self._report_wait
            if turn.state in DRIVEN:
                turn.until = min(turn.until, turn.stuck_at)
        self._news.set()

    def _give_time(self, turn: OpenTurn) -> None:
        """Under the lock: a terminal that drives a printer has so long for its next step, with a person at the book."""
        facts = self._facts[turn.printer]
        people = facts.insert_timeout + facts.take_timeout
        turn.stuck_at = self._clock.monotonic() + people + self._report_wait

    async def _change_at(self, turn: OpenTurn, change: Change) -> Record:
        """Change the job of a turn, durably; raise `turn-over` if the job is not of this turn any more."""

        def at_turn(record: Record) -> Outcome:
            if not turn.is_of(record):
                raise PassbookError("turn-over", job=turn.job, turn=turn.event.turn)
            return change(record)

        return await self._change(turn.job, at_turn)

    async def _change(self, job: str, change: Change) -> Record:
        return await asyncio.wrap_future(self._jobs.change(job, change, urgent=True))

    def _end(self, job: str) -> None:
        """Under the lock: forget the turn of a job, and have its desk look."""
        turn = self._turns.pop(job, None)
        if turn is not None:
            self._move(turn, TurnEvent.END)
            turn.plan = None
            self._wake_desk(turn.printer)

    def _end_this(self, turn: OpenTurn) -> None:
        """Forget this turn, unless it is over already."""
        with self._lock:
            if self._turns.get(turn.job) is turn:
                self._end(turn.job)

    def _move(self, turn: OpenTurn, event: TurnEvent) -> None:
        """The one place that moves a turn."""
        with self._lock:
            turn.state = TURN_TRANSITIONS[turn.state, event]
            if turn.event.hands_over and not turn.has_printer:
                # A printer that came back is handed over by no repeated answer.
                self._answered.pop((turn.job, turn.event.epoch, turn.event.turn), None)


def _judged(destination: Destination, record: Record, asked: TakeTurn, document: bytes) -> Plan:
    """The plan of a document, which must be the one that was accepted."""
    if not is_document(record.digest, asked.digest_key, document):
        raise PassbookError("document-differs", job=record.job_id, why="its digest")
    request = SubmitJob(
        client_request=record.request_id,
        printer=record.printer,
        format=record.format,
        layout=record.layout,
        import_name=record.import_name,
        start=asked.start,
    )
    prepared = destination.prepare(request, document)
    for what, found, expected in (
        ("its layout", prepared.layout, record.layout),
        ("its sheet", prepared.sheet, record.sheet),
        ("its outline", outline(prepared.plan), record.outline),
    ):
        if found != expected:
            raise PassbookError("document-differs", job=record.job_id, why=what)
    return prepared.plan
