"""The simulator at work: one thread between cable and machine, at the pace of a real mechanism or at full speed.

At the pace of a real one a byte takes its time on the line and a strike that of the head.  Bytes arrive while the head
moves, and what it does between two strikes takes no time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from drivers.simulator.cables import Cable, PtyCable, TcpCable, kill_process
from drivers.simulator.control import ControlServer
from drivers.simulator.family import FamilyProfile
from drivers.simulator.machine import Machine
from drivers.simulator.mechanism import USUAL_CODE_PAGE
from drivers.simulator.paced_cable import PacedCable
from drivers.simulator.paper import Paper
from drivers.simulator.plug import PluggableCable

BITS_PER_BYTE: Final = 10


@dataclass(frozen=True)
class SimulatedPace:
    """Seconds for a byte on the line, in each direction, and for a strike."""

    byte: float
    strike: float


FAST: Final = SimulatedPace(0.0, 0.0)


def real_pace(baud: int, line_seconds: float) -> SimulatedPace:
    """The pace of a serial line with start and stop bit."""
    return SimulatedPace(BITS_PER_BYTE / baud, line_seconds)


def open_cable(listen: str) -> PluggableCable:
    """The cable of `tcp://host:port` (port 0: any) or `pty:///link`. Raises ValueError for any other text."""
    return PluggableCable(_cable_at, listen)


def _cable_at(listen: str) -> Cable:
    scheme, _, rest = listen.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme == "tcp" and host and port.isdecimal():
        return TcpCable(host, int(port))
    if scheme == "pty" and rest.startswith("/"):
        return PtyCable(Path(rest))
    raise ValueError("expected tcp://host:port or pty:///path")


class Simulator:
    """One simulated mechanism with its cable and, if wanted, its control socket; use it in a `with`."""

    def __init__(
        self,
        profile: FamilyProfile,
        cable: Cable,
        paper: Paper,
        *,
        unit: int = 240,
        pace: SimulatedPace = FAST,
        kill: Callable[[int], None] = kill_process,
        control: Path | None = None,
        code_page: str = USUAL_CODE_PAGE,
    ) -> None:
        """`unit` and `code_page` are its own set-up; `kill` ends an appliance's process; it is gone then."""
        plug = cable if isinstance(cable, PluggableCable) else None
        self._cable = PacedCable(cable, pace.byte) if pace.byte else cable
        self.machine = Machine(profile, unit, paper, self._cable, kill, plug, code_page=code_page)
        self.address = cable.address
        self._strike_seconds = pace.strike
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulator-cable", daemon=True)
        self._control = ControlServer(control, self.machine) if control else None
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.machine.await_medium()
            self._work()
            if not self._cable.wait():
                return
            self.machine.fill()
            self._work()

    def _work(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            struck = self.machine.step()
            if struck is None:
                return
            if struck and self._strike_seconds:
                self._move_head(began + struck * self._strike_seconds)

    def _move_head(self, until: float) -> None:
        """Do nothing else until then but take bytes in."""
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            if self.machine.has_room:
                self._cable.wait(left)
                self.machine.fill()
            else:
                self._stopping.wait(left)

    def close(self) -> None:
        """Stop the threads and close socket and cable."""
        self._stopping.set()
        self.machine.stop()
        self._cable.stop()
        self._thread.join()
        if self._control:
            self._control.close()
        self._cable.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
