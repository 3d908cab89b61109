"""Lines of the control socket, at both of its ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec

from firmware.ctl.asking import _result
from firmware.doors.operator_door import OperatorDoor
from passbook.errors import CATALOGUE, PassbookError


async def _echo(arguments: dict[str, Any]) -> Any:
    return arguments


DOOR: Final = OperatorDoor(Path("unused"), {"status": _echo})


def check(data: bytes) -> None:
    """Any line is answered with one line: a result, or an error of the peer; any answer is a result or an error."""
    answer = asyncio.run(DOOR._answer(data + b"\n", 0, 0))
    assert b"\n" not in answer
    told = msgspec.json.decode(answer)
    if not told["ok"]:
        assert told["error"]["code"] in {"invalid-message", "unknown-command"}
    for line in (answer, data):
        try:
            _result(Path("unused"), line)
        except PassbookError as error:
            assert error.code in CATALOGUE
