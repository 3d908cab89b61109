"""A next hop in this process: it answers as it is told, and may hang up at any moment."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.terminal.fake_mail_server import uniform

SMALL: Final = 4096
"""Bytes that the hop's end of a connection takes, so that a long message stands while the hop does not read."""


class HangUp(Enum):
    """The moment at which a hop hangs up."""

    AT_ONCE = "before its greeting"
    AT_MAIL = "at the sender"
    AT_DATA = "before the last line of the message"
    AT_END = "behind the last line of the message"
    NEVER = "never"


@dataclass
class FakeHop:
    """What it answers, and what it took.

    Attributes:
        rcpt: address -> reply; others are taken.
        data: the reply behind the message.
        taken: sender, recipients and content of each message that it said 250 to.
        seen: each command line of MAIL and RCPT.
        quit: the reply to QUIT, behind which it hangs up.
        eight_bit: whether it takes 8-bit content.
        context: its side of STARTTLS; None where it does not know that.
        extensions: what it announces.
    """

    rcpt: dict[str, str] = field(default_factory=dict)
    mail: str = "250 2.1.0 fine"
    data: str = "250 2.0.0 taken"
    quit: str = "221 2.0.0 bye"
    hang_up: HangUp = HangUp.NEVER
    taken: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    eight_bit: bool = True
    context: ssl.SSLContext | None = None
    extensions: tuple[str, ...] = ("DSN",)
    connections: int = 0
    port: int = 0

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        known = [one for one in responses[:-1] if self.eight_bit or "8BITMIME" not in one]
        return [*known, *(f"250-{word}" for word in self.extensions), responses[-1]]

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hang_up is HangUp.AT_END:
            _abort(server)
        if self.data.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append((envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return self.data


class _Talk(SMTP):
    """One conversation; the envelope is read here, since the library knows no DSN."""

    def __init__(self, hop: FakeHop, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            hop,
            hostname="hop.example",
            enable_SMTPUTF8=False,
            tls_context=hop.context,
            require_starttls=hop.context is not None,
            loop=loop,
        )
        self._hop = hop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        is_new = self.transport is None
        self._hop.connections += is_new
        super().connection_made(transport)
        if is_new and self._hop.hang_up is HangUp.AT_ONCE:
            _abort(self)

    async def smtp_MAIL(self, arg: str | None) -> None:  # type: ignore[explicit-override]  # noqa: N802
        self._hop.seen.append(uniform(f"MAIL {arg}"))
        if self._hop.hang_up is HangUp.AT_MAIL:
            _abort(self)
        assert self.envelope is not None
        self.envelope.mail_from = _address(arg)
        await self.push(self._hop.mail)

    async def smtp_RCPT(self, arg: str | None) -> None:  # type: ignore[explicit-override]  # noqa: N802
        self._hop.seen.append(uniform(f"RCPT {arg}"))
        reply = self._hop.rcpt.get(_address(arg), "250 2.1.5 fine")
        assert self.envelope is not None
        if reply.startswith("250"):
            self.envelope.rcpt_tos.append(_address(arg))
        await self.push(reply)

    async def smtp_DATA(self, arg: str) -> None:  # type: ignore[explicit-override]  # noqa: N802
        if self._hop.hang_up is not HangUp.AT_DATA:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readuntil(b"\r\n")
        _abort(self)

    async def smtp_QUIT(self, arg: str) -> None:  # type: ignore[explicit-override]  # noqa: ARG002, N802
        await self.push(self._hop.quit)
        assert self.transport is not None
        self.transport.close()


def _abort(server: SMTP) -> None:
    transport = server.transport
    assert isinstance(transport, asyncio.Transport)
    transport.abort()


def _address(arg: str | None) -> str:
    return (arg or "").partition("<")[2].partition(">")[0]


@contextmanager
def listening(hop: FakeHop) -> Iterator[FakeHop]:
    """The hop takes connections of this machine while the context is entered."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    place = socket.create_server(("127.0.0.1", 0))
    place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    hop.port = place.getsockname()[1]

    async def opened() -> asyncio.Server:
        return await loop.create_server(lambda: _Talk(hop, loop), sock=place)

    server: Any = asyncio.run_coroutine_threadsafe(opened(), loop).result()

    async def closed() -> None:
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    try:
        yield hop
    finally:
        asyncio.run_coroutine_threadsafe(closed(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
