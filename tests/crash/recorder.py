"""The usual file system under a store in this process, with everything that happens to it written into a log."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import apsw
from typing_extensions import override

from tests.crash.log import Log, Resize, Write

VOLATILE: Final = "-shm"
"""SQLite's index of the write-ahead log: made anew by whoever is the first to open the file."""


class Recorder(apsw.VFS):
    """Records what SQLite does below one folder; `recorded()` adds what the store does there by itself."""

    def __init__(self, root: Path, log: Log) -> None:
        self.name = f"recorder {root}"
        self.log = log
        self._prefix = f"{root}/"
        super().__init__(self.name, "")

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = self.below(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        file = _File(self.log, path, name, flags)
        if path and not self.log.knows(path):
            self.log.make(path)
        return file

    @override
    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        path = self.below(filename)
        if path:
            self.log.remove(path)
            if syncdir:
                self.log.sync(path.rpartition("/")[0])

    def below(self, path: str) -> str:
        """The path below the folder that is watched; empty for what is not recorded."""
        return path.removeprefix(self._prefix) if path.startswith(self._prefix) and VOLATILE not in path else ""

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """While this lasts, what Python does is recorded too: to names, and by syncs of files and folders."""
        with recorded_by([self]):
            yield

    def made(self, path: str, *_: str) -> None:
        """Python opened a file, which may be new."""
        self._made(path, folder=False)

    def made_folder(self, path: str, *_: str) -> None:
        """Python made a folder."""
        self._made(path, folder=True)

    def _made(self, path: str, *, folder: bool) -> None:
        if self.below(path) and not self.log.knows(self.below(path)):
            self.log.make(self.below(path), folder=folder)

    def removed(self, path: str, *_: str) -> None:
        """Python took a name away."""
        if self.below(path):
            self.log.remove(self.below(path))

    def renamed(self, old: str, new: str) -> None:
        """Python gave a file another name."""
        if self.below(old):
            self.log.rename(self.below(old), self.below(new))

    def synced(self, path: str, *_: str) -> None:
        """Python synced a file or a folder."""
        if f"{path}/" == self._prefix or self.below(path):
            # What Python wrote into a file is seen here: all of it may have come to the disk at any time before.
            if Path(path).is_file() and Path(path).stat().st_size:
                self.log.add(Write(self.log.node(self.below(path)), 0, Path(path).read_bytes()))
            self.log.sync(self.below(path))


@contextmanager
def recorded_by(recorders: Sequence[Recorder]) -> Iterator[None]:
    """While this lasts, what Python does to names, and its syncs, are told to each recorder in the list then."""
    with ExitStack() as patches:

        def instead(name: str, told: Callable[..., None]) -> None:
            real = getattr(os, name)

            def call(*arguments: Any, **more: Any) -> Any:
                result = real(*arguments, **more)
                paths = [_path_of(one) for one in arguments[:2]]
                for recorder in tuple(recorders):
                    told(recorder, *paths)
                return result

            patches.enter_context(patch.object(os, name, call))

        instead("open", Recorder.made)
        instead("mkdir", Recorder.made_folder)
        instead("unlink", Recorder.removed)
        instead("replace", Recorder.renamed)
        instead("fsync", Recorder.synced)
        yield


class _File(apsw.VFSFile):
    def __init__(self, log: Log, path: str, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._log = log
        self._path = path
        # SQLite syncs the folder with the first sync of a log or journal that it may have created.
        logs = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
        self._syncs_folder = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & logs)
        super().__init__("", name, flags)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        if self._path:
            self._log.add(Write(self._log.node(self._path), offset, data))
        super().xWrite(data, offset)

    @override
    def xTruncate(self, newsize: int) -> None:
        if self._path:
            self._log.add(Resize(self._log.node(self._path), newsize))
        super().xTruncate(newsize)

    @override
    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        if self._path:
            self._log.sync(self._path)
            if self._syncs_folder:
                self._log.sync(self._path.rpartition("/")[0])
                self._syncs_folder = False


def _path_of(argument: object) -> str:
    if isinstance(argument, int):
        try:
            return str(Path(f"/proc/self/fd/{argument}").readlink())
        except OSError:
            return ""
    return os.fspath(argument) if isinstance(argument, str | os.PathLike) else ""
