"""The appliance on a disk whose syncs a test can hold up and make fail; run as a program in passbookd's place.

Before each sync of a write-ahead log it asks at the socket `disk` beside the configuration's folder and waits for the
word: `go` or `fail`.  Where nobody serves that socket the disk is as usual.  The upkeep writes nothing, so that each
sync is of what a test has done.  While a file `full` lies beside it, nothing more can be written to the logs.
"""

from __future__ import annotations

import functools
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from unittest.mock import patch

import apsw

from firmware.__main__ import main
from firmware.system.upkeep import Upkeep
from storage.spool import Spool
from tests.storage.disk import Disk

PROGRAM: Final = ("-m", "tests.scenarios.held_disk")
FULL: Final = "full"
"""Name of the file that makes the disk full."""
_GO, _FAIL = b"go", b"fail"


class DiskHold:
    """The test's side: which syncs are held, until it says how they end (`with`)."""

    def __init__(self, folder: Path) -> None:
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(folder / "disk"))
        self._server.listen()
        self._changed = threading.Condition()
        self._holding = False
        self._held: list[str] = []
        self._word = b""
        self._threads = [threading.Thread(target=self._accept, name="disk")]

    def hold(self) -> None:
        """Hold the syncs that come from now on."""
        with self._changed:
            self._holding, self._held, self._word = True, [], b""

    def await_held(self, timeout: float = 30.0) -> str:
        """Wait until a sync is held; the name of its area."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._held, timeout), "nothing was synced"
            return Path(self._held[0]).parent.name

    def hold_no_more(self) -> None:
        """Hold what is held, and nothing that comes later."""
        with self._changed:
            self._holding = False

    def let_go(self) -> None:
        """End what is held, and hold no more."""
        self._end(_GO)

    def fail(self) -> None:
        """Let what is held fail, and hold no more."""
        self._end(_FAIL)

    def _end(self, word: bytes) -> None:
        with self._changed:
            self._word, self._holding = word, False
            self._changed.notify_all()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return  # closed
            thread = threading.Thread(target=self._serve, args=(connection,), name="sync")
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            name = connection.recv(4096).decode()
            word = _GO
            with self._changed:
                if self._holding:
                    self._held.append(name)
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._word)
                    word = self._word
            connection.sendall(word)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join()


def _ask(door: Path, name: str) -> None:
    """Wait for the word about one sync.  Raises apsw.IOError when that is `fail`."""
    if not name.endswith("-wal"):
        return
    word = _GO
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, suppress(OSError):
        connection.connect(str(door))
        connection.sendall(name.encode())
        word = connection.recv(16)
    if word == _FAIL:
        raise apsw.IOError("the disk fails")


def _fill(mark: Path, name: str) -> None:
    """Raises apsw.FullError for a write to a log while `mark` is there."""
    if name.endswith("-wal") and mark.exists():
        raise apsw.FullError("the disk is full")


def run(arguments: list[str]) -> int:
    """Be passbookd on such a disk."""
    folder = Path(arguments[arguments.index("--config") + 1]).parent.parent
    disk = Disk("held")
    disk.on_sync = lambda name: _ask(folder / "disk", name)
    disk.on_write = lambda name: _fill(folder / FULL, name)
    opened = patch.object(Spool, "open", functools.partial(Spool.open, vfs=disk.name))
    with opened, patch.object(Upkeep, "look", lambda _upkeep: None):
        return main(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
