"""Several tellers who send jobs all the time, follow them, and answer by the paper, while the appliance is killed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from client.connection import TerminalClient
from client.reconnecting import PASSING
from demo.world import PRINTER, Terminal
from drivers.simulator.control import ControlFailure
from drivers.simulator.faults import AtByte, Target
from passbook.errors import PassbookError
from passbook.job.record import Verdict
from passbook.job.states import TERMINAL
from passbook.protocol.media import Media
from passbook.protocol.messages import JobView, Question, SubmitJob
from terminal.answers import compose, step_of_line
from terminal.keyring import KeyRing
from tests.scenarios.books import Place, Statement, seen
from tests.scenarios.clerk import BETWEEN_ATTEMPTS, client_of, ring_of
from tests.scenarios.office import Office, book_of, next_line

TOO_LATE: Final = frozenset({"stale-question", "already-answered"})
"""The question was shown twice, or again with what was found in the mechanism."""
OUTSTANDING: Final = 2
"""Jobs that one teller has under way at a time."""
MOMENT_PATIENCE: Final = 10.0
"""Seconds until the appliance is killed even though the chosen moment did not come."""


class Fate(StrEnum):
    """What its person does with a job that stops."""

    GO_ON = "go-on"
    """Look at the paper and go on."""
    AGAIN = "again"
    """Have the line in doubt printed again although it is on paper."""
    FROM_START = "from-start"
    """Have all of it printed again, once; then go on."""
    DISCARD = "discard"
    """End it."""
    LEAVE = "leave"
    """Never answer."""


@dataclass
class Sent:
    """One request of one teller.

    Attributes:
        job: what it became, once that was acknowledged.
        ended: its last view.
        orders: how often a person ordered a line again that was on paper already.
    """

    terminal: Terminal
    statement: Statement
    fate: Fate
    priority: int
    job: str = ""
    ended: JobView | None = None
    orders: Counter[Place] = field(default_factory=Counter)

    @property
    def request(self) -> str:
        """Its id."""
        return f"request-{self.statement.number}"


class Crowd:
    """The tellers of an office; all that is random comes from `seed`."""

    def __init__(self, office: Office, tellers: list[Terminal], seed: int) -> None:
        self._office = office
        self._tellers = {terminal.name: (terminal, ring_of(terminal)) for terminal in tellers}
        self._random = random.Random(seed)
        self._changed = asyncio.Condition()
        self._closing = False
        self._submissions = 0
        self._told = 0
        self.answers = 0
        self.sent: dict[str, Sent] = {}
        """By request id."""

    async def live_through(self, kills: int) -> None:
        """Work while the appliance is killed so many times, then finish what can be finished."""
        async with asyncio.TaskGroup() as people:
            tasks = [people.create_task(self._teller(name)) for name in self._tellers]
            for _ in range(kills):
                await self._await_moment()
                await asyncio.to_thread(self._office.world.start_appliance)
            self._closing = True
            await self._until(lambda: all(map(self._is_settled, self.sent.values())))
            for task in tasks:
                task.cancel()

    def _is_settled(self, sent: Sent) -> bool:
        return sent.ended is not None or (sent.job != "" and sent.fate is Fate.LEAVE)

    async def _until(self, fits: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(fits)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # The killer

    async def _await_moment(self) -> None:
        """Kill the appliance at a byte of the mechanism's cable, right behind a request, or behind something told."""
        world = self._office.world
        match self._random.randrange(3):
            case 0:
                byte = AtByte(self._random.randint(1, 1500))
                await asyncio.to_thread(self._office.hands.cut, Target.APPLIANCE, byte, world.appliance_pid)
                await self._wait(asyncio.to_thread(self._office.hands.wait, "cut", MOMENT_PATIENCE))
            case 1:
                wanted = self._submissions + self._random.randint(1, 3)
                await self._wait(self._until(lambda: self._submissions >= wanted))
            case _:
                wanted = self._told + self._random.randint(1, 90)
                await self._wait(self._until(lambda: self._told >= wanted))
        with suppress(ProcessLookupError):
            await asyncio.to_thread(world.kill_appliance)

    @staticmethod
    async def _wait(moment: Awaitable[None]) -> None:
        with suppress(TimeoutError, ControlFailure):
            async with asyncio.timeout(MOMENT_PATIENCE):
                await moment

    # A teller

    async def _teller(self, name: str) -> None:
        terminal, ring = self._tellers[name]
        while True:
            try:
                async with client_of(terminal) as client, asyncio.TaskGroup() as both:
                    both.create_task(self._submit(client, terminal, ring))
                    both.create_task(self._listen(client, terminal, ring))
            except* PassbookError as errors:
                codes = {error.code for error in _leaves(errors)}
                if not codes <= PASSING:
                    raise
            await asyncio.sleep(BETWEEN_ATTEMPTS)

    async def _submit(self, client: TerminalClient, terminal: Terminal, ring: KeyRing) -> None:
        """Send again what was not acknowledged, and new jobs whenever few are under way."""
        mine = [sent for sent in self.sent.values() if sent.terminal is terminal]
        for sent in mine:
            if sent.ended is None:
                await self._send(client, sent, ring)
        while not self._closing:
            await self._until(lambda: self._may_send(terminal))
            await self._send(client, self._new(terminal), ring)

    def _may_send(self, terminal: Terminal) -> bool:
        under_way = [
            sent
            for sent in self.sent.values()
            if sent.terminal is terminal and sent.ended is None and sent.fate is not Fate.LEAVE
        ]
        return not self._closing and len(under_way) < OUTSTANDING

    def _new(self, terminal: Terminal) -> Sent:
        statement = Statement(1000 + len(self.sent), self._random.randint(2, 4), line=self._random.choice([1, 22, 23]))
        fate = self._random.choices(list(Fate), [12, 3, 1, 2, 1])[0]
        sent = Sent(terminal, statement, fate, self._random.choice([50, 50, 70]))
        self.sent[sent.request] = sent
        return sent

    async def _send(self, client: TerminalClient, sent: Sent, ring: KeyRing) -> None:
        """The same request is the same job, however often it is sent (P10)."""
        asking = asyncio.ensure_future(client.submit(submission(sent, ring)))
        await asyncio.sleep(0)
        self._submissions += 1
        await self._note()
        view = await asking
        assert sent.job in {"", view.job}, f"{sent.request} became two jobs"
        sent.job = view.job
        if view.state in TERMINAL:
            sent.ended = view
        await self._note()

    async def _listen(self, client: TerminalClient, terminal: Terminal, ring: KeyRing) -> None:
        async for event in client.events():
            self._told += 1
            match event.what:
                case JobView(state=state, requester=terminal.name) if state in TERMINAL:
                    self.sent[event.what.client_request].ended = event.what
                case Question() if event.what.job.requester == terminal.name:
                    await self._answer(client, event.what, ring)
            await self._note()

    async def _answer(self, client: TerminalClient, question: Question, ring: KeyRing) -> None:
        """Look at the paper when the mechanism was cleaned up, and answer as this job's person does."""
        sent = self.sent[question.job.client_request]
        if sent.fate is Fate.LEAVE or (question.in_doubt and question.media is Media.UNKNOWN):
            return
        verdict, step = self._decide(sent, question)
        answer = compose(question, verdict, "somebody", ring, step=step)
        try:
            await client.answer(answer)
            self.answers += 1
        except PassbookError as error:
            if error.code not in TOO_LATE:
                raise

    def _decide(self, sent: Sent, question: Question) -> tuple[Verdict, int]:
        if sent.fate is Fate.DISCARD:
            return Verdict.DISCARD, 0
        line, _ = next_line(self._office, sent.statement, question)
        if sent.fate is Fate.FROM_START:
            sent.fate = Fate.GO_ON
            line = 1
        elif sent.fate is Fate.AGAIN and question.in_doubt and step_of_line(question, line) > question.in_doubt > 0:
            line -= 1
        self._count_orders(sent, line)
        return Verdict.RESUME, step_of_line(question, line)

    def _count_orders(self, sent: Sent, line: int) -> None:
        """What is on paper from the ordered line on is ordered again."""
        for place in list(sent.statement.expected())[line - 1 :]:
            if seen(self._office.world.paper, book_of(sent.statement), place):
                sent.orders[place] += 1


def submission(sent: Sent, ring: KeyRing) -> SubmitJob:
    """The request, the same each time."""
    return SubmitJob(
        client_request=sent.request,
        printer=PRINTER,
        format="passbook-update+csv",
        document=sent.statement.csv().encode(),
        priority=sent.priority,
        key=ring.key("k1"),
        key_ref="k1",
    )


def _leaves(group: BaseExceptionGroup[PassbookError]) -> list[PassbookError]:
    found: list[PassbookError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
