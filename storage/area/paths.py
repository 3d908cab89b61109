"""Whether the files of an open area are still at their paths (P1).

SQLite writes into the files that it has opened, wherever their names are by then.  What is committed into a log that
was removed, renamed or covered by another disk is not durable: the next boot does not find it.  So the files
are looked at before a commit counts, and twice a second while nothing is committed.  A file that was away and is back
between two looks has lost nothing.  What somebody writes into a file is for the MACs of the rows to find.

Example: `rm area.sqlite-wal` while the appliance runs.  The next commit returns from SQLite without an error, this
module finds no log at its path, and the writer says `outcome-unknown` instead of "accepted".
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from storage.tables import schema

LOG: Final = f"{schema.DATABASE}-wal"
_INDEX: Final = f"{schema.DATABASE}-shm"
_WATCHED: Final = (schema.LOCK, schema.DATABASE, LOG, _INDEX)
_NEVER_SHORTER: Final = frozenset({schema.DATABASE, LOG})
"""Files that only we make shorter, and only the log."""


class Missing(NamedTuple):
    """A file that is not what was opened.

    Attributes:
        why: the file and what happened to it, in words.
        only_log: its log or its index has lost its name, and SQLite has the files still; the database is in its place.
    """

    why: str
    only_log: bool


class PathWatch:
    """Belongs to the writer's thread."""

    def __init__(self, folder: Path, locked: Mapping[str, os.stat_result]) -> None:
        """Note what lies at the paths now, right after SQLite opened it.

        `locked`: what the files are that were locked before that, by name.  Raises OSError for a file that is not there
        or is not an ordinary one with this one name, or that was exchanged since it was locked.
        """
        self._folder = folder
        # Looked at twice for each commit: joined once.
        self._paths = {name: str(folder / name) for name in _WATCHED}
        self._sizes = dict.fromkeys(_WATCHED, 0)
        self._known = {name: _identity(locked.get(name) or os.lstat(folder / name)) for name in _WATCHED}
        found = self.look()
        if found is not None:
            raise OSError(errno.ESTALE, found.why)

    def look(self) -> Missing | None:
        """The files that are not in their places; None while all are."""
        reasons = {name: why for name in _WATCHED if (why := self._look_at(name))}
        if not reasons:
            return None
        gone = {name for name, why in reasons.items() if why == _GONE}
        exchanged = {name for name, why in reasons.items() if why in {_LINK, _OTHER}} - {schema.DATABASE, schema.LOCK}
        name, why = next(iter(reasons.items()))
        if schema.DATABASE in gone and not os.path.isdir(self._folder):  # noqa: PTH112 - Path.is_dir() may raise
            return Missing("its folder is not at its path any more", only_log=False)
        return Missing(
            f"its file {name} {why}", only_log=reasons.keys() <= gone | exchanged and schema.DATABASE not in gone
        )

    def log_was_emptied(self) -> None:
        """We have cut off the log ourselves."""
        self._sizes[LOG] = 0

    def _look_at(self, name: str) -> str:
        """What is wrong with a file, in words; empty for nothing."""
        try:
            found = os.lstat(self._paths[name])
        except (FileNotFoundError, NotADirectoryError):
            return _GONE
        except OSError as error:
            return f"cannot be looked at ({os.strerror(error.errno or 0)})"
        before, self._sizes[name] = self._sizes[name], found.st_size
        wrong = {
            _LINK: stat.S_ISLNK(found.st_mode),
            _OTHER: _identity(found) != self._known[name],
            "is not an ordinary file": not stat.S_ISREG(found.st_mode),
            "has a second name, as by a hard link": found.st_nlink != 1,
            "was cut short by another program": name in _NEVER_SHORTER and found.st_size < before,
        }
        return next((why for why, is_so in wrong.items() if is_so), "")


_LINK: Final = "is a link, not the file itself"
_OTHER: Final = "is another file than the one that was opened"
_GONE: Final = "is not at its path any more"


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
