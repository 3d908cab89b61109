"""A destination that is no printer goes through the same admission, store and desk, beside a printer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from passbook.document.plan import Eject, Sheet
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Answered, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.job.step_machine import DoStep, Happening
from passbook.job.stopped import DestinationStop
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import SubmitJob
from spooler.desk import PrintDesk
from spooler.destination import Destination, DestinationAct, Heard, Prepared
from spooler.news import JobChanged, News
from tests.firmware.branch import DOCUMENT, PRINTER, TELLER, WAIT, Bench, request

COUNTER = "counter"


@dataclass
class Counting:
    """Counts jobs: one step for each, no medium, and a number that it has reached as its only word."""

    name: str = COUNTER
    lines_in_doubt: int = 1
    counted: list[str] = field(default_factory=list)
    fails: Reason | None = None
    before_step: Callable[[str], None] = lambda _job: None

    def prepare(self, request: SubmitJob, document: bytes) -> Prepared:
        if request.format != "text":
            raise PassbookError("unknown-format", format=request.format, known="text")
        return Prepared((Eject(1),), "", Sheet(len(document)))

    def draws(self, request: SubmitJob, document: bytes) -> bool:  # noqa: ARG002
        return False

    def judge_announced(self, request: SubmitJob) -> None:
        self.prepare(request, b"")

    def judge_kind(self, format: str, layout: str) -> None:  # noqa: A002, ARG002 - names of Destination
        if format != "text":
            raise PassbookError("unknown-format", format=format, known="text")

    def open(self, heard: Heard) -> Counting:  # noqa: ARG002 - names of Destination
        return self

    def clean_up(self) -> Media:
        return Media.NOT_PRESENT

    def check_setup(self) -> None:
        """There is none to be read."""

    def status(self) -> MechanismStatus:
        return MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)

    def run(self, record: Record, act: DestinationAct) -> Happening:
        assert act == DoStep(Eject(1), medium_in=False)
        self.before_step(record.job_id)
        self.counted.append(record.job_id)
        if self.fails is not None:
            raise DestinationStop(self.fails, "no-count")
        return Happening.CONFIRMED

    def give_back(self) -> None:
        """There is nothing to give back."""

    def take(self, job: str, requester: str, patience: float) -> bool:  # noqa: ARG002
        return True

    def interrupt(self) -> None:
        """Nobody is waited for."""

    def close(self) -> None:
        """It stays."""


class Office:
    """Admission for a printer and a counter, the store, and the counter's desk."""

    def __init__(self, folder: Path) -> None:
        self.counting = Counting()
        self.bench = Bench(folder)
        destination: Destination = self.counting
        self.admission = self.bench.admission(destinations={COUNTER: destination})
        self.desk = PrintDesk(destination, jobs=self.bench.jobs, clock=self.bench.clock, tell=self.bench.hear)
        self._told = threading.Condition()
        self.bench.listen = self._listen
        self.desk.start()

    def _listen(self, _news: News) -> None:
        with self._told:
            self._told.notify_all()
        self.desk.wake()

    def submit(self, number: str, **facts: str) -> Record:
        return asyncio.run(self.admission.submit(TELLER, request(number, **facts), DOCUMENT))

    def answer(self, job: str, step: int) -> None:
        record = self.bench.spool.record(job)
        given = Answered(record.epoch, Verdict.RESUME, step, record.sending, "teller-1", "A. Person")
        at = record.changed_at
        self.bench.jobs.change(job, changes.answer(given, at=at, date=at[:10], trusted=True)).result(WAIT)

    def settled(self, job: str, epoch: int = 0) -> Record:
        """The job when it has ended, or when people are asked about it at this epoch or a later one."""

        def is_settled(news: News) -> bool:
            if not isinstance(news, JobChanged) or news.record.job_id != job:
                return False
            return news.record.ended or (not news.record.valid and news.record.epoch > epoch)

        with self._told:
            assert self._told.wait_for(lambda: any(map(is_settled, self.bench.told)), WAIT)
        return self.bench.spool.record(job)

    def close(self) -> None:
        self.desk.stop()
        self.bench.spool.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


def kinds(office: Office, job: str) -> list[HistoryKind]:
    return [one.entry.kind for one in office.bench.spool.history(job)]


def test_a_job_for_it_is_accepted_done_in_its_one_step_and_told(office: Office) -> None:
    accepted = office.submit("r-1", printer=COUNTER)
    assert (accepted.printer, accepted.steps, accepted.sheet) == (COUNTER, 1, Sheet(len(DOCUMENT)))
    done = office.settled(accepted.job_id)
    assert (done.state, done.confirmed, done.sending) == (JobState.COMPLETED, 1, 0)
    assert office.counting.counted == [accepted.job_id]
    assert kinds(office, accepted.job_id) == [HistoryKind.ENDED]
    told = [one.record.state for one in office.bench.told if isinstance(one, JobChanged)]
    assert told == [JobState.PENDING, JobState.PROCESSING, JobState.COMPLETED]


def test_a_job_for_the_printer_beside_it_is_prepared_by_the_printer_and_waits_for_its_own_desk(office: Office) -> None:
    printed = office.submit("r-1")
    counted = office.submit("r-2", printer=COUNTER)
    office.settled(counted.job_id)
    assert [step.kind.traits.is_line for step in printed.outline] == [True, True, False]
    assert office.bench.spool.record(printed.job_id) == printed
    assert printed.printer == PRINTER
    assert office.counting.counted == [counted.job_id]


def test_what_it_cannot_do_is_refused_before_anything_is_stored(office: Office) -> None:
    with pytest.raises(PassbookError) as refused:
        office.submit("r-1", printer=COUNTER, format="csv")
    assert refused.value.code == "unknown-format"
    assert office.bench.spool.records() == []


def test_its_step_is_durable_as_being_sent_before_it_is_done(office: Office) -> None:
    seen = []
    office.counting.before_step = lambda job: seen.append(office.bench.spool.record(job).sending)
    office.settled(office.submit("r-1", printer=COUNTER).job_id)
    assert seen == [1]


@pytest.mark.slow
def test_a_failure_in_its_step_leaves_a_question_and_nothing_is_done_again_without_an_answer(office: Office) -> None:
    office.counting.fails = Reason.SILENT
    job = office.submit("r-1", printer=COUNTER).job_id
    asked = office.settled(job)
    assert (asked.state, asked.valid, asked.sending) == (JobState.PROCESSING_STOPPED, False, 1)
    assert Reason.SILENT in asked.reasons
    assert office.counting.counted == [job]
    office.counting.fails = None
    other = office.submit("r-2", printer=COUNTER).job_id
    office.settled(other)
    assert office.counting.counted == [job, other]
    office.answer(job, 1)
    assert office.settled(job, asked.epoch).state is JobState.COMPLETED
    assert office.counting.counted == [job, other, job]
    assert kinds(office, job) == [HistoryKind.STOPPED, HistoryKind.ANSWERED, HistoryKind.ENDED]
    assert any(isinstance(one, JobChanged) and one.was_asked for one in office.bench.told)
