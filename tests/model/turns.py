"""Who of several threads comes first, which a seed must repeat: they take turns, and their pauses are counted."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar
from unittest import mock

from typing_extensions import override

from drivers.conversation import Conversation
from drivers.frame_reading import AnswerReader
from drivers.ports.port import Port
from firmware.system.upkeep import Upkeep
from storage.area.area import Area
from storage.maintenance import Maintenance as StoreUpkeep
from storage.tables.peers import Extent

T = TypeVar("T")

POLL: Final = 0.001
"""Seconds between two looks of a desk, at a mechanism or for work."""


class Pauses:
    """Counts the pauses of a print desk: from one to the next it has looked at everything once."""

    def __init__(self) -> None:
        self.begun = 0

    def event(self) -> threading.Event:
        """One that the desk waits for."""
        return _CountedEvent(self)

    def conversation(self, port: Port, reader: AnswerReader, _clock: Callable[[], float]) -> Conversation:
        """One in which the desk waits for people."""
        return _CountedConversation(self, port, reader)


class _CountedEvent(threading.Event):
    def __init__(self, pauses: Pauses) -> None:
        super().__init__()
        self._pauses = pauses

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self._pauses.begun += 1
        return super().wait(timeout)


class _CountedConversation(Conversation):
    """By the true clock: time that a test lets pass must not be what an answer takes that is under way just then."""

    def __init__(self, pauses: Pauses, port: Port, reader: AnswerReader) -> None:
        super().__init__(port, reader, time.monotonic)
        self._pauses = pauses

    @override
    def listen(self, timeout: float) -> bool:
        self._pauses.begun += 1
        return super().listen(timeout)


class Helpers(ThreadPoolExecutor):
    """The threads of the event loop, and whether they have work."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self._under_way: set[Future[Any]] = set()

    @property
    def busy(self) -> bool:
        """Whether somebody waits for one of them."""
        return any(not future.done() for future in tuple(self._under_way))

    @override
    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self.asked += 1
        future = super().submit(fn, *args, **kwargs)
        self._under_way = {one for one in self._under_way if not one.done()} | {future}
        return future


_note: Final = StoreUpkeep._note


def note_in_turn(upkeep: StoreUpkeep, area: Area, heads: Mapping[str, Extent]) -> Future[None] | None:
    """What an area notes of the others is there, or has failed, before the next one does."""
    noted = _note(upkeep, area, heads)
    if noted is not None:
        noted.exception()
    return noted


class LateUpkeep:
    """Upkeep that begins when a test says so, and once: beside others the threads would say who writes first."""

    def __init__(self, upkeep: Upkeep) -> None:
        self.may_begin = asyncio.Event()
        self.pauses = asyncio.Event()
        self._upkeep = upkeep
        upkeep._pause = self._pause

    async def run(self) -> None:
        """In the place of the real one."""
        await self.may_begin.wait()
        await self._upkeep.run()

    async def _pause(self, _seconds: float) -> None:
        self.pauses.set()
        await asyncio.Event().wait()


def one_by_one(_workers: int) -> ThreadPoolExecutor:
    """Areas are opened one after the other."""
    return ThreadPoolExecutor(1)


@contextlib.contextmanager
def turns(pauses: Pauses) -> Generator[None]:
    """Desks whose pauses are short and counted; power that goes in one area finds no other one in the midst of work."""
    with (
        mock.patch.multiple("spooler.desk", RETRY=POLL, IDLE_LOOK=POLL),
        mock.patch("drivers.session.Conversation", pauses.conversation),
        mock.patch("storage.area.writer.BATCH_MEMBERS", 1),
        mock.patch("storage.area.opening.ThreadPoolExecutor", one_by_one),
        mock.patch("storage.maintenance.Maintenance._note", note_in_turn),
    ):
        yield
