"""Any interleaving of submissions, answers, cuts, clock jumps, faults and people, judged after every step.

A failure prints the steps that led to it and a line that replays them; `--seed` repeats the whole run.
"""

from __future__ import annotations

import datetime
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from drivers.simulator.faults import AfterStrike, AtLineByte, DuringStrike, Fault, FaultKind, Now, Target, When
from firmware.tls import Peer
from passbook.errors import PassbookError
from passbook.media import Media
from passbook.messages import AnswerInquiry, JobRef, SubmitJob
from passbook.record import Record, Verdict
from tests.firmware.branch import PRINTER
from tests.model.judge import CHECKS, Counts, Job, Scene, counts_of, stored
from tests.model.office import Office, Reply
from tests.scenarios.books import Statement

PEERS: Final = (
    Peer("anna", representative=False, serial=1),
    Peer("ben", representative=False, serial=2),
    Peer("chief", representative=True, serial=3),
)
KEYS: Final = {peer.name: bytes([number]) * 32 for number, peer in enumerate(PEERS, 1)}
WRONG_KEY: Final = bytes(32)
MOST_JOBS: Final = 6

names = st.sampled_from([peer.name for peer in PEERS])
picks = st.integers(0, 1000)
targets = st.sampled_from(Target)
moments = st.one_of(
    st.just(Now()),
    st.builds(AfterStrike, st.integers(1, 3)),
    st.builds(AtLineByte, st.integers(1, 3), st.integers(1, 90)),
    st.builds(DuringStrike, st.integers(1, 3), st.integers(0, 30)),
)
verdicts = st.sampled_from(Verdict)


class ApplianceMachine(RuleBasedStateMachine):
    """One branch through good and bad days."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.office = Office(self.folder, PEERS)
        self.jobs: list[Job] = []
        self.numbers = itertools.count(1)
        self.kept = 0

    def teardown(self) -> None:
        try:
            if not self.office.dead:
                self.office.shut_down()
            self.nothing_is_in_clear()
        finally:
            self.office.close()
            shutil.rmtree(self.folder)

    def nothing_is_in_clear(self) -> None:
        """P5: no file of the store says what a document says."""
        data = [path.read_bytes() for area in self.areas.values() for path in area.rglob("*") if path.is_file()]
        words = [word.encode() for job in self.jobs for word in job.statement.secrets()]
        assert not [word for word in words if any(word in one for one in data)], "P5"

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

    def counts(self, job: Job) -> Counts:
        return counts_of(self.office.paper(), job.job)

    def open_questions(self) -> list[tuple[Job, Record]]:
        found = [(job, self.record(job.job)) for job in self.jobs if job.job]
        return [(job, record) for job, record in found if record and not record.valid and not record.ended]

    def live(self) -> list[Job]:
        records = [(job, self.record(job.job)) for job in self.jobs if job.job]
        return [job for job, record in records if record is not None and not record.ended]

    def requester_is_there(self, name: str) -> bool:
        if name not in self.office.sessions:
            self.office.connect(name)
        return not self.office.dead

    # After every step

    def after(self) -> None:
        """Power back where it was lost; then what people know of each job."""
        lost = self.office.dead
        if lost:
            self.restart_after_cut()
        for job in self.jobs:
            record = self.record(job.job) if job.job else None
            if lost or record is None or not record.valid:
                job.stood_still(self.counts(job))
            if lost:
                job.readable = False

    def restart_after_cut(self) -> None:
        paper = self.office.paper()
        for job in self.jobs:
            job_counts = counts_of(paper, job.job)
            assert all(times <= job.budget.get(place, 0) for place, times in job_counts.items()), "P3: at the cut"
        self.office.bury(self.kept)
        self.office.power_on()
        self.all_is_invalid()

    def all_is_invalid(self) -> None:
        """P4; and an upload whose answer was lost is found or is not there."""
        assert not self.office.dead
        assert not any(valid for area in self.areas.values() for _, valid in stored(area)), "P4"
        found = {(one.requester, one.request_id): one.job_id for one in self.office.appliance._spool.records()}
        for job in self.jobs:
            job.job = job.job or found.get((job.terminal, job.request), "")
        self.jobs = [job for job in self.jobs if job.job]
        assert self.office.operate("verify").payload == {"result": []}, "P11"

    @invariant()
    def promises_are_kept(self) -> None:
        scene = Scene(self.jobs, self.office.paper(), self.areas, self.record, self.fenced)
        for check in CHECKS:
            check(scene)

    # Requests

    @rule(terminal=names, count=st.integers(1, 4), line=st.sampled_from([5, 22, 24]), priority=st.integers(1, 80))
    def submit(self, terminal: str, count: int, line: int, priority: int) -> None:
        if len(self.jobs) >= MOST_JOBS or not self.requester_is_there(terminal):
            return
        number = next(self.numbers)
        job = Job(terminal, f"r-{number}", Statement(number, count, 3, line), priority, KEYS[terminal])
        job.ordered(1, {}, surely=True)
        free = {area.name: area.free for area in self.office.appliance._spool.areas() if area.state == "ready"}
        self.jobs.append(job)
        (reply,) = self.office.ask((terminal, "Spooler.SubmitJob", request_of(job)))
        if reply.payload is not None:
            job.job = reply.payload["job"]
            (area,) = [name for name, folder in self.areas.items() if job.job in dict(stored(folder))]
            assert free[area] == max(free.values()), "P6: not the area with the most free space"
        elif reply.code and reply.code != "outcome-unknown":
            assert self.fenced, reply.code
            self.jobs.remove(job)
        self.after()

    @precondition(lambda self: any(job.job for job in self.jobs))
    @rule(pick=picks, same=st.booleans())
    def submit_again(self, pick: int, same: bool) -> None:
        """P10: the same request is the same job, whatever became of it; other content is refused."""
        known = [job for job in self.jobs if job.job]
        job = known[pick % len(known)]
        if not self.requester_is_there(job.terminal):
            return
        other = Statement(900 + job.statement.number, 1)
        sent = request_of(job) if same else request_of(job, other)
        (reply,) = self.office.ask((job.terminal, "Spooler.SubmitJob", sent))
        if reply.done:
            assert reply.payload is not None
            assert (same, reply.payload["job"]) == (True, job.job), "P10"
        elif reply.code and not self.fenced:
            assert (same, reply.code) == (False, "request-reused"), "P10"
        self.after()

    # Answers

    @precondition(lambda self: self.open_questions())
    @rule(pick=picks, by=names, verdict=verdicts, step=picks, age=st.sampled_from([0, 0, 0, 1]), key=st.integers(0, 4))
    def answer(self, pick: int, by: str, verdict: Verdict, step: int, age: int, key: int) -> None:
        """P7, P12: the right person at the right epoch with the right key; everybody else changes nothing."""
        job, record = self.question(pick)
        if not self.requester_is_there(by):
            return
        answer = self.answer_to(job, record, verdict, step, by)
        shown = (b"", WRONG_KEY, job.key, job.key, job.key)[key]
        answer = AnswerInquiry(**(as_dict(answer) | {"epoch": record.epoch - age, "key": shown}))
        before = self.counts(job)
        (reply,) = self.office.ask((by, "Recovery.AnswerInquiry", answer))
        prints = verdict in {Verdict.PRINT, Verdict.RESUME}
        wrong = by not in {job.terminal, "chief"} or age or (prints and (key == 1 or (key == 0 and not job.readable)))
        if wrong:
            assert not reply.done, f"P7 or P12: {by} at age {age} with key {key}"
            after = None if self.office.dead else self.record(job.job)
            assert after is None or after == record, "P7: a refused answer changed the job"
        else:
            self.took(job, answer, before, reply)
        self.after()

    @precondition(lambda self: self.open_questions())
    @rule(pick=picks, verdict=st.sampled_from([Verdict.PRINT, Verdict.RESUME, Verdict.DISCARD]), step=picks)
    def two_answers(self, pick: int, verdict: Verdict, step: int) -> None:
        """P7: of two answers at one moment one wins, and saying it again gives its result."""
        job, record = self.question(pick)
        if not (self.requester_is_there(job.terminal) and self.requester_is_there("chief")):
            return
        first = self.answer_to(job, record, verdict, step, job.terminal)
        second = self.answer_to(job, record, Verdict.DISCARD, step, "chief-herself")
        before = self.counts(job)
        sent = [(job.terminal, first), ("chief", second)]
        replies = self.office.ask(*((by, "Recovery.AnswerInquiry", one) for by, one in sent))
        done = [number for number, reply in enumerate(replies) if reply.done]
        assert len(done) <= 1, "P7: both answers were taken"
        if done or self.office.dead or self.fenced:
            for number in done or (0, 1):
                self.took(job, sent[number][1], before, replies[number])
        else:
            raise AssertionError(f"P7: no answer was taken: {[reply.code for reply in replies]}")
        if done and not self.office.dead:
            by, again = sent[done[0]]
            (repeated,) = self.office.ask((by, "Recovery.AnswerInquiry", again))
            assert repeated.done or self.office.dead or self.fenced or self.moved_on(job, record), "P7: repeated"
        self.after()

    def question(self, pick: int) -> tuple[Job, Record]:
        questions = self.open_questions()
        return questions[pick % len(questions)]

    def moved_on(self, job: Job, record: Record) -> bool:
        now = self.record(job.job)
        return now is None or now.epoch != record.epoch

    def answer_to(self, job: Job, record: Record, verdict: Verdict, step: int, person: str) -> AnswerInquiry:
        furthest = max(record.sending, record.confirmed) + 1
        return AnswerInquiry(
            job=job.job,
            epoch=record.epoch,
            verdict=verdict,
            person=person,
            step=1 + step % furthest if verdict is Verdict.RESUME else 0,
            in_doubt=record.sending,
            key=job.key,
        )

    def took(self, job: Job, answer: AnswerInquiry, before: Counts, reply: Reply) -> None:
        """An answer that was right: taken, or unknown when power or disk failed meanwhile."""
        surely = reply.done
        assert surely or self.office.dead or self.fenced, f"P7: {reply.code}"
        match answer.verdict:
            case Verdict.PRINT | Verdict.RESUME:
                step = answer.step or 1
                job.ordered(step, before, surely=surely)
                job.closed |= step > len(job.steps())
                job.readable = True
            case Verdict.DISCARD:
                job.may_end = True
            case Verdict.HOLD:
                pass

    # Orders

    @precondition(lambda self: self.live())
    @rule(pick=picks, by=names)
    def cancel(self, pick: int, by: str) -> None:
        job = self.live()[pick % len(self.live())]
        if not self.requester_is_there(by):
            return
        allowed = by in {job.terminal, "chief"}
        job.may_end |= allowed
        (reply,) = self.office.ask((by, "Spooler.CancelJob", JobRef(job.job, by)))
        assert allowed or not reply.done, "P12: somebody else ended a job"
        self.after()

    @precondition(lambda self: self.live())
    @rule(pick=picks)
    def hold(self, pick: int) -> None:
        job = self.live()[pick % len(self.live())]
        reply = self.office.operate("hold", job=job.job)
        record = None if self.office.dead else self.record(job.job)
        assert not reply.done or record is None or not record.valid
        self.after()

    # Persons at the mechanism

    @precondition(lambda self: self.office.prompt)
    @rule(times=st.integers(1, 4))
    def obey(self, times: int) -> None:
        for _ in range(times):
            if not self.office.dead and self.office.prompt and self.office.workable():
                self.office.obey()
        self.after()

    @precondition(lambda self: self.office.prompt and self.office.prompt.action == "insert")
    @rule()
    def ignore(self) -> None:
        self.office.ignore()
        self.after()

    @precondition(lambda self: not self.office.workable() or self.office.machine.state().media is Media.ENTERING)
    @rule()
    def mend(self) -> None:
        """Power for the mechanism, a free path, a closed cover, a ribbon."""
        self.office.machine.restore()
        self.office.machine.mend()
        self.office.settle()
        self.after()

    @rule(kind=st.sampled_from([FaultKind.JAM, FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT]), line=st.integers(1, 3))
    def break_at(self, kind: FaultKind, line: int) -> None:
        self.office.machine.fault(Fault(kind, line, characters=3))
        self.after()

    # Power, disk, time, network

    @rule(whose=targets, when=moments, kept=st.integers(0, 40))
    def cut(self, whose: Target, when: When, kept: int) -> None:
        """Power goes, now or at a step; of what was written and not synced the first `kept` writes stay."""
        self.kept = kept
        self.office.cut(whose, when)
        self.office.settle()
        self.after()

    @rule()
    def restart(self) -> None:
        self.office.shut_down()
        self.office.disk.failing = ""
        self.office.power_on()
        for job in self.jobs:
            job.stood_still(self.counts(job))
            job.readable = False
        self.all_is_invalid()
        self.after()

    @rule(area=st.sampled_from(["a", "b"]))
    def disk_fails(self, area: str) -> None:
        self.office.disk.failing = area
        self.after()

    @rule(days=st.integers(-3, 3), trusted=st.booleans())
    def clock_jumps(self, days: int, trusted: bool) -> None:
        self.office.clock.wall += datetime.timedelta(days=days, hours=7).total_seconds()
        self.office.clock.synchronized = trusted
        self.after()

    @rule(year=st.sampled_from([1970, 2099]))
    def clock_is_lost(self, year: int) -> None:
        self.office.clock.wall = datetime.datetime(year, 1, 2, tzinfo=datetime.UTC).timestamp()
        self.office.clock.synchronized = False
        self.after()

    @precondition(lambda self: self.office.prompt is None)
    @rule(seconds=st.sampled_from([10.0, 100.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.office.clock.passed += seconds
        self.office.appliance._recovery.audiences.look()
        self.office.settle()
        self.after()

    @rule(terminal=names)
    def comes_or_goes(self, terminal: str) -> None:
        if terminal in self.office.sessions:
            self.office.disconnect(terminal)
        else:
            self.office.connect(terminal)
        self.after()


def request_of(job: Job, statement: Statement | None = None) -> SubmitJob:
    return SubmitJob(
        client_request=job.request,
        printer=PRINTER,
        format="passbook-update+csv",
        document=(statement or job.statement).csv().encode(),
        priority=job.priority,
        key=job.key,
        key_ref="key-1",
    )


def as_dict(answer: AnswerInquiry) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__}


TestAppliance = ApplianceMachine.TestCase
TestAppliance.settings = settings(max_examples=30, stateful_step_count=25)
