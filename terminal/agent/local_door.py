"""The agent's door: a Unix socket in the teller's folder, for programs of the same user (docs/protocol.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from passbook.errors import PassbookError
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.protocol.messages import POLICY_VIOLATION
from spooler.door_session import INTERNAL_ERROR, DoorSession
from spooler.exchange import Exchange
from spooler.logs import Log
from spooler.unix_door import UnixDoor
from spooler.unix_socket import peer_of

_LOG: Final = Log("door")

MODE: Final = 0o600
MOST_CLIENTS: Final = 64
"""Programs at the same time; a teller has a few."""
PING: Final = 60.0


class LocalDoor:
    """Serves the programs of this user at `path`."""

    def __init__(
        self, path: Path, exchange: Exchange, *, terminal: str, owner: int, greet: Callable[[DoorSession], None]
    ) -> None:
        """`terminal` is the name of the terminal, as which every caller acts; `greet` is called for each that came.

        `owner` is the number of the user whose programs are served.
        """
        self._path = path
        self._exchange = exchange
        self._terminal = terminal
        self._owner = owner
        self._greet = greet
        self._door = UnixDoor(
            path, mode=MODE, backlog=MOST_CLIENTS, silence=PING, check=self._check, handle=self._handle, log=_LOG
        )
        self.sessions: set[DoorSession] = set()
        """The connected programs."""

    async def __aenter__(self) -> Self:
        """Listen.  Raises PassbookError `file-problem` when the path is taken or cannot be used."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.parent.chmod(0o700)
        except OSError as error:
            raise PassbookError("file-problem", file=str(self._path), why=error.strerror or str(error)) from None
        await self._door.open()
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening, take the socket's name away, and end every connection in order."""
        self._door.close()
        await asyncio.gather(*(session.dismiss() for session in list(self.sessions)))

    def post(self, name: str, payload: Any) -> None:
        """Tell every program something."""
        for session in self.sessions:
            session.post(name, payload)

    def pass_on(self, message: bytes) -> None:
        """Hand a message of the appliance to every program, unchanged."""
        for session in self.sessions:
            session.queue(message)

    def _check(self, connection: ServerConnection) -> None:
        """Raise PassbookError for the program of another user, and for one too many."""
        peer = peer_of(connection.transport.get_extra_info("socket"))
        if peer.uid != self._owner:
            who, whom = f"User {peer.uid}", f"user {self._owner}, whose agent it is"
            raise PassbookError("not-permitted", who=who, deed="use the socket of this agent", whom=whom)
        if len(self.sessions) >= MOST_CLIENTS:
            raise PassbookError("too-many-connections", who="This program", limit=MOST_CLIENTS)

    async def _handle(self, connection: ServerConnection) -> None:
        try:
            peer = peer_of(connection.transport.get_extra_info("socket"))
        except OSError:
            _LOG.debug("caller-lost")
            return
        await self.serve(connection, UnixCaller(peer.uid, peer.pid))

    async def serve(self, connection: ServerConnection, caller: UnixCaller) -> None:
        """Converse with a program of this user, or with a page on behalf of one, until the connection ends."""
        if len(self.sessions) >= MOST_CLIENTS:
            await connection.close(POLICY_VIOLATION, "too-many-connections")
            return
        session = DoorSession(connection, Actor(self._terminal, frozenset({Role.REQUESTER}), caller))
        self.sessions.add(session)
        try:
            await session.run(self._converse(connection, session))
        except Exception as error:  # noqa: BLE001 - a defect of ours ends this connection, and no other
            _LOG.failure("connection-failed", error, pid=caller.pid)
            await connection.close(INTERNAL_ERROR)
        finally:
            self.sessions.discard(session)

    async def _converse(self, connection: ServerConnection, session: DoorSession) -> None:
        try:
            self._greet(session)
            while not session.closing:
                message = await connection.recv(decode=False)
                with session.at_work():
                    await self._exchange.answer(session, message)
        except ConnectionClosed:
            pass
        finally:
            if session.gone:
                session.cut_off()
