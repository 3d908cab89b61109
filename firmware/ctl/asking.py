"""Asking the running appliance through its operators' socket."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any, Final

import msgspec

from firmware.service.findings import Finding
from passbook.errors import CATALOGUE, PassbookError

PATIENCE: Final = 60.0
"""Seconds for one answer; a person waits for it."""
LONG_PATIENCE: Final = 3600.0
"""Seconds for `verify`, which reads every area whole."""


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: Any = None
    error: Finding | None = None


def ask(path: Path, command: str, arguments: dict[str, Any], patience: float = PATIENCE) -> Any:
    """The command's result.  Raises the PassbookError of the appliance, or `control-unreachable`."""
    request = msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n"
    try:
        line = _exchange(path, request, patience)
    except TimeoutError:
        raise _unreachable(path, f"no answer came in {patience:g} seconds") from None
    except OSError as error:
        raise _unreachable(path, error.strerror or str(error)) from None
    return _result(path, line)


def _exchange(path: Path, request: bytes, patience: float) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(patience)
        connection.connect(str(path))
        # Who is refused before it has spoken still reads why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        with connection.makefile("rb") as stream:
            return stream.readline()


def _result(path: Path, line: bytes) -> Any:
    try:
        answer = msgspec.json.decode(line, type=_Answer)
    except (ValueError, RecursionError):
        raise _unreachable(path, "what answers there is not passbookd, or it stopped while it answered") from None
    if answer.ok:
        return answer.result
    refusal = answer.error or Finding("", "")
    if refusal.code not in CATALOGUE:
        raise _unreachable(path, "passbookd answers with an error that this passbookctl does not know")
    raise _told(path, refusal)


def _told(path: Path, refusal: Finding) -> PassbookError:
    try:
        return PassbookError(refusal.code, **refusal.facts)
    except (KeyError, TypeError):
        return _unreachable(path, "passbookd is of another version than this passbookctl")


def _unreachable(path: Path, why: str) -> PassbookError:
    return PassbookError("control-unreachable", socket=str(path), why=why)
