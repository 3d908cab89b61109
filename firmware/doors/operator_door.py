"""The operators' door: a Unix socket that speaks the terminals' protocol; the kernel says who calls."""

from __future__ import annotations

import asyncio
import socket
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from firmware.doors.pace import Pace
from firmware.service.operations import OPERATIONS
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from spooler.door_session import DoorSession
from spooler.exchange import Exchange, Performer, facts_of
from spooler.logs import Log
from spooler.unix_door import UnixDoor

_LOG: Final = Log("operators")

MAX_CALLERS: Final = 16
"""Operators at the same time, and as many auditors; people type, and a script that opens more is stuck."""
MAX_OPEN: Final = 4 * MAX_CALLERS
"""Open connections of operators, as many of auditors, and as many of strangers; this counts those before their
handshake too."""
AUDITORS_PACE: Final = 20
"""Commands a second of all auditors together; they are read more slowly then, and never refused for it."""
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
        self._exchange = Exchange(performer, _LOG, OPERATIONS)
        self._judge = judge
        self._silence = silence
        self._callers: dict[asyncio.Task[Any], Actor] = {}
        self._auditors_pace = Pace(AUDITORS_PACE, time.monotonic())
        self._door = UnixDoor(
            path, mode=mode, backlog=MAX_CALLERS, silence=silence, check=self._check, handle=self._handle, log=_LOG
        )

    async def __aenter__(self) -> Self:
        """Listen.  Raises PassbookError `file-problem` when the path is taken or cannot be used."""
        await self._door.open(lambda listener: _Entrance(listener, self._judge))
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening, hang up on everybody, take the socket's name away."""
        self._door.close()
        for caller in self._callers:
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

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
