"""`make demo-slip`: a slip on an ESC/POS printer, a power cut in it, and the question about two lines.

The printer answers while the line before is still in its print memory, as such printers may.  So the cut takes a line
that was confirmed already, and the question says that two lines are in doubt.  Paper and history are the judge.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from demo.damage import plant
from demo.people import Printing
from demo.story import STATEMENT, Document
from demo.verdict import Order, Sent, disagreements, read_sent, table, verdict_row
from demo.world import PRINTER, PROJECT, CommandFailed, World, await_fact, shipped_layout
from drivers.simulator.control import ControlFailure
from drivers.simulator.faults import AtLineByte, FaultKind, Target
from drivers.simulator.render import render_sheet
from passbook.document.plan import Line

PLANT: Final = "twice"
"""The damage that the verdict must find: a line is struck once more."""
PICTURES: Final = PROJECT / "build" / "demo-slip"
SLIP: Final = Document("deposit slip", PROJECT / "demo" / "slip.txt", "slip-1", "slip", "text")
CUT: Final = AtLineByte(line=5, byte=1)
"""At the first byte of the fifth line, whose way would have struck the fourth."""


class SlipStory:
    """One counter with a slip printer."""

    def __init__(self, world: World) -> None:
        self._began = time.monotonic()
        self._world = world
        self._orders: list[Order] = []
        self._faults: list[str] = []

    def say(self, words: str) -> None:
        """Tell what happens, with the time since the beginning."""
        first, *more = words.rstrip().splitlines()
        moment = f"{time.monotonic() - self._began:5.1f} s"
        print(f"{moment}  {first}", *(f"         {line}" for line in more), sep="\n", flush=True)

    def run(self, damage: str | None) -> int:
        """Tell the story; return 0 when paper, history and the answer agree."""
        self._prepare()
        self._offer_passbook()
        sent = self._print_through_cut()
        history = self._world.ctl("history", "--last", "1000")
        self._world.stop_appliance()
        if damage is not None:
            self.say(f"PLANTED DAMAGE: {plant(damage, self._world)}")
        return self._judge(sent, history)

    def _prepare(self) -> None:
        self._world.build()
        self._counter = self._world.enroll("counter-1")
        self._counter.run("keys", "new", "anna-1")
        self._world.write_config()
        self._world.start_appliance()
        self.say("The simulated slip printer and the appliance run; counter-1 is enrolled.")

    def _offer_passbook(self) -> None:
        try:
            self._counter.run("print", str(STATEMENT.file), "--printer", PRINTER)
            self._faults.append("a passbook was accepted for a printer of slips")
        except CommandFailed as failed:
            self.say(f"A passbook is refused there: {failed.error_code}.")

    def _print_through_cut(self) -> Sent:
        hands = self._world.mechanism
        hands.fault(FaultKind.EARLY_REPLIES)
        hands.cut(Target.BOTH, CUT, self._world.appliance_pid)
        printing = self._counter.print_in_background(SLIP.file, SLIP.book, SLIP.layout, "--layout", SLIP.layout)
        sent = read_sent(SLIP.title, printing.job, SLIP.book, SLIP.file, SLIP.format, shipped_layout(SLIP.layout))
        self.say(f"counter-1 sent the {SLIP.title}: job {printing.job[:8]} is accepted, that is: on disk.")
        code = self._world.await_appliance_end()
        self.say(f"POWER CUT of printer and appliance at the fifth line (the process ended with {code}).")
        hands.restore()
        hands.mend()
        self._world.start_appliance()
        self.say("Power is back. Nothing prints: the job waits for an answer.")
        self._answer(sent)
        self._finish(printing)
        return sent

    def _answer(self, sent: Sent) -> None:
        """Anna looks at the lines in doubt on the slip, and goes on with the first one that is missing."""
        await_fact(lambda: bool(self._counter.run("questions")), lambda: self._counter.run("questions"))
        [question] = self._counter.run("questions")
        self.say(f"counter-1 is asked about {question['linesInDoubt']} lines:")
        self.say(self._counter.screen("questions"))
        steps = [number for number, step in enumerate(sent.plan, 1) if isinstance(step, Line)]
        sure = steps.index(question["inDoubt"]) + 1 - question["linesInDoubt"]
        if any(not self._is_on_slip(sent, step) for step in steps[:sure]):
            self._faults.append("a line that the question calls printed is not on the slip")
        missing = next(step for step in steps[sure:] if not self._is_on_slip(sent, step))
        number = steps.index(missing) + 1
        if missing == question["inDoubt"]:
            self._faults.append("the cut took no line that was confirmed, so the story shows nothing")
        self.say(
            f"Anna looks at the slip: line {number} is the first that is not there, though the printer confirmed it."
        )
        self._counter.run("answer", sent.job, "--from-line", str(number), "--person", "Anna")
        self._orders.append(Order(sent.job, "Anna", "resume", missing, missing - 1))
        self.say(f"Anna answers: go on with line {number}.")

    def _is_on_slip(self, sent: Sent, step: int) -> bool:
        line = sent.plan[step - 1]
        return isinstance(line, Line) and self._world.paper.times(sent.book, line.page, line.line) > 0

    def _finish(self, printing: Printing) -> None:
        code = printing.end(60)
        if code != 0:
            raise RuntimeError(f"teller ended with {code}: {printing.refused}")
        self.say("The slip is printed, and Anna has it.")
        try:
            self._world.mechanism.wait("printed-on-roll", 0)
            self._faults.append("text of the slip was printed on the roll")
        except ControlFailure:
            self.say("Nothing was printed on the roll of the printer.")

    def _judge(self, sent: Sent, history: list[Any]) -> int:
        paper = self._world.paper
        print()
        print(table([verdict_row(sent, paper, self._orders)]))
        print()
        shutil.rmtree(PICTURES, ignore_errors=True)
        for picture in render_sheet(paper, PICTURES):
            print(f"slip picture: {picture}")
        wrong = disagreements([sent], paper, self._orders, history, self._world.verify_offline()) + self._faults
        print()
        for sentence in wrong:
            print(f"DISAGREEMENT  {sentence}")
        print("Paper, history and the person's answer agree." if not wrong else "They do not agree.")
        return 1 if wrong else 0


def main() -> int:
    """Run the story in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(prog="python -m demo.slip", description=__doc__)
    parser.add_argument("--plant", choices=[PLANT], help="damage that the verdict must find")
    options = parser.parse_args()
    # A short path: a Unix socket's name has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="passbook-"))
    try:
        with World(folder, pace="real", dialect="escpos") as world:
            return SlipStory(world).run(options.plant)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
