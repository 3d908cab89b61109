"""Asking the running appliance at its operators' socket, for commands that wait for one answer after the other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from client.connection import Client
from client.transport import UnixTransport
from passbook.errors import PassbookError
from passbook.protocol.messages import Payload

PATIENCE: Final = 60.0
"""Seconds for one answer; a person waits for it."""


def ask(path: Path, name: str, payload: Payload, patience: float = PATIENCE, *, work: float = 0.0) -> Any:
    """Send one command and return its reply as plain values.

    `patience` is seconds for the answer; `work` is seconds that the appliance may take for the command itself.

    Raises the PassbookError of the appliance, or `control-unreachable`.
    """
    return asyncio.run(_ask(path, name, payload, patience, work))


async def _ask(path: Path, name: str, payload: Payload, patience: float, work: float) -> Any:
    try:
        async with Client(UnixTransport(path), patience) as client:
            return await client.command(name, payload, Any, work)
    except PassbookError as error:
        if error.code != "connection-lost":
            raise
        why = f"the connection ended without an answer, or none came in {patience + work:g} seconds"
        raise PassbookError("control-unreachable", socket=str(path), why=why) from None
