"""The operators' door: a Unix socket, one line of JSON for a command and one for its answer.

{"command": "jobs", "arguments": {}}
{"ok": true, "result": ...}
{"ok": false, "error": {"code": ..., "sentence": ..., "facts": {...}}}
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from firmware.service.findings import Finding
from firmware.service.operations import OperatorHandler
from passbook.errors import PassbookError
from passbook.errors.decoding import field_complaint
from spooler.logs import Log

MAX_LINE: Final = 64 * 1024
"""Bytes of one command; answers are as long as they must be."""
MAX_CALLERS: Final = 16
"""Callers at the same time; people type, and a script that opens more is stuck."""
_PEERCRED: Final = struct.Struct("3i")
"""struct ucred (unix(7)): pid, uid, gid."""


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    command: str
    arguments: dict[str, Any] = {}


class OperatorDoor:
    """Serves `handlers` at `path` (mode 0600) to whoever may open it; every caller's uid and pid are logged.

    A caller that says nothing for `silence` seconds, or does not read its answer for so long, is hung up on.
    """

    def __init__(self, path: Path, handlers: Mapping[str, OperatorHandler], *, silence: float = 30.0) -> None:
        self._path = path
        self._handlers = handlers
        self._silence = silence
        self._log = Log("operators")
        self._callers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._failures = 0

    async def __aenter__(self) -> Self:
        """Listen.  Raises PassbookError `file-problem` when the path is taken or cannot be used."""
        try:
            listener = _listener(self._path)
        except OSError as error:
            raise PassbookError("file-problem", file=str(self._path), why=error.strerror or str(error)) from None
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MAX_LINE)
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening, hang up on everybody, take the socket's name away."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)
        for caller in self._callers:
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One caller, from its first line to its last."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # asyncio runs every connection in a task
        self._callers.add(task)
        try:
            await self._converse(reader, writer)
            writer.close()
            async with asyncio.timeout(self._silence):
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.CancelledError):
            self._log.debug("caller-lost")
        finally:
            writer.transport.abort()
            self._callers.discard(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid, pid = _caller(writer)
        if len(self._callers) > MAX_CALLERS:
            self._log.warning("caller-refused", uid=uid, pid=pid, count=len(self._callers))
            await self._send(writer, _refusal(PassbookError("too-many-callers", limit=MAX_CALLERS)))
            return
        while True:
            try:
                async with asyncio.timeout(self._silence):
                    line = await reader.readline()
            except ValueError:
                await self._send(writer, _refusal(PassbookError("message-too-large", limit=MAX_LINE)))
                return
            if not line.endswith(b"\n"):
                return
            await self._send(writer, await self._answer(line, uid, pid))

    async def _send(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        writer.write(answer + b"\n")
        async with asyncio.timeout(self._silence):
            await writer.drain()

    async def _answer(self, line: bytes, uid: int, pid: int) -> bytes:
        """The answer to one command; a defect of its handler ends the command, not the door."""
        try:
            request = _read(line)
            handler = self._handler(request.command)
            self._log.info("operator-command", command=request.command, uid=uid, pid=pid)
            return msgspec.json.encode({"ok": True, "result": await handler(request.arguments)})
        except PassbookError as error:
            self._log.info("operator-command-refused", code=error.code, uid=uid, pid=pid)
            return _refusal(error)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is logged and the door stays open
            self._failures += 1
            reference = f"operators-{os.getpid()}-{self._failures}"
            self._log.failure("operator-command-failed", error, reference=reference, uid=uid, pid=pid)
            return _refusal(PassbookError("internal-error", reference=reference))

    def _handler(self, command: str) -> OperatorHandler:
        if command not in self._handlers:
            raise PassbookError("unknown-command", command=ascii(command[:64]))
        return self._handlers[command]


def _read(line: bytes) -> _Request:
    try:
        return msgspec.json.decode(line, type=_Request)
    except (ValueError, RecursionError) as error:
        raise PassbookError("invalid-message", why=field_complaint(error, _Request, "the line")) from None


def _refusal(error: PassbookError) -> bytes:
    return msgspec.json.encode({"ok": False, "error": Finding.of(error)})


def _caller(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Who calls: uid and pid, as the kernel knows them (SO_PEERCRED)."""
    connection: socket.socket = writer.get_extra_info("socket")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEERCRED.size)
    pid, uid, _gid = _PEERCRED.unpack(credentials)
    return uid, pid


def _listener(path: Path) -> socket.socket:
    """A listening socket of mode 0600; what a killed process left at `path` is taken away first."""
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    # The mode must be right from the first moment, and bind() has only the umask for that.
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen(MAX_CALLERS)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.EEXIST, "a file that is no socket has this name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        if probe.connect_ex(str(path)) != errno.ECONNREFUSED:
            raise OSError(errno.EADDRINUSE, "another process serves this socket")
    path.unlink()
