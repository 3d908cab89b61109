from __future__ import annotations

import apsw
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.job import changes
from passbook.job.record import Answered, Change, HistoryKind, Outcome, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from storage.crypto import envelope
from storage.spool import Spool
from tests.storage.store import AT, DOCUMENT_TEXT, PLAN_TEXT, REQUESTER_KEY, Store, code_of, raised_by

LATER = "2026-03-03T08:00:00Z"
STEPS = (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2), changes.finish_job(AT))


def do(spool: Spool, job: str, *rules: Change) -> Record:
    return [spool.change(job, rule, urgent=True).result(timeout=30) for rule in rules][-1]


def order(spool: Spool, record: Record, verdict: Verdict = Verdict.PRINT, step: int = 1) -> Record:
    given_ = Answered(record.epoch, verdict, step, record.sending, "teller-1", "Ms Okafor")
    return do(spool, record.job_id, changes.answer(given_, at=LATER, date="2026-03-03", trusted=True))


def test_an_accepted_job_is_there_after_reopening_and_invalid(store: Store) -> None:
    spool = store.open()
    record = store.accepted(spool)
    assert spool.record(record.job_id) == record
    assert spool.next_valid("pr-1") == record
    spool = store.open(power_on=False)
    assert spool.next_valid("pr-1") is None
    assert sum(spool.power_on(Reason.RESTART, LATER).invalidated.values()) == 1
    assert spool.next_valid("pr-1") is None
    [question] = spool.questions()
    assert (question.job_id, question.valid, question.epoch) == (record.job_id, False, 1)
    assert (question.state, question.reasons) == (JobState.PENDING_HELD, (Reason.RESTART,))


def test_the_content_opens_after_a_restart_for_who_has_the_key(store: Store) -> None:
    record = store.accepted(store.open(), size=150_0)
    spool = store.open()
    [wrap] = spool.job(record.job_id).wraps
    identity = spool.record(record.job_id).identity()
    data_key = envelope.unwrap_for_requester(identity, wrap, REQUESTER_KEY)
    sealed = spool.sealed(spool.job(record.job_id))
    assert envelope.open_plan(identity, sealed, data_key) == PLAN_TEXT
    assert envelope.open_document(identity, sealed, data_key).startswith(DOCUMENT_TEXT)


def test_every_state_is_invalid_after_every_kind_of_start(store: Store) -> None:
    spool = store.open()
    jobs = [store.accepted(spool).job_id for _ in range(6)]
    do(spool, jobs[1], changes.start(AT, 1))
    do(spool, jobs[2], changes.start(AT, 1), changes.journal(0, 1))
    do(spool, jobs[3], changes.start(AT, 1), changes.wait_for_people(Reason.MEDIA_NEEDED, AT))
    do(spool, jobs[4], changes.start(AT, 1), changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT))
    order(spool, spool.record(jobs[4]), Verdict.HOLD)
    do(spool, jobs[5], *STEPS)
    epochs = {job: spool.record(job).epoch for job in jobs}
    for reason in (Reason.POWER_LOSS, Reason.RESTART):
        spool = store.open(power_on=False)
        report = spool.power_on(reason, LATER)
        assert (sum(report.invalidated.values()), report.failed) == (5, {})
        found = {record.job_id: record for record in spool.questions()}
        assert sorted(found) == sorted(jobs[:5])
        assert all(record.epoch == epochs[job] + 1 and record.asked for job, record in found.items())
        epochs = {job: record.epoch for job, record in found.items()}
        assert spool.record(jobs[5]).state is JobState.COMPLETED
        assert found[jobs[2]].sending == 1
        assert spool.next_valid("pr-1") is None


def test_the_end_deletes_content_and_keeps_the_result(store: Store) -> None:
    spool = store.open()
    record = store.accepted(spool)
    do(spool, record.job_id, *STEPS)
    spool = store.open()
    done = spool.record(record.job_id)
    assert (done.state, done.confirmed, done.outline) == (JobState.COMPLETED, 2, ())
    assert spool.records() == []
    assert raised_by(lambda: spool.sealed(spool.job(record.job_id))) == "unknown-job"
    assert raised_by(lambda: spool.job(record.job_id).wraps) == "unknown-job"
    assert [rows_in(store, table) for table in ("job", "sealed", "document", "ended")] == [0, 0, 0, 1]
    [told] = spool.history(record.job_id)
    assert told.entry.kind is HistoryKind.ENDED
    assert spool.verify() == []


def rows_in(store: Store, table: str) -> int:
    """Over both areas, as the files say."""
    found = 0
    for path in store.folder.glob("*/area.sqlite"):
        connection = apsw.Connection(str(path))
        found += int(connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608 - a test's own words
        connection.close()
    return found


@pytest.mark.parametrize("state", list(JobState))
def test_an_invalid_record_is_never_next_whatever_its_state(store: Store, state: JobState) -> None:
    spool = store.open()
    job = store.accepted(spool).job_id
    do(spool, job, lambda record: Outcome(replace(record, valid=False, state=state)))
    assert spool.next_valid("pr-1") is None


def test_an_answer_repeated_after_the_end_gives_its_result(store: Store) -> None:
    job = store.accepted(store.open()).job_id
    spool = store.open()
    question = spool.record(job)
    ended = order(spool, question, Verdict.DISCARD, 0)
    assert ended.state is JobState.CANCELED
    spool = store.open()
    assert order(spool, question, Verdict.DISCARD, 0) == spool.record(job)
    assert len(spool.history(job)) == 2
    other = Answered(question.epoch, Verdict.PRINT, 1, 0, "teller-1", "Ms Okafor")
    rule = changes.answer(other, at=LATER, date="2026-03-03", trusted=True)
    assert code_of(spool.change(job, rule)) == "already-answered"
    assert code_of(spool.change(job, changes.start(AT, 1))) == "not-allowed-in-state"


@pytest.mark.slow
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["pr-1", "pr-2"])), min_size=1, max_size=8))
def test_the_highest_priority_comes_first_and_then_the_oldest(store: Store, jobs: list[tuple[int, str]]) -> None:
    spool = store.open()
    for record in spool.records():
        do(spool, record.job_id, changes.cancel(AT, "t", "p"))
    for priority, printer in jobs:
        store.accepted(spool, priority=priority, printer=printer)
    for printer in ("pr-1", "pr-2", "pr-3"):
        taken: list[tuple[int, int]] = []
        while (turn := spool.next_valid(printer)) is not None:
            assert turn.printer == printer
            taken.append((-turn.priority, turn.sequence))
            do(spool, turn.job_id, *STEPS)
        assert taken == sorted(taken)
        assert len(taken) == sum(1 for _, wanted in jobs if wanted == printer)


def test_an_answered_job_is_next_again(store: Store) -> None:
    job = store.accepted(store.open()).job_id
    spool = store.open()
    valid = order(spool, spool.record(job))
    assert spool.next_valid("pr-1") == valid
    assert list(spool.questions()) == []


def test_jobs_are_listed_by_requester_and_age(store: Store) -> None:
    spool = store.open()
    mine = [store.accepted(spool) for _ in range(3)]
    other = store.accepted(spool, requester="teller-2")
    assert spool.records() == [*mine, other]
    assert spool.records_of("teller-2") == [other]
    assert spool.records_of("teller-3") == []


def test_unknown_jobs_are_said_to_be(store: Store) -> None:
    spool = store.open()
    assert raised_by(lambda: spool.record("00")) == "unknown-job"
    assert code_of(spool.change("00", changes.start(AT, 1))) == "unknown-job"


def test_areas_tell_their_room(store: Store) -> None:
    spool = store.open()
    before = {status.name: status for status in spool.areas()}
    ticket, *_ = store.prepare(spool, size=50_000)
    reserved = {status.name: status for status in spool.areas()}
    assert reserved[ticket.area].reserved > 50_000
    assert reserved[ticket.area].free == before[ticket.area].free - reserved[ticket.area].reserved
    spool.release(ticket)
    assert {status.name: status for status in spool.areas()} == before


def test_forgetting_drops_only_what_ended_before(store: Store) -> None:
    spool = store.open()
    old, new = store.accepted(spool), store.accepted(spool)
    do(spool, old.job_id, changes.cancel(AT, "t", "p"))
    do(spool, new.job_id, changes.cancel(LATER, "t", "p"))
    assert spool.upkeep.forget_ended(LATER, LATER, LATER) == 1
    assert raised_by(lambda: spool.record(old.job_id)) == "unknown-job"
    assert spool.record(new.job_id).ended
    assert len(spool.history()) == 2
    assert spool.verify() == []


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c")])
def test_any_number_of_areas_will_do(store: Store, names: tuple[str, ...]) -> None:
    store.names = names
    spool = store.open()
    for _ in range(6):
        store.accepted(spool)
    assert {status.records for status in spool.areas()} == {6 // len(names)}
