"""A disk that counts the writes of SQLite."""

from __future__ import annotations

import apsw
from typing_extensions import override

NAME = "counting-disk"
_BELOW = "unix"


class CountingDisk(apsw.VFS):
    """The usual file system.  Registered while the object lives.

    Attributes:
        written: bytes so far.
        syncs: flushes so far.
    """

    def __init__(self) -> None:
        self.written = 0
        self.syncs = 0
        super().__init__(NAME, _BELOW)

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, disk: CountingDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        super().__init__(_BELOW, name, flags)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.written += len(data)
        super().xWrite(data, offset)

    @override
    def xSync(self, flags: int) -> None:
        self._disk.syncs += 1
        super().xSync(flags)
