"""The agent's door: programs of its user are served, and others hear one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import unix_connect

from client.connection import TerminalClient
from client.transport import UnixTransport
from passbook.errors import PassbookError
from passbook.protocol.messages import Envelope, JobRef
from passbook.protocol.operation import Call
from spooler.exchange import Exchange
from spooler.logs import Log
from terminal.agent.local_door import MOST_CLIENTS, LocalDoor


class Performer:
    """Says who calls."""

    async def perform(self, call: Call, _command: Envelope) -> Any:
        return {"name": call.actor.name}


def door(path: Path, owner: int) -> LocalDoor:
    exchange = Exchange(Performer(), Log("callers"), ("Spooler.GetJob",))
    return LocalDoor(path, exchange, terminal="till-1", owner=owner, greet=lambda _session: None)


async def asked(path: Path) -> dict[str, Any]:
    async with TerminalClient.at(UnixTransport(path, of_agent=True)) as client:
        return await client.command("Spooler.GetJob", JobRef("j1"), dict[str, Any])


def test_a_program_of_its_user_acts_as_the_terminal(tmp_path: Path) -> None:
    async def story() -> None:
        async with asyncio.timeout(60), door(tmp_path / "agent" / "s", os.getuid()):
            assert await asked(tmp_path / "agent" / "s") == {"name": "till-1"}
        assert not (tmp_path / "agent" / "s").exists()

    asyncio.run(story())


def test_an_agent_that_stands_still_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        with pytest.raises(PassbookError) as silence:
            async with TerminalClient.at(UnixTransport(tmp_path / "s", of_agent=True), 0.05):
                pass
        assert silence.value.code == "agent-unreachable"
        assert f"{tmp_path / 's'}: no answer came in 0.05 seconds" in str(silence.value)

    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(tmp_path / "s"))
        stopped.listen()
        asyncio.run(story())


def test_a_program_of_another_user_hears_one_sentence_and_is_not_served(tmp_path: Path) -> None:
    async def story() -> None:
        async with asyncio.timeout(60), door(tmp_path / "s", os.getuid() + 1) as strict:
            with pytest.raises(PassbookError) as refused:
                await asked(tmp_path / "s")
            assert refused.value.code == "not-permitted"
            assert f"User {os.getuid()} may not use the socket of this agent" in str(refused.value)
            assert not strict.sessions

    asyncio.run(story())


def test_one_program_too_many_hears_one_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        async with asyncio.timeout(60), door(tmp_path / "s", os.getuid()), contextlib.AsyncExitStack() as stack:
            for _ in range(MOST_CLIENTS):
                await stack.enter_async_context(unix_connect(str(tmp_path / "s"), "ws://localhost/"))
            with pytest.raises(PassbookError, match="there are 64 connections already") as refused:
                await asked(tmp_path / "s")
            assert refused.value.code == "too-many-connections"

    asyncio.run(story())


def test_a_path_that_is_taken_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with asyncio.timeout(60), door(tmp_path / "s", os.getuid()):
            with pytest.raises(PassbookError, match="another process serves this socket"):
                await door(tmp_path / "s", os.getuid()).__aenter__()

    asyncio.run(story())
