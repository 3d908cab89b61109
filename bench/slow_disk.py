"""A disk whose flushes take long, below SQLite only, which flushes every acknowledged change."""

from __future__ import annotations

import time
from typing import Final

import apsw
from typing_extensions import override

NAME: Final = "slow-disk"
_BELOW: Final = "unix"
"""The name of the usual VFS: the default may be the slow one itself."""


class SlowDisk(apsw.VFS):
    """The usual file system; every flush takes `seconds` more.  Registered while the object lives."""

    def __init__(self, seconds: float, *, for_all: bool = False, alone: bool = False) -> None:
        """Make flushes take `seconds` more; `for_all` makes it the default VFS.

        With `alone` a flush takes these seconds alone, and the disk below is not asked for one.
        """
        self._seconds = seconds
        self._alone = alone
        super().__init__(NAME, _BELOW, makedefault=for_all)

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _File(self._seconds, name, flags, alone=self._alone)


class _File(apsw.VFSFile):
    def __init__(self, seconds: float, name: str | apsw.URIFilename | None, flags: list[int], *, alone: bool) -> None:
        self._seconds = seconds
        self._alone = alone
        super().__init__(_BELOW, name, flags)

    @override
    def xSync(self, flags: int) -> None:
        if not self._alone:
            super().xSync(flags)
        time.sleep(self._seconds)
