"""One branch: what there is, what people know of it, and what is judged after every step."""

from __future__ import annotations

import base64
import hashlib
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from typing_extensions import override

from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.record import Record
from passbook.job.states import JobState
from passbook.protocol.media import Media
from tests.model.jobs import Counts, Job
from tests.model.judge import CHECKS, CHIEF, Entry, Scene, counts_of, stored
from tests.model.office import Office

ACTORS: Final = (
    Actor.of_terminal("anna", representative=False, serial=1),
    Actor.of_terminal("ben", representative=False, serial=2),
    Actor.of_terminal(CHIEF, representative=True, serial=3),
)
KEYS: Final = {actor.name: hashlib.sha256(actor.name.encode()).digest() for actor in ACTORS}
WRONG_KEY: Final = bytes(32)
MOST_JOBS: Final = 6

names = st.sampled_from([actor.name for actor in ACTORS])
picks = st.integers(0, 1000)
prompts = st.integers(0, 5)
"""How many prompts a person does as they say before the next thing happens."""


class BranchMachine(RuleBasedStateMachine):
    """What all rules share."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.office = Office(self.folder, ACTORS)
        self.jobs: list[Job] = []
        self.numbers = itertools.count(1)
        self.kept = 0
        self.serving = ""
        """The job whose book the mechanism takes, or took last while that job goes on."""
        self.struck: dict[str, int] = {}
        """Book -> how often anything was struck in it when everything last stood still."""
        self.histories: dict[str, list[Entry]] = {}
        self.office.watch = self.look_at_mechanism

    @override
    def teardown(self) -> None:
        try:
            self.office.shut_down()
            self.nothing_is_in_clear()
        finally:
            self.office.close()
            shutil.rmtree(self.folder)

    def nothing_is_in_clear(self) -> None:
        """P5: no file of the store and no line of the log says what a document says, or has a requester's key."""
        data = [path.read_bytes() for area in self.areas.values() for path in area.rglob("*") if path.is_file()]
        log = "\n".join(self.office.log.lines).encode()
        words = [word.encode() for job in self.jobs for word in job.statement.secrets()]
        assert not [word for word in words if any(word in one for one in (*data, log))], "P5"
        keys = [form for key in KEYS.values() for form in (key, key.hex().encode(), base64.b64encode(key))]
        assert not [key for key in keys if any(key in one for one in data)], "P5: a requester's key"
        assert not [key for key in keys if key in log or repr(key).encode() in log], "P5: a key in the log"

    # What there is

    @property
    def areas(self) -> dict[str, Path]:
        return {area.name: area.path for area in self.office.config.areas}

    @property
    def fenced(self) -> frozenset[str]:
        return frozenset(area.name for area in self.office.appliance._spool.areas() if area.state != "ready")

    def record(self, job: str) -> Record | None:
        try:
            return self.office.appliance._spool.record(job)
        except PassbookError as error:
            assert self.fenced, error
            return None

    def out_of_use(self) -> frozenset[str]:
        """The jobs whose area has failed: they can be read and nothing can happen to them."""
        return frozenset(job for name in self.fenced for job, _ in stored(self.areas[name]))

    def counts(self, job: Job) -> Counts:
        return counts_of(self.office.paper(), job.job)

    def open_questions(self) -> list[tuple[Job, Record]]:
        found = [(job, self.record(job.job)) for job in self.jobs if job.job]
        return [(job, record) for job, record in found if record and not record.valid and not record.ended]

    def answerable(self) -> list[tuple[Job, Record]]:
        """The open questions that are not held by an operator."""
        return [(job, record) for job, record in self.open_questions() if not record.held_by_operator]

    def live(self) -> list[Job]:
        records = [(job, self.record(job.job)) for job in self.jobs if job.job]
        return [job for job, record in records if record is not None and not record.ended]

    def requester_is_there(self, name: str) -> bool:
        if name not in self.office.sessions:
            self.office.connect(name)
        if self.office.dead:
            self.after()
            return False
        return True

    # After every step

    def after(self) -> None:
        """Power back where it was lost; then what people know of each job."""
        lost = self.office.dead
        if lost:
            self.restart_after_cut()
        out_of_use = self.out_of_use()
        for job in self.jobs:
            record = self.record(job.job) if job.job and job.job not in out_of_use else None
            if lost or record is None or not record.valid:
                job.stood_still(self.counts(job))
            if lost:
                job.readable, job.proposal = False, None
            if record is not None:
                resolve(job, record)

    def restart_after_cut(self) -> None:
        paper = self.office.paper()
        for job in self.jobs:
            job_counts = counts_of(paper, job.job)
            assert all(times <= job.budget.get(place, 0) for place, times in job_counts.items()), "P3: at the cut"
        self.office.bury(self.kept)
        self.office.power_on(self.kept)
        self.all_is_invalid()

    def all_is_invalid(self) -> None:
        """P4; and an upload whose answer was lost is found or is not there."""
        assert not self.office.dead
        assert not self.fenced, "an area stays out of use after a boot"
        assert not any(valid for area in self.areas.values() for _, valid in stored(area)), "P4"
        self.serving = ""
        found = {(one.requester, one.request_id): one.job_id for one in self.office.appliance._spool.records()}
        for job in self.jobs:
            job.job = job.job or found.get((job.terminal, job.request), "")
        self.jobs = [job for job in self.jobs if job.job]
        told = self.office.operate("Recovery.ListQuestions").payload
        asked = {one["job"]["job"] for one in told["questions"]} if told is not None else set()
        assert asked == {job.job for job in self.live()}, "P7: what was left is asked about"
        for area in self.areas:
            looked = self.office.operate("Appliance.VerifyArea", area=area).payload
            assert looked is not None
            assert looked["findings"] == [], "P11"

    @invariant()
    def promises_are_kept(self) -> None:
        scene = Scene(
            self.jobs,
            self.office.paper(),
            self.areas,
            self.record,
            self.fenced,
            self.office.notices(),
            trusted=self.office.clock.trusted(),
            idle=self.idle,
            out_of_use=self.out_of_use(),
            told=self.office.told(),
            histories=self.histories,
        )
        for check in CHECKS:
            check(scene)

    # The mechanism

    @property
    def idle(self) -> bool:
        """Whether the mechanism can print and nobody is asked to do anything with it."""
        state = self.office.machine.state()
        return self.office.prompt is None and self.office.workable(state) and state.media is Media.NOT_PRESENT

    def look_at_mechanism(self) -> None:
        """F9: whose book is taken next, by the people's orders; and by the paper that it was this one's turn."""
        paper = self.office.paper()
        struck = {book: sum(counts_of(paper, book).values()) for book in paper.books}
        moved = {book for book, times in struck.items() if times != self.struck.get(book, 0)}
        self.struck = struck
        assert moved <= {self.serving}, "F9: a book was printed on out of its turn"
        known = {job.job: job for job in self.jobs if job.job}
        if self.serving in known:
            record = self.record(self.serving)
            self.serving = self.serving if record is not None and record.valid else ""
        prompt = self.office.prompt
        if prompt is not None and prompt.action == "insert" and prompt.job in known and prompt.job != self.serving:
            self.serving = prompt.job
            first = min(self.waiting(prompt.job), key=lambda job: (-job.priority, self.jobs.index(job)))
            assert first.job == prompt.job, f"F9: {first.request} comes before {known[prompt.job].request}"

    def waiting(self, taken: str) -> list[Job]:
        """The jobs that could be taken next, and the one that is."""
        records = [(job, self.record(job.job)) for job in self.jobs if job.job]
        out_of_use = self.out_of_use() - {taken}
        ready = [(job, one) for job, one in records if one is not None and one.valid and job.job not in out_of_use]
        return [job for job, one in ready if one.state is JobState.PENDING or job.job == taken]

    def work(self, prompts: int) -> None:
        """Somebody does what the mechanism asks for, so many times."""
        for _ in range(prompts):
            if not self.office.dead and self.office.prompt and self.office.workable():
                self.office.obey()


def chosen(questions: list[tuple[Job, Record]], pick: int) -> tuple[Job, Record]:
    return questions[pick % len(questions)]


def resolve(job: Job, record: Record) -> None:
    """Whether the answers of which nobody knew were taken: the question says so itself now."""
    for answer, confirmed in job.unsure:
        won, step = record.answered, answer.step or 1
        if won is not None and (won.epoch, won.verdict, won.step) == (answer.epoch, answer.verdict, step):
            job.counts_from(step, confirmed)
    job.unsure.clear()
