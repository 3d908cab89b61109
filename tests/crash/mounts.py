"""File systems that are mounted for a while, and what is needed for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.world import PROJECT
from tests.crash.log import SAID, Entry, read_log

IMAGE_BYTES = 64 << 20


class Logged:
    """A folder on a file system that logs.

    Attributes:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder
        self._log = log

    def say(self, **what: object) -> None:
        """An entry of the log; it has its place in it when this returns."""
        with (self.folder / SAID).open("wb", buffering=0) as file:
            file.write(json.dumps(what).encode())

    def entries(self) -> list[Entry]:
        """The log so far."""
        return read_log(self._log)


@contextmanager
def logged(folder: Path, log: Path) -> Iterator[Logged]:
    """An empty file system at `folder`, which is made."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.crash.logging_fs", str(folder), str(log)]
    with subprocess.Popen(command, cwd=PROJECT) as server:
        try:
            while not os.path.ismount(folder):
                assert server.poll() is None, "it cannot be mounted"
                os.sched_yield()
            yield Logged(folder, log)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
            server.wait(30)


@contextmanager
def looped(image: Path, folder: Path) -> Iterator[Path]:
    """The ext4 file system in a file, mounted at `folder`, which is made."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", "-t", "ext4", str(image), str(folder)], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def make_ext4(image: Path) -> None:
    """An empty file system in a file."""
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", str(image)], check=True, capture_output=True)
