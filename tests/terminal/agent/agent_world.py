"""A branch of real processes in which a terminal has an agent."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from client.connection import TerminalClient
from client.transport import Address, UnixTransport
from demo.agent_process import AgentProcess
from demo.network import Cable
from demo.people import Printing
from demo.world import (
    PRINTER,
    PROJECT,
    World,
    ruler_of,
    shipped_layout,
)
from passbook.errors import PassbookError
from passbook.job.record import HistoryKind
from passbook.protocol.messages import JobRef, Payload
from spooler.machine import MACHINE
from terminal.agent.own_store import OwnStore, open_own_store
from terminal.home import Home
from terminal.keyring import load_ring

STATEMENT = PROJECT / "demo" / "statement.csv"
NOTICE = PROJECT / "demo" / "notice.txt"
BOOK = "book-1"
LAYOUT = "savings-24"


class AgentWorld:
    """One branch with one terminal `counter-1`, whose agent is `agent`."""

    def __init__(self, folder: Path, *, dialect: str = "pr2", layouts: Path | None = None) -> None:
        """`layouts` is the operator's folder of layouts."""
        self.world = self.own = World(folder, dialect=dialect, layouts=layouts)

    def __enter__(self) -> Self:
        """Build all of it and start appliance and agent."""
        self.world.build()
        self.terminal = self.world.enroll("counter-1")
        self.terminal.run("keys", "new", "anna-1")
        self.agent = AgentProcess(self.terminal)
        return self

    @contextmanager
    def cabled(self) -> Iterator[Cable]:
        """The way from the terminal to the appliance, as a cable; this test asks the appliance past it."""
        host, _, port = self.world.address.rpartition(":")
        with Cable(host, int(port)) as cable:
            settings = self.terminal.home / "terminal.toml"
            settings.write_text(settings.read_text().replace(self.world.address, cable.address))
            yield cable

    def power_up(self, extra: str = "", config: str = "") -> None:
        """Start the appliance with `extra` configuration, and the agent with its `config`."""
        (self.terminal.home / "agent.toml").write_text(config)
        self.world.write_config(extra=extra)
        self.world.start_appliance()
        self.agent.start()
        self.agent.await_log("appliance-reached")

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.agent.kill()
        self.world.close()
        if self.own is not self.world:
            self.own.close()

    def jobs(self) -> list[dict[str, Any]]:
        """What `teller jobs` lists."""
        listed = self.terminal.run("jobs")
        return list(listed["jobs"] if isinstance(listed, dict) else listed)

    # The job, as each side has it

    @staticmethod
    def job_of(shown: dict[str, Any]) -> str:
        """The job that `teller print --no-wait` told of last."""
        return str(shown["payload"]["job"])

    def at_appliance(self, job: str) -> dict[str, Any]:
        """The job as the appliance has it, asked past the agent; empty for one that it does not know."""
        home = Home(self.terminal.home)
        host, _, port = self.world.address.rpartition(":")
        address = Address(host, int(port), home.address().server_name)

        async def ask() -> dict[str, Any]:
            async with TerminalClient(address, home.context()) as client:
                return await client.command("Spooler.GetJob", JobRef(job), dict[str, Any])

        try:
            return asyncio.run(ask())
        except PassbookError:
            return {}

    def ask_agent(self, name: str, payload: Payload) -> dict[str, Any]:
        """The reply of the agent to one command."""

        async def ask() -> dict[str, Any]:
            async with TerminalClient.at(UnixTransport(Home(self.terminal.home).socket, of_agent=True)) as client:
                return await client.command(name, payload, dict[str, Any])

        return asyncio.run(ask())

    @contextmanager
    def own_store(self, reports: list[PassbookError] | None = None) -> Iterator[OwnStore]:
        """The spool of the agent, which is stopped for it; `reports` gets what opening it finds."""
        self.agent.stop()
        home = Home(self.terminal.home)
        secret = load_ring(home.keyring, self.terminal.passphrase.encode()).stores["agent"]
        found = [] if reports is None else reports
        store = open_own_store(
            home.spool,
            secret,
            state=home.spool_state,
            quota_mib=64,
            machine=MACHINE,
            rng=secrets.token_bytes,
            at="2026-03-02T09:30:00.000+00:00",
            report=found.append,
        )
        try:
            yield store
        finally:
            store.close()

    def own_states(self, *jobs: str) -> list[str]:
        """The states of the own copies of these jobs, read from the spool of an agent that is stopped for it."""
        with self.own_store() as store, contextlib.suppress(PassbookError):
            return [store.spool.record(job).state.value for job in jobs]
        return []

    def ends(self, job: str) -> list[str]:
        """The ends of a job that the histories of both sides tell: the appliance's, then those of the agent's spool.

        The agent is stopped for it.
        """
        told = [one["entry"] for one in self.world.ctl("history", "--last", "1000")]
        appliance = [one["record"]["state"] for one in told if one["kind"] == "ended" and one["record"]["jobId"] == job]
        with self.own_store() as store:
            entries = [one.entry for one in store.spool.history(job)]
        return appliance + [one.record.state.value for one in entries if one.kind is HistoryKind.ENDED]

    # Paper and people

    def follow(self, job: str) -> Printing:
        """`teller follow`, and a person with the book in hand."""
        return self.world.remember(self._printing(self.terminal.command("follow", job), self.world))

    def print_here(self, *choice: str) -> Printing:
        """`teller print` of the statement, and a person with the book at the terminal's own printer."""
        command = self.terminal.command("print", str(STATEMENT), "--printer", PRINTER, *choice)
        return self.world.remember(self._printing(command, self.own))

    def watch_here(self) -> Printing:
        """`teller watch`, and a person with the book at the terminal's own printer."""
        return self.world.remember(self._printing(self.terminal.command("watch"), self.own))

    def _printing(self, command: list[str], world: World) -> Printing:
        return Printing(command, world.mechanism, BOOK, ruler_of(shipped_layout(LAYOUT)), at_once=True)

    def send(self, *choice: str) -> str:
        """`teller print --no-wait` of the statement; the id of the job."""
        shown = self.terminal.run("print", str(STATEMENT), "--no-wait", "--printer", PRINTER, *choice)
        return self.job_of(shown)

    def own_printer(self, *, has_line: bool = False) -> str:
        """Start a printer of the terminal's own, with `has_line` at a pseudo terminal; its port."""
        folder = self.world.folder / "own"
        folder.mkdir()
        self.own = World(folder, has_line=has_line)
        self.own.start_simulator()
        return str(self.own.simulator_url)

    @property
    def appliance_port(self) -> str:
        """The port of the appliance's printer."""
        return str(self.world.simulator_url)

    def put_on_network(self) -> None:
        """Configure the printer of the appliance as one of the network."""
        file = self.world.config_file
        port = f'port = "{self.appliance_port}"\n'
        file.write_text(file.read_text().replace(port, port + "on_network = true\n"))

    def struck(self, world: World | None = None) -> list[int]:
        """How often each line of the book on a paper was struck; empty where no line was."""
        paper = (world or self.world).paper
        if BOOK not in paper.books:
            return []
        return [count for runs in paper.lines(BOOK).values() for _, count in runs]
