"""systemd's watchdog is fed while a disk is slow, and not while a writer or a print desk hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.scenarios.books import Statement
from tests.scenarios.clerk import PATIENCE, client_of, converse
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.held_disk import PROGRAM, DiskHold
from tests.scenarios.office import Office
from tests.scenarios.test_durable import Slow, request

ALLOWED = 0.5
"""Seconds that systemd lets pass without a word."""
FED = b"WATCHDOG=1"


@pytest.fixture
def slow(open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    monkeypatch.setenv("WATCHDOG_USEC", str(int(ALLOWED * 1_000_000)))
    office = open_office(program=PROGRAM)
    with DiskHold(office.world.folder) as disk:
        yield Slow(office, disk)


def hear(office: Office, until: bytes, timeout: float = PATIENCE) -> list[bytes]:
    """What systemd is told, up to the message that begins so."""
    notices = office.world._notices
    notices.settimeout(timeout)
    heard = [notices.recv(4096)]
    while not heard[-1].startswith(until):
        heard.append(notices.recv(4096))
    return heard


@pytest.mark.long
def test_a_held_disk_is_told_and_the_watchdog_is_not_fed_until_it_goes_on(slow: Slow) -> None:
    converse(_hold_a_writer(slow))


async def _hold_a_writer(slow: Slow) -> None:
    office = slow.office
    async with client_of(office.counter) as client:
        await asyncio.to_thread(hear, office, FED)
        slow.disk.hold()
        accepting = asyncio.create_task(client.submit(request(office, Statement(900, 2))))
        area = await asyncio.to_thread(slow.disk.await_held)
        heard = await asyncio.to_thread(hear, office, b"STATUS=No progress")
        assert f"area {area}".encode() in heard[-1]
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(hear, office, FED, 3 * ALLOWED)
        slow.disk.let_go()
        await asyncio.to_thread(hear, office, b"STATUS=All goes on")
        await accepting
        await asyncio.to_thread(hear, office, FED)


def test_an_idle_appliance_feeds_it_however_long_nobody_comes(slow: Slow) -> None:
    for _ in range(6):
        assert hear(slow.office, FED) == [FED]
