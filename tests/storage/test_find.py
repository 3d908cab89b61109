"""Finding a job by the beginning of its id, in every area and whether or not it has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from storage.spool import MATCHES, Spool
from tests.storage.store import AT, Store, seeded

ALIKE = b"\x7f\x3a"
"""What every id begins with here."""


def jobs_in(spool: Spool, store: Store, count: int) -> list[str]:
    return [store.accepted(spool).job_id for _ in range(count)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    rng = seeded(1)
    return Store(tmp_path, rng=lambda count: ALIKE[:count] + rng(max(0, count - len(ALIKE))))


def refused(spool: Spool, beginning: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        spool.find(beginning)
    return caught.value


def test_the_one_job_whose_id_begins_so_is_found_live_and_ended(store: Store) -> None:
    spool = store.open()
    jobs = jobs_in(spool, store, 6)
    assert len({spool._area_of(job).name for job in jobs}) == 2
    for ended in jobs[::2]:
        spool.change(ended, changes.cancel(AT, "teller-1", "Ann")).result(30)
    for job in jobs:
        beginnings = (job[:length] for length in range(4, 33))
        beginning = next(text for text in beginnings if sum(one.startswith(text) for one in jobs) == 1)
        assert spool.find(beginning) == spool.find(job) == spool.record(job)


def test_several_are_counted_and_none_is_chosen(store: Store) -> None:
    spool = store.open()
    jobs_in(spool, store, 3)
    error = refused(spool, "7f3a")
    assert (error.code, error.facts["count"]) == ("ambiguous-job", "3")
    jobs_in(spool, store, 2 * MATCHES)
    assert refused(spool, "7f3a").facts["count"] == f"{MATCHES} or more"


@pytest.mark.parametrize(
    ("beginning", "code"),
    [
        ("7f3", "job-id-short"),
        ("", "job-id-short"),
        ("7f3b", "unknown-job"),
        ("7F3A", "unknown-job"),
        ("7f3%", "unknown-job"),
        ("7f3_", "unknown-job"),
        ("\U0010ffff" * 4, "unknown-job"),
        ("f" * 64, "unknown-job"),
    ],
)
def test_what_is_no_beginning_of_an_id_finds_nothing(store: Store, beginning: str, code: str) -> None:
    spool = store.open()
    jobs_in(spool, store, 1)
    assert refused(spool, beginning).code == code
