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

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from drivers.simulator.faults import AfterStrike, AtLineByte, DuringStrike, Fault, FaultKind, Now, Target, When
from firmware.tls import Peer
from passbook.errors import PassbookError
from passbook.media import Media
from passbook.messages import AnswerInquiry, JobRef, SubmitJob
from passbook.notices import AcknowledgeNotice
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
breakages = st.sampled_from([FaultKind.JAM, FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT, FaultKind.GARBAGE])
moments = st.one_of(
    st.just(Now()),
    st.builds(AfterStrike, st.integers(1, 3)),
    st.builds(AtLineByte, st.integers(1, 3), st.integers(1, 90)),
    st.builds(DuringStrike, st.integers(1, 3), st.integers(0, 30)),
)
verdicts = st.sampled_from(Verdict)
prompts = st.integers(0, 5)
"""How many prompts a person does as they say before the next thing happens."""


class ApplianceMachine(RuleBasedStateMachine):
    """One branch through good and bad days."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.office = Office(self.folder, PEERS)
        self.jobs: list[Job] = []
        self.numbers = itertools.count(1)
        self.kept = 0

    @override
    def teardown(self) -> None:
        try:
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

    def answerable(self) -> list[tuple[Job, Record]]:
        return [(job, record) for job, record in self.open_questions() if not record.held_by_operator]

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
        self.office.power_on(self.kept)
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
        scene = Scene(
            self.jobs,
            self.office.paper(),
            self.areas,
            self.record,
            self.fenced,
            self.office.notices(),
            trusted=self.office.clock.trusted(),
        )
        for check in CHECKS:
            check(scene)

    # Requests

    @rule(
        terminal=names,
        count=st.integers(1, 4),
        line=st.sampled_from([5, 22, 24]),
        priority=st.integers(1, 80),
        prompts=prompts,
    )
    def submit(self, terminal: str, count: int, line: int, priority: int, prompts: int) -> None:
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
        self.work(prompts)
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
        job, record = chosen(self.open_questions(), pick)
        if not self.requester_is_there(by):
            return
        answer = self.answer_to(job, record, verdict, step, by)
        shown = (b"", WRONG_KEY, job.key, job.key, job.key)[key]
        answer = AnswerInquiry(**(as_dict(answer) | {"epoch": record.epoch - age, "key": shown}))
        before = self.counts(job)
        (reply,) = self.office.ask((by, "Recovery.AnswerInquiry", answer))
        prints = verdict in {Verdict.PRINT, Verdict.RESUME}
        wrong = by not in {job.terminal, "chief"} or age or (prints and (key == 1 or (key == 0 and not job.readable)))
        wrong = wrong or record.held_by_operator
        if wrong:
            # The answer that won before, said once more, gives its result and changes nothing.
            said = record.answered is not None and record.answered.terminal == by
            repeated = said and (age or record.held_by_operator)
            assert repeated or not reply.done, f"P7 or P12: {by} at age {age} with key {key}"
            after = None if self.office.dead else self.record(job.job)
            assert after is None or decided(after) == decided(record), "P7: a refused answer changed the job"
        else:
            self.took(job, answer, before, reply)
        self.after()

    @precondition(lambda self: self.answerable())
    @rule(pick=picks, verdict=st.sampled_from([Verdict.PRINT, Verdict.RESUME, Verdict.DISCARD]), step=picks)
    def two_answers(self, pick: int, verdict: Verdict, step: int) -> None:
        """P7: of two answers at one moment one wins, and saying it again gives its result."""
        job, record = chosen(self.answerable(), pick)
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
            excused = self.fenced or self.moved_on(job, record)
            assert repeated.done or excused, "P7: repeated"
        self.after()

    @precondition(lambda self: self.answerable())
    @rule(pick=picks, prompts=prompts)
    def go_on(self, pick: int, prompts: int) -> None:
        """The requester has the line in doubt printed again, or the next one."""
        job, record = chosen(self.answerable(), pick)
        if not self.requester_is_there(job.terminal):
            return
        answer = self.answer_to(job, record, Verdict.RESUME, record.confirmed + pick % 2, job.terminal)
        before = self.counts(job)
        (reply,) = self.office.ask((job.terminal, "Recovery.AnswerInquiry", answer))
        self.took(job, answer, before, reply)
        self.work(prompts)
        self.after()

    def moved_on(self, job: Job, record: Record) -> bool:
        now = None if self.office.dead else self.record(job.job)
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
        before = self.record(job.job)
        held = before is not None and before.held_by_operator
        allowed = by == "chief" or (by == job.terminal and not held)
        job.may_end |= allowed
        (reply,) = self.office.ask((by, "Spooler.CancelJob", JobRef(job.job, by)))
        assert allowed or not reply.done, "P12: somebody else ended a job"
        self.after()

    @precondition(lambda self: self.live() and self.office.workable())
    @rule(pick=picks, by=st.none() | names)
    def hold(self, pick: int, by: str | None) -> None:
        """Where the mechanism works: else its desk tries by itself, and who comes first would be chance."""
        job = self.live()[pick % len(self.live())]
        reply = self.order("hold", job, by)
        record = None if self.office.dead else self.record(job.job)
        assert not reply.done or record is None or not record.valid
        assert not reply.done or record is None or by is not None or record.held_by_operator
        self.after()

    @precondition(lambda self: self.open_questions())
    @rule(pick=picks, by=st.none() | names)
    def release(self, pick: int, by: str | None) -> None:
        """What an operator holds only an operator or a representative releases."""
        job, record = chosen(self.open_questions(), pick)
        reply = self.order("release", job, by)
        allowed = by in ({None, "chief"} if record.held_by_operator else {None, "chief", job.terminal})
        assert allowed or not reply.done, "P12: somebody else released a job"
        assert reply.done or not allowed or self.office.dead or self.fenced, reply.code
        self.after()

    def order(self, command: str, job: Job, by: str | None) -> Reply:
        """A terminal's order, or the operator's."""
        if by is None:
            return self.office.operate(command, job=job.job, person="Otto")
        if not self.requester_is_there(by):
            return Reply()
        (reply,) = self.office.ask((by, f"Spooler.{command.capitalize()}Job", JobRef(job.job, by)))
        return reply

    @precondition(lambda self: self.office.notices())
    @rule(pick=picks, by=names)
    def acknowledge(self, pick: int, by: str) -> None:
        """P8, P12: the requester or a representative takes note of an end."""
        told = [job for job in self.jobs if job.job in self.office.notices()]
        if not told or not self.requester_is_there(by):
            return
        job = told[pick % len(told)]
        (reply,) = self.office.ask((by, "Spooler.AcknowledgeNotice", AcknowledgeNotice(job.job)))
        allowed = by in {job.terminal, "chief"}
        assert allowed or not reply.done, "P12: somebody else took note of an end"
        if allowed:
            assert reply.done or self.office.dead or self.fenced, f"P8: {reply.code}"
            job.noted = True if reply.done else None
        self.after()

    # Persons at the mechanism

    def work(self, prompts: int) -> None:
        """Somebody does what the mechanism asks for, so many times."""
        for _ in range(prompts):
            if not self.office.dead and self.office.prompt and self.office.workable():
                self.office.obey()

    @precondition(lambda self: self.office.prompt)
    @rule(prompts=prompts)
    def obey(self, prompts: int) -> None:
        self.work(prompts + 1)
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

    @precondition(lambda self: not self.office.machine.state().armed)
    @rule(kind=breakages, line=st.integers(1, 3), prompts=prompts)
    def break_at(self, kind: FaultKind, line: int, prompts: int) -> None:
        self.office.machine.fault(Fault(kind, line, characters=3))
        self.work(prompts)
        self.after()

    # Power, disk, time, network

    @precondition(lambda self: not self.office.machine.state().armed)
    @rule(whose=targets, when=moments, kept=st.integers(0, 40), prompts=prompts)
    def cut(self, whose: Target, when: When, kept: int, prompts: int) -> None:
        """Power goes, now or at a step; of what was written and not synced the first `kept` writes stay."""
        self.kept = kept
        self.office.cut(whose, when)
        self.office.settle()
        self.work(prompts)
        self.after()

    @rule(after=st.integers(1, 12), kept=st.integers(0, 12))
    def cut_in_a_commit(self, after: int, kept: int) -> None:
        """Power goes at a write or a sync of what is done next."""
        self.kept = kept
        self.office.disk.left = after

    @rule()
    def restart(self) -> None:
        self.office.shut_down()
        if self.office.dead:
            self.after()
            return
        self.office.disk.failing = ""
        self.office.power_on(self.kept)
        for job in self.jobs:
            job.stood_still(self.counts(job))
            job.readable = False
        self.all_is_invalid()
        self.after()

    @rule(area=st.sampled_from(["a", "b"]))
    def disk_fails(self, area: str) -> None:
        self.office.disk.failing = area
        self.after()

    @rule(year=st.sampled_from([1970, 2026, 2099]), days=st.integers(0, 3), trusted=st.booleans())
    def clock_jumps(self, year: int, days: int, trusted: bool) -> None:
        """Only in the right year may the clock call itself right."""
        start = datetime.datetime(year, 3, 2, 9, 30, tzinfo=datetime.UTC)
        self.office.clock.wall = (start + datetime.timedelta(days=days)).timestamp()
        self.office.clock.synchronized = trusted and year == 2026
        self.office.look()
        self.after()

    @precondition(lambda self: self.office.prompt is None)
    @rule(seconds=st.sampled_from([10.0, 100.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.office.clock.passed += seconds
        self.office.look()
        self.after()

    @rule(terminal=names)
    def comes_or_goes(self, terminal: str) -> None:
        if terminal in self.office.sessions:
            self.office.disconnect(terminal)
        else:
            self.office.connect(terminal)
        self.after()


def chosen(questions: list[tuple[Job, Record]], pick: int) -> tuple[Job, Record]:
    return questions[pick % len(questions)]


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


def decided(record: Record) -> tuple[object, ...]:
    """What an answer would change; a clean-up may note where the book is at any time."""
    return record.state, record.valid, record.epoch, record.confirmed, record.sending, record.answered


def as_dict(answer: AnswerInquiry) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__}


# The time-out is for the soak, which also makes a failure short; what hangs is told after a minute.
_SOAK: Final = settings().max_examples > 100
TestAppliance = pytest.mark.timeout(3600)(ApplianceMachine.TestCase)
TestAppliance.settings = settings(
    max_examples=settings().max_examples // 4,
    stateful_step_count=25,
    phases=[phase for phase in Phase if _SOAK or phase not in {Phase.shrink, Phase.explain}],
)
