"""P1 and P6 for a submission with several jobs: all or none, in one area, each known again by its request."""

from __future__ import annotations

from typing import Any

import pytest

from passbook.job.record import Record
from storage import Child, Claim, Spool, Ticket
from storage.crypto.envelope import new_data_key, seal, sealed_size, wrap_for_appliance
from storage.crypto.keys import ApplianceKey
from tests.storage.disk import Disk, failing, ignore
from tests.storage.store import PLAN_TEXT, SECRET, Store, code_of, make_document, make_record, raised_by

SENDER = "mail:anna@example.org"


def claims(count: int, size: int = 200, first: int = 1) -> list[Claim]:
    total = sealed_size(10, len(PLAN_TEXT), size)
    return [Claim(f"part-{n}", make_document(size), total) for n in range(first, first + count)]


def children_of(store: Store, tickets: list[Ticket | Record], size: int = 200, **facts: Any) -> list[Child]:
    made = []
    for ticket in tickets:
        assert isinstance(ticket, Ticket)
        record, key = make_record(ticket, **facts), new_data_key(store.rng)
        identity = record.identity()
        sealed = seal(
            identity,
            key,
            attributes=b"attributes",
            plan=PLAN_TEXT,
            document=make_document(size),
            rng=store.rng,
        )
        made.append(Child(ticket, record, sealed, [wrap_for_appliance(identity, key, ApplianceKey(SECRET), store.rng)]))
    return made


def accepted_together(store: Store, spool: Spool, count: int) -> list[Record]:
    children = children_of(store, spool.reserve_together(SENDER, claims(count)))
    return spool.accept_together(children).result(timeout=30)


def test_the_jobs_of_a_submission_lie_in_one_area_in_their_order(store: Store) -> None:
    spool = store.open()
    records = accepted_together(store, spool, 5)
    assert [record.sequence for record in records] == sorted(record.sequence for record in records)
    assert [one.records for one in spool.areas()] in ([5, 0], [0, 5])
    assert [one.reserved for one in spool.areas()] == [0, 0]


def test_the_same_submission_again_is_the_same_jobs(store: Store) -> None:
    spool = store.open()
    records = accepted_together(store, spool, 3)
    assert spool.reserve_together(SENDER, claims(3)) == records
    *known, ticket = spool.reserve_together(SENDER, claims(4))
    assert known == records
    assert isinstance(ticket, Ticket)
    spool.release(ticket)
    assert raised_by(lambda: spool.reserve_together(SENDER, claims(3, size=300))) == "request-reused"


def test_a_submission_whose_sync_failed_is_neither(store: Store, disk: Disk) -> None:
    spool = store.open()
    accepted_together(store, spool, 1)
    children = children_of(store, spool.reserve_together(SENDER, claims(3, first=10)))
    disk.on_sync = failing("-wal")
    assert code_of(spool.accept_together(children)) == "outcome-unknown"
    disk.on_sync = ignore
    for claim in claims(3, first=10):
        assert raised_by(lambda claim=claim: spool.reserve_together(SENDER, [claim])) == "outcome-unknown"  # type: ignore[misc]


def test_one_that_cannot_be_stored_leaves_none(store: Store) -> None:
    spool = store.open()
    children = children_of(store, spool.reserve_together(SENDER, claims(3)))
    # The third one has the job id of the first, as no drawn one ever has.
    twin = children[0].record.job_id
    bad = children[2]._replace(ticket=children[2].ticket, record=children[2].record)
    with pytest.raises(ValueError, match="does not fit"):
        spool.accept_together([*children[:2], bad._replace(record=make_record(children[0].ticket))])
    assert spool.records() == []
    assert spool.accept_together(children).result(timeout=30)[0].job_id == twin


def test_jobs_that_are_too_many_or_too_large_together_claim_nothing(store: Store) -> None:
    spool = store.open()
    assert raised_by(lambda: spool.reserve_together(SENDER, claims(5, size=1 << 20))) == "document-too-large"
    many = [claim._replace(size=100) for claim in claims(501)]
    assert raised_by(lambda: spool.reserve_together(SENDER, many)) == "mail-of-too-many-jobs"
    assert [one.reserved for one in spool.areas()] == [0, 0]
    assert len(spool.reserve_together(SENDER, claims(2, first=500))) == 2
