"""The two ways to a server: mutual TLS over the network, and a Unix socket, an operator's or an agent's."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple, Protocol

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import WebSocketException

from client.remote import reason_of, refused, unreachable
from passbook.errors import PassbookError
from passbook.protocol.host_port import host_port
from passbook.protocol.messages import MAX_REPLY, SERVICE_PATH


class Transport(Protocol):
    """Opens connections to one server: an appliance or an agent."""

    longest: int | None
    """Bytes of the longest message that is read; None for no limit."""

    async def open(self, patience: float) -> ClientConnection:
        """Open a connection within `patience` seconds.  Raises PassbookError."""


class Address(NamedTuple):
    """Where the appliance is, and the name that its certificate must have."""

    host: str
    port: int
    server_name: str

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return host_port(self.host, self.port)


class TlsTransport:
    """Mutual TLS, as terminals connect."""

    longest: int | None = MAX_REPLY

    def __init__(self, address: Address, context: ssl.SSLContext) -> None:
        """`context` has the terminal's certificate and the branch's authority."""
        self._address = address
        self._context = context

    async def open(self, patience: float) -> ClientConnection:
        """Open a connection.  Raises PassbookError `appliance-unreachable`, or why either side was not accepted."""
        try:
            return await connect(
                f"wss://{self._address}{SERVICE_PATH}",
                ssl=self._context,
                server_hostname=self._address.server_name,
                compression=None,
                max_size=self.longest,
                open_timeout=patience,
                # A proxy named by the environment must not see where the branch's appliance is.
                proxy=None,
            )
        except (OSError, EOFError, WebSocketException) as error:
            raise unreachable(str(self._address), error) from None


class UnixTransport:
    """A Unix socket; the process of this machine that serves it is trusted, so its messages may have any length."""

    longest: int | None = None

    def __init__(self, path: Path, *, of_agent: bool = False) -> None:
        """The operators' socket of an appliance, or with `of_agent` that of a terminal's agent."""
        self._path = path
        self._of_agent = of_agent

    async def open(self, patience: float) -> ClientConnection:
        """Open a connection.

        Raises PassbookError `control-unreachable`, or `agent-unreachable` for an agent, or why this caller was refused.
        """
        try:
            return await unix_connect(
                str(self._path),
                f"ws://localhost{SERVICE_PATH}",
                compression=None,
                max_size=self.longest,
                open_timeout=patience,
            )
        except (OSError, EOFError, WebSocketException) as error:
            refusal = refused(error)
            if refusal is not None:
                raise refusal from None
            why = f"no answer came in {patience:g} seconds" if isinstance(error, TimeoutError) else reason_of(error)
            if self._of_agent:
                raise PassbookError("agent-unreachable", socket=str(self._path), why=why) from None
            raise PassbookError("control-unreachable", socket=str(self._path), why=why) from None
