"""What stands where the world would be: clock, line, connection, log, and an appliance whose doors a test opens."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import os
import time
from types import SimpleNamespace
from typing import Any, Final

import msgspec
from typing_extensions import override
from websockets.protocol import State

from drivers.simulator.cables import TcpCable
from firmware.appliance import Appliance
from firmware.config.configuration import Config
from firmware.config.loading import Loaded
from firmware.doors.operator_door import OperatorDoor
from firmware.doors.terminal_door import TerminalDoor
from firmware.system.notify import Notifier
from spooler.clock import SystemClock
from storage.crypto.keys import ApplianceKey
from tests.model.turns import LateUpkeep

TIMES: Final = frozenset({"created", "msecs", "relativeCreated"})
"""Facts of a log record that are times of this process."""
_QUIET = os.open(os.devnull, os.O_RDONLY)
"""A descriptor of which nothing is ever told."""


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

    transport = SimpleNamespace(get_extra_info=lambda _name: SimpleNamespace(fileno=lambda: _QUIET))
    """Where the kernel is asked whether the peer has hung up behind what is not read yet: it has not."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    @property
    def state(self) -> State:
        """Whether the terminal is there."""
        return State.CLOSED if self._closed.is_set() else State.OPEN

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
        # The digits of a time can be those of an amount.
        self.lines.append(repr({name: value for name, value in vars(record).items() if name not in TIMES}))

    @override
    def close(self) -> None:
        logging.getLogger("passbook").removeHandler(self)
        super().close()
