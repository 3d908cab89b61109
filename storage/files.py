"""Single files: whole or not at all, durable, and private where they hold a secret."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from passbook.errors import PassbookError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a file that are read; the largest that a command needs is a revocation list."""
_READABLE_BY_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH
_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link",
}


def save_file(path: Path, data: bytes, mode: int) -> None:
    """Put `data` at `path` with `mode`; after a power cut there is the old content or the new, never a part.

    Raises PassbookError `file-problem`.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        make_folder(path.parent)
        _write_new(part, data, mode)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise _problem(path, error) from None


def check_can_save(path: Path, size: int) -> None:
    """Raise PassbookError `file-problem` where `save_file` could not put `size` bytes at `path`; nothing stays there.

    It also refuses to have a link or a device replaced: a command calls it before a deed that is not done twice.
    """
    try:
        if os.path.lexists(path):
            _judge_kind(path, path.lstat().st_mode)
        # `save_file` makes the missing folders in the first one that is there.
        folder = next(one for one in path.parents if one.exists() or one.is_symlink())
        trial = folder / f".{path.name}.part"
        try:
            _write_new(trial, bytes(size), PRIVATE)
        finally:
            trial.unlink(missing_ok=True)
    except OSError as error:
        raise _problem(path, error) from None


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """Make a file in place of one that a power cut left; its bytes are durable.  Raises OSError."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def erase_file(path: Path) -> None:
    """Overwrite a file with zeros, durably, and remove it; one that is gone is left so.

    A disk that writes each block to a new place may still have the old one.  Raises PassbookError `file-problem`.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            with os.fdopen(descriptor, "r+b", buffering=0, closefd=False) as file:
                left = os.fstat(descriptor).st_size
                while left > 0:
                    left -= file.write(bytes(min(left, 65536))) or 0
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _problem(path, error) from None


def read(path: Path) -> bytes:
    """All of the file.  Raises PassbookError `file-problem`, also for what is no regular file or too large."""
    return read_with_mode(path)[0]


def read_private(path: Path) -> bytes:
    """All of a file that holds a secret.  Raises PassbookError `file-problem`, also when others may read it."""
    content, mode = read_with_mode(path)
    if mode & _READABLE_BY_OTHERS:
        raise PassbookError("file-problem", file=str(path), why="it can be read by others; make its mode 0600")
    return content


def read_with_mode(path: Path) -> tuple[bytes, int]:
    """All of the file, and its mode.  Raises PassbookError `file-problem`."""
    check_regular(path)
    try:
        # What was exchanged in between must neither make this wait nor become a terminal of the process.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            _judge_kind(path, mode)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MOST_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _problem(path, error) from None
    if len(content) > MOST_BYTES:
        raise PassbookError("file-problem", file=str(path), why=f"it has more than {MOST_BYTES} bytes")
    return content, mode


def check_regular(path: Path) -> None:
    """Raise PassbookError `file-problem` unless there is a regular file: others may have no end, or wait for one."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _problem(path, error) from None
    _judge_kind(path, mode)


def _judge_kind(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise PassbookError("file-problem", file=str(path), why=f"it is {kind}, and a regular file is expected")


def exists(path: Path) -> bool:
    """Whether there is something at `path`.  Raises PassbookError `file-problem` when that cannot be told."""
    try:
        return path.exists()
    except OSError as error:
        raise _problem(path, error) from None


def refuse_existing(path: Path) -> None:
    """Raise PassbookError `file-problem` when there is something at `path`, or that cannot be told."""
    if exists(path):
        raise PassbookError("file-problem", file=str(path), why="it exists already and is not overwritten")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes that ask for the same out of `folder`.  Raises PassbookError `file-problem`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _problem(folder, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder for its owner alone, and those above it that are missing; each name is durable.  Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        # A file is durable only where the name of its folder is.
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.  Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _problem(path: Path, error: OSError) -> PassbookError:
    return PassbookError("file-problem", file=str(path), why=error.strerror or "it cannot be used")
