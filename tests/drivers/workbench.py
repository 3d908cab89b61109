"""A simulated mechanism in this process, sessions at it, and a person who handles the book."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import override

from drivers.dialects.dialect import Dialect
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import HoldsText, Pr2Profile, builtin_pr2
from drivers.ports.port import Port, open_port
from drivers.session import DocumentSession
from drivers.simulator.cables import Cable, PtyCable
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper, Ruler, line_text
from drivers.simulator.running import Simulator, open_cable
from passbook.document.plan import Line, Run, Sheet

RULER = Ruler(first_y=1800, pitch=360, lines=20, fold_after=10, fold_gap=900)
SHEET = Sheet(6 * 2160)
WAIT = 10.0
SHORT_ANSWER = 1.0
"""Seconds for an answer where a test awaits silence: a busy machine still gives its answers in time."""
WAY = b"\x1b/1"
"""The beginning of a way; four digits follow."""

Struck = dict[tuple[int, int | None], list[tuple[str, int]]]


def quick(profile: Pr2Profile, answer: float = 5.0) -> Pr2Profile:
    """The same dialect with short polls, so that no test waits for a clock."""
    times = msgspec.structs.replace(
        profile.times, answer=answer, motion=answer, settle=0.005, insertion_poll=0.05, taken_poll=0.01
    )
    return msgspec.structs.replace(profile, times=times)


def holding(profile: Pr2Profile) -> Pr2Profile:
    """The same dialect for a printer of which an installer verified that text may go ahead."""
    clean_up = msgspec.structs.replace(profile.clean_up, assumed=False)
    return msgspec.structs.replace(profile, holds_text=HoldsText(holds=True), clean_up=clean_up)


def line(number: int, text: str | None = None, page: int = 3) -> Line:
    """Line `number` at its rule: a date, a text, an amount."""
    runs = (Run(1, f"{number:02}.05.26"), Run(12, text or f"Posting {number}"), Run(40, f"{number}00.00"))
    return Line(page, number, RULER.y(number), runs)


def text_of(number: int) -> str:
    """What line(number) looks like on paper."""
    return line_text((run.column, run.text) for run in line(number).runs)


def once(*numbers: int) -> Struck:
    """Paper on which each of these lines stands once and nothing else does."""
    return {(3, number): [(text_of(number), 1)] for number in numbers}


class HoldingCable(PtyCable):
    """A serial line with flow control: what a mechanism without power cannot take waits in the host's kernel."""

    @override
    def drop(self) -> None:
        """Forget nothing."""


class LosingPort:
    """A port over a cable without a handshake: what comes too fast is gone."""

    def __init__(self, port: Port, lost: bytes) -> None:
        self._port = port
        self._lost = [lost]

    def write(self, data: bytes) -> None:
        if self._lost and self._lost[0] in data:
            data = data.replace(self._lost.pop(), b"", 1)
        self._port.write(data)

    def read(self, limit: int, timeout: float) -> bytes:
        return self._port.read(limit, timeout)

    def close(self) -> None:
        self._port.close()


class WaitingPort:
    """A port that does the first of `pending` behind the first way of a line, before any other byte leaves."""

    def __init__(self, port: Port, pending: list[Callable[[], None]]) -> None:
        self._port = port
        self._pending = pending

    def write(self, data: bytes) -> None:
        if self._pending and WAY in data:
            behind = data.index(WAY) + len(WAY) + 4
            way, data = data[:behind], data[behind:]
            self._port.write(way)
            self._pending.pop()()
        self._port.write(data)

    def read(self, limit: int, timeout: float) -> bytes:
        return self._port.read(limit, timeout)

    def close(self) -> None:
        self._port.close()


def _cable(kind: str, link: Path) -> Cable:
    if kind == "held":
        return HoldingCable(link)
    return open_cable("tcp://127.0.0.1:0" if kind == "tcp" else f"pty://{link}")


@dataclass
class Workbench:
    """A mechanism, and the sessions that a test opens at it; `killed` are the processes that it would have ended."""

    simulator: Simulator
    paper_file: Path
    profile: Pr2Profile
    killed: list[int]
    stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def build(cls, folder: Path, kind: str = "tcp", answer: float = 5.0, **own_setup: Any) -> Workbench:
        """At TCP, or with kind "pty" at a pseudo terminal; `answer`: seconds the sessions wait for one.

        Kind "held" is a pseudo terminal that keeps, while the mechanism has no power, what the host sends.  `own_setup`
        is that of the mechanism itself.
        """
        folder.mkdir(exist_ok=True)
        profile = quick(builtin_pr2(), answer)
        killed: list[int] = []
        paper = folder / "paper.json"
        cable = _cable(kind, folder / "printer")
        simulator = Simulator(profile, cable, Paper(paper), kill=killed.append, control=folder / "control", **own_setup)
        return cls(simulator, paper, profile, killed)

    @property
    def machine(self) -> Machine:
        return self.simulator.machine

    def session(
        self,
        code_page: str = "cp858",
        wrap: Callable[[Port], Port] = lambda port: port,
        dialect: Dialect | None = None,
    ) -> DocumentSession:
        """A session at a port of its own, which `wrap` may put into another one."""
        port = open_port(self.simulator.address)
        self.stack.callback(port.close)
        session = DocumentSession(wrap(port), dialect or Pr2(self.profile), code_page=code_page, clock=time.monotonic)
        self.stack.callback(session.close)
        return session

    def losing(self, lost: bytes) -> DocumentSession:
        """A session over a cable that loses these bytes when they pass for the first time."""
        return self.session(wrap=lambda port: LosingPort(port, lost))

    def struck(self) -> Struck:
        """What is on paper once the mechanism has done with the byte it is at."""
        self.machine.state()
        return Paper.load(self.paper_file).lines("B1")

    def inserted(self, page: int = 3) -> DocumentSession:
        """A session whose mechanism was clean and has a book at `page`."""
        session = self.session()
        session.clean_up()
        self.insert(session, page)
        return session

    def insert(self, session: DocumentSession, page: int = 3, sheet: Sheet = SHEET) -> None:
        """The session asks for a book, and a person puts it in."""
        session.insert(sheet, WAIT, lambda: self.machine.insert("B1", page, RULER))

    def print_lines(self, session: DocumentSession, *numbers: int) -> None:
        """Print lines of which each but the last has the next one prepared, as a desk does."""
        for number, following in zip(numbers, (*numbers[1:], None), strict=True):
            session.print_line(line(number))
            session.confirm(line(following) if following else None)

    def close(self) -> None:
        self.stack.close()
        self.simulator.close()
