"""Mail: durable mails a second beside a bare server of the same library, many recipients, and from socket to paper.

The senders are postfix's smtp-source for rates, and a client of this module that pipelines for single submissions.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from bench.branch import LIMITS, QUOTA
from bench.process import cpu_seconds
from bench.report import Bound, Figure, Reach, Results, say
from client.connection import TerminalClient
from demo.mail_servers import free_address
from demo.world import PROJECT, World, ruler_of, shipped_layout
from drivers.simulator.control import ControlFailure
from passbook.protocol.events import PROMPT
from passbook.protocol.messages import Prompt
from terminal.home import Home

SESSIONS: Final = (1, 8, 32)
ROUNDS: Final = 3
"""Repetitions, one kind after the other, so that other work of the machine meets both alike."""
MAILS: Final = 600
"""Mails of one measurement; a conversation may have a thousand."""
WARM_UP: Final = 20
MAIL_BYTES: Final = 4096
LEAST: Final = 0.3
RECIPIENTS: Final = 10
MOST: Final = 1.2
SUBMISSIONS: Final = 41
PAPERS: Final = 11
REST: Final = 0.05
"""Seconds between two submissions, in which desks do what the one before gave them."""
PATIENCE: Final = 30.0
DOMAIN: Final = "branch.example"
FAR: Final = "far.example"
_SETTINGS: Final = """[mail]
listen = "{door}"
hostname = "branch.example"
[[hop]]
name = "far"
address = "{hop}"
tls = "none"
appliance = true
[[route]]
to = ["@branch.example"]
printer = "window-1"
networks = ["127.0.0.0/8"]
layout = "wide"
[[route]]
to = ["@far.example"]
hop = "far"
networks = ["127.0.0.0/8"]
"""
_WIDE: Final = """kind = "text"
page = { width = "210 mm", height = "297 mm" }
first_line = "1 in"
pitch = "1/6 in"
lines_per_page = 60
cpi = 12
left = "10 mm"
width = 85
"""
"""The lines of smtp-source have 78 characters."""


class Rate(NamedTuple):
    """Mails a second, and the processor time of the server for one."""

    rate: float
    cpu: float


class Round(NamedTuple):
    """One measurement of each kind with the same number of sessions."""

    bare: Rate
    door: Rate


def why_no_source() -> str:
    """Why mails cannot be sent by smtp-source, as a sentence; empty where they can."""
    return "" if _source() else "smtp-source is missing here (Debian's postfix)."


def _source() -> str | None:
    return shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure mail; see bench.report."""
    counts, rounds, mails = ((1, 2), 1, 4) if quick else (SESSIONS, ROUNDS, MAILS)
    submissions, papers = (3, 2) if quick else (SUBMISSIONS, PAPERS)
    lacks = why_no_source()
    figures: list[Figure] = []
    with _bare(folder / "bare") as bare, _running(folder / "w", bare[0]) as (world, door):
        say("  from socket to paper")
        figures += asyncio.run(_to_paper(world, door, papers))
        say("  many recipients")
        figures += _recipients(door, submissions)
        if not lacks:
            rates: dict[int, list[Round]] = {count: [] for count in counts}
            for number in range(rounds):
                for count in counts:
                    say(f"  round {number + 1}, {count} sessions")
                    one = Round(_rate(*bare, count, mails), _rate(door, world.appliance_pid, count, mails))
                    rates[count].append(one)
            figures += [figure for count in counts for figure in _rates(count, rates[count])]
    left_out = (f"**Mails a second were left out**: {lacks}",) if lacks else ()
    return Results("Mail", tuple(figures), notes=left_out + _NOTES)


@contextmanager
def _bare(file: Path) -> Iterator[tuple[str, int]]:
    """Address and process id of a bare server."""
    command = [sys.executable, "-m", "bench.bare_smtp", str(file)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ours
        try:
            if server.stdout is None:
                raise RuntimeError("no standard output")
            yield f"127.0.0.1:{int(server.stdout.readline())}", server.pid
        finally:
            server.kill()


@contextmanager
def _running(folder: Path, hop: str) -> Iterator[tuple[World, str]]:
    """An appliance with a mail door, and the door's address."""
    folder.mkdir()
    with World(folder, program=("-m", "bench.mail_appliance")) as world:
        world.build()
        world.enroll("observer", representative=True)
        door = free_address()
        world.write_config(extra=LIMITS + _SETTINGS.format(door=door, hop=hop), quota=QUOTA, own_key_jobs=True)
        layouts = folder / "layouts"
        layouts.mkdir()
        (layouts / "wide.toml").write_text(_WIDE)
        world.config_file.write_text(f'layouts = "{layouts}"\n{world.config_file.read_text()}')
        world.start_appliance()
        yield world, door


def _rate(address: str, server: int, sessions: int, mails: int) -> Rate:
    """Have smtp-source send mails over conversations that stay open."""
    _send(address, sessions, min(WARM_UP, mails))
    cpu, began = cpu_seconds(server), time.perf_counter()
    _send(address, sessions, mails)
    took = time.perf_counter() - began
    return Rate(mails / took, (cpu_seconds(server) - cpu) / mails)


def _send(address: str, sessions: int, mails: int) -> None:
    command = [_source() or "smtp-source", "-d", "-s", str(sessions), "-m", str(mails), "-l", str(MAIL_BYTES)]
    command += ["-f", "anna@bank.example", "-t", f"window-1@{DOMAIN}", "-M", "client.example", f"inet:{address}"]
    subprocess.run(command, check=True, timeout=10 * PATIENCE, capture_output=True)  # noqa: S603 - arguments are ours


def _rates(count: int, rounds: list[Round]) -> Iterator[Figure]:
    """Every ratio is the median of the ratios of the rounds."""
    peers = f"{count} session{'s' if count > 1 else ''}"
    bare = statistics.median(one.bare.rate for one in rounds)
    rate = statistics.median(one.door.rate for one in rounds)
    ratio = statistics.median(one.door.rate / one.bare.rate for one in rounds)
    yield Figure(f"bare server, {peers}: mails", bare, "/s")
    yield Figure(f"mail door, {peers}: mails", rate, "/s", "bare server", ratio, Reach(Bound.LEAST, LEAST))
    cpu = statistics.median(one.door.cpu for one in rounds) * 1e6
    other = statistics.median(one.bare.cpu for one in rounds) * 1e6
    if other:
        yield Figure(
            f"processor time of the appliance for a mail, {peers}",
            cpu,
            "us",
            f"bare server ({other:.0f} us)",
            cpu / other,
        )


class _Client:
    """A conversation that stays open and pipelines: a whole envelope goes out in one piece."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self._socket.makefile("rb")
        self._number = 0
        self._expect(b"220")
        self._socket.sendall(b"EHLO client.example\r\n")
        self._expect(b"250")

    def _expect(self, code: bytes) -> None:
        """Read one reply.  Raises RuntimeError when it is another one."""
        while True:
            line = self._replies.readline()
            if not line.startswith(code):
                raise RuntimeError(f"an unexpected reply: {line!r}")
            if line[3:4] != b"-":
                return

    def submit(self, recipients: list[str], body: bytes) -> float:
        """Seconds of one submission, from its first byte to its 250."""
        self._number += 1
        envelope = ["MAIL FROM:<anna@bank.example>", *(f"RCPT TO:<{one}>" for one in recipients), "DATA"]
        name = f"{self._number}-{os.urandom(6).hex()}@bank.example"
        message = f"From: anna@bank.example\r\nMessage-ID: <{name}>\r\nSubject: one\r\n\r\n".encode() + body + b".\r\n"
        began = time.perf_counter()
        self._socket.sendall("".join(f"{line}\r\n" for line in envelope).encode())
        for _ in envelope[:-1]:
            self._expect(b"250")
        self._expect(b"354")
        self._socket.sendall(message)
        self._expect(b"250")
        return time.perf_counter() - began

    def close(self) -> None:
        """Close the connection."""
        self._replies.close()
        self._socket.close()


def _body(size: int) -> bytes:
    """A text of about `size` bytes on lines of 74 characters."""
    line = b"abcdefghij" * 7 + b"klmn\r\n"
    return line * max(1, size // len(line))


def _recipients(door: str, rounds: int) -> Iterator[Figure]:
    """Submissions to one recipient and to many, in turns."""
    here = [f"window-{number}@{DOMAIN}" for number in range(RECIPIENTS)]
    far = [f"window-{number}@{FAR}" for number in range(RECIPIENTS)]
    half = RECIPIENTS // 2
    kinds = {
        "1 recipient at the printer": here[:1],
        "1 recipient behind the next hop": far[:1],
        f"{RECIPIENTS} recipients at the printer": here,
        f"{RECIPIENTS} recipients behind the next hop": far,
        f"{half} recipients at the printer and {half} behind the next hop": here[:half] + far[half:],
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    body = _body(MAIL_BYTES)
    for _ in range(rounds):
        client = _Client(door)
        for name, recipients in kinds.items():
            times[name].append(client.submit(recipients, body))
            time.sleep(REST)
        client.close()
    for name, found in times.items():
        value = statistics.median(found)
        what = f"a submission to {name}"
        if len(kinds[name]) == 1:
            yield Figure(what, value * 1000, "ms")
            continue
        reference = "1 recipient behind the next hop" if kinds[name] == far else "1 recipient at the printer"
        ratio = value / statistics.median(times[reference])
        yield Figure(what, value * 1000, "ms", reference, ratio, Reach(Bound.MOST, MOST))


async def _to_paper(world: World, door: str, rounds: int) -> list[Figure]:
    """A person does at once what the printer asks for."""
    home, mechanism = Home(world.terminal("observer").home), world.mechanism
    accepted, printed = [], []
    async with TerminalClient(home.address(), home.context()) as client:
        person = asyncio.create_task(_stand_by(client, world))
        for _ in range(rounds):
            began = time.perf_counter()
            sender = await asyncio.to_thread(_Client, door)
            await asyncio.to_thread(sender.submit, [f"window-1@{DOMAIN}"], _body(1))
            accepted.append(time.perf_counter() - began)
            await asyncio.to_thread(mechanism.wait, "struck", PATIENCE)
            printed.append(time.perf_counter() - began)
            sender.close()
            await asyncio.to_thread(mechanism.wait, "taken", PATIENCE)
        person.cancel()
    return [
        Figure("from the connection to 250, one short mail: median", statistics.median(accepted) * 1000, "ms"),
        Figure("from the connection to the first line on paper: median", statistics.median(printed) * 1000, "ms"),
    ]


async def _stand_by(client: TerminalClient, world: World) -> None:
    """Put a sheet in when the printer asks for it, and take it out, until cancelled."""
    ruler = ruler_of(shipped_layout("sheet"))
    async for event in client.events():
        if event.name != PROMPT or not isinstance(event.what, Prompt):
            continue
        with suppress(ControlFailure):
            if event.what.action == "insert":
                name = f"sheet-{event.what.job}"
                await asyncio.to_thread(world.mechanism.insert, name, event.what.page, ruler)
            else:
                await asyncio.to_thread(world.mechanism.take)


_NOTES: Final = (
    (
        f"smtp-source sends mails of {MAIL_BYTES} bytes over conversations that stay open, {MAILS} in each "
        "measurement, and waits for each 250. The bare server is of the same library (aiosmtpd), in a process of its "
        f"own, with one fdatasync for each message. Both kinds follow each other {ROUNDS} times; values and ratios "
        "are medians. Neither is under TLS, which smtp-source does not know. The appliance has its limits lifted, "
        "since all senders are at one address."
    ),
    (
        "A submission is timed from MAIL to the 250 of its data; the envelope goes out in one piece (PIPELINING). "
        f"Recipients at the printer are {RECIPIENTS} addresses of one route and as many jobs; those behind the next "
        f"hop are one job. Values are medians of {SUBMISSIONS}, all kinds in turns."
    ),
    (
        "From socket to paper is one line of text: connection, mail, 250, the printer asks for its sheet, a person "
        f"puts one in at once, and the line is struck. Values are medians of {PAPERS}."
    ),
)
