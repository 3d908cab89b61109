"""Peers that never come in: they are bounded in number and time, and keep nobody else waiting."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.slow_peers import SlowPeers
from client.transport import Address
from firmware.config.configuration import LimitsConfig
from firmware.doors import gate, terminal_door
from firmware.doors.gate import LEAST_WAITING, NOT_TLS, OTHER_FILES, claim_files, files_for
from tests.firmware.door import Connector, Door, at_the_door
from tests.terminal.conftest import Branch

FEW = LimitsConfig(connections=8)
"""So few that LEAST_WAITING strangers are kept."""
ASKED = 50
"""Statuses that must be answered meanwhile."""


async def knock(connector: Connector) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that says nothing."""
    return await asyncio.open_connection("127.0.0.1", connector.port)


def slow_peers(door: Door, connector: Connector) -> SlowPeers:
    address = Address("127.0.0.1", connector.port, door.branch.appliance)
    return SlowPeers(address, door.branch.terminal("slow").context())


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time-out helps: who waits for a slow peer waits for ever."""
    monkeypatch.setattr(terminal_door, "HANDSHAKE_TIMEOUT", 3600.0)
    monkeypatch.setattr(terminal_door, "PING_INTERVAL", 3600.0)


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
def test_two_hundred_slow_peers_keep_nobody_waiting(enrolled: Branch, tmp_path: Path) -> None:
    """The status of another is answered again and again, while none of them gets any further or is hung up on."""

    async def story(door: Door, connector: Connector) -> None:
        slow = slow_peers(door, connector)
        await slow.open(200)
        hearing = [asyncio.create_task(peer.hears()) for peer in slow.peers]
        async with connector("teller-1") as wire:
            for _ in range(ASKED):
                assert await wire.ask("Common.Status")
                slow.feed()
            assert await wire.ask("Common.Status")
        assert not [task for task in hearing if task.done()]
        slow.close()
        assert await asyncio.gather(*hearing) == [b""] * 200

    at_the_door(enrolled, tmp_path, story, limits=LimitsConfig(commands_per_second=1000))


@pytest.mark.slow
def test_who_does_not_finish_is_hung_up_on_in_time(
    enrolled: Branch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_door, "HANDSHAKE_TIMEOUT", 1.0)
    monkeypatch.setattr(terminal_door, "PING_INTERVAL", 1.0)

    async def story(door: Door, connector: Connector) -> None:
        slow = slow_peers(door, connector)
        await slow.open(4)
        for peer in slow.peers:
            while await peer.hears():
                pass
        slow.close()
        await door.until(lambda: not door.listeners())

    at_the_door(enrolled, tmp_path, story)


@pytest.mark.usefixtures("patient")
def test_the_oldest_stranger_makes_way_and_no_terminal_does(enrolled: Branch, tmp_path: Path) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        async with connector("teller-1") as inside:
            flood = [await knock(connector) for _ in range(LEAST_WAITING + 5)]
            for reader, _ in flood[:5]:
                assert await reader.read() == b""
            async with connector("teller-2") as wire:
                assert await wire.ask("Common.Status")
                assert await inside.ask("Common.Status")
            # One more made way for the terminal that was let in; the last ones are still there.
            assert [reader.at_eof() for reader, _ in flood[5:]].count(True) <= 1
            for _, writer in flood:
                writer.transport.abort()

    at_the_door(enrolled, tmp_path, story, limits=FEW)


@pytest.mark.usefixtures("patient")
def test_who_has_shown_a_certificate_and_asks_for_nothing_is_a_stranger_too(enrolled: Branch, tmp_path: Path) -> None:
    async def story(door: Door, connector: Connector) -> None:
        terminal = door.branch.terminal("slow")
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", connector.port, ssl=terminal.context(), server_hostname=door.branch.appliance
        )
        others = [await knock(connector) for _ in range(LEAST_WAITING)]
        assert await reader.read() == b""
        writer.transport.abort()
        for _, one in others:
            one.transport.abort()

    at_the_door(enrolled, tmp_path, story, limits=FEW)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"G", b"\x00" * 300, b"\xff"])
def test_what_is_not_tls_gets_one_sentence(enrolled: Branch, tmp_path: Path, data: bytes) -> None:
    async def story(_door: Door, connector: Connector) -> None:
        reader, writer = await knock(connector)
        writer.write(data)
        assert await reader.read() == NOT_TLS
        writer.close()

    at_the_door(enrolled, tmp_path, story)
    assert NOT_TLS.startswith(b"HTTP/1.1 400 ")
    assert b"\r\n\r\nnot-tls: The peer did not send TLS." in NOT_TLS


class Limits:
    """What the system allows, and what was asked of it."""

    def __init__(self, soft: int, hard: int) -> None:
        self.now = (soft, hard)

    def get(self, _what: int) -> tuple[int, int]:
        return self.now

    def set(self, _what: int, limits: tuple[int, int]) -> None:
        if self.now[1] != resource.RLIM_INFINITY and limits[0] > self.now[1]:
            raise ValueError
        self.now = limits


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], Limits]:
    """Let the system allow so many files, softly and hard."""

    def allowing(soft: int, hard: int) -> Limits:
        limits = Limits(soft, hard)
        monkeypatch.setattr(resource, "getrlimit", limits.get)
        monkeypatch.setattr(resource, "setrlimit", limits.set)
        return limits

    return allowing


NEEDED = files_for(200)
ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((64, NEEDED), (NEEDED, NEEDED)),
        ((64, ENDLESS), (NEEDED, ENDLESS)),
        ((NEEDED, NEEDED), (NEEDED, NEEDED)),
        ((ENDLESS, ENDLESS), (ENDLESS, ENDLESS)),
    ],
)
def test_enough_files_are_claimed_for_all_that_may_come(
    allow: Callable[[int, int], Limits], before: tuple[int, int], after: tuple[int, int]
) -> None:
    assert NEEDED > 200 + 200 + OTHER_FILES
    limits = allow(*before)
    assert claim_files(200) == ""
    assert limits.now == after


def test_too_few_files_are_said_with_both_numbers(allow: Callable[[int, int], Limits]) -> None:
    limits = allow(64, NEEDED - 1)
    why = claim_files(200)
    assert str(NEEDED) in why
    assert str(NEEDED - 1) in why
    assert limits.now == (64, NEEDED - 1)


def test_a_host_with_a_name_is_listened_at() -> None:
    with gate.listen("localhost", 0, gate.strangers_for(1)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("localhost", port)):
            pass
