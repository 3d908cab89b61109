"""`make demo-slip`: a slip with a power cut in it, a PDF page and a certificate from stock, on an ESC/POS printer.

The printer answers while the line before is still in its print memory, as such printers may.  So the cut takes a line
that was confirmed already, and the question says that two lines are in doubt.  Papers, history and stock are the judge.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
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
from passbook.document.plan import UNITS_PER_INCH, Line, with_numbers

PLANT: Final = "twice"
"""The damage that the verdict must find: a line is struck once more."""
PICTURES: Final = PROJECT / "build" / "demo-slip"
SLIP: Final = Document("deposit slip", PROJECT / "demo" / "slip.txt", "slip-1", "slip", "text")
CHART: Final = Document("PDF page", PROJECT / "demo" / "savings.pdf", "sheet-1", "slip", "pdf")
CERTIFICATE: Final = Document(
    "certificate", PROJECT / "demo" / "certificate.form", "certificate-1", "slip-certificate", "form"
)
FORMS: Final = '[[printer.form]]\nkind = "certificate"\nnumbered = true\nlow = 1\n'
SHEETS: Final = 3
FIRST: Final = 1001
"""The number of the first of these sheets."""
BAR: Final = re.compile(rb"([0-9]+)\.25 ([0-9]+) ([0-9]+)\.5 ([0-9]+) re f")
"""A black bar of the PDF page, in dots: its left and lower edge from the lower left corner, width and height.

A quarter of a dot is white at its left and right, so that no rounding of 72 points to 80 dots makes it wider.
"""
PAGE_HEIGHT: Final = 576
"""Dots."""
ACROSS, DOWN = UNITS_PER_INCH // 80, UNITS_PER_INCH // 72
"""The distances of two dots of the printer."""
CUT: Final = AtLineByte(line=5, byte=1)
"""At the first byte of the fifth line, whose way would have struck the fourth."""

Ink = Counter[tuple[int, int]]
"""Left and top edge of each dot, in 1/2160 inch, and how often it is there."""


def ink_of_bars(page: bytes) -> Ink:
    """The dots of all bars of a PDF page."""
    bars = ([int(dots) for dots in bar] for bar in BAR.findall(page))
    return Counter(
        (x * ACROSS, y * DOWN)
        for left, low, width, height in bars
        for x in range(left, left + width + 1)
        for y in range(PAGE_HEIGHT - low - height, PAGE_HEIGHT - low)
    )


class SlipStory:
    """One counter with a slip printer, and a stock of certificates in it."""

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
        """Tell the story; return 0 when papers, history, stock and the answer agree."""
        self._prepare()
        self._offer_passbook()
        slip = self._print_through_cut()
        chart = self._print_chart()
        certificate = self._print_certificate()
        self._look_at_roll()
        history = self._world.ctl("history", "--last", "1000")
        self._world.stop_appliance()
        if damage is not None:
            self.say(f"PLANTED DAMAGE: {plant(damage, self._world)}")
        self._judge_chart()
        return self._judge([slip, chart, certificate], history)

    def _prepare(self) -> None:
        self._world.build()
        self._counter = self._world.enroll("counter-1")
        self._counter.run("keys", "new", "anna-1")
        self._world.write_config(printer=FORMS)
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
        self._finish(printing, "The slip is printed, and Anna has it.")
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

    def _print_chart(self) -> Sent:
        title, file, book, layout, _ = CHART
        printing = self._counter.print_in_background(file, book, layout, "--layout", layout)
        sent = Sent(title, printing.job, book, ())
        self._finish(printing, f"The {title} is printed as dots on a sheet.")
        return sent

    def _print_certificate(self) -> Sent:
        """Dora puts sheets in; one certificate is printed, and the stock has one sheet less."""
        put_in = ("--count", str(SHEETS), "--first", str(FIRST), "--person", "Dora")
        self._world.ctl("stock", "replenish", PRINTER, "certificate", *put_in)
        self._expect_stock(SHEETS, FIRST)
        title, file, book, layout, kind = CERTIFICATE
        printing = self._counter.print_in_background(file, book, layout)
        sent = read_sent(title, printing.job, book, file, kind, self._world.layout(layout))
        self._finish(printing, f"A {title} is printed on the sheet with the number {FIRST}.")
        self._expect_stock(SHEETS - 1, FIRST + 1)
        log = [one["move"] for one in self._world.ctl("stock", "log")]
        moves = [(move["kind"], move.get("count", 1), move["first"], move.get("job", "")) for move in log]
        if moves != [("replenished", SHEETS, FIRST, ""), ("debited", 1, FIRST, sent.job)]:
            self._faults.append(f"the moves of the stock are {moves}")
        return sent._replace(plan=with_numbers(sent.plan, {1: FIRST}))

    def _expect_stock(self, left: int, following: int) -> None:
        [row] = self._world.ctl("stock", "list")
        self.say(f"Stock: {row['left']} certificates are left, and the next one has the number {row['next']}.")
        if (row["left"], row["next"]) != (left, following):
            self._faults.append(f"{left} certificates from {following} on are in the printer, and not those in stock")

    def _look_at_roll(self) -> None:
        try:
            self._world.mechanism.wait("printed-on-roll", 0)
            self._faults.append("something was printed on the roll")
        except ControlFailure:
            self.say("Nothing was printed on the roll of the printer.")

    def _finish(self, printing: Printing, words: str) -> None:
        code = printing.end(60)
        if code != 0:
            raise RuntimeError(f"teller ended with {code}: {printing.refused}")
        self.say(words)

    def _judge_chart(self) -> None:
        """The bars are on the sheet dot by dot, once, and the title is above them."""
        expected, found = ink_of_bars(CHART.file.read_bytes()), self._world.paper.ink(CHART.book, 1)
        top = min(y for _, y in expected)
        title = Counter({dot: times for dot, times in found.items() if dot[1] < top})
        missing, more = (expected - found).total(), (found - title - expected).total()
        twice = sum(times > 1 for times in title.values())
        self.say(
            f"{CHART.title}: the bars have {expected.total()} dots, {missing} missing and {more} too many; "
            f"the title has {len(title)}, {twice} of them twice."
        )
        if not title or twice or missing or more:
            self._faults.append(f"{CHART.title}: the dots on the sheet are not those of the page")

    def _judge(self, sent: list[Sent], history: list[Any]) -> int:
        paper = self._world.paper
        print()
        print(table(verdict_row(document, paper, self._orders) for document in sent if document.plan))
        print()
        shutil.rmtree(PICTURES, ignore_errors=True)
        for picture in render_sheet(paper, PICTURES):
            print(f"paper picture: {picture}")
        wrong = disagreements(sent, paper, self._orders, history, self._world.verify_offline()) + self._faults
        print()
        for sentence in wrong:
            print(f"DISAGREEMENT  {sentence}")
        print("Papers, history, stock and the person's answer agree." if not wrong else "They do not agree.")
        return 1 if wrong else 0


def main() -> int:
    """Run the story in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(prog="python -m demo.slip", description=__doc__)
    parser.add_argument("--plant", choices=[PLANT], help="damage that the verdict must find")
    options = parser.parse_args()
    # A short path: a Unix socket's name has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="passbook-"))
    try:
        with World(folder, pace="real", dialect="escpos", layouts=PROJECT / "demo" / "layouts") as world:
            return SlipStory(world).run(options.plant)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
