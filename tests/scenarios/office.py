"""A branch with a teller and a representative, and what people do there after a job has stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from client.control import ask
from demo.people import Printing
from demo.secrets_search import search_files
from demo.world import Terminal, World
from drivers.simulator.control import ControlFailure, SimulatorControl
from drivers.simulator.faults import Target, When
from passbook.document.plan import StepKind
from passbook.job.record import Holder
from passbook.protocol.media import Media
from passbook.protocol.messages import Nothing, Question
from passbook.protocol.operators import AreaRef
from storage.crypto.envelope import unwrap_for_requester
from terminal.keyring import KeyRing
from tests.scenarios.books import Place, Statement, judge, seen
from tests.scenarios.clerk import PATIENCE, passphrase_of, ring_of

KILLED: Final = -9
LAYOUT: Final = "savings-24"
RECOVERY_PUBLIC: Final = "recovery.pub"
LISTS: Final = {
    "areas": ("Appliance.ListAreas", "areas"),
    "history": ("Appliance.ListHistory", "entries"),
    "jobs": ("Spooler.ListJobs", "jobs"),
    "notices": ("Spooler.ListNotices", "notices"),
    "questions": ("Recovery.ListQuestions", "questions"),
}
"""What an operator calls a list -> the command that gives it, and the part of the reply."""
QUESTION: Final = "Recovery.QuestionEvent"


def furnish(world: World) -> None:
    """What every branch of these tests has: a teller with a key and a representative with the recovery key."""
    world.build()
    world.enroll("counter-1").run("keys", "new", "k1")
    manager = world.enroll("manager", representative=True)
    manager.run("keys", "recovery-new", str(world.config_file.parent / RECOVERY_PUBLIC))


class Office:
    """People at one branch; `hands` are those of the one who stands at the mechanism."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.counter: Terminal = world.terminal("counter-1")
        self.manager: Terminal = world.terminal("manager")
        self.hands: SimulatorControl = world.mechanism

    def open(self, extra: str = "", quota: str = "64 MiB", *, own_key_jobs: bool = False, printer: str = "") -> None:
        """Write the configuration, with `extra` TOML behind it and in `printer`, and start the appliance."""
        recovery = self.world.config_file.parent / RECOVERY_PUBLIC
        self.world.write_config(recovery, extra, quota, own_key_jobs=own_key_jobs, printer=printer)
        self.world.start_appliance()

    def print(self, statement: Statement, *arguments: str, terminal: Terminal | None = None) -> Printing:
        """`teller print` of a statement into its own book, followed by a person with the book in hand."""
        file = statement.save(self.world.folder)
        return (terminal or self.counter).print_in_background(file, book_of(statement), LAYOUT, *arguments)

    def wait(self, event: str) -> None:
        """Wait for the mechanism's next event of that name."""
        self.hands.wait(event, PATIENCE)

    def arm_cut(self, target: Target, when: When) -> None:
        """Have the power cut at a moment of the printing that comes."""
        pid = None if target is Target.PRINTER else self.world.appliance_pid
        self.hands.cut(target, when, pid)

    def await_cut(self, target: Target) -> int:
        """Wait for the cut; how many strikes were on paper then."""
        self.wait("cut")
        if target is not Target.PRINTER:
            assert self.world.await_appliance_end() == KILLED
        return self.world.paper.strikes

    def print_until_cut(self, statement: Statement, target: Target, when: When) -> tuple[Printing, Question]:
        """Print with one cut in it; everything has power again, the book is out, and the question is open."""
        self.arm_cut(target, when)
        printing = self.print(statement)
        self.await_cut(target)
        self.give_power_back(target)
        self.wait("taken")
        return printing, self.await_question(printing)

    def give_power_back(self, target: Target) -> None:
        """Power for whatever has none."""
        if target is not Target.APPLIANCE:
            self.hands.restore()
        if target is not Target.PRINTER:
            self.world.start_appliance()

    def await_question(self, printing: Printing, after: int = 0) -> Question:
        """The first question that `teller print` shows with an epoch above `after`."""

        def asked(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
            told = [event["payload"] for event in events if event["event"] == QUESTION]
            return [payload for payload in told if payload["job"]["epoch"] > after]

        printing.wait_for(lambda events: bool(asked(events)))
        return as_question(next(p for p in printing.events(QUESTION) if p["job"]["epoch"] > after))

    def answer(self, who: Terminal, job: str, *order: str) -> Any:
        """`teller answer`."""
        return who.run("answer", job, *order, "--person", f"person at {who.name}")

    def take_book(self, book: str = "") -> None:
        """Take out a book that lies in the slot, if one does; with a name only that one."""
        state = self.hands.state()
        if state.media is Media.ENTERING and book in {"", state.book}:
            # Whoever follows a prompt may be quicker.
            with suppress(ControlFailure):
                self.hands.take()

    def finish(self, printing: Printing) -> None:
        """Wait until the job was completed; the slot is empty then."""
        code = printing.end()
        assert code == 0, printing.error()
        if not printing.has_taken:
            self.take_book(printing.book)

    def judge(self, statement: Statement, *again: Place) -> None:
        """The paper must have every line of a statement once, and those of `again` once more."""
        judge(self.world.paper, book_of(statement), statement.expected(), again)

    def told(self, command: str) -> Any:
        """What `passbookctl` would be told, without a process of its own."""
        control = self.world.folder / "control"
        if command == "verify":
            names = [area["name"] for area in self.told("areas")]
            looked = [ask(control, "Appliance.VerifyArea", AreaRef(name)) for name in names]
            return [finding for one in looked for finding in one["findings"]]
        name, part = LISTS[command]
        return ask(control, name, Nothing())[part]

    def questions(self) -> list[dict[str, Any]]:
        """The open questions as operators see them."""
        found: list[dict[str, Any]] = self.told("questions")
        return found

    def secrets(self, *statements: Statement, questions: Sequence[Question] = ()) -> dict[str, str | bytes]:
        """What nobody may find on the appliance's disk: what the books say, the keys, and digests of documents."""
        texts = {f"text of {one.number}: {text}": text for one in statements for text in one.secrets()}
        digests = {f"digest of {one.number}": hashlib.sha256(one.csv().encode()).digest() for one in statements}
        keys: dict[str, str | bytes] = {}
        for terminal in (self.counter, self.manager):
            ring = ring_of(terminal)
            keys |= {f"key {terminal.name} {ref}": key for ref, key in {**ring.keys, **ring.recovery}.items()}
            keys[f"passphrase of {terminal.name}"] = passphrase_of(terminal)
            keys |= {f"data key of {one.job.job}": key for one in questions if (key := _data_key(one, ring))}
        return {**texts, **digests, **keys}

    def search_disk(self, *statements: Statement, questions: Sequence[Question] = ()) -> None:
        """Nothing secret lies in the data folder or in the log."""
        wanted = self.secrets(*statements, questions=questions)
        assert search_files([self.world.data, self.world.log_file], wanted) == []

    def search_paper(self, *statements: Statement) -> None:
        """The same search finds every word of the statements on paper."""
        words = {word: word for one in statements for word in one.secrets() if word != one.account}
        found = {finding.secret for finding in search_files([self.world.paper_file], words)}
        assert found == set(words)


def _data_key(question: Question, ring: KeyRing) -> bytes | None:
    """The data key of a job, for who has the key in the ring."""
    for wrap in question.wraps:
        if wrap.holder is Holder.REQUESTER and wrap.key_ref in ring.keys:
            return unwrap_for_requester(question.identity, wrap, ring.keys[wrap.key_ref])
    return None


def book_of(statement: Statement) -> str:
    """Every statement has a book of its own."""
    return f"book-{statement.number}"


def as_question(payload: dict[str, Any]) -> Question:
    """The question that `teller --json` showed."""
    return msgspec.json.decode(json.dumps(payload), type=Question)


def doubtful_place(question: Question) -> Place | None:
    """The line of which a person must look whether it was struck; None when no line is in doubt."""
    if not question.in_doubt:
        return None
    step = question.outline[question.in_doubt - 1]
    return (step.page, step.line) if step.kind is StepKind.LINE else None


def check_truth(office: Office, statement: Statement, question: Question) -> None:
    """What the question says of lines that are not in doubt must be what the paper says."""
    doubtful = doubtful_place(question)
    expected = statement.expected()
    places = [(step.page, step.line) for step in question.outline]
    for number, place in enumerate(places, 1):
        if question.outline[number - 1].kind is not StepKind.LINE or place == doubtful:
            continue
        struck = seen(office.world.paper, book_of(statement), place)
        assert struck == ([expected[place]] if number <= question.job.confirmed else []), place


def next_line(office: Office, statement: Statement, question: Question) -> tuple[int, list[Place]]:
    """The line of the document at which a person who looks at the paper goes on, and what is struck again by that."""
    place = doubtful_place(question)
    lines = list(statement.expected())
    if place is None:
        sent = max(question.in_doubt, question.job.confirmed)
        done = [step for step in question.outline[:sent] if step.kind is StepKind.LINE]
        return len(done) + 1, []
    number = lines.index(place) + 1
    struck = seen(office.world.paper, book_of(statement), place)
    if struck == [statement.expected()[place]]:
        return number + 1, []
    return number, [place] if struck else []


def of_the_store(problems: Iterable[str]) -> list[str]:
    """Those problems that are not about a printer: in a test without one it is told that it does not answer."""
    return [problem for problem in problems if not problem.startswith("Printer ")]
