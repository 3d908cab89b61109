"""What stands where the world would be: clock, line, connection, log, and an appliance whose doors a test opens."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec
from typing_extensions import override

from drivers.conversation import Conversation
from drivers.port import Port
from drivers.simulator.cables import TcpCable
from firmware.appliance import Appliance
from firmware.clock import SystemClock
from firmware.config import Config
from firmware.doors.operators import OperatorDoor
from firmware.doors.terminals import TerminalDoor
from firmware.loading import Loaded
from firmware.notify import Notifier
from firmware.upkeep import Upkeep
from storage.area import Area
from storage.keys import ApplianceKey
from storage.siblings import Extent
from storage.upkeep import Upkeep as StoreUpkeep

T = TypeVar("T")


class JumpingClock(SystemClock):
    """Wall time that a test sets, and monotonic time that it lets pass."""

    def __init__(self) -> None:
        self.wall = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC).timestamp()
        self.passed = 0.0
        self.synchronized = True
        super().__init__(synchronized=lambda: self.synchronized, wall=lambda: self.wall)

    @override
    def monotonic(self) -> float:
        return time.monotonic() + self.passed


class Socket:
    """What a connection is to the session: something that can be closed."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    async def close(self, _code: int, _reason: str) -> None:
        """Nothing more."""

    async def wait_closed(self) -> None:
        """The terminal went away."""
        await self._closed.wait()

    def leave(self) -> None:
        """The terminal goes away."""
        self._closed.set()


class Cable(TcpCable):
    """A line that an appliance without power cannot dial."""

    def __init__(self) -> None:
        self.dials = True
        super().__init__("127.0.0.1", 0)

    @override
    def _accept(self) -> None:
        super()._accept()
        if not self.dials:
            self.drop()


class Pauses:
    """Counts the pauses of a print desk: from one to the next it has looked at everything once."""

    def __init__(self) -> None:
        self.begun = 0

    def event(self) -> threading.Event:
        """One that the desk waits for."""
        return _CountedEvent(self)

    def conversation(self, port: Port, _clock: Callable[[], float]) -> Conversation:
        """One in which the desk waits for people."""
        return _CountedConversation(self, port)


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

    def __init__(self, pauses: Pauses, port: Port) -> None:
        super().__init__(port, time.monotonic)
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


class Ready(Notifier):
    """Tells a test that the start is done."""

    def __init__(self) -> None:
        super().__init__({})
        self.told = asyncio.Event()

    @override
    def ready(self) -> None:
        self.told.set()


class DoorlessAppliance(Appliance):
    """The real one; instead of listening, its doors are kept for the test to knock at."""

    terminals: TerminalDoor
    operators: OperatorDoor

    def __init__(self, config: Config, key: ApplianceKey, loaded: Loaded, *, clock: SystemClock, notifier: Notifier):
        super().__init__(config, key, loaded, clock=clock, notifier=notifier)
        self.upkeep = LateUpkeep(self._upkeep)
        self._upkeep = self.upkeep  # type: ignore[assignment]  # all that it is asked for

    @override
    async def _enter_terminal_door(self, doors: contextlib.AsyncExitStack, door: TerminalDoor) -> None:
        self.terminals = door

    @override
    async def _enter_operator_door(self, doors: contextlib.AsyncExitStack, door: OperatorDoor) -> None:
        self.operators = door


class Reply(msgspec.Struct, frozen=True):
    """How a command came out: its payload, the stable code of a refusal, or neither when power was lost meanwhile."""

    payload: dict[str, Any] | None = None
    code: str = ""

    @property
    def done(self) -> bool:
        """Whether it was done, and said so."""
        return self.payload is not None


class LogBook(logging.Handler):
    """Everything that is logged, with every fact in it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        logging.getLogger("passbook").addHandler(self)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(repr(record.__dict__))

    @override
    def close(self) -> None:
        logging.getLogger("passbook").removeHandler(self)
        super().close()
