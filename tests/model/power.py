"""A disk that loses power: what was written and not synced is kept or lost, as the test says."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
from typing_extensions import override


@dataclass(frozen=True)
class _Written:
    """One write or truncation that no sync has followed: how the file was there before."""

    file: Path
    offset: int
    before: bytes
    size: int

    def undo(self) -> None:
        if self.file.exists():
            descriptor = os.open(self.file, os.O_RDWR)
            try:
                os.pwrite(descriptor, self.before, self.offset)
                os.truncate(descriptor, self.size)
            finally:
                os.close(descriptor)


class PowerDisk(apsw.VFS):
    """The usual file system with an idea of what is durable; it is the default of the process while it is in use."""

    def __init__(self, name: str) -> None:
        self.lock = threading.RLock()
        self.powered = True
        self.failing = ""
        """Syncs of files below a folder of this name fail; empty for none."""
        self._left = ("", 0)
        """Writes and syncs in a folder of this name until power is lost; 0 while none is to be."""
        self.unsynced: list[_Written] = []
        super().__init__(name, "unix", makedefault=True)

    def lose_power(self) -> None:
        """From here on nothing reaches the disk."""
        with self.lock:
            self.powered = False

    def lose_power_in(self, area: str, after: int) -> None:
        """Power goes at that write or sync in this area; in any, it would be for the threads to say which one is it."""
        with self.lock:
            self._left = (area, after)

    def come_back(self, kept: int) -> None:
        """Power again, when every file was closed: of each, the first `kept` writes that were not synced are there."""
        with self.lock:
            for file in {written.file for written in self.unsynced}:
                mine = [written for written in self.unsynced if written.file == file]
                for written in reversed(mine[kept:]):
                    written.undo()
            self.unsynced.clear()
            self.powered, self.failing, self._left = True, "", ("", 0)

    @contextmanager
    def changing(self, name: str) -> Iterator[None]:
        """A write, a sync or a deletion of a file; fails without power."""
        with self.lock:
            area, left = self._left
            if left and Path(name).parent.name == area:
                self._left = (area, left - 1)
                self.powered = left > 1
            if not self.powered:
                raise apsw.IOError("the disk has no power")
            yield

    def remember(self, name: str, offset: int, size: int) -> None:
        """Before a change of `size` bytes at `offset`."""
        file = Path(name)
        with file.open("rb") as stream:
            stream.seek(offset)
            self.unsynced.append(_Written(file, offset, stream.read(size), file.stat().st_size))

    def forget(self, name: str) -> None:
        """The file was synced, or is gone."""
        self.unsynced = [written for written in self.unsynced if written.file != Path(name)]

    def fails(self, name: str) -> bool:
        """Whether a sync of this file fails."""
        return bool(self.failing) and Path(name).parent.name == self.failing

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)

    @override
    def xDelete(self, filename: str, syncdir: bool) -> None:
        with self.changing(filename):
            super().xDelete(filename, syncdir)
            self.forget(filename)


class _File(apsw.VFSFile):
    def __init__(self, disk: PowerDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("unix", name, flags)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        with self._disk.changing(self._name):
            self._disk.remember(self._name, offset, len(data))
            super().xWrite(data, offset)

    @override
    def xTruncate(self, newsize: int) -> None:
        with self._disk.changing(self._name):
            self._disk.remember(self._name, newsize, 1 << 30)
            super().xTruncate(newsize)

    @override
    def xSync(self, flags: int) -> None:
        # The host's own disk is not asked: only this one's idea of what is durable counts.
        with self._disk.changing(self._name):
            if self._disk.fails(self._name):
                raise apsw.IOError("the sync failed")
            self._disk.forget(self._name)
