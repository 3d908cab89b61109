"""A file system in memory that writes everything that happens to it into a log; a program of its own.

Arguments: where it is mounted, and the file of the log.  What somebody writes into the file `said` at its root becomes
an entry of the log, in its place among the others.
"""

from __future__ import annotations

import errno
import stat
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import mfusepy  # type: ignore[import-untyped]
import msgspec

from tests.crash.log import LENGTH_BYTES, ROOT, SAID, Entry, Names, Resize, Said, Sync, Write
from tests.crash.recorder import VOLATILE


class _Node:
    """A file, or a folder when it has names."""

    def __init__(self, number: int, mode: int) -> None:
        self.number = number
        self.mode = mode
        self.content = bytearray()
        self.names: dict[str, _Node] = {}
        self.changed = time.time_ns()


class LoggingFs(mfusepy.Operations):  # type: ignore[misc]  # it says nothing of its types
    """One thread serves it, so that its log has one order."""

    use_ns = True

    def __init__(self, log: BinaryIO) -> None:
        self._log = log
        self._root = _Node(ROOT, stat.S_IFDIR | 0o755)
        self._last_file = self._last_folder = ROOT
        self._add(Sync(ROOT))

    def _add(self, entry: Entry) -> None:
        data = msgspec.msgpack.encode(entry)
        self._log.write(len(data).to_bytes(LENGTH_BYTES) + data)
        self._log.flush()

    def _find(self, path: str) -> _Node:
        node = self._root
        for name in filter(None, path.split("/")):
            if name not in node.names:
                raise mfusepy.FuseOSError(errno.ENOENT)
            node = node.names[name]
        return node

    def _above(self, path: str) -> tuple[_Node, str]:
        above, _, name = path.rpartition("/")
        return self._find(above), name

    def _name(self, folder: _Node, **names: _Node | None) -> None:
        for name, node in names.items():
            if node is None:
                del folder.names[name]
            else:
                folder.names[name] = node
        logged = {name: None if node is None else node.number for name, node in names.items() if not _is_silent(name)}
        if logged:
            self._add(Names(folder.number, logged))

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:  # noqa: ARG002 - names of mfusepy
        node = self._find(path)
        size = len(node.content)
        times = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), node.changed)
        return {"st_mode": node.mode, "st_nlink": 1, "st_size": size, "st_blocks": size // 512 + 1, **times}

    def readdir(self, path: str, fh: int) -> list[str]:  # noqa: ARG002
        return [".", "..", *self._find(path).names]

    def create(self, path: str, mode: int, fi: Any = None) -> int:  # noqa: ARG002
        folder, name = self._above(path)
        self._last_file += 1
        self._name(folder, **{name: _Node(self._last_file, stat.S_IFREG | (mode & 0o777))})
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        folder, name = self._above(path)
        self._last_folder -= 1
        self._name(folder, **{name: _Node(self._last_folder, stat.S_IFDIR | (mode & 0o777))})
        return 0

    def open(self, path: str, flags: int) -> int:  # noqa: ARG002
        self._find(path)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002
        return bytes(self._find(path).content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:  # noqa: ARG002
        node = self._find(path)
        node.changed = time.time_ns()
        if path == f"/{SAID}":
            self._add(Said(msgspec.json.decode(data)))
            return len(data)
        node.content.extend(bytes(max(0, offset - len(node.content))))
        node.content[offset : offset + len(data)] = data
        if not _is_silent(path):
            self._add(Write(node.number, offset, data))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:  # noqa: ARG002
        node = self._find(path)
        node.content.extend(bytes(max(0, length - len(node.content))))
        del node.content[length:]
        if not _is_silent(path):
            self._add(Resize(node.number, length))
        return 0

    def unlink(self, path: str) -> int:
        folder, name = self._above(path)
        self._name(folder, **{name: None})
        return 0

    def rmdir(self, path: str) -> int:
        return self.unlink(path)

    def rename(self, old: str, new: str) -> int:
        (folder, name), (_, other) = self._above(old), self._above(new)
        self._name(folder, **{name: None, other: self._find(old)})
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002
        if not _is_silent(path):
            self._add(Sync(self._find(path).number))
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        return self.fsync(path, datasync, fh)

    def chmod(self, path: str, mode: int) -> int:
        node = self._find(path)
        node.mode = stat.S_IFMT(node.mode) | (mode & 0o777)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:  # noqa: ARG002
        return 0

    def utimens(self, path: str, times: Any = None) -> int:  # noqa: ARG002
        return 0

    def statfs(self, path: str) -> dict[str, int]:  # noqa: ARG002
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bfree": 1 << 19, "f_bavail": 1 << 19}


def _is_silent(path: str) -> bool:
    """What no power cut leaves anything of, or what is a log entry by itself."""
    name = path.rpartition("/")[2]
    return name == SAID or VOLATILE in name or name.startswith(".fuse_hidden")


def main(mount: str, log: str) -> None:
    with Path(log).open("wb") as file:
        mfusepy.FUSE(LoggingFs(file), mount, foreground=True, nothreads=True, raw_fi=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
