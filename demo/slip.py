"""`make demo-slip`: a slip with a power cut in it, a PDF page and a certificate from stock, on an ESC/POS printer.

The printer answers while the line before is still in its print memory, as such printers may.  So the cut takes a line
that was confirmed already, and the question says that two lines are in doubt.  Papers, history and stock are the judge.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import Final

from demo.counter_story import CounterStory, run_story
from demo.story import STATEMENT, Document
from demo.verdict import Sent, read_sent
from demo.world import PRINTER, PROJECT, CommandFailed, shipped_layout
from drivers.simulator.control import ControlFailure
from drivers.simulator.faults import AtLineByte, FaultKind, Target
from passbook.document.plan import UNITS_PER_INCH, Line, with_numbers

PLANT: Final = "twice"
"""The damage that the verdict must find: a line is struck once more."""
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


class SlipStory(CounterStory):
    """One counter with a slip printer, and a stock of certificates in it."""

    judges = "Papers, history, stock and the person's answer"
    pictures = PROJECT / "build" / "demo-slip"

    def tell(self) -> list[Sent]:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        """A passbook is refused; a slip, a page and a certificate are printed; return these three."""
        self._prepare("slip printer", config=FORMS)
        self._offer_passbook()
        sent = [self._print_through_cut(), self._print_chart(), self._print_certificate()]
        self._look_at_roll()
        return sent

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
        self.say("The slip is printed, and Anna has it.")
        return sent

    def _answer(self, sent: Sent) -> None:
        """Anna looks at the lines in doubt on the slip, and goes on with the first one that is missing."""
        question = self._question()
        self.say(f"counter-1 is asked about {question['linesInDoubt']} lines:")
        self.say(self._counter.screen("questions"))
        steps = [number for number, step in enumerate(sent.plan, 1) if isinstance(step, Line)]
        sure = steps.index(question["inDoubt"]) + 1 - question["linesInDoubt"]
        if any(not self._is_on_paper(sent, step) for step in steps[:sure]):
            self._faults.append("a line that the question calls printed is not on the slip")
        missing = next(step for step in steps[sure:] if not self._is_on_paper(sent, step))
        number = steps.index(missing) + 1
        if missing == question["inDoubt"]:
            self._faults.append("the cut took no line that was confirmed, so the story shows nothing")
        self.say(
            f"Anna looks at the slip: line {number} is the first that is not there, though the printer confirmed it."
        )
        self._go_on_with(sent, missing, number)
        self.say(f"Anna answers: go on with line {number}.")

    def _print_chart(self) -> Sent:
        title, file, book, layout, _ = CHART
        printing = self._counter.print_in_background(file, book, layout, "--layout", layout)
        sent = Sent(title, printing.job, book, ())
        self._finish(printing)
        self.say(f"The {title} is printed as dots on a sheet.")
        return sent

    def _print_certificate(self) -> Sent:
        """Dora puts sheets in; one certificate is printed, and the stock has one sheet less."""
        put_in = ("--count", str(SHEETS), "--first", str(FIRST), "--person", "Dora")
        self._world.ctl("stock", "replenish", PRINTER, "certificate", *put_in)
        self._expect_stock(SHEETS, FIRST)
        title, file, book, layout, kind = CERTIFICATE
        printing = self._counter.print_in_background(file, book, layout)
        sent = read_sent(title, printing.job, book, file, kind, self._world.layout(layout))
        self._finish(printing)
        self.say(f"A {title} is printed on the sheet with the number {FIRST}.")
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

    def look_closer(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        """The bars of the PDF page are on the sheet dot by dot, once, and the title is above them."""
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


def main() -> int:
    """Run the story; return 0 when the papers agree with it."""
    return run_story("demo.slip", __doc__, (PLANT,), SlipStory, "escpos")


if __name__ == "__main__":
    sys.exit(main())
