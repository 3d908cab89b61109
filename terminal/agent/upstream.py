"""The agent's one connection to the appliance: it comes again after each loss, and carries what others say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from client.connection import Client
from client.remote import RemoteError
from client.transport import Transport
from passbook.errors import PassbookError
from passbook.protocol.completions import Completion
from passbook.protocol.document_check import CheckDocument
from passbook.protocol.messages import (
    MAX_PIECE,
    Envelope,
    ErrorPayload,
    JobRef,
    JobView,
    MessageType,
    Payload,
    Received,
    SubmitJob,
    UploadPiece,
    read_payload,
)
from passbook.protocol.two_spools import AgentWelcome, RegisterAgent, TakeTurn
from spooler.logs import Log

_LOG: Final = Log("upstream")

T = TypeVar("T")
D = TypeVar("D", SubmitJob, TakeTurn, CheckDocument)

BACK_OFF: Final = (0.5, 1.0, 2.0, 5.0)
"""Seconds before each further attempt to connect; the last one comes again and again."""
INLINE: Final = MAX_PIECE // 2
"""Bytes of a document up to which it goes with its command."""


class Upstream:
    """The connection, as long as there is one."""

    def __init__(
        self,
        transport: Callable[[], Transport],
        spool: str,
        *,
        heard: Callable[[Envelope], None],
        came: Callable[[AgentWelcome], None],
        went: Callable[[], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`heard` takes each unsolicited message; `came` and `went` are called when the appliance can be asked or not.

        `transport` is made anew for each connection, since a certificate may be renewed.
        """
        self._transport = transport
        self._spool = spool
        self._heard = heard
        self._came = came
        self._went = went
        self._pause = pause
        self._client: Client | None = None
        self._lost = PassbookError("connection-lost")
        self._uploading = asyncio.Lock()
        self.unsent = 0
        """Bytes of documents that the appliance has not answered for, of those that are being sent."""

    async def run(self) -> None:
        """Connect again and again, for ever."""
        failures = 0
        while True:
            try:
                async with Client(self._transport(), heard=self._heard) as client:
                    # What the appliance tells right behind its welcome is answered too.
                    self._client = client
                    welcome = await client.command("Spooler.RegisterAgent", RegisterAgent(self._spool), AgentWelcome)
                    failures = 0
                    await self._serve(client, welcome)
            except PassbookError as error:
                self._lost = error
                _LOG.limited().info("appliance-not-reached", code=error.code)
                if error.code == "agent-connected":
                    # Of two agents of one terminal each would take the connection from the other at once.
                    failures = len(BACK_OFF)
            finally:
                self._client = None
            await self._pause(BACK_OFF[min(failures, len(BACK_OFF) - 1)])
            failures += 1

    async def _serve(self, client: Client, welcome: AgentWelcome) -> None:
        """Have the connection used until it ends."""
        self._came(welcome)
        try:
            async for _ in client.events():
                pass
        finally:
            self._client = None
            self._went()

    async def command(self, name: str, payload: Payload, kind: type[T]) -> T:
        """Do a command at the appliance.  Raises the code of the lost connection while there is none."""
        return await self._connected().command(name, payload, kind)

    async def job(self, job: str) -> JobView:
        """A job as the appliance sees it.  Raises as command() does, and `unknown-job`."""
        return await self.command("Spooler.GetJob", JobRef(job), JobView)

    async def command_with(self, name: str, payload: D, document: bytes, kind: type[T]) -> T:
        """The same with a document; a large one goes ahead in pieces."""
        left = len(document)
        self.unsent += left
        try:
            if left <= INLINE:
                return await self.command(name, msgspec.structs.replace(payload, document=document), kind)
            # The appliance takes one upload at a time from a connection.
            async with self._uploading:
                upload = getattr(payload, "job", "") or "document"
                for start in range(0, len(document), MAX_PIECE):
                    piece = UploadPiece(upload, document[start : start + MAX_PIECE])
                    await self.command("Spooler.UploadPiece", piece, Received)
                    self.unsent -= len(piece.data)
                    left -= len(piece.data)
                return await self.command(name, msgspec.structs.replace(payload, upload=upload), kind)
        finally:
            self.unsent -= left

    async def round_trip(self) -> float:
        """Seconds until the appliance answered a ping.  Raises the code of the lost connection while there is none."""
        return await self._connected().round_trip()

    async def forward(self, command: Envelope) -> msgspec.Raw:
        """Have a command done that nothing here reads, and return the payload of its completion.

        One that may wait goes over a connection of its own, since the appliance does those of one connection one after
        the other.  Raises the error of the appliance.
        """
        client = self._connected()
        if not command.header.timeout:
            return _reply_of(await client.forward(command))
        async with Client(self._transport()) as apart:
            return _reply_of(await apart.forward(command))

    def must_be_reached(self) -> None:
        """Raise the code of the lost connection while there is none."""
        self._connected()

    def _connected(self) -> Client:
        if self._client is None:
            raise self._lost
        return self._client


def _reply_of(message: Envelope) -> msgspec.Raw:
    header = message.header
    if header.type is MessageType.COMPLETION and header.completion_code is Completion.SUCCESS:
        return message.payload
    raise RemoteError(read_payload(message, ErrorPayload))


def is_outage(error: PassbookError) -> bool:
    """Whether an error tells of the connection and not of the command: nothing is known of its outcome."""
    return error.code in _OUTAGES


_OUTAGES: Final[frozenset[Any]] = frozenset(
    {
        *("connection-lost", "appliance-unreachable", "certificate-not-accepted", "certificate-not-in-time"),
        *("appliance-not-trusted", "appliance-locked", "appliance-stopping", "agent-connected", "agent-needed"),
        *("request-in-flight", "outcome-unknown", "areas-not-asked", "area-fenced", "area-full", "internal-error"),
        *("not-enrolled", "file-problem", "too-many-connections", "certificate-revoked", "too-many-uploads"),
    }
)
"""Codes after which the same command may be done later."""
