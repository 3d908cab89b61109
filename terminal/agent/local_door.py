"""The agent's door: a Unix socket in the teller's folder, for programs of the same user (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from websockets.asyncio.server import Server, ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from passbook.errors import PassbookError
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.protocol.messages import POLICY_VIOLATION
from spooler.door_session import FAREWELL, INTERNAL_ERROR, DoorSession
from spooler.exchange import HARD_LIMIT, Exchange
from spooler.logs import Log
from spooler.unix_socket import listen_at, peer_of

_LOG: Final = Log("door")

MODE: Final = 0o600
MOST_CLIENTS: Final = 64
"""Programs at the same time; a teller has a few."""
PING: Final = 60.0


class LocalDoor:
    """Serves the programs of this user at `path`."""

    def __init__(self, path: Path, exchange: Exchange, *, terminal: str, greet: Callable[[DoorSession], None]) -> None:
        """`terminal` is the name of the terminal, as which every caller acts; `greet` is called for each that came."""
        self._path = path
        self._exchange = exchange
        self._terminal = terminal
        self._greet = greet
        self._server: Server | None = None
        self.sessions: set[DoorSession] = set()
        """The connected programs."""

    async def __aenter__(self) -> Self:
        """Listen.  Raises PassbookError `file-problem` when the path is taken or cannot be used."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.parent.chmod(0o700)
            listener = listen_at(self._path, MODE, MOST_CLIENTS)
        except OSError as error:
            raise PassbookError("file-problem", file=str(self._path), why=error.strerror or str(error)) from None
        self._server = await unix_serve(
            self._handle,
            sock=listener,
            compression=None,
            max_size=HARD_LIMIT,
            max_queue=1,
            close_timeout=FAREWELL,
            ping_interval=PING,
            ping_timeout=PING,
            server_header=None,
        )
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening, take the socket's name away, and end every connection in order."""
        if self._server is not None:
            self._server.close(close_connections=False)
        self._path.unlink(missing_ok=True)
        await asyncio.gather(*(session.dismiss() for session in list(self.sessions)))

    def post(self, name: str, payload: Any) -> None:
        """Tell every program something."""
        for session in self.sessions:
            session.post(name, payload)

    def pass_on(self, message: bytes) -> None:
        """Hand a message of the appliance to every program, unchanged."""
        for session in self.sessions:
            session.queue(message)

    async def _handle(self, connection: ServerConnection) -> None:
        peer = peer_of(connection.transport.get_extra_info("socket"))
        if peer.uid != os.getuid():
            _LOG.warning("caller-refused", code="not-permitted", uid=peer.uid)
            await connection.close(POLICY_VIOLATION, "not-permitted")
            return
        if len(self.sessions) >= MOST_CLIENTS:
            await connection.close(POLICY_VIOLATION, "too-many-connections")
            return
        actor = Actor(self._terminal, frozenset({Role.REQUESTER}), UnixCaller(peer.uid, peer.pid))
        session = DoorSession(connection, actor)
        self.sessions.add(session)
        try:
            await session.run(self._converse(connection, session))
        except Exception as error:  # noqa: BLE001 - a defect of ours ends this connection, and no other
            _LOG.failure("connection-failed", error, pid=peer.pid)
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
