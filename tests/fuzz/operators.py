"""Messages at the operators' door, and what its caller makes of the answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from client.connection import _result
from client.remote import RemoteError
from passbook.errors import CATALOGUE, PassbookError
from passbook.protocol.messages import decode
from spooler.door_session import DoorSession
from tests.firmware.operators import OTTO, door_at


async def _echo(payload: dict[str, Any]) -> Any:
    return payload


DOOR: Final = door_at(Path("unused"), {"Common.Status": _echo})


async def _answers(data: bytes) -> list[bytes]:
    session = DoorSession(None, OTTO)  # type: ignore[arg-type]  # nothing is sent here
    await DOOR._exchange.answer(session, data)
    return [session._outgoing.get_nowait() for _ in range(session._outgoing.qsize())]


def check(data: bytes) -> None:
    """Any message is answered, by a result or an error; any answer is a result, its own error, or one of ours."""
    answers = asyncio.run(_answers(data))
    assert answers
    for message in (answers[-1], data):
        try:
            _result(decode(message), object)
        except RemoteError:
            # Its code may be of a newer appliance.
            pass
        except PassbookError as error:
            assert error.code in CATALOGUE
