"""The terminal door: WebSocket over mutual TLS, XFS4IoT messages (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import secrets
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext, SSLObject
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from firmware.clock import Clock
from firmware.config import LimitsConfig
from firmware.desks import Desks
from firmware.doors.commands import Handler
from firmware.doors.gate import BACKLOG, listen, strangers_for
from firmware.doors.pace import Pace
from firmware.doors.session import POLICY_VIOLATION, TerminalSession
from firmware.hub import Hub
from firmware.logs import Log
from firmware.tls import Peer
from passbook.completions import Completion, completion_for
from passbook.errors import PassbookError, shown
from passbook.messages import (
    MAX_MESSAGE,
    PUBLISHER_PATH,
    SERVICE_PATH,
    Envelope,
    ErrorPayload,
    Header,
    MessageType,
    decode,
    encode,
)

_LOG: Final = Log("terminals")

HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds for TLS and WebSocket handshakes."""
PING_INTERVAL: Final = 20.0
"""Seconds between pings; a peer that is gone is noticed within two of them."""


HARD_LIMIT: Final = 4 * MAX_MESSAGE
"""Bytes of a message at which the connection is ended; a smaller one that is too large gets a sentence instead."""


SHARES: Final = 4
"""One terminal may have a share of `limits.connections`; so many terminals must fail alike to lock out the rest."""
LEAST_OWN: Final = 2
"""Connections that one terminal may have however small its share: two programs at one counter."""


class TerminalDoor:
    """Accepts terminals, judges their certificates, and answers their commands."""

    def __init__(
        self,
        *,
        hub: Hub,
        desks: Desks,
        commands: Mapping[str, Handler],
        limits: LimitsConfig,
        judge: Callable[[bytes], Peer],
        heard: Callable[[Peer], None],
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`heard` is told of each message; `pause` waits that many seconds."""
        self._hub = hub
        self._desks = desks
        self._commands = commands
        self._limits = limits
        self._judge = judge
        self._heard = heard
        self._clock = clock
        self._pause = pause
        self._connections: Counter[str] = Counter()
        self._strangers = strangers_for(limits.connections)
        # One for each terminal, as long as it is connected at all.
        self._paces: weakref.WeakValueDictionary[str, Pace] = weakref.WeakValueDictionary()

    @asynccontextmanager
    async def open(self, host: str, port: int, context: SSLContext) -> AsyncIterator[Server]:
        """Listen while the context that this gives is entered.  Raises OSError and UnicodeError."""
        gate = await asyncio.to_thread(listen, host, port, self._strangers)
        async with serve(
            self._handle,
            sock=gate,
            backlog=BACKLOG,
            ssl=context,
            compression=None,
            max_size=HARD_LIMIT,
            max_queue=1,
            open_timeout=HANDSHAKE_TIMEOUT,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
            ping_interval=PING_INTERVAL,
            ping_timeout=PING_INTERVAL,
            process_request=self._check_path,
            server_header=None,
        ) as server:
            yield server

    def _check_path(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path.rstrip("/") in {PUBLISHER_PATH, SERVICE_PATH}:
            return None
        return connection.respond(404, f"There is no service here; use {SERVICE_PATH}.\n")

    async def _handle(self, socket: ServerConnection) -> None:
        try:
            peer = self._identify(socket)
        except PassbookError as error:
            _LOG.warning("terminal-refused", code=error.code, peer=_address(socket))
            await socket.close(POLICY_VIOLATION, error.code)
            return
        try:
            self._count_in(peer.name)
        except PassbookError as error:
            _LOG.warning("terminal-refused", code=error.code, peer=peer.name)
            await socket.close(POLICY_VIOLATION, error.code)
            return
        self._strangers.went(socket.transport.get_extra_info("socket").fileno())
        session = TerminalSession(socket, peer)
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(session.write_out())
                tasks.create_task(self._converse(socket, session, writer))
        finally:
            self._count_out(peer.name)

    def _count_in(self, terminal: str) -> None:
        """One connection more.  Raises PassbookError `too-many-connections`; no terminal can take them all."""
        most = self._limits.connections
        own = max(LEAST_OWN, most // SHARES)
        for count, limit in ((self._connections[terminal], own), (self._connections.total(), most)):
            if count >= limit:
                raise PassbookError("too-many-connections", who=terminal, limit=limit)
        self._connections[terminal] += 1

    def _count_out(self, terminal: str) -> None:
        self._connections[terminal] -= 1
        # A name that is gone must not stay: there is no bound on names.
        self._connections += Counter()

    def _identify(self, socket: ServerConnection) -> Peer:
        tls: SSLObject | None = socket.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate is None:
            raise PassbookError("certificate-not-accepted", why="none was shown")
        return self._judge(certificate)

    async def _converse(self, socket: ServerConnection, session: TerminalSession, writer: asyncio.Task[None]) -> None:
        """Read and answer until the connection ends."""
        _LOG.info("terminal-connected", peer=session.peer.name)
        pace = self._pace_of(session.peer.name)
        slowed = False
        try:
            self._hub.join(session)
            self._desks.show_prompts(session)
            async for message in socket:
                if session.closing:
                    break
                self._heard(session.peer)
                await self._answer(session, message if isinstance(message, bytes) else message.encode())
                delay = pace.take(self._clock.monotonic())
                if delay:
                    if not slowed:
                        _LOG.info("terminal-slowed", peer=session.peer.name, seconds=delay)
                    await self._pause(delay)
                slowed = bool(delay)
        except ConnectionClosed:
            pass
        finally:
            self._hub.leave(session)
            writer.cancel()
            _LOG.info("terminal-disconnected", peer=session.peer.name)

    def _pace_of(self, terminal: str) -> Pace:
        pace = self._paces.get(terminal)
        if pace is None:
            self._paces[terminal] = pace = Pace(self._limits.commands_per_second, self._clock.monotonic())
        return pace

    async def _answer(self, session: TerminalSession, message: bytes) -> None:
        """One command: acknowledge, then complete; whatever goes wrong ends in a completion with a code."""
        try:
            command = _understood(message)
        except PassbookError as error:
            _LOG.info("command-refused", peer=session.peer.name, code=error.code)
            status = Header("Common.Unknown", MessageType.ACKNOWLEDGE, status="invalidMessage")
            session.queue(encode(status, _error_payload(error)))
            return
        name, number = command.header.name, command.header.request_id
        session.queue(encode(Header(name, MessageType.ACKNOWLEDGE, number)))
        completion = Completion.SUCCESS
        try:
            payload = await self._dispatch(session, command)
        except PassbookError as error:
            _LOG.info("command-refused", peer=session.peer.name, code=error.code)
            completion, payload = completion_for(error), _error_payload(error)
        header = Header(name, MessageType.COMPLETION, number, completion_code=completion)
        session.queue(encode(header, payload))

    async def _dispatch(self, session: TerminalSession, command: Envelope) -> Any:
        if command.header.type is not MessageType.COMMAND:
            raise PassbookError("invalid-message", why="only commands are taken here")
        handler = self._commands.get(command.header.name)
        if handler is None:
            raise PassbookError("unknown-command", command=shown(command.header.name))
        try:
            return await handler(session, command)
        except PassbookError:
            raise
        except Exception as error:  # noqa: BLE001 - a defect of ours: the peer gets a code, the log its place
            reference = secrets.token_hex(4)
            _LOG.failure("command-failed", error, peer=session.peer.name, reference=reference)
            raise PassbookError("internal-error", reference=reference) from None


def _understood(message: bytes) -> Envelope:
    """A message that can be answered.  Raises PassbookError `invalid-message` or `message-too-large`."""
    command = decode(message)
    if command.header.request_id < 1:
        raise PassbookError("invalid-message", why="requestId is not a number above 0")
    return command


def _error_payload(error: PassbookError) -> ErrorPayload:
    return ErrorPayload(error.code, str(error), error.facts)


def _address(socket: ServerConnection) -> str:
    address = socket.remote_address
    return str(address[0]) if address else "unknown"
