from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Acknowledged, Change, HistoryKind, Outcome, Record
from passbook.job.states import JobState
from storage import maintenance
from storage.spool import Spool
from tests.storage.store import AT, Store, code_of
from tests.storage.test_ledger import alter, raw

LATER = "2026-03-03T09:30:00Z"
LATEST = "2026-03-04T09:30:00Z"
TWO_LINES = (StepOutline(StepKind.LINE, 1, 5), StepOutline(StepKind.TURN, 2), StepOutline(StepKind.LINE, 2, 1))


def do(spool: Spool, job: str, *rules: Change) -> Record:
    return [spool.change(job, rule).result(timeout=30) for rule in rules][-1]


def ended(store: Store, spool: Spool, at: str = AT, **facts: Any) -> Record:
    return do(spool, store.accepted(spool, **facts).job_id, changes.cancel(at, "t", "Ms Okafor"))


def open_jobs(spool: Spool, requester: str | None = None, **bounds: int) -> list[str]:
    return [one.record.job_id for one in spool.notices.oldest(requester, **({"limit": 100} | bounds))]


def test_an_end_is_open_until_somebody_takes_note_of_it(store: Store) -> None:
    spool = store.open()
    job = store.accepted(spool).job_id
    assert open_jobs(spool) == []
    do(spool, job, changes.cancel(AT, "t", "Ms Okafor"))
    assert open_jobs(spool) == [job]
    noted = do(spool, job, changes.acknowledge("teller-1", LATER))
    assert noted.acknowledged is not None
    assert (noted.acknowledged.terminal, noted.acknowledged.at) == ("teller-1", LATER)
    assert open_jobs(spool) == []
    assert spool.verify() == []


def test_the_first_who_takes_note_counts_also_after_a_start(store: Store) -> None:
    spool = store.open()
    job = ended(store, spool).job_id
    first = do(spool, job, changes.acknowledge("teller-1", LATER))
    assert do(spool, job, changes.acknowledge("manager", LATEST)) == first
    spool = store.open()
    assert do(spool, job, changes.acknowledge("manager", LATEST)) == first
    assert [told.entry.kind for told in spool.history(job)] == [HistoryKind.ENDED, HistoryKind.ACKNOWLEDGED]


def test_an_end_of_which_nobody_took_note_survives_a_start(store: Store) -> None:
    spool = store.open()
    job = ended(store, spool).job_id
    assert open_jobs(store.open()) == [job]


def test_a_job_that_has_not_ended_cannot_be_taken_note_of(store: Store) -> None:
    spool = store.open()
    job = store.accepted(spool)
    assert code_of(spool.change(job.job_id, changes.acknowledge("teller-1", AT))) == "not-allowed-in-state"
    assert spool.record(job.job_id) == job


@pytest.mark.parametrize(
    "change",
    [{"confirmed": 7}, {"state": JobState.COMPLETED}, {"valid": True}, {"reasons": ()}, {"changed_at": LATER}],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("noted", [False, True])
def test_an_ended_job_takes_no_other_change(store: Store, change: dict[str, Any], noted: bool) -> None:
    spool = store.open()
    job = ended(store, spool).job_id
    before = do(spool, job, changes.acknowledge("teller-1", AT)) if noted else spool.record(job)

    def rule(record: Record) -> Outcome:
        if not noted:
            record = changes.acknowledge("teller-1", AT)(record).record
        return Outcome(replace(record, **change))

    assert code_of(spool.change(job, rule)) == "not-allowed-in-state"
    assert spool.record(job) == before


def test_who_took_note_cannot_be_exchanged_or_taken_back(store: Store) -> None:
    spool = store.open()
    job = ended(store, spool).job_id
    before = do(spool, job, changes.acknowledge("teller-1", AT))
    for after in (None, Acknowledged("manager", AT)):

        def rule(record: Record, after: Acknowledged | None = after) -> Outcome:
            return Outcome(replace(record, acknowledged=after))

        assert code_of(spool.change(job, rule)) == "not-allowed-in-state"
    assert spool.record(job) == before


def test_open_ends_are_listed_by_requester_in_order_and_in_pieces(store: Store) -> None:
    spool = store.open()
    mine = [ended(store, spool, requester="teller-1") for _ in range(5)]
    other = ended(store, spool, requester="teller-2")
    assert open_jobs(spool) == [*(one.job_id for one in mine), other.job_id]
    assert open_jobs(spool, "teller-2") == [other.job_id]
    assert open_jobs(spool, "teller-1", limit=2) == [one.job_id for one in mine[:2]]
    assert open_jobs(spool, "teller-1", limit=2, after=mine[1].sequence) == [one.job_id for one in mine[2:4]]
    assert [one.record.job_id for one in spool.notices.newest(2)] == [mine[4].job_id, other.job_id]


def test_open_ends_that_are_old_are_counted(store: Store) -> None:
    spool = store.open()
    jobs = [ended(store, spool, at) for at in (AT, AT, AT, LATER)]
    assert [spool.notices.count_old(at, among=9) for at in (AT, LATER, LATEST)] == [0, 3, 4]
    assert spool.notices.count_old(LATEST, among=1) == 2, "two areas, one looked at in each"
    do(spool, jobs[0].job_id, changes.acknowledge("t", AT))
    assert spool.notices.count_old(LATER, among=9) == 2


def test_an_open_end_is_kept_longer_than_one_that_somebody_took_note_of(store: Store) -> None:
    """P8: until `retention`; P10 needs the others for less."""
    spool = store.open()
    noted, open_ = ended(store, spool), ended(store, spool)
    do(spool, noted.job_id, changes.acknowledge("t", AT))
    assert spool.upkeep.forget_ended(LATER, AT, LATEST) == 1
    assert open_jobs(spool) == [open_.job_id]
    assert spool.upkeep.forget_ended(LATEST, LATER, LATEST) == 1
    assert open_jobs(spool) == []


def test_the_last_ends_of_each_requester_can_be_kept_whatever_their_date(store: Store) -> None:
    """One terminal that sends much takes nothing from what is known of another's requests."""
    store.names = ("a",)
    spool = store.open()
    busy = [ended(store, spool, requester="teller-1") for _ in range(5)]
    quiet = ended(store, spool, requester="teller-2")
    for one in (*busy, quiet):
        do(spool, one.job_id, changes.acknowledge("t", AT))
    assert spool.upkeep.forget_ended(LATER, "", LATER, kept=2) == 3
    assert code_of(spool.change(busy[2].job_id, changes.acknowledge("t", AT))) == "unknown-job"
    assert [spool.record(one.job_id).job_id for one in (*busy[3:], quiet)]
    assert spool.upkeep.forget_ended(LATER, "", LATER, kept=2) == 0
    assert spool.verify() == []


def test_many_ends_are_forgotten_in_pieces_and_make_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "FORGOTTEN_JOBS", 4)
    store.names = ("a",)
    spool = store.open()
    jobs = [ended(store, spool).job_id for _ in range(30)]
    for job in jobs:
        do(spool, job, changes.acknowledge("t", AT))
    [before] = spool.areas()
    assert spool.upkeep.forget_ended(LATER, LATER, LATER) == 30
    [after] = spool.areas()
    assert after.free > before.free
    assert spool.verify() == []


@pytest.mark.parametrize("facts", [{"clock_trusted": False}, {"business_date": LATER[:10]}])
def test_an_end_with_the_stamp_of_a_wrong_clock_is_of_the_day_when_a_right_one_saw_it(
    store: Store, facts: dict[str, Any]
) -> None:
    """N4, P8, P10: a machine without a clock of its own starts in 1970; what ended then is not old for that."""
    spool = store.open()
    job = ended(store, spool, "1970-01-01T00:01:00.000+00:00", **facts).job_id
    assert spool.upkeep.forget_ended(LATER, LATER, LATEST) == 0
    assert open_jobs(spool) == [job]
    assert spool.record(job).changed_at == LATEST
    do(spool, job, changes.acknowledge("t", LATEST))
    assert spool.upkeep.forget_ended(LATEST, LATEST, LATEST) == 0
    assert spool.verify() == []
    assert spool.upkeep.forget_ended("2026-03-05", "2026-03-05", "2026-06-05T09:30:00Z") == 1


def test_an_end_says_how_much_is_on_paper(store: Store) -> None:
    spool = store.open()
    job = store.accepted(spool, steps=3, outline=TWO_LINES).job_id
    in_doubt = (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2), changes.journal(2, 3))
    do(spool, job, *in_doubt, changes.finish_job(AT))
    kept = spool.record(job)
    assert kept.outline == ()
    assert kept.on_paper is not None
    assert (kept.on_paper.confirmed, kept.on_paper.in_doubt, kept.on_paper.lines) == (2, 0, 2)


def test_an_end_carries_the_head_of_its_area(store: Store) -> None:
    spool = store.open()
    job = ended(store, spool).job_id
    [one] = spool.notices.oldest(limit=1)
    assert one.head is not None
    assert one.head in spool.notices.heads()
    assert (one.head.area, one.head.entries) == (spool.history(job)[-1].area, 1)
    assert spool.notices.heads_at({one.head.area: 1, "nowhere": 1}) == [one.head]
    for _ in range(2):
        ended(store, spool)
    now = {head.area: head for head in spool.notices.heads()}
    assert now[one.head.area].entries == 2
    assert now[one.head.area].chain != one.head.chain
    assert spool.notices.heads_at({one.head.area: 1}) == [one.head]
    assert spool.notices.heads_at({one.head.area: 3}) == []


def test_an_end_whose_row_was_altered_is_set_aside_and_the_others_are_told(store: Store) -> None:
    store.names = ("a",)
    spool = store.open()
    first, second = ended(store, spool), ended(store, spool)
    store.close()
    with raw(store) as connection:
        alter(connection, "ended", "mac = zeroblob(32)", f"sequence = {first.sequence}")
    spool = store.open()
    assert open_jobs(spool) == [second.job_id]
    with pytest.raises(PassbookError) as caught:
        spool.record(first.job_id)
    assert caught.value.code == "record-quarantined"


def test_an_end_that_is_hidden_by_its_index_alone_is_found(store: Store) -> None:
    """Somebody with the disk in hand makes an end look as if it had been taken note of."""
    store.names = ("a",)
    spool = store.open()
    ended(store, spool)
    store.close()
    with raw(store) as connection:
        alter(connection, "ended", "acknowledged = 1")
    assert [error.code for error in store.open().verify()] == ["record-quarantined"]
