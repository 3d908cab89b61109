"""The states in which a power cut can leave a disk: what was synced is there, of all else any part.

A file that was not synced may have any of the writes since its last sync, each of them whole, torn at a sector, or not
at all.  The same holds for names in a folder.  A sync of a file says nothing of its name.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple, TypeAlias

from tests.crash.log import ROOT, Change, Entry, Names, Resize, Said, Sync, Write

SECTOR: Final = 512
"""Bytes that a disk writes whole or not at all."""
SUBSETS: Final = 20
"""Random states for each file or folder that is not synced."""

Survivors: TypeAlias = Mapping[int, tuple[Change, ...]]
"""What is left of the changes of each file and folder since its last sync."""


class Image(NamedTuple):
    """The content of a disk; paths are below its root, and folders come before what is in them."""

    folders: tuple[str, ...]
    files: dict[str, bytes]
    key: bytes
    """Equal for equal contents."""


class Disk:
    """A disk at one moment: what is surely on it, and what may be.

    Attributes:
        pending: the changes of each file and folder since its last sync.
    """

    def __init__(self) -> None:
        self.pending: dict[int, list[Change]] = {}
        self._files: dict[int, bytes] = {}
        self._folders: dict[int, dict[str, int]] = {}
        self._known: dict[tuple[int, tuple[Change, ...]], tuple[bytes, bytes]] = {}

    def take(self, entry: Entry) -> None:
        """The next entry of the log happened."""
        match entry:
            case Said():
                pass
            case Sync(node):
                changes = tuple(self.pending.pop(node, ()))
                if node > ROOT:
                    self._files[node] = _written(self._files.get(node, b""), changes)
                else:
                    self._folders[node] = _named(self._folders.get(node, {}), changes)
                self._known = {key: value for key, value in self._known.items() if key[0] != node}
            case _:
                self.pending.setdefault(entry.node, []).append(entry)

    def everything(self) -> Survivors:
        """All of it had reached the disk."""
        return {node: tuple(changes) for node, changes in self.pending.items()}

    def states(self, chance: random.Random) -> Iterator[Survivors]:
        """All kept, all dropped, each one dropped, each one torn, and seeded subsets."""
        kept = self.everything()
        yield kept
        if not kept:
            return
        yield {}
        for node, changes in kept.items():
            for number, change in enumerate(changes):
                before, after = changes[:number], changes[number + 1 :]
                yield {**kept, node: (*before, *after)}
                if _can_be_torn(change):
                    yield {**kept, node: (*before, *_torn(change, chance), *after)}
        for node, changes in kept.items():
            for _ in range(SUBSETS):
                others = kept if chance.random() < 0.5 else {}
                yield {**others, node: _some(changes, chance)}

    def count(self) -> int:
        """How many states() gives."""
        changes = [change for changes in self.pending.values() for change in changes]
        torn = sum(map(_can_be_torn, changes))
        return 2 + len(changes) + torn + SUBSETS * len(self.pending) if changes else 1

    def image(self, survivors: Survivors) -> Image:
        """The disk with these changes on it."""
        folders: list[str] = []
        files: dict[str, bytes] = {}
        digest = blake2b(digest_size=16)
        self._walk(ROOT, "", survivors, folders, files, digest)
        return Image(tuple(folders), files, digest.digest())

    def _walk(
        self,
        folder: int,
        prefix: str,
        survivors: Survivors,
        folders: list[str],
        files: dict[str, bytes],
        digest: blake2b,
    ) -> None:
        names = _named(self._folders.get(folder, {}), survivors.get(folder, ()))
        for name, node in sorted(names.items()):
            path = prefix + name
            if node < ROOT:
                folders.append(path)
                digest.update(f"{path}/\0".encode())
                self._walk(node, f"{path}/", survivors, folders, files, digest)
            else:
                files[path], key = self._content(node, survivors.get(node, ()))
                digest.update(f"{path}\0".encode() + key)

    def _content(self, node: int, changes: tuple[Change, ...]) -> tuple[bytes, bytes]:
        common = not changes or len(changes) == len(self.pending[node])
        found = self._known.get((node, changes)) if common else None
        if found is None:
            data = _written(self._files.get(node, b""), changes)
            found = data, blake2b(data, digest_size=16).digest()
            if common:
                self._known[node, changes] = found
        return found


def _written(data: bytes, changes: tuple[Change, ...]) -> bytes:
    if not changes:
        return data
    content = bytearray(data)
    for change in changes:
        if isinstance(change, Write):
            content.extend(bytes(max(0, change.at - len(content))))
            content[change.at : change.at + len(change.data)] = change.data
        elif isinstance(change, Resize):
            content.extend(bytes(max(0, change.size - len(content))))
            del content[change.size :]
    return bytes(content)


def _named(names: Mapping[str, int], changes: tuple[Change, ...]) -> dict[str, int]:
    changed: dict[str, int | None] = dict(names)
    for change in changes:
        if isinstance(change, Names):
            changed.update(change.names)
    return {name: node for name, node in changed.items() if node is not None}


def _sectors(change: Write) -> range:
    """Where a new sector begins within the write."""
    return range(change.at // SECTOR * SECTOR + SECTOR, change.at + len(change.data), SECTOR)


def _can_be_torn(change: Change) -> bool:
    return isinstance(change, Write) and len(_sectors(change)) > 0


def _torn(change: Change, chance: random.Random) -> tuple[Change, ...]:
    """Only some of its sectors, at least one and not all."""
    assert isinstance(change, Write)
    edges = [change.at, *_sectors(change), change.at + len(change.data)]
    pieces = list(itertools.pairwise(edges))
    left = chance.sample(pieces, chance.randrange(1, len(pieces)))
    return tuple(Write(change.node, start, change.data[start - change.at : end - change.at]) for start, end in left)


def _some(changes: tuple[Change, ...], chance: random.Random) -> tuple[Change, ...]:
    kept: list[Change] = []
    share = chance.random()
    for change in changes:
        if chance.random() < share:
            kept.append(change)
        elif _can_be_torn(change) and chance.random() < 0.5:
            kept += _torn(change, chance)
    return tuple(kept)
