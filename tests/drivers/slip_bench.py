"""A simulated slip printer in this process, and sessions at it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.escpos.escpos_profile import EscposProfile, builtin_escpos
from drivers.ports.port import open_port
from drivers.session import DocumentSession
from drivers.simulator.cables import Cable
from drivers.simulator.machine import Machine
from drivers.simulator.paper import Paper, Ruler, line_text
from drivers.simulator.running import Simulator, open_cable
from passbook.document.plan import Line, Run, Sheet
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup
from tests.drivers.workbench import HoldingCable, Struck

RULER = Ruler(first_y=1620, pitch=360, lines=30)
SHEET = Sheet(210 * 2160 * 5 // 127, left=170)
WAIT = 10.0
SLIP = "slip-1"


def quick_slip(answer: float = 5.0) -> EscposProfile:
    """The shipped profile with short polls, so that no test waits for a clock."""
    profile = builtin_escpos()
    times = msgspec.structs.replace(
        profile.times, answer=answer, motion=answer, settle=0.03, insertion_poll=0.05, taken_poll=0.01
    )
    return msgspec.structs.replace(profile, times=times)


def slip_line(number: int) -> Line:
    """Line `number` at its rule: a text and an amount."""
    return Line(
        1,
        number,
        RULER.y(number),
        (Run(1, f"Einzahlung {number} von Frau Müller, in bar"), Run(41, f"{number}00,00 €")),
    )


def slip_text(number: int) -> str:
    """How slip_line(number) looks on paper."""
    return line_text((run.column, run.text) for run in slip_line(number).runs)


def once_on_slip(*numbers: int) -> Struck:
    """A slip on which each of these lines stands once and nothing else does."""
    return {(1, number): [(slip_text(number), 1)] for number in numbers}


@dataclass
class SlipBench:
    """A slip printer, and the sessions that a test opens at it; `killed` are the processes that it would have ended."""

    simulator: Simulator
    paper_file: Path
    profile: EscposProfile
    killed: list[int]
    stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def build(cls, folder: Path, kind: str = "tcp", answer: float = 5.0) -> SlipBench:
        """At TCP, or at a pseudo terminal ("pty"), or at one that keeps what comes without power ("held")."""
        folder.mkdir(exist_ok=True)
        profile = quick_slip(answer)
        killed: list[int] = []
        paper = folder / "paper.json"
        Paper(paper).save()
        simulator = Simulator(profile, _cable(kind, folder), Paper(paper), kill=killed.append)
        return cls(simulator, paper, profile, killed)

    @property
    def machine(self) -> Machine:
        return self.simulator.machine

    def session(self, setup: PrinterSetup = USUAL_SETUP, code_page: str = "cp858") -> DocumentSession:
        """A session at a port of its own, and at a printer that is set up so."""
        port = open_port(self.simulator.address)
        self.stack.callback(port.close)
        session = DocumentSession(port, EscposSlip(self.profile, setup), code_page=code_page, clock=time.monotonic)
        self.stack.callback(session.close)
        return session

    def inserted(self) -> DocumentSession:
        """A session whose printer was clean and has loaded a slip."""
        session = self.session()
        session.clean_up()
        self.insert(session)
        return session

    def put(self) -> None:
        """A person puts the slip into the slot."""
        self.machine.insert(SLIP, 1, RULER)

    def insert(self, session: DocumentSession) -> None:
        """The session asks for a slip, and a person puts it in."""
        session.insert(SHEET, WAIT, self.put)

    def print_lines(self, session: DocumentSession, *numbers: int) -> None:
        for number in numbers:
            session.print_line(slip_line(number))
            session.confirm()

    def take_back(self, session: DocumentSession) -> None:
        """A person takes out what was given back."""
        self.machine.take()
        session.wait_taken(WAIT)

    def struck(self) -> Struck:
        """What is on the slip; nothing may ever be on the roll."""
        self.machine.state()
        assert self.machine.wait("printed-on-roll", 0, 0) is None
        return Paper.load(self.paper_file).lines(SLIP)

    def close(self) -> None:
        self.stack.close()
        self.simulator.close()


def _cable(kind: str, folder: Path) -> Cable:
    if kind == "held":
        return HoldingCable(folder / "printer")
    return open_cable("tcp://127.0.0.1:0" if kind == "tcp" else f"pty://{folder}/printer")
