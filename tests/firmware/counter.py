"""A counter in one process: a print desk, a real store, a simulated mechanism, and a person who does what is asked."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.session import DocumentSession
from drivers.simulator.machine import Machine
from drivers.stop import MechanismStop
from firmware.config.configuration import PrinterConfig
from passbook.document.plan import Eject, Plan, Turn, encode_plan, outline
from passbook.job import changes
from passbook.job.record import Answered, HistoryEntry, Record, Verdict
from passbook.job.states import Reason
from passbook.protocol.messages import PrinterView, Prompt
from spooler.clock import Clock
from spooler.data_keys import DataKeys
from spooler.desk import PrintDesk
from spooler.feeding import Feeding
from spooler.jobs import Jobs
from spooler.news import JobChanged, News, PrinterChanged, PromptChanged, StepDone
from spooler.printer import Printer
from storage.admission import Ticket
from storage.crypto.envelope import new_data_key, seal, sealed_size, wrap_for_requester
from storage.spool import Spool
from tests.drivers.workbench import RULER, SHEET, WAIT, Workbench, line
from tests.firmware import branch
from tests.storage.store import AT, REQUESTER_KEY, Store, make_record

PRINTER = "pr-1"
LAYOUT = "savings-24"
DOCUMENT = b"document"
TELLER = "teller-1"
PERSON = "A. Person"
LOOKS = 10_000
ROUND = len(b"\x1bj\x1b B")
"""Bytes of one question about status and document."""

Hands = Callable[[Machine, Prompt], None]


class StandingClock(branch.StandingClock):
    """A clock for stamps only."""

    def now(self) -> datetime.datetime:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC)

    def monotonic(self) -> float:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return 0.0


class RushingClock(StandingClock):
    """Every look at it finds a second gone."""

    seconds = 0.0

    def monotonic(self) -> float:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self.seconds += 1.0
        return self.seconds


def helpful(machine: Machine, prompt: Prompt) -> None:
    """A person who does what the prompt says, at once."""
    if prompt.action == "insert":
        machine.insert("B1", prompt.page, RULER)
    else:
        machine.take()


def asked_again(machine: Machine, before: int, times: int) -> bool:
    """Whether the mechanism was asked about itself so often after it had taken in `before` bytes; waits for it."""
    for _ in range(LOOKS):
        if machine.state().received >= before + times * ROUND:
            return True
        machine.wait("never", 0, 0.001)
    return False


def slow(machine: Machine, prompt: Prompt) -> None:
    """A person who does it after the mechanism was asked once more where the book is."""
    before = machine.state().received

    def act() -> None:
        if asked_again(machine, before, 1):
            helpful(machine, prompt)

    threading.Thread(target=act).start()


def idle(machine: Machine, prompt: Prompt) -> None:
    """A person who does nothing."""


def plan_of(*numbers: int, turned: tuple[int, ...] = ()) -> Plan:
    """Lines on page 3 and, after a turn, on page 4."""
    first = tuple(line(number) for number in numbers)
    if not turned:
        return (*first, Eject(3))
    return (*first, Turn(4), *(line(number, page=4) for number in turned), Eject(4))


@dataclass
class Counter:
    """`watch` is called with all news, then `hands` for each prompt, both by the thread that tells.

    A prompt joins `prompts` and `news` when `hands` have acted on it: a test that waits for it sees what they did.

    `offline` is how often the printer cannot be reached before it can.
    """

    mechanism: Workbench
    store: Store
    settings: PrinterConfig = field(default_factory=lambda: PrinterConfig(PRINTER, "tcp://127.0.0.1:1"))
    hands: Hands = helpful
    watch: Callable[[News], None] = lambda _news: None
    offline: int = 0
    clock: Clock = field(default_factory=StandingClock)
    feeding: Feeding | None = None
    prompts: list[Prompt] = field(default_factory=list)
    views: list[PrinterView] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self.spool: Spool = self.store.open()
        self.keys = DataKeys()
        self.jobs = Jobs(self.spool, self.keys, self._tell)
        dialect = Pr2(self.mechanism.profile)
        self.printer = Printer(self.settings, dialect, {}, connect=self._connect, tell=self._tell)
        self.desk = PrintDesk(
            self.printer,
            jobs=self.jobs,
            clock=self.clock,
            tell=self._tell,
            feeding=self.feeding,
        )
        self._started = False

    @property
    def machine(self) -> Machine:
        return self.mechanism.machine

    def _tell(self, news: News) -> None:
        self.watch(news)
        if isinstance(news, PromptChanged) and news.prompt is not None:
            self.hands(self.machine, news.prompt)
        with self._changed:
            self.news.append(news)
            if isinstance(news, PrinterChanged):
                self.views.append(news.view)
            if isinstance(news, PromptChanged) and news.prompt is not None:
                self.prompts.append(news.prompt)
            self._changed.notify_all()

    def _connect(self) -> DocumentSession:
        if self.offline:
            self.offline -= 1
            raise MechanismStop(Reason.UNPLUGGED, "port-unplugged")
        return self.mechanism.session()

    def start(self) -> None:
        self._started = True
        self.desk.start()

    def close(self) -> None:
        if self._started:
            self.desk.stop()

    def accept(
        self, plan: Plan, *, priority: int = 50, with_key: bool = True, requester: str = TELLER, layout: str = LAYOUT
    ) -> str:
        """A job that may be printed; its id."""
        encoded = encode_plan(plan)
        size = sealed_size(2, len(encoded), len(DOCUMENT))
        number = next(self.store.numbers)
        ticket = self.spool.reserve(requester, f"request-{number}", b"%d" % number, size)
        assert isinstance(ticket, Ticket)
        facts = {"steps": len(plan), "outline": outline(plan), "sheet": SHEET, "layout": layout}
        record = make_record(ticket, printer=PRINTER, priority=priority, **facts)
        rng = self.store.rng
        key = new_data_key(rng)
        sealed = seal(record.identity(), key, attributes=b"{}", plan=encoded, document=DOCUMENT, rng=rng)
        wraps = [wrap_for_requester(record.identity(), key, REQUESTER_KEY, "key-1", rng)]
        self.jobs.accept(ticket, record, sealed, wraps, key).result(WAIT)
        if not with_key:
            self.keys.drop(record.job_id)
        self.desk.wake()
        return record.job_id

    def resume(self, job: str, step: int) -> None:
        """A person looked at the paper and has it printed from `step` on."""
        record = self.record(job)
        given = Answered(record.epoch, Verdict.RESUME, step, record.sending, TELLER, PERSON)
        self.jobs.change(job, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result(WAIT)
        self.desk.wake()

    def record(self, job: str) -> Record:
        return self.spool.record(job)

    def kept(self, job: str) -> HistoryEntry:
        """The last that history says of a job."""
        return self.spool.history(job)[-1].entry

    def await_news(self, fits: Callable[[], bool]) -> None:
        """Wait until something was told after which `fits`."""
        with self._changed:
            assert self._changed.wait_for(fits, WAIT), self.news

    def await_end(self, job: str) -> Record:
        """Wait until a job has ended or asks."""
        self.await_news(lambda: any(isinstance(one, JobChanged) and _settled(one.record, job) for one in self.news))
        return self.record(job)

    def await_question(self, job: str, epoch: int = 1) -> Record:
        self.await_news(
            lambda: any(
                isinstance(one, JobChanged) and one.record.job_id == job and one.record.epoch >= epoch
                for one in self.news
            )
        )
        return self.record(job)

    def await_prompt(self, action: str) -> Prompt:
        self.await_news(lambda: any(prompt.action == action for prompt in self.prompts))
        return next(prompt for prompt in self.prompts if prompt.action == action)

    def steps(self) -> list[tuple[int, int]]:
        """What was journaled, as it was told."""
        return [(one.record.confirmed, one.record.sending) for one in self.news if isinstance(one, StepDone)]


def _settled(record: Record, job: str) -> bool:
    return record.job_id == job and (record.ended or not record.valid)


OpenCounter = Callable[..., Counter]
"""Opens a counter: with a store, with seconds that the mechanism has for an answer, with fields of Counter."""
