"""A door for callers of this machine: a Unix socket that speaks the terminals' protocol; the kernel says who calls.

Theory of operation.  The operators' socket of an appliance and the socket of a teller's agent are such doors.  They
differ in the users that they let in, and in the service for those; both are functions of the owner.  A caller is judged
before its handshake.  One that is not let in reads one sentence in place of it, so that its program can say why.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

from websockets.asyncio.server import Server, ServerConnection, unix_serve
from websockets.http11 import Request, Response

from passbook.errors import PassbookError
from spooler.door_session import FAREWELL
from spooler.exchange import HARD_LIMIT
from spooler.logs import Log
from spooler.unix_socket import listen_at

HANDSHAKE_TIME: Final = 10.0
"""Seconds that a caller has for its handshake."""


class UnixDoor:
    """Listens at a path, and hands each caller that is let in on."""

    def __init__(
        self,
        path: Path,
        *,
        mode: int,
        backlog: int,
        silence: float,
        check: Callable[[ServerConnection], object],
        handle: Callable[[ServerConnection], Awaitable[None]],
        log: Log,
    ) -> None:
        """`check` raises PassbookError for a caller that is not let in, and OSError for one that has gone.

        A caller that says nothing for `silence` seconds is asked, and has as long again to answer.
        """
        self._path = path
        self._mode = mode
        self._backlog = backlog
        self._silence = silence
        self._check = check
        self._handle = handle
        self._log = log
        self._server: Server | None = None

    async def open(self, guard: Callable[[socket.socket], socket.socket] = lambda listener: listener) -> Self:
        """Listen; `guard` may bound what the listening socket accepts.

        Raises PassbookError `file-problem` when the path is taken or cannot be used.
        """
        try:
            entrance = guard(listen_at(self._path, self._mode, self._backlog))
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

    def close(self) -> None:
        """Stop listening, and take the socket's name away; connections stay for their owner to end."""
        if self._server is not None:
            self._server.close(close_connections=False)
        self._path.unlink(missing_ok=True)

    def _let_in(self, connection: ServerConnection, _request: Request) -> Response | None:
        """Return None for a caller that is served, else a response with one sentence."""
        try:
            self._check(connection)
        except PassbookError as error:
            self._log.limited().warning("caller-refused", code=error.code)
            return connection.respond(HTTPStatus.FORBIDDEN, f"{error.code}: {error}\n")
        except OSError:
            # It has hung up already: a closed socket names no user, and the response reaches no caller.
            self._log.debug("caller-lost")
            return connection.respond(HTTPStatus.FORBIDDEN, "")
        return None
