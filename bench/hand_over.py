"""How many commits each of two spools takes until the print right of a job, or its printer too, is at the other one.

The rules, the turns and the stores are those of the product; the network between them is a function call.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import apsw
from msgspec.structs import replace

from bench.filling import AT, DATA_KEY, PRINTER, open_store, prepared
from bench.statements import QUOTA, TELLER
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.print_right import PrintRight, RightState
from passbook.job.states import Reason
from passbook.protocol.messages import JobView, Payload, view_of
from passbook.protocol.two_spools import ConfirmRight, PrinterFacts, TakeTurn, TurnTaken, YourTurn
from spooler.agents import Agents
from spooler.clock import SystemClock
from spooler.data_keys import DataKeys
from spooler.hub import Hub
from spooler.jobs import Jobs
from spooler.known_books import KnownBooks
from spooler.shared_names import SharedNames
from spooler.turns import Turns
from storage import ApplianceKey, Spool
from terminal.agent.own_jobs import OwnJobs
from terminal.agent.own_store import OwnStore
from terminal.agent.turn_answers import TurnAnswers
from terminal.agent.upstream import Upstream
from terminal.keyring import KeyRing

T = TypeVar("T")
JOB: Final = "0123456789abcdef" * 2
MOST: Final = 2
"""Commits that a hand-over may take on either side."""
WAIT: Final = 60.0
"""Seconds of a turn, which no hand-over lasts."""
TO_APPLIANCE: Final = "of the right to the appliance, at its printer"
TO_TERMINAL: Final = "of right and printer to the terminal, at a printer on the network"
CHOICES: Final = {
    TO_APPLIANCE: Choice(Keep.BOTH, Side.APPLIANCE, IfApart.TERMINAL),
    TO_TERMINAL: Choice(Keep.BOTH, Side.TERMINAL, IfApart.ASK),
}


class _Ear:
    """The connection of the agent, which is told of its turn."""

    def __init__(self) -> None:
        self.actor = TELLER
        self.told: asyncio.Queue[YourTurn] = asyncio.Queue()

    def post(self, _name: str, payload: Any) -> None:
        """Keep a turn until it is asked for."""
        self.told.put_nowait(payload)

    def close(self, code: str) -> None:
        """Nothing is open."""


class _Wire:
    """The way from the agent to the appliance, as a function call."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def command_with(self, _name: str, payload: TakeTurn, document: bytes, _kind: type[T]) -> TurnTaken:
        """Do the agent's part at a turn."""
        return await self._turns.take(TELLER.name, payload, document)

    async def command(self, _name: str, payload: Payload, _kind: type[T]) -> JobView:
        """Say what the agent did with the right."""
        return view_of(await self._turns.confirm(TELLER.name, cast("ConfirmRight", payload)), None)


def counted(folder: Path) -> dict[str, dict[Side, int]]:
    """The commits of each kind of hand-over, on either side, in new stores."""
    return {name: asyncio.run(_counted(folder / str(number), name)) for number, name in enumerate(CHOICES)}


async def _counted(folder: Path, name: str) -> dict[Side, int]:
    commits: Counter[Side] = Counter()
    spools = {}
    for side in Side:
        with _watched(side, commits):
            spools[side] = open_store(folder / side.value, quota=QUOTA)
    try:
        for spool in spools.values():
            spool.power_on(Reason.RESTART, AT)
        jobs = {side: _accepted(spool, side, CHOICES[name]) for side, spool in spools.items()}
        commits.clear()
        await _hand_over(jobs, folder, on_network=name == TO_TERMINAL)
        return {side: commits[side] for side in Side}
    finally:
        for spool in spools.values():
            spool.close()


@contextmanager
def _watched(side: Side, commits: Counter[Side]) -> Iterator[None]:
    """Count the commits of each connection that is made inside, as long as it lives."""

    def commit() -> bool:
        commits[side] += 1
        return False

    def watch(connection: apsw.Connection) -> None:
        connection.set_commit_hook(commit)

    apsw.connection_hooks.append(watch)
    try:
        yield
    finally:
        apsw.connection_hooks.remove(watch)


def _accepted(spool: Spool, side: Side, choice: Choice) -> Jobs:
    """The store of one side, with its copy of the job."""
    jobs = Jobs(spool, DataKeys(), lambda _news: None)
    ticket, record, sealed, wraps = prepared(spool, TELLER.name, JOB)
    right = PrintRight(RightState.HERE if choice.right_begins_at(side) else RightState.AWAY)
    jobs.accept(ticket, replace(record, side=side, choice=choice, right=right), sealed, wraps, DATA_KEY).result()
    return jobs


async def _hand_over(jobs: dict[Side, Jobs], folder: Path, *, on_network: bool) -> None:
    """From the desk that comes to the job, to the last word about it."""
    ear, agents, loop = _Ear(), Agents(Hub()), asyncio.get_running_loop()
    facts = PrinterFacts(PRINTER, "pr2", "cp858", "tcp://127.0.0.1:9", on_network, WAIT, WAIT)
    turns = Turns(
        jobs[Side.APPLIANCE],
        agents,
        {},
        {PRINTER: facts},
        KnownBooks(jobs[Side.APPLIANCE], SystemClock()),
        turn_wait=WAIT,
        report_wait=WAIT,
        clock=SystemClock(),
        wake=lambda _printer: None,
        in_loop=loop.call_soon_threadsafe,
    )
    agents.register(ear, "bench")
    spool = jobs[Side.TERMINAL].spool
    key = ApplianceKey(bytes(32))
    store = OwnStore(spool, key, bytes(32), "bench", folder, SharedNames(key, secrets.token_bytes))
    own = OwnJobs(store, jobs[Side.TERMINAL], KeyRing(), SystemClock(), is_apart=lambda: False)

    async def drive(_job: str, _printer: PrinterFacts) -> None:
        """The hand-over is done."""

    answers = TurnAnswers(own, cast("Upstream", _Wire(turns)), drive)
    turns.may_begin(jobs[Side.APPLIANCE].spool.record(JOB))
    if on_network:
        turns.note_left(PRINTER)
    await answers.answer(await ear.told.get())
    holder = Side.TERMINAL if on_network else Side.APPLIANCE
    if jobs[holder].spool.record(JOB).right.state is not RightState.HERE:
        raise RuntimeError(f"the print right is not at the {holder.value}")
