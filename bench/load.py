"""Terminals that send each message after the answer to the one before, in a process of their own.

    python -m bench.load < PLAN

PLAN is a `Plan` as JSON; a `Load` is printed as JSON.  The process builds messages before the time begins, and looks at
answers only to see that they are right, so that it measures the server.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Literal

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from bench.process import cpu_seconds
from demo.world import PRINTER, PROJECT
from firmware.identity.server_tls import shrink_buffers
from passbook.protocol.messages import SERVICE_PATH, Header, MessageType, SubmitJob, encode
from terminal.terminal_tls import client_context

JOB_BYTES: Final = 4096
LINE: Final = 74
"""Characters of a line; the sheet has 75."""
LINES: Final = -(-JOB_BYTES // (LINE + 1))
WARM_UP: Final = 0.3
"""Seconds before the measurement begins."""


class Plan(msgspec.Struct, frozen=True):
    """The messages to send.

    Attributes:
        kind: jobs to an appliance, or the same messages to a server that sends them back.
        terminals: the folder of each terminal.
        address: HOST:PORT of the server.
        server: process id, for its processor time.
    """

    kind: Literal["jobs", "echo"]
    terminals: tuple[str, ...]
    address: str
    server_name: str
    server: int
    seconds: float


class Load(msgspec.Struct, frozen=True):
    """The result of a plan; times in seconds.

    Attributes:
        rate: answers a second.
        server_cpu: processor time of the server for one.
        client_cpu: processor time of this process for one.
    """

    rate: float
    median: float
    worst_of_hundred: float
    server_cpu: float
    client_cpu: float


def run(plan: Plan) -> Load:
    """Have another process send the plan."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=PROJECT, input=msgspec.json.encode(plan), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(done.stdout, type=Load)


def document() -> bytes:
    """A text of JOB_BYTES."""
    line = "".join(chr(ord("a") + n % 26) for n in range(LINE)) + "\n"
    return (line * (JOB_BYTES // len(line) + 1))[:JOB_BYTES].encode()


_DOCUMENT: Final = document()


def message(number: int) -> str:
    """The messages of one job."""
    job = SubmitJob(
        client_request=f"{number}-{secrets.token_hex(8)}",
        printer=PRINTER,
        format="text",
        document=_DOCUMENT,
        key=bytes(32),
        key_ref="k1",
    )
    return encode(Header("Spooler.SubmitJob", MessageType.COMMAND, number), job).decode()


class _Terminal:
    """One connection; `times` are those of its answers, `numbers` says which job is next."""

    def __init__(self, socket: ClientConnection, kind: str) -> None:
        self._socket = socket
        self._ask = self._job if kind == "jobs" else self._echo
        self._number = 0
        self.times: list[float] = []

    async def work(self, until: float) -> None:
        """Send and wait for the answer, again and again."""
        while time.perf_counter() < until:
            self._number += 1
            text = message(self._number)
            began = time.perf_counter()
            await self._ask(text)
            self.times.append(time.perf_counter() - began)

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()

    async def _echo(self, text: str) -> None:
        await self._socket.send(text)
        if len(await self._socket.recv(decode=False)) != len(text):
            raise RuntimeError("an unexpected answer came back")

    async def _job(self, text: str) -> None:
        await self._socket.send(text)
        while b'"type":"completion"' not in (answer := await self._socket.recv(decode=False))[:100]:
            pass
        if b'"completionCode":"success"' not in answer[:200]:
            raise RuntimeError(answer.decode())


async def _measure(plan: Plan) -> Load:
    terminals = [_Terminal(await _connection(plan, Path(home)), plan.kind) for home in plan.terminals]
    await _work(terminals, WARM_UP)
    for terminal in terminals:
        terminal.times.clear()
    server, client, began = cpu_seconds(plan.server), time.process_time(), time.perf_counter()
    await _work(terminals, plan.seconds)
    took, client, server = time.perf_counter() - began, time.process_time() - client, cpu_seconds(plan.server) - server
    await asyncio.gather(*(terminal.close() for terminal in terminals))
    times = [one for terminal in terminals for one in terminal.times]
    count = len(times)
    worst = statistics.quantiles(times, n=100)[-1]
    return Load(count / took, statistics.median(times), worst, server / count, client / count)


async def _work(terminals: list[_Terminal], seconds: float) -> None:
    until = time.perf_counter() + seconds
    await asyncio.gather(*(terminal.work(until) for terminal in terminals))


async def _connection(plan: Plan, home: Path) -> ClientConnection:
    return await connect(
        f"wss://{plan.address}{SERVICE_PATH}",
        ssl=client_context(home / "certificate.pem", home / "key.pem", home / "ca.pem"),
        server_hostname=plan.server_name,
        compression=None,
        proxy=None,
    )


if __name__ == "__main__":
    shrink_buffers()
    found = asyncio.run(_measure(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(found))
