"""One loss of any length at any byte: nothing in a wrong place, and confirmed is what is on paper.

A power dip loses bytes and the set-up; a cable without a handshake loses bytes alone.

The printer hangs on a port that does all the work of a byte before the next one, so every dip is the same each time.
"""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import Pr2Profile, builtin_pr2
from drivers.ports.port import PortError, PortTrouble
from drivers.profile import Times
from drivers.session import DocumentSession
from drivers.simulator.faults import Cut, Now, Target
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Run
from tests.drivers.workbench import RULER, SHEET, WAIT, Struck, holding

pytestmark = pytest.mark.slow

AT_ONCE = 4
TICK = 0.0001
"""Seconds by which the clock goes on, each time that it is asked while every answer was heard."""
NEVER = 1_000_000
"""A byte that is not reached."""


class Wire:
    """The cable at the printer: one byte of the host, and answers."""

    def __init__(self) -> None:
        self.coming = b""
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._sent = self._taken = self._heard = 0
        self._now = 0.0

    def read(self, limit: int) -> bytes:
        data, self.coming = self.coming[:limit], self.coming[limit:]
        return data

    def send(self, data: bytes) -> None:
        self._sent += 1
        self._answers.put(data)

    def take(self, timeout: float) -> bytes:
        """The next answer; one that was taken before was heard."""
        self._heard = self._taken
        data = self._answers.get(timeout=timeout)
        self._taken += 1
        return data

    def clock(self) -> float:
        """Time stands still while an answer is on its way, so none comes too late."""
        if self._heard == self._sent:
            self._now += TICK
        return self._now

    def drop(self) -> None:
        self.coming = b""


class Loss(NamedTuple):
    """What is lost: the bytes from `off` until `on`, and in a power dip the set-up with them."""

    off: int
    on: int
    is_dip: bool = True


class LossyPort:
    """A printer as a port; the loss is counted from the arming."""

    def __init__(self, folder: Path, profile: Pr2Profile, loss: Loss) -> None:
        self.paper = Paper(folder / f"{loss.off}-{loss.on}.json")
        self._wire = Wire()
        self.clock = self._wire.clock
        self.machine = Machine(profile, 240, self.paper, self._wire, lambda _pid: None)
        self._loss = loss
        self._armed = False
        self.written = 0

    def arm(self) -> None:
        self._armed = True

    def end(self) -> None:
        """The printer has power for good."""
        self._armed = False
        self.machine.restore()

    def write(self, data: bytes) -> None:
        for byte in data:
            if self._armed and self._is_lost():
                continue
            self._wire.coming = bytes([byte])
            self.machine.fill()
            while self.machine.step() is not None:
                pass

    def _is_lost(self) -> bool:
        """Whether the cable loses the next byte; it counts it."""
        at, loss = self.written, self._loss
        self.written += 1
        if not loss.is_dip:
            return loss.off <= at < loss.on
        if at == loss.off:
            self.machine.cut(Cut(Target.PRINTER, Now()))
        if at == loss.on:
            self.machine.restore()
        return False

    def read(self, limit: int, timeout: float) -> bytes:  # noqa: ARG002 - names of Port
        data = self._wire.take(timeout)
        if not data:
            raise PortError(PortTrouble.UNPLUGGED)
        return data

    def close(self) -> None:
        self._wire.send(b"")


def line(number: int) -> Line:
    """A short line, so that there are few bytes to dip at."""
    return Line(3, number, RULER.y(number), (Run(7, f"line {number}"),))


def once(*numbers: int) -> Struck:
    return {(3, number): [(f"      line {number}", 1)] for number in numbers}


class Outcome(NamedTuple):
    """What came of lines 1 and 2, after the book was given back."""

    confirmed: list[int]
    paper: Struck
    written: int
    questions: int
    """The first of the written bytes, which are the questions about line 1."""


def outcome(folder: Path, profile: Pr2Profile, loss: Loss, *, ahead: bool) -> Outcome:
    port = LossyPort(folder, profile, loss)
    session = DocumentSession(port, Pr2(profile), code_page="cp858", clock=port.clock)
    session.clean_up()
    session.insert(SHEET, WAIT, lambda: port.machine.insert("B1", 3, RULER))
    confirmed, questions = [], 0
    try:
        for number in (1, 2):
            session.print_line(line(number))
            port.arm()
            session.confirm(line(number + 1) if ahead else None)
            confirmed.append(number)
            questions = questions or port.written
        session.eject()
    except MechanismStop:
        port.end()
        with suppress(MechanismStop):
            session.clean_up()
    session.close()
    return Outcome(confirmed, port.paper.lines("B1"), port.written, questions)


ORDERS = pytest.mark.parametrize(
    ("ahead", "holds_text"),
    [
        pytest.param(False, False, id="alone"),
        pytest.param(True, False, id="way ahead"),
        pytest.param(True, True, id="text ahead"),
    ],
)
NONE = Loss(NEVER, NEVER)


def profile_of(*, holds_text: bool) -> Pr2Profile:
    times = Times(5 * TICK, 5 * TICK, 5 * TICK, 5 * TICK, 5 * TICK)
    profile = msgspec.structs.replace(builtin_pr2(), times=times)
    return holding(profile) if holds_text else profile


@pytest.mark.long
@ORDERS
@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.soak, id="each"), pytest.param(3, id="third")])
def test_one_dip_of_any_length_strikes_nothing_in_a_wrong_place_and_confirms_what_is_on_paper(
    tmp_path: Path, every: int, *, ahead: bool, holds_text: bool
) -> None:
    profile = profile_of(holds_text=holds_text)
    whole = outcome(tmp_path, profile, NONE, ahead=ahead)
    assert (whole.confirmed, whole.paper) == ([1, 2], once(1, 2))

    def try_dip(dip: tuple[int, int]) -> int:
        confirmed, paper, *_ = outcome(tmp_path, profile, Loss(*dip), ahead=ahead)
        struck = set(paper)
        assert struck <= {(3, 1), (3, 2)}, dip
        assert confirmed or (3, 2) not in struck, f"{dip}: line 2 was struck, and line 1 was in doubt"
        assert once(*confirmed).items() <= paper.items(), f"{dip}: confirmed {confirmed}"
        return len(confirmed)

    dips = list(combinations(range(whole.written + 1), 2))[::every]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(try_dip, dips))
    assert set(outcomes) == {0, 1, 2}


@pytest.mark.long
@ORDERS
def test_questions_and_ways_that_the_cable_lost_leave_no_stray_text_on_a_confirmed_line(
    tmp_path: Path, *, ahead: bool, holds_text: bool
) -> None:
    profile = profile_of(holds_text=holds_text)
    questions = outcome(tmp_path, profile, NONE, ahead=ahead).questions
    if holds_text:
        questions -= len(line(2).runs[0].text) + len("\x7f\x1bH007")
    for off, on in combinations(range(questions + 1), 2):
        confirmed, paper, *_ = outcome(tmp_path, profile, Loss(off, on, is_dip=False), ahead=ahead)
        assert set(paper) <= {(3, 1), (3, 2)}, (off, on)
        assert confirmed or (3, 2) not in paper, f"{off} to {on}: line 2 was struck, and line 1 was in doubt"
        assert all(paper[place] == right for place, right in once(*confirmed).items()), f"{off} to {on}: {paper}"
