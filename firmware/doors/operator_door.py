"""The operators' door: a Unix socket that speaks the terminals' protocol; the kernel says who calls."""

from __future__ import annotations

import asyncio
import socket
import time
import weakref
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self

from websockets.asyncio.server import Server, ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from firmware.doors.pace import Pace
from firmware.service.operations import OPERATIONS
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from spooler.door_session import FAREWELL, DoorSession
from spooler.exchange import HARD_LIMIT, Exchange, Performer, facts_of
from spooler.logs import Log
from spooler.unix_socket import listen_at

_LOG: Final = Log("operators")

MAX_CALLERS: Final = 16
"""Operators at the same time, and as many auditors; people type, and a script that opens more is stuck."""
MAX_OPEN: Final = 4 * MAX_CALLERS
"""Open connections of operators, as many of auditors, and as many of strangers; this counts those before their
handshake too."""
AUDITORS_PACE: Final = 20
"""Commands a second of all auditors together; they are read more slowly then, and never refused for it."""
HANDSHAKE_TIME: Final = 10.0
"""Seconds that a caller has for its handshake."""
OWN_MODE: Final = 0o600
"""Mode of the socket where only root and the appliance's own user may call."""
OPEN_MODE: Final = 0o666
"""Mode of the socket where others may call too: then every caller is judged, and a stranger hears one sentence."""

Judge = Callable[[socket.socket], Actor]
"""Says who calls on a connection, or raises `not-permitted`; OSError for a connection that has ended."""


class OperatorDoor:
    """Serves operators and auditors at `path`.

    A caller that says nothing for `silence` seconds, or does not read its answer for so long, is hung up on.
    """

    def __init__(
        self, path: Path, performer: Performer, *, judge: Judge, mode: int = OWN_MODE, silence: float = 30.0
    ) -> None:
        self._path = path
        self._exchange = Exchange(performer, _LOG, OPERATIONS)
        self._judge = judge
        self._mode = mode
        self._silence = silence
        self._callers: dict[asyncio.Task[Any], Actor] = {}
        self._auditors_pace = Pace(AUDITORS_PACE, time.monotonic())
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        """Listen.  Raises PassbookError `file-problem` when the path is taken or cannot be used."""
        try:
            entrance = _Entrance(listen_at(self._path, self._mode, MAX_CALLERS), self._judge)
        except OSError as error:
            raise PassbookError("file-problem", file=str(self._path), why=error.strerror or str(error)) from None
        self._server = await unix_serve(
            self._handle,
            sock=entrance,
            compression=None,
            max_size=HARD_LIMIT,
            max_queue=1,
            open_timeout=HANDSHAKE_TIME,
            close_timeout=FAREWELL,
            ping_interval=self._silence,
            ping_timeout=self._silence,
            process_request=self._let_in,
            server_header=None,
        )
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening, hang up on everybody, take the socket's name away."""
        if self._server is not None:
            self._server.close(close_connections=False)
        self._path.unlink(missing_ok=True)
        for caller in self._callers:
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    def _let_in(self, connection: ServerConnection, _request: Request) -> Response | None:
        """Return None for a caller that is served, else a response with one sentence."""
        try:
            self._check(connection)
        except PassbookError as error:
            _LOG.limited().warning("caller-refused", code=error.code, count=len(self._callers))
            return connection.respond(HTTPStatus.FORBIDDEN, f"{error.code}: {error}\n")
        except OSError:
            # It has hung up already: a closed socket names no user, and the response reaches no caller.
            _LOG.debug("caller-lost")
            return connection.respond(HTTPStatus.FORBIDDEN, "")
        return None

    def _check(self, connection: ServerConnection) -> None:
        actor = self._judge(connection.transport.get_extra_info("socket"))
        # Apart, so an auditor cannot keep an operator out.
        if sum(one.is_operator == actor.is_operator for one in self._callers.values()) >= MAX_CALLERS:
            raise PassbookError("too-many-callers", limit=MAX_CALLERS)

    async def _handle(self, connection: ServerConnection) -> None:
        """Serve one caller, from its first command to its last."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # websockets runs every connection in a task
        try:
            actor = self._judge(connection.transport.get_extra_info("socket"))
        except OSError:
            _LOG.debug("caller-lost")
            return
        self._callers[task] = actor
        session = DoorSession(connection, actor)
        try:
            await session.run(self._converse(connection, session))
        except asyncio.CancelledError:
            _LOG.debug("caller-lost")
        except Exception as error:  # noqa: BLE001 - a defect of ours ends this connection, and no other
            _LOG.failure("connection-failed", error, **facts_of(actor))
        finally:
            session.cut_off()
            del self._callers[task]

    async def _converse(self, connection: ServerConnection, session: DoorSession) -> None:
        try:
            while True:
                async with asyncio.timeout(self._silence):
                    message = await connection.recv(decode=False)
                with session.at_work():
                    await self._exchange.answer(session, message)
                if not session.actor.is_operator:
                    await asyncio.sleep(self._auditors_pace.take(time.monotonic()))
        except (ConnectionClosed, TimeoutError):
            _LOG.debug("caller-lost")


class _Entrance(socket.socket):
    """A listening socket that bounds open connections, of operators, auditors and strangers each apart."""

    def __init__(self, listener: socket.socket, judge: Judge) -> None:
        super().__init__(fileno=listener.detach())
        self._judge = judge
        self._operators: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._auditors: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._strangers: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:  # type: ignore[explicit-override]  # override is of Python 3.12
        """See socket.accept; one too many is closed at once, before it costs anything."""
        while True:
            connection, address = super().accept()
            others = self._others_of(connection)
            if sum(one.fileno() >= 0 for one in others) < MAX_OPEN:
                others.add(connection)
                return connection, address
            _LOG.limited().warning("caller-refused", code="too-many-callers", count=MAX_OPEN)
            connection.close()

    def _others_of(self, connection: socket.socket) -> weakref.WeakSet[socket.socket]:
        try:
            return self._operators if self._judge(connection).is_operator else self._auditors
        except (PassbookError, OSError):
            return self._strangers
