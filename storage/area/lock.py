"""The exclusive lock of an area: on its lock file, and on its database, since the lock file alone can be taken away.

SQLite's own locks on the database are those of the process (fcntl), and closing any descriptor of a file gives them
up.  So the descriptor of the database is opened before SQLite opens it and closed after SQLite has closed it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError
from storage.tables import schema


class Lock:
    """Held until it is closed.

    Attributes:
        files: what the locked files are, by name: what fstat() says of the descriptors.
    """

    def __init__(self, area: str, folder: Path, *, create: bool = True) -> None:
        """Lock the area in the folder; `create` makes the lock file where it is missing and may be made.

        Raises PassbookError `area-in-use`, and OSError.
        """
        self._area = area
        self._descriptors: Final = ExitStack()
        make = os.O_CREAT if create else 0
        flags = os.O_RDWR | make if os.access(folder, os.W_OK) else os.O_RDONLY
        found: dict[str, os.stat_result] = {}
        with ExitStack() as undo:
            undo.callback(self.close)
            for name, how, needed in ((schema.LOCK, flags, create), (schema.DATABASE, os.O_RDONLY, False)):
                descriptor = self._open(folder / name, how, needed=needed)
                if descriptor is not None:
                    found[name] = os.fstat(descriptor)
            undo.pop_all()
        self.files = MappingProxyType(found)

    def close(self) -> None:
        """Let another process have the area."""
        self._descriptors.close()

    def _open(self, path: Path, flags: int, *, needed: bool) -> int | None:
        """A descriptor that holds the lock of a file; None where it is not there and not `needed`."""
        try:
            # Without O_NONBLOCK a FIFO in the place of the file would be waited for without end.
            descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK, 0o600)
        except FileNotFoundError:
            if needed:
                raise
            return None
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            raise OSError(errno.ELOOP, f"its file {path.name} is a link, not the file itself") from None
        self._descriptors.callback(os.close, descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, f"its file {path.name} is not an ordinary file")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PassbookError("area-in-use", area=self._area) from None
        return descriptor
