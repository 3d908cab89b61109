"""Troubles of two sides, and the disk that sees the moment of a cut."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from enum import Enum, StrEnum
from typing import NamedTuple

from typing_extensions import override

from tests.crash.log import Entry, Log
from tests.crash.recorder import Recorder


class Left(Enum):
    """What a cut leaves on the disk of what was written, beside all that was synced."""

    ALL = "all"
    SYNCED = "synced"
    SOME = "some"


class Where(StrEnum):
    """Where something goes wrong."""

    TERMINAL = "terminal"
    """The agent loses its power before its n-th sync."""
    APPLIANCE = "appliance"
    """The appliance loses its power before its n-th sync."""
    NETWORK = "network"
    """The n-th message between both is lost, and the connection with it."""
    PRINTER = "printer"
    """The printer loses its power before its n-th byte."""


class Trouble(NamedTuple):
    """One thing that goes wrong: the `nth` of its kind since the trouble before it was over."""

    where: Where
    nth: int
    left: Left = Left.ALL

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return f"{self.where.value} {self.nth} {self.left.value}"


class CutLog(Log):
    """A log of a disk that calls `cut` before the sync with the number `nth`; syncs are counted from count() on."""

    def __init__(self, cut: Callable[[], None]) -> None:
        super().__init__()
        self._cut = cut
        self._numbers: Iterator[int] = itertools.repeat(0)
        self._nth = -1
        self._end: int | None = None

    def count(self, nth: int) -> None:
        """From here on the syncs are counted."""
        self._nth, self._numbers = nth, itertools.count(1)

    @override
    def sync(self, path: str) -> None:
        if next(self._numbers) == self._nth:
            self._cut()
            # A sync that another thread ends meanwhile counts: nothing that follows from it leaves any more.
            self._end = len(self.entries)
        super().sync(path)

    def told(self) -> list[Entry]:
        """What happened before the cut."""
        return self.entries[: self._end]


class SideRecorder(Recorder):
    @override
    def below(self, path: str) -> str:
        found = super().below(path)
        return "" if found.endswith("socket") else found
