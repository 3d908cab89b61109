from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from spooler.news import JobChanged, News, StepDone
from tests.firmware.branch import DOCUMENT, TELLER, WAIT, Bench, request


def accepted(bench: Bench) -> Record:
    return asyncio.run(bench.admission().submit(TELLER, request(), DOCUMENT))


class Newspaper:
    """Waits until news of a kind has come."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._came = threading.Condition()
        bench.listen = self._hear

    def _hear(self, _news: News) -> None:
        with self._came:
            self._came.notify_all()

    def await_count(self, count: int) -> list[News]:
        with self._came:
            assert self._came.wait_for(lambda: len(self._bench.told) >= count, WAIT)
            return list(self._bench.told)


def test_an_accepted_job_is_told_and_can_be_read(bench: Bench) -> None:
    record = accepted(bench)
    assert bench.told == [JobChanged(record)]
    assert record.job_id in bench.keys
    assert bench.spool.next_valid(record.printer) == record


def test_a_change_is_told_when_it_is_durable(bench: Bench) -> None:
    record = accepted(bench)
    paper = Newspaper(bench)
    started = bench.jobs.change(record.job_id, changes.start("t", 1)).result(WAIT)
    assert paper.await_count(2)[1] == JobChanged(started)
    assert bench.spool.record(record.job_id) == started


def test_progress_is_told_as_a_step(bench: Bench) -> None:
    record = accepted(bench)
    bench.jobs.change(record.job_id, changes.start("t", 1)).result(WAIT)
    paper = Newspaper(bench)
    paper.await_count(2)
    bench.jobs.journal(record.job_id, 0, 1)
    done = bench.jobs.journal(record.job_id, 1, 0)
    again = bench.jobs.journal(record.job_id, 1, 2)
    assert (again.confirmed, again.sending) == (1, 2)
    assert bench.told[2:] == [StepDone(done)]


def test_progress_that_is_not_stored_is_raised_and_not_told(bench: Bench) -> None:
    record = accepted(bench)
    with pytest.raises(PassbookError):
        bench.jobs.journal(record.job_id, 0, 1)
    assert bench.told == [JobChanged(record)]


def test_the_key_goes_with_the_end_of_the_job_and_not_before(bench: Bench) -> None:
    """N2: a stopped job keeps its key while power is on; an ended one has none."""
    record = accepted(bench)
    paper = Newspaper(bench)
    bench.jobs.change(record.job_id, changes.start("t", 1)).result(WAIT)
    stopped = changes.stop(Reason.SILENT, Media.PRESENT, "t")
    bench.jobs.change(record.job_id, stopped).result(WAIT)
    paper.await_count(3)
    assert record.job_id in bench.keys
    bench.jobs.change(record.job_id, changes.cancel("t", "till", "Anna")).result(WAIT)
    ended = paper.await_count(4)[3]
    assert isinstance(ended, JobChanged)
    assert ended.record.state is JobState.CANCELED
    assert record.job_id not in bench.keys


def test_a_refused_change_tells_nothing(bench: Bench) -> None:
    record = accepted(bench)
    refused = bench.jobs.change(record.job_id, changes.finish_job("t"))
    assert isinstance(refused.exception(WAIT), PassbookError)
    assert bench.told == [JobChanged(record)]
    assert record.job_id in bench.keys


def test_a_change_that_nobody_waits_for_any_more_disturbs_nobody(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that was hung up on takes its order back before it was stored."""
    record = accepted(bench)
    pending: Future[Record] = Future()
    monkeypatch.setattr(bench.spool, "change", lambda *_order, **_how: pending)
    assert bench.jobs.change(record.job_id, changes.start("t", 1)).cancel()
    assert caplog.records == []
    assert bench.told == [JobChanged(record)]
