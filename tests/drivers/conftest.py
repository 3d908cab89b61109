"""A simulated mechanism in this process, and sessions at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from drivers.port import open_port
from drivers.profile import Profile, builtin_profile
from drivers.session import DocumentSession
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper, Ruler
from drivers.simulator.running import Simulator, open_cable
from passbook.plan import Line, Run

RULER = Ruler(first_y=1800, pitch=360, lines=20, fold_after=10, fold_gap=900)
HEIGHT = 6 * 2160
WAIT = 10.0


def quick(profile: Profile, answer: float = 5.0) -> Profile:
    """The same dialect with short polls, so that no test waits for a clock."""
    times = msgspec.structs.replace(
        profile.times, answer=answer, motion=answer, settle=0.02, insertion_poll=0.05, taken_poll=0.01
    )
    return msgspec.structs.replace(profile, times=times)


def line(number: int, text: str | None = None, page: int = 3) -> Line:
    """Line `number` at its rule: a date, a text, an amount."""
    runs = (Run(1, f"{number:02}.05.26"), Run(12, text or f"Posting {number}"), Run(40, f"{number}00.00"))
    return Line(page, number, RULER.y(number), runs)


@dataclass
class Desk:
    """A mechanism, and the sessions that a test opens at it."""

    simulator: Simulator
    paper_file: Path
    profile: Profile
    killed: list[int]
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def machine(self) -> Machine:
        return self.simulator.machine

    def session(self, profile: Profile | None = None, code_page: str = "cp858") -> DocumentSession:
        port = open_port(self.simulator.address)
        session = DocumentSession(
            port, profile or self.profile, code_page=code_page, printer="counter-1", clock=time.monotonic
        )
        self.stack.callback(session.close)
        return session

    def paper(self) -> Paper:
        return Paper.load(self.paper_file)

    def struck(self, book: str = "B1") -> dict[tuple[int, int | None], list[tuple[str, int]]]:
        return self.paper().lines(book)

    def insert(self, session: DocumentSession, page: int = 3) -> None:
        """A clean mechanism gets a book; the person is as quick as can be."""
        session.clean_up()
        self.put_when_wanted(session, page)

    def put_when_wanted(self, session: DocumentSession, page: int = 3) -> None:
        import threading  # noqa: PLC0415

        after = self.machine.state().events

        def person() -> None:
            assert self.machine.wait("document-wanted", after, WAIT)
            self.machine.insert("B1", page, RULER)

        thread = threading.Thread(target=person)
        thread.start()
        session.insert(HEIGHT, WAIT)
        thread.join()


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    """Desks at TCP, or with kind "pty" at a pseudo terminal."""
    with ExitStack() as stack:

        def build(kind: str = "tcp", answer: float = 5.0) -> Desk:
            listen = "tcp://127.0.0.1:0" if kind == "tcp" else f"pty://{tmp_path}/printer"
            profile = quick(builtin_profile("pr2"), answer)
            killed: list[int] = []
            paper_file = tmp_path / "paper.json"
            simulator = Simulator(profile, open_cable(listen), Paper(paper_file), kill=killed.append)
            desk = Desk(simulator, paper_file, profile, killed)
            stack.callback(simulator.close)
            stack.enter_context(desk.stack)
            return desk

        yield build


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    return open_desk()
