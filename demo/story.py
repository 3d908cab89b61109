"""The main job as a story: two power cuts, a pulled cable, an absent teller; each ordered line is on paper once."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from demo.people import Printing
from demo.stolen_disk import search_disk, secrets_of
from demo.verdict import Order, Sent, read_sent
from demo.world import PROJECT, Terminal, World, shipped_layout
from drivers.simulator.faults import AfterStrike, AtLineByte, Target
from passbook.document.plan import Line


class Document(NamedTuple):
    """A document, and the book and layout for it."""

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
FORGOTTEN: Final = Document("forgotten text", PROJECT / "demo" / "forgotten.txt", "sheet-2", "sheet", "text")
FIRST_CUT: Final = AtLineByte(line=6, byte=18)
"""In the middle of the text of the sixth line."""
SECOND_CUT: Final = AfterStrike(line=9)
"""The ninth line after going on is on paper, and the printer could not confirm it."""
PULL: Final = AtLineByte(line=3, byte=60)
"""In the middle of the bytes of the third line from the order on."""
LAST_MINUTE: Final = datetime.time(23, 59)
NO_DAY_YET: Final = f'day_ends = "{LAST_MINUTE:%H:%M}"\n'
"""The setting with which it is still yesterday for the branch."""
DAY_OVER: Final = 'day_ends = "00:00"\nexpiry_grace = 0.5\n'

Say = Callable[[str], None]


class Story:
    """The branch of the story.

    Afterwards `sent` and `orders` hold the wishes of people, and `expired` the documents that no person wanted any
    more. `faults` holds the secrets that a thief could read and the false statements of the appliance.
    """

    def __init__(self, world: World, say: Say) -> None:
        self._world = world
        self._say = say
        self.sent: list[Sent] = []
        self.orders: list[Order] = []
        self.expired: list[Sent] = []
        self.faults: list[str] = []

    def prepare(self) -> None:
        """Enroll the terminals, make their keys, start the appliance."""
        world = self._world
        self.counter_1 = world.enroll("counter-1")
        self.counter_2 = world.enroll("counter-2")
        self.manager = world.enroll("manager", representative=True)
        self._recovery = world.folder / "recovery.pub"
        self.counter_1.run("keys", "new", "anna-1")
        self.counter_2.run("keys", "new", "bernd-1")
        self.manager.run("keys", "recovery-new", str(self._recovery))
        _wait_for_another_minute_than_the_last()
        world.write_config(self._recovery, NO_DAY_YET)
        self._start()
        self._say("The simulated printer and the appliance run; counter-1, counter-2 and the manager are enrolled.")

    def tell(self) -> None:
        """Tell the whole story, up to the last line on paper."""
        self._world.mechanism.cut(Target.BOTH, FIRST_CUT, self._world.appliance_pid)
        anna = self._send(self.counter_1, STATEMENT, at_once=False)
        bernd = [self._send(self.counter_2, document) for document in (SECOND, NOTICE, FORGOTTEN)]
        self.expired.append(self.sent.pop())
        anna.hands_free.set()
        self._first_cut(bernd)
        self._go_on(anna, questions=1)
        self._second_cut()
        second = self._represent(SECOND, self.sent[1], at_once=False)
        self._await_state(self.sent[1].job, "processing-stopped")
        self._go_on(anna, questions=2)
        self._ask_between(second)
        self._expect_end(anna, "Anna's statement is printed, and she has the book back.")
        self._pull_cable(self._represent(NOTICE, self.sent[2]))
        self._end_day()
        self.search_disk()

    def search_disk(self) -> None:
        """Look at the disk like a thief; findings go to `faults`."""
        terminals = (self.counter_1, self.counter_2, self.manager)
        secrets = secrets_of(self.sent + self.expired, (STATEMENT.file, SECOND.file), terminals)
        found = search_disk(self._world, secrets)
        self.faults += found
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
        self._start()
        self._say("Power is back. Nothing prints: every job waits for an answer.")

    def _second_cut(self) -> None:
        code = self._world.await_appliance_end()
        self._say(f"POWER CUT of the appliance only, while a line was being printed (the process ended with {code}).")
        self.search_disk()
        self._start()

    def _start(self) -> None:
        """Start the appliance.  Its machine may have no source of time, so the operator vouches for its clock."""
        self._world.start_appliance()
        self._world.ctl("clock", "--right", "--person", "Dora")

    def _go_on(self, anna: Printing, questions: int) -> None:
        """Anna sees the lines on paper, looks at the line in doubt, and goes on; a second cut is armed once."""
        anna.wait_for(lambda events: _questions(events) >= questions)
        question = self._question(self.counter_1, anna.job)
        sent = self.sent[0]
        in_doubt = question["inDoubt"]
        self._say("counter-1 is asked:")
        self._say(self.counter_1.screen("questions"))
        seen = self._look(sent, in_doubt)
        step = in_doubt + 1 if seen else in_doubt
        self._say(f"Anna looks into the book: the line in doubt is {'there' if seen else 'not there'}.")
        if questions == 1:
            self._world.mechanism.cut(Target.APPLIANCE, SECOND_CUT, self._world.appliance_pid)
        number = 1 + sum(isinstance(each, Line) for each in sent.plan[: step - 1])
        self.counter_1.run("answer", anna.job, "--from-line", str(number), "--person", "Anna")
        self.orders.append(Order(anna.job, "Anna", "resume", step, in_doubt if seen else in_doubt - 1))
        self._say(f"Anna answers: go on with line {number}.")

    def _look(self, sent: Sent, step: int) -> bool:
        """Whether a person sees the line of `step` on paper."""
        line = sent.plan[step - 1]
        return isinstance(line, Line) and self._world.paper.times(sent.book, line.page, line.line) > 0

    def _represent(self, document: Document, sent: Sent, *, at_once: bool = True) -> Printing:
        """The manager orders a job of the absent teller printed, with the branch recovery key, and handles the book."""
        self._question(self.manager, sent.job)
        if document is NOTICE:
            self._world.mechanism.cut(Target.CABLE, PULL)
        order = ("--print", "--person", "Clara")
        printing = self.manager.answer_in_background(sent.job, sent.book, document.layout, *order, at_once=at_once)
        self.orders.append(Order(sent.job, "Clara", "print", 1, 0))
        self._say(f"The manager, with the branch recovery key, orders Bernd's {document.title} printed.")
        return printing

    def _pull_cable(self, printing: Printing) -> None:
        """The printer's cable is out for a while in the middle of a line; the appliance goes on without a restart."""
        sent = self.sent[2]
        question = self._question(self.manager, sent.job, in_doubt=True)
        self._say("THE USB CABLE IS PULLED in the middle of a line; appliance and printer keep their power.")
        self._world.mechanism.plug()
        step = question["inDoubt"]
        seen = self._look(sent, step)
        number = sum(isinstance(each, Line) for each in sent.plan[: step + seen - 1]) + 1
        self._say(f"The cable is in again. The manager is asked about line {number - seen}, and looks at the sheet.")
        self.manager.run("answer", sent.job, "--from-line", str(number), "--person", "Clara")
        self.orders.append(Order(sent.job, "Clara", "resume", step + seen, step if seen else step - 1))
        self._expect_end(printing, f"Bernd's text is printed, from line {number} on.")

    def _ask_between(self, printing: Printing) -> None:
        """While Bernd's second update waits for its book and Anna's job for its turn, ask for the printer's figures.

        The answer comes between the two jobs, so its figures are known: all lines on paper then.
        """
        before = _lines_struck(self._world)
        with ThreadPoolExecutor(1) as background:
            asked: Future[Any] = background.submit(self.manager.run, "environment")
            self._world.await_log("figures-asked")
            printing.hands_free.set()
            told = asked.result()
        self._expect_end(printing, "Bernd's second update is printed.")
        statement, second, notice = (len(sent.lines()) for sent in self.sent)
        expected = {
            "printed": before + second,
            "pending": statement - before,
            "held": notice + len(self.expired[0].lines()),
        }
        found = {name: told[name]["lines"] for name in expected}
        if found != expected:
            self.faults.append(f"the printer's figures between two jobs are {found}, and on paper they are {expected}")
        self._say(
            f"Asked in mid-job, answered before Anna's: {found['printed']} lines printed, {found['pending']} to print, "
            f"{found['held']} held."
        )

    def _end_day(self) -> None:
        """Bernd's last text has no answer until the day is over; then the appliance tells its end to the manager."""
        self._world.stop_appliance()
        self._world.write_config(self._recovery, DAY_OVER)
        self._start()
        self._say("The business day is over, and no person wanted Bernd's forgotten text.")
        notice = self._notice(self.expired[0].job)
        reasons = notice["job"]["reasons"]
        if reasons != ["expired"]:
            self.faults.append(f"the forgotten text ended for {reasons} instead of expiring")
        self._say("Bernd is away and takes no note of it, so the manager is told:")
        self._say(self.manager.screen("notices", notice["job"]["job"], "--acknowledge"))
        left = [one["job"]["job"] for one in self.manager.run("notices")]
        if self.expired[0].job in left:
            self.faults.append("an end that the manager took note of is told again")

    def _await_state(self, job: str, state: str) -> None:
        """Wait until the job is in that state and may be printed."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if any(one["job"] == job and one["valid"] and one["state"] == state for one in self._world.ctl("jobs")):
                return
        raise TimeoutError(f"job {job} is not {state}")

    def _notice(self, job: str) -> dict[str, Any]:
        """The notice of the end of `job` for the manager."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for notice in self.manager.run("notices"):
                if notice["job"]["job"] == job:
                    return dict(notice)
        raise TimeoutError(f"the manager is not told of the end of {job}")

    def _question(self, terminal: Terminal, job: str, *, in_doubt: bool = False) -> dict[str, Any]:
        """The open question about `job` at `terminal`; with `in_doubt` one about a line."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for question in terminal.run("questions"):
                if question["job"]["job"] == job and (question["inDoubt"] or not in_doubt):
                    return dict(question)
        raise TimeoutError(f"{terminal.name} is not asked about {job}")

    def _expect_end(self, printing: Printing, words: str) -> None:
        code = printing.end(60)
        if code != 0:
            raise RuntimeError(f"teller ended with {code}: {printing.refused}")
        self._say(words)


def _lines_struck(world: World) -> int:
    """Lines that stand on any paper."""
    paper = world.paper
    return sum(len(paper.lines(book)) for book in paper.books)


def _wait_for_another_minute_than_the_last() -> None:
    """Wait for the end of a day's last minute: no business day can end later in it."""
    now = datetime.datetime.now().astimezone()
    if now.time() >= LAST_MINUTE:
        time.sleep(61 - now.second)


def _questions(events: list[dict[str, Any]]) -> int:
    """The number of different questions that came: a question may come again when the medium was found."""
    asked = [event["payload"] for event in events if event["event"] == "Recovery.QuestionEvent"]
    return len({(question["job"]["job"], question["job"]["epoch"]) for question in asked})
