"""Rows that are ours and not of now: every one that was put back, or taken away, is noticed (N2)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from passbook.job import changes
from passbook.job.record import Answered, Verdict
from passbook.job.states import Reason
from passbook.protocol.media import Media
from storage.spool import Spool
from tests.storage.store import AT, Store, raised_by

LATER = "2026-03-03T09:30:00Z"


@contextmanager
def raw(folder: Path) -> Generator[apsw.Connection]:
    connection = apsw.Connection(str(folder / "a" / "area.sqlite"))
    connection.execute("ATTACH ? AS old", (str(folder / "yesterday" / "area.sqlite"),))
    yield connection
    connection.close()


@pytest.fixture
def printed(store: Store) -> Store:
    """An area with a pending job and one that was printed since `yesterday`, a copy of the area, was made."""
    store.names = ("a",)
    spool = store.open()
    store.accepted(spool, request_id="pending")
    job = store.accepted(spool, request_id="printed").job_id
    spool.change(job, changes.start(AT, 1)).result()
    spool.change(job, changes.journal(0, 1)).result()
    spool.change(job, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)).result()
    store.close()
    shutil.copytree(store.folder / "a", store.folder / "yesterday")
    spool = store.open()
    record = spool.record(job)
    given = Answered(record.epoch, Verdict.RESUME, 2, 1, "teller-1", "Ms Okafor")
    spool.change(job, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result()
    rules = (changes.start(AT, 1), changes.journal(1, 2), changes.finish_job(AT))
    for rule in rules:
        spool.change(job, rule).result()
    assert spool.verify() == []
    store.close()
    return store


PUT_BACK = """
INSERT INTO job SELECT * FROM old.job WHERE request_id = 'printed';
INSERT INTO sealed SELECT * FROM old.sealed WHERE sequence = 2;
INSERT INTO document SELECT * FROM old.document WHERE sequence = 2;
DELETE FROM ended WHERE request_id = 'printed';
"""

TAMPERINGS: dict[str, str] = {
    "an ended job put back": PUT_BACK,
    "a row is put back as it was": "INSERT OR REPLACE INTO job SELECT * FROM old.job WHERE request_id = 'pending'",
    "a job is taken away": "DELETE FROM job",
    "an end is taken away": "DELETE FROM ended",
    "counters are put back": "DELETE FROM counter; INSERT INTO counter SELECT * FROM old.counter",
    "the sum is put back": "INSERT OR REPLACE INTO row_sum SELECT * FROM old.row_sum",
    "the sum is altered": "UPDATE row_sum SET mac = zeroblob(32)",
    "the sum is taken away": "DELETE FROM row_sum",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_what_was_put_back_or_taken_away_is_found_and_stays_found(printed: Store, tampering: str) -> None:
    with raw(printed.folder) as connection:
        connection.execute(tampering)
    spool = printed.open()
    assert {error.code for error in printed.reported} == {"rows-altered"}
    for record in spool.questions():
        assert Reason.ROLLED_BACK in record.reasons, "people are told that more may be on paper"
        assert not record.untouched
    job = printed.accepted(spool, first=True)
    spool.change(job.job_id, changes.cancel(AT, "teller-1", "Ms Okafor")).result()
    assert [error.code for error in spool.verify()] == ["rows-altered"]


def test_an_operator_who_has_looked_takes_the_rows_as_they_are(printed: Store) -> None:
    with raw(printed.folder) as connection:
        connection.execute(PUT_BACK)
    spool = printed.open()
    assert spool.upkeep.accept_rollback("a")
    assert spool.verify() == []
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "nothing-to-accept"
    printed.reported.clear()
    assert printed.open().verify() == []
    assert printed.reported == []


def test_everything_that_is_done_to_rows_keeps_the_row_sum(printed: Store) -> None:
    spool = printed.open()
    done: list[Callable[[Spool], object]] = [
        lambda spool: printed.accepted(spool, request_id="again"),
        lambda spool: spool.change(spool.records()[-1].job_id, changes.cancel(AT, "t", "Ms Okafor")).result(),
        lambda spool: spool.change(ended(spool), changes.acknowledge("t", AT)).result(),
        lambda spool: spool.upkeep.forget_ended(LATER, AT, LATER),
        lambda spool: spool.upkeep.forget_ended(LATER, LATER, LATER),
        lambda _spool: printed.open(),
    ]
    for one in done:
        one(spool)
        spool = printed._open[-1]
        assert spool.verify() == []


def ended(spool: Spool) -> str:
    """A job of which nobody took note."""
    [told] = [told for told in spool.history() if told.entry.record.ended and told.entry.record.request_id == "again"]
    return told.entry.record.job_id
