"""The agent's page on the loopback: an address is good once, and a page of another place is not served."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from passbook.job.actor import UnixCaller
from passbook.protocol.messages import SERVICE_PATH, Envelope
from passbook.protocol.operation import Call
from spooler import browsers
from spooler.browser_files import PageFiles
from spooler.exchange import Exchange
from spooler.logs import Log
from terminal.agent.local_door import LocalDoor
from terminal.agent.page_door import GOOD_FOR, MOST_BROWSERS, MOST_PLACES, PageDoor
from tests.firmware.branch import StandingClock

FILES = PageFiles.shipped()
CALLER = UnixCaller(os.getuid(), 7)
COMMAND = '{"header": {"name": "Spooler.GetJob", "type": "command", "requestId": 1}, "payload": {}}'


class Performer:
    """Says who calls."""

    async def perform(self, call: Call, _command: Envelope) -> Any:
        return {"name": call.actor.name}


class Machine:
    """An agent's two doors, and what a browser of this machine asks of one of them."""

    def __init__(self, folder: Path) -> None:
        self.clock = StandingClock()
        exchange = Exchange(Performer(), Log("callers"), ("Spooler.GetJob",))
        self.local = LocalDoor(
            folder / "s", exchange, terminal="till-1", owner=os.getuid(), greet=lambda _session: None
        )
        self.page = PageDoor(FILES, self.local.serve, clock=self.clock, rng=os.urandom)

    async def get(self, address: str, *, host: str | None = None, method: str = "GET") -> tuple[int, dict[str, str]]:
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(
            f"{method} {parts.path} HTTP/1.1\r\nHost: {host or parts.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        head = (await reader.read()).partition(b"\r\n\r\n")[0].decode()
        writer.close()
        first, *rest = head.split("\r\n")
        return int(first.split()[1]), dict(line.split(": ", 1) for line in rest)

    async def opened(self) -> str:
        """Where the page is, after a browser opened a new address: without the version behind it."""
        address = await self.page.address(CALLER)
        status, headers = await self.get(address)
        assert status == 307
        return f"http://{urlsplit(address).netloc}{headers['Location']}"


Story = Callable[[Machine], Awaitable[None]]


def at_the_machine(folder: Path, story: Story) -> None:
    async def run() -> None:
        machine = Machine(folder)
        async with asyncio.timeout(60), machine.local, machine.page:
            await story(machine)

    asyncio.run(run())


def service(place: str) -> str:
    return place.replace("http", "ws", 1).rstrip("/") + SERVICE_PATH


def own(place: str) -> dict[str, str]:
    return {"Origin": f"http://{urlsplit(place).netloc}"}


def test_an_address_leads_to_the_page_which_acts_as_the_terminal(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        place = await machine.opened()
        assert await machine.get(place) == (307, (await machine.get(place))[1])
        assert (await machine.get(f"{place}{FILES.version}/"))[0] == 200
        async with connect(
            f"{service(place)}?page={FILES.version}", additional_headers=own(place), compression=None, proxy=None
        ) as socket:
            await socket.send(COMMAND)
            await socket.recv()
            assert '"till-1"' in str(await socket.recv())
            assert [session.actor.proof for session in machine.local.sessions] == [CALLER]

    at_the_machine(tmp_path, story)


def test_an_address_is_good_once(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        address = await machine.page.address(CALLER)
        assert (await machine.get(address, method="HEAD"))[0] == 403
        assert (await machine.get(address))[0] == 307
        assert (await machine.get(address))[0] == 403

    at_the_machine(tmp_path, story)


def test_an_address_is_good_for_a_minute(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        address = await machine.page.address(CALLER)
        machine.clock.seconds += GOOD_FOR + 1
        assert (await machine.get(address))[0] == 403
        assert (await machine.get(address))[0] == 403

    at_the_machine(tmp_path, story)


def test_only_the_newest_addresses_and_pages_are_known(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        addresses = [await machine.page.address(CALLER) for _ in range(MOST_PLACES + 1)]
        assert (await machine.get(addresses[0]))[0] == 403
        assert (await machine.get(addresses[1]))[0] == 307
        places = [await machine.opened() for _ in range(MOST_PLACES + 1)]
        assert (await machine.get(places[0]))[0] == 403
        assert (await machine.get(places[1]))[0] == 307

    at_the_machine(tmp_path, story)


@pytest.mark.parametrize("path", ["/", f"/{FILES.version}/", SERVICE_PATH, "/0123/", "//", "/%2e%2e/"])
def test_without_an_address_there_is_not_a_file(tmp_path: Path, path: str) -> None:
    async def story(machine: Machine) -> None:
        place = urlsplit(await machine.opened())
        assert (await machine.get(f"http://{place.netloc}{path}"))[0] == 403

    at_the_machine(tmp_path, story)


def test_an_address_that_was_guessed_or_opened_already_leads_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(machine: Machine) -> None:
        address = await machine.page.address(CALLER)
        token = urlsplit(address).path.strip("/")
        guesses = (
            "0" * 64,
            token[:-1],
            token.upper(),
            f"{token}%00",
            f"{token}/..",
            f"x/{token}",
            f"{token}?",
            "a" * 8000,
        )
        for guess in guesses:
            assert (await machine.get(address.replace(token, guess)))[0] in {403, 414}, guess
        assert (await machine.get(address))[0] == 307
        assert (await machine.get(f"{address}{FILES.version}/"))[0] == 403

    at_the_machine(tmp_path, story)
    assert [one for one in caplog.records if one.levelno > logging.WARNING or one.exc_info] == []


def test_several_files_come_over_one_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsers, "MOST_IDLE", 10.0)

    async def story(machine: Machine) -> None:
        place = urlsplit(await machine.opened())
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for name in ("page.js", "page.css"):
            path = f"{place.path}{FILES.version}/{name}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            assert head.startswith("HTTP/1.1 200")
            await reader.readexactly(int(head.partition("Content-Length: ")[2].partition("\r")[0]))
        writer.write(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 403")
        writer.close()

    at_the_machine(tmp_path, story)


@pytest.mark.parametrize(
    "host", ["localhost", "evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:1\r\nHost: evil.example"]
)
def test_a_name_that_was_made_to_lead_here_is_not_served(tmp_path: Path, host: str) -> None:
    async def story(machine: Machine) -> None:
        place = await machine.opened()
        assert (await machine.get(f"{place}{FILES.version}/", host=host))[0] == 403

    at_the_machine(tmp_path, story)


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1", "null"]
)
def test_a_page_of_another_place_does_not_connect(tmp_path: Path, origin: str | None) -> None:
    async def story(machine: Machine) -> None:
        place = await machine.opened()
        headers = {} if origin is None else {"Origin": origin.format(port=urlsplit(place).port)}
        with pytest.raises(InvalidStatus) as refused:
            await connect(service(place), additional_headers=headers, proxy=None)
        assert refused.value.response.status_code == 403
        assert not machine.local.sessions

    at_the_machine(tmp_path, story)


def test_a_page_of_an_earlier_version_is_told_so(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        place = await machine.opened()
        async with connect(
            f"{service(place)}?page=0123456789abcdef", additional_headers=own(place), proxy=None
        ) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (1008, "page-outdated")
        assert not machine.local.sessions

    at_the_machine(tmp_path, story)


def test_a_flood_of_connections_ends_and_those_before_it_go_on(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        parts = urlsplit(await machine.page.address(CALLER))
        flood = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(MOST_BROWSERS + 5)]
        ends = [asyncio.ensure_future(reader.read()) for reader, _ in flood]
        await asyncio.wait(ends[MOST_BROWSERS:])
        assert not any(one.done() for one in ends[:MOST_BROWSERS])
        flood[0][1].write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await ends[0]).startswith(b"HTTP/1.1 403")
        for _, writer in flood:
            writer.close()
        await asyncio.gather(*ends, return_exceptions=True)

    at_the_machine(tmp_path, story)


def test_nothing_listens_before_an_address_was_asked_for(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        address = await machine.page.address(CALLER)
        assert urlsplit(await machine.page.address(CALLER)).netloc == urlsplit(address).netloc
        await machine.page.__aexit__()
        with pytest.raises(OSError, match="Connect call failed"):
            await machine.get(address)

    at_the_machine(tmp_path, story)
