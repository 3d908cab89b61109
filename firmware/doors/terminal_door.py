"""The terminal door: WebSocket over mutual TLS, XFS4IoT messages (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from ssl import SSLContext, SSLObject
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from firmware.config.configuration import LimitsConfig
from firmware.doors.gate import BACKLOG, listen, strangers_for
from firmware.doors.pace import Pace
from firmware.service.operations import OPERATIONS
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.protocol.messages import POLICY_VIOLATION, PUBLISHER_PATH, SERVICE_PATH
from spooler.browser_files import PageFiles, text_reply
from spooler.browsers import SENDING_TIME, answer_browser, answer_in_turn, check_origin, respond
from spooler.clock import Clock
from spooler.desks import Desks
from spooler.door_session import FAREWELL, INTERNAL_ERROR, DoorSession
from spooler.exchange import HARD_LIMIT, Exchange, Performer
from spooler.hub import Hub
from spooler.logs import Log

_LOG: Final = Log("terminals")

HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds for TLS and WebSocket handshakes."""
PING_INTERVAL: Final = 20.0
"""Seconds between pings; a terminal that is gone is noticed within two of them."""

SHARES: Final = 4
"""One terminal may have a share of `limits.connections`; so one terminal that fails cannot lock out the rest."""
LEAST_OWN: Final = 2
"""Connections that one terminal may have however small its share: two programs beside each other."""


class _Connection(ServerConnection):
    """A connection that is closed once: Python 3.11.2 of Debian 12 aborts no TLS transport that was closed twice."""

    def send_data(self) -> None:  # type: ignore[explicit-override]
        if not self.transport.is_closing():
            super().send_data()


class TerminalDoor:
    """Accepts terminals, judges their certificates, and answers their commands."""

    def __init__(
        self,
        *,
        hub: Hub,
        desks: Desks,
        performer: Performer,
        limits: LimitsConfig,
        judge: Callable[[bytes], Actor],
        heard: Callable[[Actor], None],
        clock: Clock,
        files: PageFiles,
        names: frozenset[str],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`heard` is called with each message's actor; `pause` waits for so many seconds.

        `files` are served to browsers, which may reach the appliance under one of `names`.
        """
        self._hub = hub
        self._desks = desks
        self._exchange = Exchange(performer, _LOG, OPERATIONS)
        self._limits = limits
        self._judge = judge
        self._heard = heard
        self._clock = clock
        self._files = files
        self._names = names
        self._pause = pause
        self._sessions: dict[str, set[DoorSession]] = {}
        self._closed = False
        self._strangers = strangers_for(limits.connections)
        # One for each terminal, as long as it is connected at all.
        self._paces: weakref.WeakValueDictionary[str, Pace] = weakref.WeakValueDictionary()

    @asynccontextmanager
    async def open(self, host: str, port: int, context: SSLContext) -> AsyncIterator[Server]:
        """Listen while the context that this gives is entered.  Raises OSError and UnicodeError."""
        gate = await asyncio.to_thread(listen, host, port, self._strangers)
        self._closed = False
        async with serve(
            self._handle,
            sock=gate,
            backlog=BACKLOG,
            ssl=context,
            compression=None,
            max_size=HARD_LIMIT,
            max_queue=1,
            open_timeout=HANDSHAKE_TIMEOUT,
            close_timeout=FAREWELL,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
            ssl_shutdown_timeout=SENDING_TIME,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_INTERVAL,
            process_request=self._receive,
            server_header=None,
            create_connection=_Connection,
        ) as server:
            try:
                yield server
            finally:
                server.close(close_connections=False)
                await self._send_away()

    async def _send_away(self) -> None:
        """End every connection, in the time that one of them may take."""
        self._closed = True
        self._strangers.let_go()
        sessions = [session for several in self._sessions.values() for session in several]
        await asyncio.gather(*(session.dismiss() for session in sessions))

    async def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        return await answer_in_turn(connection, request, self._answer)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """None for a terminal that begins to speak the protocol; a browser that asks for a file gets it."""
        path, _, query = request.path.partition("?")
        try:
            if path.rstrip("/") in {PUBLISHER_PATH, SERVICE_PATH} and (not query or query.startswith("page=")):
                check_origin(request, "https", self._names)
                return None
            self._identify(connection)
        except PassbookError as error:
            _LOG.limited().warning("browser-refused", code=error.code, address=_address(connection))
            return respond(connection, text_reply(HTTPStatus.FORBIDDEN, f"{error.code}: {error}"))
        return answer_browser(connection, request, self._files, request.path)

    async def _handle(self, socket: ServerConnection) -> None:
        try:
            actor = self._identify(socket)
            self._files.check_version(_query(socket))
        except PassbookError as error:
            _LOG.limited().warning("terminal-refused", code=error.code, address=_address(socket))
            await socket.close(POLICY_VIOLATION, error.code)
            return
        session = DoorSession(socket, actor)
        try:
            self._count_in(session)
        except PassbookError as error:
            _LOG.limited(actor.name).warning("terminal-refused", code=error.code, terminal=actor.name)
            await socket.close(POLICY_VIOLATION, error.code)
            return
        self._strangers.went(socket.transport.get_extra_info("socket").fileno())
        try:
            await session.run(self._converse(socket, session))
        except Exception as error:  # noqa: BLE001 - a defect of ours ends this connection, and no other
            _LOG.limited(actor.name).failure("connection-failed", error, terminal=actor.name)
            await socket.close(INTERNAL_ERROR)
        finally:
            self._count_out(session)

    def _count_in(self, session: DoorSession) -> None:
        """Count one more connection.  Raises PassbookError `too-many-connections`; no terminal can take them all."""
        name, most = session.actor.name, self._limits.connections
        own = max(LEAST_OWN, most // SHARES)
        if len(self._sessions.get(name, ())) >= own or self._count() >= most:
            self._drop_dead()
        for count, limit in ((len(self._sessions.get(name, ())), own), (self._count(), most)):
            if count >= limit:
                raise PassbookError("too-many-connections", who=name, limit=limit)
        self._sessions.setdefault(name, set()).add(session)

    def _count(self) -> int:
        return sum(map(len, self._sessions.values()))

    def _drop_dead(self) -> None:
        """Drop connections whose terminal is gone, so that they do not keep out a terminal that connects again."""
        for session in [session for several in self._sessions.values() for session in several]:
            if session.gone:
                session.cut_off()
                self._count_out(session)

    def _count_out(self, session: DoorSession) -> None:
        several = self._sessions.get(session.actor.name, set())
        several.discard(session)
        if not several:
            # A name that is gone must not stay: there is no bound on names.
            self._sessions.pop(session.actor.name, None)

    def _identify(self, socket: ServerConnection) -> Actor:
        tls: SSLObject | None = socket.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate is None:
            raise PassbookError("certificate-not-accepted", why="none was shown")
        return self._judge(certificate)

    async def _converse(self, socket: ServerConnection, session: DoorSession) -> None:
        """Read and answer until the connection ends; commands that were not begun before the hang-up are dropped."""
        name = session.actor.name
        _LOG.limited(name).info("terminal-connected", terminal=name)
        pace = self._pace_of(name)
        slowed = False
        try:
            self._hub.join(session)
            self._desks.show_prompts(session)
            while True:
                message = await socket.recv(decode=False)
                if self._closed:
                    # Its completions are sent before the door says farewell.
                    await socket.wait_closed()
                if session.closing or session.gone:
                    break
                self._heard(session.actor)
                with session.at_work():
                    await self._exchange.answer(session, message)
                delay = pace.take(self._clock.monotonic())
                if delay:
                    if not slowed:
                        _LOG.limited(name).info("terminal-slowed", terminal=name, seconds=delay)
                    with suppress(PassbookError):
                        await session.while_connected(self._pause(delay))
                slowed = bool(delay)
        except ConnectionClosed:
            pass
        finally:
            self._hub.leave(session)
            if session.gone:
                session.cut_off()
            _LOG.limited(name).info("terminal-disconnected", terminal=name)

    def _pace_of(self, terminal: str) -> Pace:
        pace = self._paces.get(terminal)
        if pace is None:
            self._paces[terminal] = pace = Pace(self._limits.commands_per_second, self._clock.monotonic())
        return pace


def _query(socket: ServerConnection) -> str:
    return "" if socket.request is None else socket.request.path.partition("?")[2]


def _address(socket: ServerConnection) -> str:
    address = socket.remote_address
    return str(address[0]) if address else "unknown"
