"""The simulator at work: one thread between cable and machine, at the pace of a real mechanism or at full speed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from drivers.simulator.cables import Cable, PtyCable, TcpCable, kill_process
from drivers.simulator.control import ControlServer
from drivers.simulator.family import FamilyProfile
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper

BITS_PER_BYTE: Final = 10


@dataclass(frozen=True)
class SimulatedPace:
    """Seconds for a byte on the line and for a strike."""

    byte: float
    strike: float


FAST: Final = SimulatedPace(0.0, 0.0)


def real_pace(baud: int, line_seconds: float) -> SimulatedPace:
    """The pace of a serial line with start and stop bit."""
    return SimulatedPace(BITS_PER_BYTE / baud, line_seconds)


def open_cable(listen: str) -> Cable:
    """The cable of `tcp://host:port` (port 0: any) or `pty:///link`. Raises ValueError for any other text."""
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
    ) -> None:
        """`unit`: steps to the inch in its set-up; `kill` ends an appliance's process and returns when it is gone."""
        self.machine = Machine(profile, unit, paper, cable, kill)
        self.address = cable.address
        self._cable = cable
        self._pace = pace
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
            struck = self.machine.step()
            if struck is None:
                return
            pause = self._pace.byte + struck * self._pace.strike
            if pause:
                self._stopping.wait(pause)

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
