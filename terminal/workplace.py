"""The tools of every command of `teller`: the terminal's folder, its console, its key ring, its appliance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from client.connection import TerminalClient
from client.transport import UnixTransport
from passbook.errors import PassbookError
from passbook.protocol.two_spools import AgentSettings, PageAddress
from spooler.unix_socket import is_served
from storage import files
from terminal import enrollment, keyring, passphrase
from terminal.console import Console
from terminal.dialogue import Dialogue
from terminal.heads import RememberedHeads
from terminal.home import Home
from terminal.keyring import KeyRing
from terminal.leaving import LeftBehind


class Workplace:
    """One run of `teller`; it opens the key ring at most once, when a command first needs it."""

    def __init__(
        self,
        home: Home,
        console: Console,
        passphrase_file: Path | None,
        *,
        typed: Sequence[str] = (),
        places: Sequence[str] = (),
    ) -> None:
        """Keep the words that a person typed behind `teller`, in `typed`, and those of them that name places."""
        self.home = home
        self.console = console
        self.typed = tuple(typed)
        self.places = tuple(places)
        self.left = LeftBehind(places)
        self._passphrase_file = passphrase_file
        self._ring: KeyRing | None = None
        self._memory: RememberedHeads | None = None
        self._warned: set[str] = set()

    @asynccontextmanager
    async def client(self, *, compares: bool = True) -> AsyncIterator[TerminalClient]:
        """A connection to the agent of this terminal, or to the appliance where none runs.

        If the history of the appliance is not the remembered one, show that and go on; without `compares` an agent is
        not asked for it, since that would ask the appliance.

        Raises PassbookError as TerminalClient does, and `file-problem`.
        """
        served = is_served(self.home.socket)
        async with self._to_agent() if served else self._to_appliance() as client:
            try:
                for found in await self.memory().compare(client) if compares or not served else ():
                    self._warn(found)
            except PassbookError as error:
                if error.code == "file-problem":
                    self._warn(error)
                elif not served:
                    raise
                # An agent answers for an appliance that is away.
            yield client

    @property
    def has_agent(self) -> bool:
        """Whether the agent of this terminal runs."""
        return is_served(self.home.socket)

    async def agent_settings(self) -> AgentSettings | None:
        """The defaults of the agent of this terminal, and the figures of its spool; None where none runs."""
        if not self.has_agent:
            return None
        async with self._to_agent() as client:
            return await client.agent_settings()

    async def page_address(self) -> PageAddress | None:
        """An address of the page from the agent of this terminal; None where none runs."""
        if not self.has_agent:
            return None
        async with self._to_agent() as client:
            return await client.page_address()

    def _to_appliance(self) -> TerminalClient:
        return TerminalClient(self.home.address(), self.home.context())

    def _to_agent(self) -> TerminalClient:
        return TerminalClient.at(UnixTransport(self.home.socket, of_agent=True))

    def memory(self) -> RememberedHeads:
        """The memory of this terminal about the appliance. Raises PassbookError `file-problem`."""
        if self._memory is None:
            self._memory = RememberedHeads(self.home.heads, self.home.address().server_name)
        return self._memory

    async def acknowledge(self, client: TerminalClient, job: str) -> None:
        """Tell the appliance that the end of a job was shown; if that fails, show so: the end will be told again."""
        try:
            notice = await client.acknowledge(job)
        except PassbookError as error:
            self._warn(PassbookError("end-not-acknowledged", job=job, why=str(error)))
            return
        if notice.head is not None:
            try:
                self.memory().remember([notice.head])
            except PassbookError as error:
                self._warn(error)

    def _warn(self, error: PassbookError) -> None:
        """Show an error once, over any number of connections."""
        if str(error) not in self._warned:
            self._warned.add(str(error))
            self.console.fail(error)

    def dialogue(self, person: str) -> Dialogue | None:
        """The dialogue of this terminal about stopped jobs, in the name of `person`; None if no person can be asked."""
        if not self.console.interactive:
            return None
        return Dialogue(self.console, person, self.ring, lambda: enrollment.name_of(self.home))

    def ring(self) -> KeyRing:
        """The keys of this terminal; empty when there is no key ring yet.

        Raises PassbookError `keyring-locked`, `passphrase-missing`, `file-problem`.
        """
        if self._ring is None:
            exists = files.exists(self.home.keyring)
            self._ring = keyring.load_ring(self.home.keyring, self._passphrase(new=False)) if exists else KeyRing()
        return self._ring

    def change_ring(self, change: Callable[[KeyRing], KeyRing]) -> None:
        """Put the ring that `change` returns in place of the one in the file, durably; the first one makes the file."""
        new = not files.exists(self.home.keyring)
        secret = self._passphrase(new=new)
        # Two commands at once must not each save a ring that lacks the other's key.
        with files.alone(self.home.folder):
            ring = keyring.load_ring(self.home.keyring, secret) if files.exists(self.home.keyring) else KeyRing()
            self._ring = change(ring)
            keyring.save_ring(self.home.keyring, self._ring, secret)

    def _passphrase(self, *, new: bool) -> bytes:
        return passphrase.obtain(self._passphrase_file, new=new)
