"""What a name may lead to besides a regular file: some of it has no end, or waits for one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

SPECIAL: Final = {"pipe": "a pipe", "folder": "a folder", "socket": "a socket", "zero": "a device"}
"""Kind -> what a sentence must call it."""


def make_special(path: Path, kind: str) -> None:
    """Put one of SPECIAL at `path`, in place of what is there."""
    path.unlink(missing_ok=True)
    match kind:
        case "pipe":
            os.mkfifo(path, 0o600)
        case "folder":
            path.mkdir()
        case "socket":
            os.mknod(path, stat.S_IFSOCK | 0o600)
        case _:
            path.symlink_to("/dev/zero")
