"""P4: a record is valid in one boot; the next one makes it invalid with one row, whatever is still written in it."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest

from passbook.job import changes
from passbook.job.counts import JobCounts
from passbook.job.record import OPERATOR, Answered, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.protocol.media import Media
from storage.spool import Spool
from tests.storage.store import AT, Store, make_document

JOBS = 150
LATER = "2026-03-03T09:30:00Z"
TAMPERINGS = {
    "put back": "DELETE FROM boot; INSERT INTO boot SELECT * FROM old.boot",
    "number": "UPDATE boot SET number = 1",
    "reason": "UPDATE boot SET reason = 'restart', number = number - 1",
    "taken away": "DELETE FROM boot",
}


@pytest.fixture
def one_area(store: Store) -> Store:
    store.names, store.quota = ("a",), 64 << 20
    return store


def raw(store: Store) -> apsw.Connection:
    return apsw.Connection(str(store.folder / "a" / "area.sqlite"))


def power_on(store: Store, reason: Reason = Reason.POWER_LOSS) -> Spool:
    """A start of which no record tells yet."""
    spool = store.open(power_on=False)
    spool.power_on(reason, LATER)
    return spool


def answer(spool: Spool, record: Record) -> Record:
    given = Answered(record.epoch, Verdict.PRINT, 1, record.sending, "t", "Ms Okafor")
    return spool.change(record.job_id, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result()


def test_before_any_record_is_written_every_one_is_a_question(one_area: Store) -> None:
    spool = one_area.open()
    for _ in range(JOBS):
        one_area.accepted(spool)
    spool = power_on(one_area)
    with closing(raw(one_area)) as connection:
        assert connection.execute("SELECT count(*) FROM job WHERE valid > 0").get == JOBS
    found = list(spool.questions())
    assert [record.sequence for record in found] == list(range(1, JOBS + 1))
    assert {(one.valid, one.state, one.epoch, one.reasons, one.changed_at) for one in found} == {
        (False, JobState.PENDING_HELD, 1, (Reason.POWER_LOSS,), LATER)
    }
    assert spool.next_valid("pr-1") is None
    assert spool.held()["teller-1"].questions == JOBS
    assert spool.record(found[-1].job_id) == found[-1]
    assert spool.figures("pr-1")["a"].pending.lines == 0
    assert spool.history() == []


def test_a_request_that_is_repeated_before_its_record_was_written_anew_is_told_as_a_question(one_area: Store) -> None:
    spool = one_area.open()
    ticket, record, sealed, wraps = one_area.prepare(spool, request_id="r-1")
    spool.accept(ticket, record, sealed, wraps).result(timeout=30)
    spool = power_on(one_area)
    again = spool.known(record.requester, record.request_id, make_document(200))
    assert again == spool.record(record.job_id)
    assert again is not None
    assert (again.valid, again.state) == (False, JobState.PENDING_HELD)


def test_after_a_start_every_job_is_counted_as_a_question_and_what_an_operator_holds_as_held(one_area: Store) -> None:
    spool = one_area.open()
    jobs = [one_area.accepted(spool, printer=printer).job_id for printer in ("pr-1", "pr-1", "pr-1", "pr-2")]
    spool.change(jobs[0], changes.hold(AT, OPERATOR, "Otto")).result(timeout=30)
    spool.change(jobs[1], changes.hold(AT, "teller-1", "Anna")).result(timeout=30)
    assert spool.counts() == {"pr-1": JobCounts(pending=1, held=2), "pr-2": JobCounts(pending=1)}
    spool = power_on(one_area)
    known = {"pr-1": JobCounts(questions=2, held=1), "pr-2": JobCounts(questions=1)}
    assert spool.counts() == known
    spool.upkeep.settle()
    assert spool.counts() == known, "writing it changes no number"
    answer(spool, spool.record(jobs[3]))
    assert spool.counts()["pr-2"] == JobCounts(pending=1)


def test_a_job_that_is_set_aside_is_counted_no_more(one_area: Store) -> None:
    spool = one_area.open()
    for _ in range(2):
        one_area.accepted(spool)
    one_area.close()
    with closing(raw(one_area)) as connection:
        connection.execute("UPDATE job SET priority = priority + 1 WHERE sequence = 1")
    spool = one_area.open()
    assert spool.counts() == {"pr-1": JobCounts(questions=1)}


def test_writing_it_changes_nothing_that_anybody_sees_but_history(one_area: Store) -> None:
    spool = one_area.open()
    for _ in range(JOBS):
        one_area.accepted(spool)
    spool = power_on(one_area)
    before, held = spool.records(), spool.held()
    spool.upkeep.settle()
    assert spool.records() == before
    assert list(spool.questions()) == before
    assert spool.held() == held
    told = spool.history(last=2 * JOBS)
    assert [one.entry.record.job_id for one in told] == [record.job_id for record in before]
    assert {one.entry.kind for one in told} == {HistoryKind.INVALIDATED}
    assert spool.verify() == []
    spool.upkeep.settle()
    assert len(spool.history(last=2 * JOBS)) == JOBS


def test_of_half_written_and_half_not_each_is_a_question_once(one_area: Store) -> None:
    spool = one_area.open()
    for _ in range(JOBS):
        one_area.accepted(spool)
    spool = power_on(one_area)
    spool._areas[0].settle()
    answered = answer(spool, spool.records()[-1])
    fresh = one_area.accepted(spool)
    assert [one.sequence for one in spool.questions()] == list(range(1, JOBS))
    assert [one.sequence for one in spool.questions(after=40)] == list(range(41, JOBS))
    assert spool.next_valid("pr-1") == answered
    held = spool.held()["teller-1"]
    assert (held.jobs, held.questions, held.standing) == (JOBS + 1, JOBS - 1, JOBS - 1)
    kinds = [told.entry.kind for told in spool.history(answered.job_id)]
    assert kinds == [HistoryKind.INVALIDATED, HistoryKind.ANSWERED]
    # What was made valid in that boot is a question in the next one, and its epoch another.
    again = {record.sequence: record for record in power_on(one_area).questions()}
    assert len(again) == JOBS + 1
    assert [again[one.sequence].epoch for one in (answered, fresh)] == [answered.epoch + 1, 1]


def test_each_start_raises_the_epoch_though_none_was_written(one_area: Store) -> None:
    spool = one_area.open()
    job = one_area.accepted(spool).job_id
    spool.change(job, changes.start(AT, 1)).result()
    spool.change(job, changes.journal(0, 1)).result()
    spool.change(job, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)).result()
    epochs = [power_on(one_area, reason).record(job).epoch for reason in (Reason.RESTART, Reason.POWER_LOSS)]
    spool = power_on(one_area, Reason.RESTART)
    record = spool.record(job)
    assert [*epochs, record.epoch] == [2, 3, 4]
    assert record.reasons == (Reason.RESTART, Reason.SILENT)
    assert record.sending == 1
    spool.upkeep.settle()
    assert spool.record(job) == record


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_a_start_that_is_put_back_makes_nothing_valid_again(one_area: Store, tampering: str) -> None:
    spool = one_area.open()
    old = one_area.folder / "old.sqlite"
    with closing(raw(one_area)) as connection:
        connection.execute("VACUUM INTO ?", (str(old),))
    spool = one_area.open()
    valid = one_area.accepted(spool)
    held = one_area.accepted(spool)
    spool.change(held.job_id, changes.hold(AT, "teller-1", "Ms Okafor")).result()
    one_area.close()
    with closing(raw(one_area)) as connection:
        connection.execute("ATTACH ? AS old", (str(old),))
        connection.execute(tampering)
    spool = power_on(one_area)
    assert {error.code for error in one_area.reported} == {"rows-altered"}
    assert [record.job_id for record in spool.questions()] == [valid.job_id, held.job_id]
    assert {record.reasons[0] for record in spool.questions()} == {Reason.ROLLED_BACK}
    assert {record.epoch for record in spool.questions()} == {1, 2}
    assert spool.next_valid("pr-1") is None
    assert len(spool.history()) == 3, "each record was written before the area was used"


def test_a_start_that_somebody_wrote_into_a_record_makes_no_number_come_again(one_area: Store) -> None:
    spool = one_area.open()
    planted = [one_area.accepted(spool).sequence for _ in range(2)]
    job = ""
    for sequence in planted:
        one_area.close()
        with closing(raw(one_area)) as connection:
            connection.execute("UPDATE job SET valid = ? WHERE sequence = ?", ((1 << 62) - 1, sequence))
        spool = power_on(one_area)
        assert not job or not spool.record(job).valid
        job = one_area.accepted(spool).job_id
    spool = power_on(one_area)
    spool.upkeep.settle()
    assert not spool.record(job).valid


@pytest.mark.parametrize(
    "tampering", ["DELETE FROM quarantine", "UPDATE quarantine SET request_id = 'another'", "DELETE FROM job"]
)
def test_what_was_set_aside_stays_evidence(one_area: Store, tampering: str) -> None:
    spool = one_area.open()
    damaged = one_area.accepted(spool)
    one_area.accepted(spool)
    one_area.close()
    with closing(raw(one_area)) as connection:
        connection.execute("UPDATE job SET size = size + 1 WHERE sequence = ?", (damaged.sequence,))
    spool = one_area.open()
    assert {finding.code for finding in spool.verify()} == {"record-quarantined"}
    one_area.close()
    with closing(raw(one_area)) as connection:
        connection.execute(tampering)
    assert "rows-altered" in {finding.code for finding in one_area.open().verify()}
