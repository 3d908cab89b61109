"""A disk under SQLite whose syncs and writes a test can hold up or make fail."""

from __future__ import annotations

import threading
from collections.abc import Callable

import apsw
from typing_extensions import override


class Disk(apsw.VFS):
    """The usual file system, watched.

    Attributes:
        on_sync: called with a file's name before each sync of it; raise to fail it.
        on_read: called with a file's name before each read of it; raise to fail it.
        on_write: called with a file's name before each write to it; raise to fail it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_sync: Callable[[str], None] = ignore
        self.on_read: Callable[[str], None] = ignore
        self.on_write: Callable[[str], None] = ignore
        super().__init__(name, "")

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)

    @override
    def xSync(self, flags: int) -> None:
        self._disk.on_sync(self._name)
        super().xSync(flags)

    @override
    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.on_read(self._name)
        return super().xRead(amount, offset)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.on_write(self._name)
        super().xWrite(data, offset)


def ignore(_name: str) -> None:
    """Let it pass."""


class Gate:
    """Holds whoever calls it until it is opened, and tells that somebody came."""

    def __init__(self, *suffixes: str) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        self._suffixes = suffixes or ("-wal",)

    def __call__(self, name: str) -> None:
        if name.endswith(self._suffixes):
            self.reached.set()
            assert self.opened.wait(30), "nobody opened the gate"


def failing(*suffixes: str, error: type[apsw.Error] = apsw.IOError) -> Callable[[str], None]:
    """A hook that fails for files whose names end so."""

    def hook(name: str) -> None:
        if name.endswith(suffixes):
            raise error("the disk fails")

    return hook
