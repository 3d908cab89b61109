"""A terminal that floods, and peers that may not come in, keep neither the appliance from stopping nor anybody out."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection

from client.connection import TerminalClient
from demo.world import Terminal
from passbook.protocol.messages import SERVICE_PATH
from spooler.logs import LINES_AT_ONCE
from terminal.home import Home
from tests.scenarios.clerk import as_terminal, converse
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import over_tls, raw
from tests.scenarios.office import Office

OWN: Final = 10
"""Connections that one terminal may have in these offices."""
EXTRA: Final = f"[limits]\nconnections = {4 * OWN}\ncommands_per_second = 5\n"
FLOOD: Final = 5000
"""Commands of each connection: all together take hours at that pace."""


async def flood(terminal: Terminal, connections: AsyncExitStack) -> list[ClientConnection]:
    """Connections that have sent their commands and read no answer."""
    opened = [await connections.enter_async_context(raw(terminal)) for _ in range(OWN)]
    for connection in opened:
        # At once, so that the appliance finds thousands in one read.
        for _ in range(FLOOD):
            connection.protocol.send_text(b"{}")
        connection.transport.pause_reading()
        connection.transport.set_write_buffer_limits(0)
        connection.transport.write(b"".join(connection.protocol.data_to_send()))
        await connection.drain()
    return opened


def test_commands_of_a_terminal_that_hung_up_hold_up_no_stop(open_office: OpenOffice) -> None:
    office = open_office(EXTRA)

    async def flood_and_go() -> None:
        async with AsyncExitStack() as connections:
            for connection in await flood(office.counter, connections):
                connection.transport.abort()

    converse(flood_and_go())
    assert office.world.stop_appliance() == 0


@pytest.mark.long
def test_a_terminal_that_floods_and_stays_holds_up_no_stop(open_office: OpenOffice) -> None:
    office = open_office(EXTRA)

    async def flood_and_stay() -> int:
        async with AsyncExitStack() as connections:
            opened = await flood(office.counter, connections)
            ended = await asyncio.to_thread(office.world.stop_appliance)
            for connection in opened:
                connection.transport.abort()
            return ended

    assert converse(flood_and_stay()) == 0


def test_a_terminal_is_let_in_again_at_once_after_its_flood(open_office: OpenOffice) -> None:
    office = open_office(EXTRA)

    async def flood_and_go() -> None:
        async with AsyncExitStack() as connections:
            for connection in await flood(office.counter, connections):
                connection.transport.abort()

    converse(flood_and_go())
    for _ in range(OWN):
        assert as_terminal(office.counter, TerminalClient.status).printers


def test_lines_that_strangers_cause_are_limited_and_counted(open_office: OpenOffice) -> None:
    office = open_office()
    more = 40
    context = ssl.create_default_context(cafile=Home(office.counter.home).ca)
    for _ in range(LINES_AT_ONCE + more):
        with suppress(ssl.SSLError, OSError):
            assert over_tls(office, context, f"GET {SERVICE_PATH} HTTP/1.1\r\n\r\n".encode()) == b""
    assert office.world.stop_appliance() == 0
    lines = log_of(office)
    written = [line for line in lines if line["event"] == "handshake-failed"]
    left_out = [line["count"] for line in lines if line["event"] == "lines-left-out"]
    assert len(written) + sum(left_out) == LINES_AT_ONCE + more
    assert left_out != []


def log_of(office: Office) -> list[dict[str, Any]]:
    return [json.loads(line) for line in office.world.log_file.read_text().splitlines()]
