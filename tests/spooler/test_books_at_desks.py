"""Two desks and one book: one update at a time, and the next one is judged by what the first one left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from passbook.book.claim import BookClaim, BookPlace
from passbook.document.plan import StepKind, StepOutline
from passbook.job import changes
from passbook.job.record import Record
from passbook.job.states import Reason
from passbook.job.waiting import Why
from spooler.data_keys import DataKeys
from spooler.hub import Hub
from spooler.jobs import Jobs
from spooler.known_books import KnownBooks
from spooler.queues import Queues
from storage.spool import Spool
from tests.firmware.branch import StandingClock
from tests.storage.store import AT, Store

NAMES = ("ab" * 32,)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path, names=("a",))
    yield one
    one.close()


def update(store: Store, spool: Spool, first: int, content: str) -> Record:
    outline = (StepOutline(StepKind.LINE, 1, first), StepOutline(StepKind.EJECT, 1))
    start = BookPlace(1, 1)
    claim = BookClaim(NAMES, (content * 64,), start, BookPlace(1, first), BookPlace(1, first + 1), is_single=True)
    return store.accepted(spool, outline=outline, steps=2, book=claim)


def printed(spool: Spool, job: str) -> None:
    for change in (changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2), changes.finish_job(AT)):
        spool.change(job, change).result(timeout=30)


def test_of_two_updates_of_one_book_only_one_is_taken_up_at_a_time(store: Store) -> None:
    spool = store.open()
    jobs = Jobs(spool, DataKeys(), lambda _news: None)
    books = KnownBooks(jobs, StandingClock())
    one, two = update(store, spool, 1, "a"), update(store, spool, 1, "b")
    assert books.admits(one)
    assert not books.admits(two)
    # Neither was begun: it is taken only in memory.
    assert spool.record(two.job_id).valid
    assert books.admits(one)
    printed(spool, one.job_id)
    books.over(one.job_id)
    assert not books.admits(two)
    asked = spool.record(two.job_id)
    assert (asked.valid, asked.reasons) == (False, (Reason.BOOK_OVER_LINES,))
    three = update(store, spool, 2, "c")
    assert not books.admits(three)
    spool.change(two.job_id, changes.cancel(AT, "t", "Ann")).result(timeout=30)
    assert books.admits(three)


def test_a_job_that_waits_for_its_terminal_keeps_its_book_free(store: Store) -> None:
    spool = store.open()
    books = KnownBooks(Jobs(spool, DataKeys(), lambda _news: None), StandingClock())
    one, two = update(store, spool, 1, "a"), update(store, spool, 1, "b")
    assert books.admits(one)
    books.over(one.job_id)
    assert books.admits(two)


def test_the_view_of_a_job_names_the_one_that_holds_it_back(store: Store) -> None:
    spool = store.open()
    queues = Queues(Hub(), spool)
    one, two = update(store, spool, 1, "a"), update(store, spool, 2, "b")
    spool.change(one.job_id, changes.start(AT, 1)).result(timeout=30)
    view = queues.note(two)
    assert view.waiting is not None
    assert (view.waiting.why, view.waiting.job) == (Why.SAME_BOOK, one.job_id)


def test_an_update_is_not_printed_where_its_question_cannot_be_stored(store: Store) -> None:
    spool = store.open()
    books = KnownBooks(Jobs(spool, DataKeys(), lambda _news: None), StandingClock())
    printed(spool, update(store, spool, 1, "a").job_id)
    two = update(store, spool, 1, "b")
    spool._areas[0].fence("a test")
    assert not books.admits(two)
