"""The time of a status while peers hold the appliance up as well as they can.

A quarter of the peers is silent; one sends its TLS handshake byte by byte, one its HTTP request, and one, which is let
in, a WebSocket message. Beside them one host sends as many mails as it may at once, each byte by byte. The part
measures a status without them and with them.
"""

from __future__ import annotations

import asyncio
import ssl
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bench.report import Figure, Results
from client.connection import TerminalClient
from client.transport import Address
from demo.mail_servers import free_address
from demo.world import branch
from passbook.protocol.messages import SERVICE_PATH
from terminal.home import Home

COUNT: Final = 200
ROUNDS: Final = 500
"""The number of statuses of one measurement."""
FEED_EVERY: Final = 50
"""The number of statuses after which each peer sends one more byte."""

MAILS: Final = 20
"""The mails that one host may send at once."""
_ENVELOPE: Final = b"EHLO slow.example\r\nMAIL FROM:<a@bank.example>\r\nRCPT TO:<window-1@branch.example>\r\nDATA\r\n"
_SETTINGS: Final = """[mail]
listen = "{door}"
hostname = "branch.example"
[[route]]
to = ["@branch.example"]
printer = "window-1"
networks = ["127.0.0.0/8"]
"""
_MAIL: Final = b"Subject: slow\r\n\r\n" + b"x" * 900
_UPGRADE: Final = (
    f"GET {SERVICE_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
).encode()
_MESSAGE: Final = bytes([0x81, 0xFE, 0xFF, 0xFF]) + bytes(4 + 0xFFFF)
"""A masked text frame of 65535 bytes (RFC 6455 section 5.2)."""


@dataclass
class Peer:
    """One connection and its remaining bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: bytes

    def feed(self) -> None:
        """Send one byte."""
        self.writer.write(self.rest[:1])
        self.rest = self.rest[1:]

    async def hears(self) -> bytes:
        """The next answer; empty at the end of the connection."""
        try:
            return await self.reader.read(1)
        except (OSError, ssl.SSLError):
            return b""


class SlowPeers:
    """Peers that never finish what they began."""

    def __init__(self, address: Address, context: ssl.SSLContext, mail_door: str = "") -> None:
        """`context` shows the certificate of an enrolled terminal; `mail_door` is empty where there is none."""
        self._mail_door = mail_door
        self._address = address
        self._context = context
        self.peers: list[Peer] = []

    async def open(self, count: int) -> None:
        """Connect `count` peers of four kinds; only the last kind gets an answer."""
        hello = self._hello()
        for number in range(count):
            match number % 4:
                case 0:
                    peer = Peer(*await self._connect(), b"")
                case 1:
                    peer = Peer(*await self._connect(), hello)
                case 2:
                    peer = Peer(*await self._connect(self._context), _UPGRADE)
                case _:
                    peer = Peer(*await self._connect(self._context), _MESSAGE)
                    peer.writer.write(_UPGRADE)
                    await peer.reader.readuntil(b"\r\n\r\n")
            self.peers.append(peer)
        for _ in range(MAILS if self._mail_door else 0):
            self.peers.append(await self._mail())
        self.feed()

    def feed(self) -> None:
        """Send one more byte of each peer; no message ends by that."""
        for peer in self.peers:
            peer.feed()

    def close(self) -> None:
        """Close every connection."""
        for peer in self.peers:
            peer.writer.transport.abort()

    async def _connect(
        self, context: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = self._address.server_name if context else None
        return await asyncio.open_connection(self._address.host, self._address.port, ssl=context, server_hostname=name)

    async def _mail(self) -> Peer:
        """A mail whose envelope was taken."""
        host, _, port = self._mail_door.rpartition(":")
        peer = Peer(*await asyncio.open_connection(host, int(port)), _MAIL)
        peer.writer.write(_ENVELOPE)
        await peer.reader.readuntil(b"\r\n354 ")
        return peer

    def _hello(self) -> bytes:
        """The first message of a TLS handshake."""
        outgoing = ssl.MemoryBIO()
        tls = self._context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=self._address.server_name)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return outgoing.read()
        raise RuntimeError("a handshake ended without a peer")


class Times(NamedTuple):
    """Times of one status, in milliseconds."""

    median: float
    worst_of_hundred: float
    worst: float


async def ask(client: TerminalClient, slow: SlowPeers) -> Times:
    """Ask for the status again and again; return the times."""
    times = []
    for number in range(ROUNDS):
        if number % FEED_EVERY == 0:
            slow.feed()
        began = time.perf_counter()
        await client.status()
        times.append((time.perf_counter() - began) * 1000)
    return Times(statistics.median(times), statistics.quantiles(times, n=100)[-1], max(times))


async def compare(address: Address, asking: ssl.SSLContext, slow: SlowPeers, count: int) -> tuple[Times, Times]:
    """The times without the slow peers, and with them."""
    async with TerminalClient(address, asking) as client:
        alone = await ask(client, slow)
        await slow.open(count)
        try:
            return alone, await ask(client, slow)
        finally:
            slow.close()


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure beside slow peers; see bench.report."""
    count = 8 if quick else COUNT
    with branch(folder) as world:
        # One terminal may have a quarter of the connections, which the slow peers of the last kind take. The pace of
        # commands has no limit here, since the measuring terminal asks all the time.
        homes = [Home(world.enroll(name).home) for name in ("asking", "slow")]
        limits = f"[limits]\nconnections = {max(count, 8)}\ncommands_per_second = 100000\n"
        door = free_address()
        world.write_config(extra=limits + _SETTINGS.format(door=door), own_key_jobs=True)
        world.start_appliance()
        slow = SlowPeers(homes[1].address(), homes[1].context(), door)
        alone, among = asyncio.run(compare(homes[0].address(), homes[0].context(), slow, count))
    figures = []
    for name in Times._fields:
        before, after = getattr(alone, name), getattr(among, name)
        what = name.replace("_", " ")
        figures.append(Figure(f"status alone, {what}", before, "ms"))
        figures.append(Figure(f"status beside {count} slow peers, {what}", after, "ms", "alone", after / before))
    return Results("Status while peers are slow", tuple(figures), notes=_NOTES)


_NOTES: Final = (
    (
        "A status is asked for 500 times, alone and then beside peers that hold the appliance up as well as they can: "
        "a quarter says nothing, a quarter sends a TLS handshake byte by byte, a quarter an HTTP request, a quarter "
        f"(let in with a certificate) a WebSocket message. Beside them one host sends {MAILS} mails byte by byte."
    ),
)
