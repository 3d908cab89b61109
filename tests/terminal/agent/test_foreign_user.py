"""The agent's socket is for the programs of its own user."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from demo.world import PROJECT
from passbook.errors import PassbookError
from spooler.exchange import Exchange
from spooler.logs import Log
from terminal.agent.local_door import LocalDoor

STRANGER = 65534
"""The user nobody, who owns nothing."""
CALL = """
import asyncio, os, sys
from pathlib import Path
from client.connection import TerminalClient
from client.transport import UnixTransport
from passbook.errors import PassbookError
os.setgroups([]); os.setgid({stranger}); os.setuid({stranger})
async def call():
    try:
        async with TerminalClient.at(UnixTransport(Path(sys.argv[1]), of_agent=True)) as client:
            await client.status()
    except PassbookError as error:
        print(error.code, error.facts.get("why", ""))
asyncio.run(call())
"""


class NeverAsked:
    """The performer of a door at which no command arrives."""

    async def perform(self, *_: object) -> object:
        raise AssertionError("a stranger's command arrived")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    # Every folder above the socket is open to the stranger, and a Unix socket's path is short.
    with TemporaryDirectory(prefix="pb-") as folder:
        yield Path(folder)


def told_to_stranger(folder: Path, *, opened: bool) -> str:
    """What another user hears at the socket; `opened`: its folder and the socket let everybody in."""
    path = folder / "agent" / "socket"

    async def story() -> str:
        exchange = Exchange(NeverAsked(), Log("callers"), {})
        async with LocalDoor(path, exchange, terminal="counter-1", owner=os.getuid(), greet=lambda _session: None):
            assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
            if opened:
                for place in (folder, path.parent, path):
                    place.chmod(0o777)
            command = [sys.executable, "-c", CALL.format(stranger=STRANGER), str(path)]
            done = await asyncio.to_thread(
                subprocess.run, command, cwd=PROJECT, capture_output=True, text=True, check=False
            )
            return str(done.stdout) or str(done.stderr)[-500:]

    return asyncio.run(story())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can call as another user")
def test_another_user_does_not_reach_the_socket(short_folder: Path) -> None:
    assert told_to_stranger(short_folder, opened=False).startswith("agent-unreachable")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can call as another user")
def test_another_user_is_refused_where_the_socket_lets_everybody_in(short_folder: Path) -> None:
    assert told_to_stranger(short_folder, opened=True).startswith("not-permitted")


def test_a_file_in_the_place_of_the_socket_is_not_removed(short_folder: Path) -> None:
    (short_folder / "agent").mkdir()
    (short_folder / "agent" / "socket").write_text("a file")
    with pytest.raises(PassbookError) as refused:
        told_to_stranger(short_folder, opened=False)
    assert refused.value.code == "file-problem"
    assert (short_folder / "agent" / "socket").read_text() == "a file"
