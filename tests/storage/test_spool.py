from __future__ import annotations

import pytest

from passbook import changes
from passbook.errors import PassbookError
from passbook.job import JobState, Reason
from passbook.record import HistoryKind, Record
from tests.storage.store import AT, Store


def test_an_accepted_job_is_there_after_reopening_and_invalid(store: Store) -> None:
    spool = store.open()
    record = store.accepted(spool)
    assert spool.record(record.job_id) == record
    assert spool.next_valid("pr-1") == record

    spool = store.open(power_on=False)
    assert spool.next_valid("pr-1") is None
    report = spool.power_on(Reason.RESTART, AT)
    assert sum(report.invalidated.values()) == 1
    assert spool.next_valid("pr-1") is None
    [question] = spool.inquiries()
    assert (question.job_id, question.valid, question.epoch) == (record.job_id, False, 1)
    assert question.state is JobState.PENDING_HELD


def test_the_end_deletes_content_and_keeps_the_result(store: Store) -> None:
    spool = store.open()
    record = store.accepted(spool)
    _print(spool.change, record)
    done = spool.record(record.job_id)
    assert done.state is JobState.COMPLETED
    assert spool.records() == []
    with pytest.raises(PassbookError, match="no job"):
        spool.sealed(record.job_id)
    [told] = spool.history(record.job_id)
    assert told.entry.kind is HistoryKind.ENDED
    assert spool.verify() == []


def _print(change: object, record: Record) -> None:
    assert callable(change)
    for rule in (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2), changes.finish(AT)):
        change(record.job_id, rule, urgent=True).result(timeout=30)
