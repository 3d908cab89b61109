"""What happened to a disk, in one order: changes of its files and folders, syncs, and what was said in between."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

ROOT: Final = 0
"""The folder in which all else lies.  Other folders have numbers below it, files above it."""
SAID: Final = "said"
"""The file of the logging file system whose lines become entries of the log."""
LENGTH_BYTES: Final = 4
"""What stands before each entry in a log's file: its length."""


class Write(msgspec.Struct, frozen=True, array_like=True, tag="write"):
    """Bytes of a file were replaced or appended."""

    node: int
    at: int
    data: bytes


class Resize(msgspec.Struct, frozen=True, array_like=True, tag="resize"):
    """A file was cut, or grew by zeros."""

    node: int
    size: int


class Names(msgspec.Struct, frozen=True, array_like=True, tag="names"):
    """Names in a folder were given to files or folders, or taken away (None): one of them, or both of a renaming."""

    node: int
    names: dict[str, int | None]


class Sync(msgspec.Struct, frozen=True, array_like=True, tag="sync"):
    """Everything done to one file, or to the names in one folder, is on disk."""

    node: int


class Said(msgspec.Struct, frozen=True, array_like=True, tag="said"):
    """Nothing happened to the disk, but whoever uses it asked for something or was told something."""

    what: Any


Change: TypeAlias = Write | Resize | Names
Entry: TypeAlias = Change | Sync | Said


def read_log(file: Path) -> list[Entry]:
    """The entries of a log; a last one that was cut off is left out."""
    data = file.read_bytes()
    decoder = msgspec.msgpack.Decoder(Write | Resize | Names | Sync | Said)
    entries: list[Entry] = []
    at = 0
    while at + LENGTH_BYTES <= len(data):
        end = at + LENGTH_BYTES + int.from_bytes(data[at : at + LENGTH_BYTES])
        if end > len(data):
            break
        entries.append(decoder.decode(data[at + LENGTH_BYTES : end]))
        at = end
    return entries


class Log:
    """The entries of one disk, written by any thread.

    Attributes:
        first: how many entries say only what lay on the disk before.
    """

    def __init__(self) -> None:
        self.first = 0
        self.entries: list[Entry] = []
        self._lock = threading.Lock()
        self._nodes: dict[str, int] = {}
        self._last_file = self._last_folder = ROOT

    def add(self, *entries: Entry) -> None:
        with self._lock:
            self.entries += entries

    def say(self, what: object) -> None:
        self.add(Said(what))

    def knows(self, path: str) -> bool:
        return path in self._nodes

    def node(self, path: str) -> int:
        """What lies at a path, which is known."""
        return self._nodes[path]

    def make(self, path: str, *, folder: bool = False) -> int:
        """A new file or folder; '' is the root."""
        with self._lock:
            if folder and path == "":
                node = ROOT
            elif folder:
                node = self._last_folder = self._last_folder - 1
            else:
                node = self._last_file = self._last_file + 1
            self._nodes[path] = node
            if path:
                above, name = _split(path)
                self.entries.append(Names(self._nodes[above], {name: node}))
        return node

    def remove(self, path: str) -> None:
        above, name = _split(path)
        with self._lock:
            del self._nodes[path]
            self.entries.append(Names(self._nodes[above], {name: None}))

    def rename(self, old: str, new: str) -> None:
        """Within one folder; what had the new name is gone."""
        above, name = _split(old)
        with self._lock:
            node = self._nodes[new] = self._nodes.pop(old)
            self.entries.append(Names(self._nodes[above], {name: None, _split(new)[1]: node}))

    def sync(self, path: str) -> None:
        self.add(Sync(self._nodes[path]))

    def start_with(self, folders: Iterable[str], files: dict[str, bytes]) -> None:
        """What lies on the disk before anything happens to it; all of it is synced.  Folders before what is in them."""
        self.make("", folder=True)
        for folder in folders:
            self.make(folder, folder=True)
        for path, data in files.items():
            self.add(Write(self.make(path), 0, data))
        self.add(*[Sync(node) for node in self._nodes.values()])
        self.first = len(self.entries)


def _split(path: str) -> tuple[str, str]:
    above, _, name = path.rpartition("/")
    return above, name
