"""The main job as a story: three documents, two power cuts, an absent teller, and everything on paper once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from demo.people import Printing
from demo.stolen_disk import search_disk, secrets_of
from demo.verdict import Order, Sent, read_sent
from demo.world import PROJECT, Terminal, World, shipped_layout
from drivers.simulator.faults import AfterStrike, AtLineByte, Target
from passbook.plan import Line


class Document(NamedTuple):
    """What somebody has printed, and into which book of which layout."""

    title: str
    file: Path
    book: str
    layout: str
    format: str


STATEMENT: Final = Document(
    "statement, 20 lines", PROJECT / "demo" / "statement.csv", "book-1", "savings-24", "passbook-update+csv"
)
SECOND: Final = Document(
    "second update", PROJECT / "demo" / "second.csv", "book-2", "savings-24", "passbook-update+csv"
)
NOTICE: Final = Document("text", PROJECT / "demo" / "notice.txt", "sheet-1", "sheet", "text")
FIRST_CUT: Final = AtLineByte(line=6, byte=60)
"""In the middle of the bytes of the sixth line."""
SECOND_CUT: Final = AfterStrike(line=9)
"""The ninth line after going on is on paper, and the printer could not say so."""

Say = Callable[[str], None]


class Story:
    """The branch of the story; then `sent` and `orders` say what people wanted, `leaks` what a thief could read."""

    def __init__(self, world: World, say: Say) -> None:
        self._world = world
        self._say = say
        self.sent: list[Sent] = []
        self.orders: list[Order] = []
        self.leaks: list[str] = []

    def prepare(self) -> None:
        """Enroll the terminals, make their keys, start the appliance."""
        world = self._world
        self.counter_1 = world.enroll("counter-1")
        self.counter_2 = world.enroll("counter-2")
        self.manager = world.enroll("manager", representative=True)
        recovery = world.folder / "recovery.pub"
        self.counter_1.run("keys", "new", "anna-1")
        self.counter_2.run("keys", "new", "bernd-1")
        self.manager.run("keys", "recovery-new", str(recovery))
        world.write_config(recovery)
        world.start_appliance()
        self._say("The simulated printer and the appliance run; counter-1, counter-2 and the manager are enrolled.")

    def tell(self) -> None:
        """Everything that happens, up to the last line on paper."""
        self._world.mechanism.cut(Target.BOTH, FIRST_CUT, self._world.appliance_pid)
        anna = self._send(self.counter_1, STATEMENT, at_once=False)
        bernd = [self._send(self.counter_2, document) for document in (SECOND, NOTICE)]
        anna.hands_free.set()
        self._first_cut(bernd)
        self._go_on(anna, questions=1)
        self._second_cut()
        self._go_on(anna, questions=2)
        self._expect_end(anna, "Anna's statement is printed, and she has the book back.")
        for document, sent in zip((SECOND, NOTICE), self.sent[1:], strict=True):
            self._represent(document, sent)
        self.search_disk()

    def search_disk(self) -> None:
        """Look at the disk as a thief would; what is found goes to `leaks`."""
        terminals = (self.counter_1, self.counter_2, self.manager)
        secrets = secrets_of(self.sent, (STATEMENT.file, SECOND.file), terminals)
        found = search_disk(self._world, secrets)
        self.leaks += found
        self._say(f"The disk is searched for {len(secrets)} texts and keys, in every form: {len(found)} found.")

    def _send(self, terminal: Terminal, document: Document, *, at_once: bool = True) -> Printing:
        title, file, book, layout, kind = document
        printing = terminal.print_in_background(file, book, layout, at_once=at_once)
        job = printing.job
        self.sent.append(read_sent(title, job, book, file, kind, shipped_layout(layout)))
        self._say(f"{terminal.name} sent the {title}: job {job[:8]} is accepted, that is: on disk.")
        return printing

    def _first_cut(self, absent: list[Printing]) -> None:
        code = self._world.await_appliance_end()
        self._say(
            f"POWER CUT of printer and appliance, in the middle of a line's bytes (the process ended with {code})."
        )
        self.search_disk()
        for printing in absent:
            printing.kill()
        self._say("Bernd at counter-2 has gone home; his terminal is off.")
        self._world.mechanism.restore()
        self._world.start_appliance()
        self._say("Power is back. Nothing prints: every job waits for an answer.")

    def _second_cut(self) -> None:
        code = self._world.await_appliance_end()
        self._say(f"POWER CUT of the appliance only, while a line was being printed (the process ended with {code}).")
        self.search_disk()
        self._world.start_appliance()

    def _go_on(self, anna: Printing, questions: int) -> None:
        """Anna is told what is on paper, looks at the line in doubt, and goes on; a second cut is armed once."""
        anna.wait_for(lambda events: _questions(events) >= questions)
        inquiry = self._question(self.counter_1, anna.job)
        sent = self.sent[0]
        in_doubt = inquiry["inDoubt"]
        self._say("counter-1 is asked:")
        self._say(self.counter_1.screen("inquiries"))
        seen = self._look(sent, in_doubt)
        step = in_doubt + 1 if seen else in_doubt
        self._say(f"Anna looks into the book: the line in doubt is {'there' if seen else 'not there'}.")
        if questions == 1:
            self._world.mechanism.cut(Target.APPLIANCE, SECOND_CUT, self._world.appliance_pid)
        self.counter_1.run("answer", anna.job, "--resume", str(step), "--person", "Anna")
        self.orders.append(Order(anna.job, "Anna", "resume", step, in_doubt if seen else in_doubt - 1))
        number = sum(isinstance(each, Line) for each in sent.plan[:step])
        self._say(f"Anna answers: go on with line {number}.")

    def _look(self, sent: Sent, step: int) -> bool:
        """Whether the line of `step` is on paper, as a person sees it."""
        line = sent.plan[step - 1]
        return isinstance(line, Line) and self._world.paper.times(sent.book, line.page, line.line) > 0

    def _represent(self, document: Document, sent: Sent) -> None:
        """The manager orders a job of the absent teller printed, with the branch recovery key, and handles the book."""
        self._question(self.manager, sent.job)
        order = ("--print", "--person", "Clara")
        printing = self.manager.answer_in_background(sent.job, sent.book, document.layout, *order)
        self.orders.append(Order(sent.job, "Clara", "print", 1, 0))
        self._say(f"The manager, with the branch recovery key, orders Bernd's {document.title} printed.")
        self._expect_end(printing, f"Bernd's {document.title} is printed.")

    def _question(self, terminal: Terminal, job: str) -> dict[str, Any]:
        """The open question about `job` as `terminal` is asked it."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for inquiry in terminal.run("inquiries"):
                if inquiry["job"]["job"] == job:
                    return dict(inquiry)
        raise TimeoutError(f"{terminal.name} is not asked about {job}")

    def _expect_end(self, printing: Printing, words: str) -> None:
        code = printing.end(60)
        if code != 0:
            raise RuntimeError(f"teller ended with {code}: {printing.refused}")
        self._say(words)


def _questions(events: list[dict[str, Any]]) -> int:
    """How many different questions have come: one may be shown again when the medium was found."""
    asked = [event["payload"] for event in events if event["event"] == "Recovery.InquiryEvent"]
    return len({(inquiry["job"]["job"], inquiry["job"]["epoch"]) for inquiry in asked})
