"""F4: what nobody answers for keeps its question, and its content is destroyed in time; N4: not by a wrong clock."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import Change, HistoryKind, Outcome, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from passbook.protocol.messages import AnswerQuestion
from spooler.content_retention import destroy_old_content
from tests.firmware.branch import DOCUMENT, TELLER, WAIT, Bench, request

DAYS = 30
DAY = 86400.0


class Question:
    """A job that stopped with its first step in doubt."""

    def __init__(self, bench: Bench, folder: Path, *, sent: bool = True) -> None:
        self.bench, self._folder = bench, folder
        self.job = asyncio.run(bench.admission().submit(TELLER, request("r-1"), DOCUMENT)).job_id
        if sent:
            bench.jobs.change(self.job, changes.start("", 1)).result(WAIT)
            bench.jobs.journal(self.job, 0, 1)
            bench.jobs.change(self.job, changes.stop(Reason.SILENT, Media.UNKNOWN, "")).result(WAIT)
        else:
            bench.jobs.change(self.job, changes.hold("", "t", "Anna")).result(WAIT)

    @property
    def record(self) -> Record:
        return self.bench.spool.record(self.job)

    def pass_days(self, days: float) -> None:
        self.bench.clock.seconds += days * DAY

    def look(self) -> None:
        destroy_old_content(self.bench.jobs, self.bench.clock, DAYS)

    def sealed_rows(self) -> int:
        rows = 0
        for database in self._folder.rglob("area.sqlite"):
            with closing(apsw.Connection(str(database))) as connection:
                for table in ("sealed", "document"):
                    rows += connection.execute(f"SELECT count(*) FROM {table}").get  # noqa: S608 - ours
        return rows

    def answer(self, verdict: Verdict, step: int = 0) -> Record:
        async def give() -> None:
            questions = self.bench.new_questions()
            record = self.record
            order = AnswerQuestion(
                job=self.job, epoch=record.epoch, verdict=verdict, step=step, in_doubt=record.sending, person="Anna"
            )
            await questions.answer(TELLER, order)

        asyncio.run(give())
        return self.record


@pytest.fixture
def question(bench: Bench, tmp_path: Path) -> Question:
    return Question(bench, tmp_path)


def test_content_that_nobody_answered_for_goes_and_the_question_stays(question: Question) -> None:
    question.pass_days(DAYS)
    question.look()
    assert not question.record.content_gone
    assert question.sealed_rows() > 0
    before = question.record
    question.pass_days(1)
    question.look()
    record = question.record
    assert (record.content_gone, record.epoch, record.state) == (True, before.epoch, JobState.PROCESSING_STOPPED)
    assert (record.confirmed, record.sending) == (before.confirmed, before.sending)
    assert question.sealed_rows() == 0
    assert question.bench.spool.job(question.job).wraps == ()
    assert question.job not in question.bench.keys
    assert question.bench.spool.history()[-1].entry.kind is HistoryKind.CONTENT_DESTROYED
    assert question.bench.spool.verify() == []
    assert [one.job_id for one in question.bench.spool.questions()] == [question.job]
    entries = len(question.bench.spool.history())
    question.look()
    assert len(question.bench.spool.history()) == entries


@pytest.mark.parametrize(("verdict", "step"), [(Verdict.PRINT, 0), (Verdict.RESUME, 1), (Verdict.RESUME, 2)])
def test_a_job_without_content_prints_nothing(question: Question, verdict: Verdict, step: int) -> None:
    question.pass_days(DAYS + 1)
    question.look()
    with pytest.raises(PassbookError) as refused:
        question.answer(verdict, step)
    assert refused.value.code == "content-gone"
    assert question.record.is_open


def test_a_question_without_content_can_be_discarded(question: Question) -> None:
    question.pass_days(DAYS + 1)
    question.look()
    assert question.answer(Verdict.DISCARD).state is JobState.CANCELED
    assert question.bench.spool.verify() == []


def test_a_question_without_content_can_be_closed_by_the_word_that_all_is_on_paper(
    bench: Bench, tmp_path: Path
) -> None:
    question = Question(bench, tmp_path)
    for step in range(1, question.record.steps):
        # Everything was sent before it stopped, as far as the record says.
        bench.jobs.change(question.job, _as_sent(step + 1)).result(WAIT)
    question.pass_days(DAYS + 1)
    question.look()
    assert question.answer(Verdict.RESUME, question.record.steps + 1).state is JobState.COMPLETED


def _as_sent(step: int) -> Change:
    def change(record: Record) -> Outcome:
        return Outcome(replace(record, confirmed=step - 1, sending=step))

    return change


def test_nothing_is_destroyed_by_a_clock_that_is_not_trusted(question: Question) -> None:
    question.pass_days(DAYS * 20)
    question.bench.clock.trust = False
    question.look()
    assert not question.record.content_gone
    question.bench.clock.trust = True
    question.look()
    assert question.record.content_gone


def test_a_day_that_no_trusted_clock_told_becomes_todays(bench: Bench, tmp_path: Path) -> None:
    bench.clock.trust = False
    question = Question(bench, tmp_path)
    bench.clock.trust = True
    question.pass_days(DAYS + 1)
    question.look()
    today = bench.clock.now().date().isoformat()
    assert (question.record.content_gone, question.record.business_date) == (False, today)
    question.pass_days(DAYS + 1)
    question.look()
    assert question.record.content_gone


def test_a_job_of_which_nothing_was_sent_is_not_concerned(bench: Bench, tmp_path: Path) -> None:
    question = Question(bench, tmp_path, sent=False)
    question.pass_days(DAYS * 2)
    question.look()
    assert not question.record.content_gone


@pytest.mark.parametrize("state", [RightState.OFFERED, RightState.AWAY])
def test_content_whose_print_right_is_elsewhere_goes_too_and_the_question_stays(
    bench: Bench, tmp_path: Path, state: RightState
) -> None:
    question = Question(bench, tmp_path, sent=False)

    def elsewhere(record: Record) -> Outcome:
        return Outcome(replace(record, right=PrintRight(state, 1)))

    bench.jobs.change(question.job, elsewhere).result(WAIT)
    question.pass_days(DAYS + 1)
    question.look()
    assert (question.record.content_gone, question.record.is_open, question.sealed_rows()) == (True, True, 0)
    with pytest.raises(PassbookError) as refused:
        question.answer(Verdict.PRINT)
    assert refused.value.code == "content-gone"
