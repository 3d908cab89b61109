"""The rows of books: with the end of a job or not at all, the newest one of all areas, and none that was altered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from passbook.book.claim import BookClaim, BookObjection, BookPlace
from passbook.book.judging import KnownBook
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.book_question import ask_about_book
from passbook.job.record import Answered, Record, Verdict
from passbook.job.states import Reason
from passbook.protocol.media import Media
from storage import book_secrets
from storage.area.capacity import change_cost
from storage.spool import Spool
from storage.tables.ledger import Ledger
from tests.storage.disk import Disk
from tests.storage.store import AT, Store, raised_by
from tests.storage.test_ledger import alter, raw

LINES = 3
OUTLINE = (*(StepOutline(StepKind.LINE, 1, line) for line in range(1, LINES + 1)), StepOutline(StepKind.EJECT, 1))
NAMES = ("ab" * 32,)


def claim(names: tuple[str, ...] = NAMES) -> BookClaim:
    digests = tuple("cd" * 32 for _ in names)
    return BookClaim(names, digests, BookPlace(1, 1), BookPlace(1, 1), BookPlace(1, LINES + 1))


def accept(store: Store, spool: Spool, names: tuple[str, ...] = NAMES, **facts: Any) -> Record:
    return store.accepted(spool, outline=OUTLINE, steps=len(OUTLINE), book=claim(names), **facts)


def print_to(spool: Spool, job: str, step: int) -> None:
    """Take a job up and send it up to a step, which stays in doubt."""
    spool.change(job, changes.start(AT, 1)).result(timeout=30)
    for number in range(1, step + 1):
        spool.change(job, changes.journal(number - 1, number)).result(timeout=30)


def finish(spool: Spool, job: str) -> None:
    print_to(spool, job, len(OUTLINE))
    spool.change(job, changes.finish_job(AT)).result(timeout=30)


def stop(spool: Spool, job: str) -> None:
    spool.change(job, changes.stop(Reason.SILENT, Media.UNKNOWN, AT)).result(timeout=30)


def discard(spool: Spool, job: str) -> None:
    record = spool.record(job)
    given = Answered(record.epoch, Verdict.DISCARD, 0, record.sending, "t", "Ann")
    spool.change(job, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result(timeout=30)


def place(spool: Spool, names: tuple[str, ...] = NAMES) -> tuple[int, int, bool] | None:
    known = spool.books.known(names)
    return None if known is None else (known.row.place.page, known.row.place.line, known.row.may_be_less)


def test_the_end_leaves_a_row_that_a_boot_still_knows(store: Store) -> None:
    spool = store.open()
    job = accept(store, spool).job_id
    assert place(spool) is None
    finish(spool, job)
    assert place(spool) == (1, 4, False)
    spool = store.open()
    assert place(spool) == (1, 4, False)
    assert spool.books.is_whole(NAMES)
    assert spool.verify() == []


def test_a_stop_leaves_a_row_and_a_power_cut_does_too(store: Store) -> None:
    spool = store.open()
    job = accept(store, spool).job_id
    print_to(spool, job, 2)
    assert place(spool) is None
    stop(spool, job)
    assert place(spool) == (1, 3, True)
    other = accept(store, spool, ("11" * 32,)).job_id
    print_to(spool, other, 1)
    spool = store.open()
    assert place(spool, ("11" * 32,)) == (1, 2, True)
    discard(spool, other)
    assert place(spool, ("11" * 32,)) == (1, 2, True)
    assert spool.verify() == []


def printed_in_two_areas(store: Store, earlier: int, digest: str) -> Spool:
    """Area a has `earlier` updates of a book; while it was away one line of another update was printed from area b."""
    store.names = ("a",)
    spool = store.open()
    for _ in range(earlier):
        finish(spool, accept(store, spool).job_id)
    store.names = ("a", "b")
    store.open()
    store.close()
    (store.folder / "a").rename(store.folder / "away")
    spool = store.open()
    assert not spool.books.is_whole(NAMES)
    assert place(spool) is None
    other = replace(claim(), digests=(digest * 32,))
    job = store.accepted(spool, outline=OUTLINE, steps=len(OUTLINE), book=other, first=True).job_id
    print_to(spool, job, 1)
    stop(spool, job)
    discard(spool, job)
    assert place(spool) == (1, 2, True)
    store.close()
    (store.folder / "away").rename(store.folder / "a")
    return store.open()


def test_of_two_areas_the_newest_row_tells_the_last_update_also_after_one_was_away(store: Store) -> None:
    spool = printed_in_two_areas(store, 3, "ef")
    assert spool.books.is_whole(NAMES)
    known = spool.books.known(NAMES)
    assert known is not None
    assert known.row.digest == "ef" * 32


def test_a_row_that_was_written_while_an_area_was_away_hides_no_further_one(store: Store) -> None:
    spool = printed_in_two_areas(store, 1, "ef")
    assert place(spool) == (1, 4, False)
    again = accept(store, spool).job_id
    print_to(spool, again, 1)
    stop(spool, again)
    assert place(spool) == (1, 4, False)
    assert place(store.open()) == (1, 4, False)


def test_under_a_new_book_key_the_row_of_the_earlier_one_counts(store: Store) -> None:
    spool = store.open()
    finish(spool, accept(store, spool, ("aa" * 32,)).job_id)
    known = spool.books.known(("bb" * 32, "aa" * 32))
    assert known is not None
    assert known.name == 1
    job = accept(store, spool, ("bb" * 32, "aa" * 32)).job_id
    finish(spool, job)
    known = spool.books.known(("bb" * 32, "aa" * 32))
    assert known is not None
    assert (known.name, known.row.job) == (0, job)
    assert spool.books.known(("cc" * 32,)) is None


@pytest.mark.parametrize("column", ["row = x'00'", "mac = x'00'"])
def test_a_row_that_was_altered_is_found_and_is_no_knowledge(store: Store, column: str) -> None:
    store.names = ("a",)
    spool = store.open()
    finish(spool, accept(store, spool).job_id)
    store.close()
    with raw(store, "a") as connection:
        alter(connection, "book", column)
    spool = store.open()
    assert "books-damaged" in {error.code for error in spool.verify()}
    assert place(spool) is None
    assert not spool.books.is_whole(NAMES)


def test_a_row_that_was_taken_away_makes_no_first_visit(store: Store) -> None:
    store.names = ("a",)
    spool = store.open()
    finish(spool, accept(store, spool).job_id)
    store.close()
    with raw(store, "a") as connection:
        connection.execute("DELETE FROM book")
    spool = store.open()
    assert [error.code for error in spool.verify()] == ["rows-altered"]
    assert not spool.books.is_whole(NAMES)


@pytest.mark.slow
def test_at_every_write_of_an_end_a_power_cut_leaves_the_row_and_the_end_or_neither(tmp_path: Path) -> None:
    """Of the files as they are before each write and each sync, another appliance boots."""
    disk = Disk(f"disk {tmp_path}")
    store = Store(tmp_path / "store", names=("a",), vfs=disk.name)
    cuts: list[Path] = []

    def cut(name: str) -> None:
        if name.endswith(("-wal", ".sqlite")):
            copy = tmp_path / f"cut-{len(cuts)}"
            shutil.copytree(store.folder, copy, ignore=shutil.ignore_patterns("*-shm"))
            cuts.append(copy)

    try:
        spool = store.open()
        job = accept(store, spool).job_id
        print_to(spool, job, 2)
        disk.on_write = disk.on_sync = cut
        stop(spool, job)
        discard(spool, job)
        disk.on_write = disk.on_sync = lambda _name: None
        cut("-wal")
    finally:
        store.close()
        disk.unregister()
    found = set()
    for copy in cuts:
        after = Store(copy, names=("a",))
        spool = after.open()
        # A cut before the stop is a stop itself: the boot leaves the same row.
        assert place(spool) == (1, 3, True)
        assert spool.verify() == []
        found.add(spool.record(job).ended)
        after.close()
    assert found == {False, True}


def order_new_book(spool: Spool, job: str, known: KnownBook) -> None:
    """People are asked about a job, and two of them say that it is for a new book."""
    row = known.row
    objection = BookObjection(Reason.BOOK_OVER_LINES, row.ordinal, row.place, job=row.job, at=row.at)
    spool.change(job, ask_about_book(objection, AT)).result(timeout=30)
    for terminal, person in (("t", "Ann"), ("u", "Ben")):
        given = Answered(spool.record(job).epoch, Verdict.NEW_BOOK, 1, 0, terminal, person)
        spool.change(job, changes.answer(given, at=AT, date=AT[:10], trusted=True)).result(timeout=30)


@pytest.mark.slow
def test_at_every_write_a_power_cut_leaves_the_lost_book_or_the_new_one(tmp_path: Path) -> None:
    """A book is known up to line 3; an update into a new one is ordered, stops behind its first line, and is ended."""
    disk = Disk(f"disk {tmp_path}")
    store = Store(tmp_path / "store", names=("a",), vfs=disk.name)
    cuts: list[Path] = []

    def cut(name: str) -> None:
        if name.endswith(("-wal", ".sqlite")):
            copy = tmp_path / f"cut-{len(cuts)}"
            shutil.copytree(store.folder, copy, ignore=shutil.ignore_patterns("*-shm"))
            cuts.append(copy)

    try:
        spool = store.open()
        finish(spool, accept(store, spool).job_id)
        lost = spool.books.known(NAMES)
        assert lost is not None
        job = accept(store, spool).job_id
        disk.on_write = disk.on_sync = cut
        order_new_book(spool, job, lost)
        print_to(spool, job, 1)
        stop(spool, job)
        discard(spool, job)
        disk.on_write = disk.on_sync = lambda _name: None
        cut("-wal")
    finally:
        store.close()
        disk.unregister()
    found = set()
    for copy in cuts:
        after = Store(copy, names=("a",))
        spool = after.open()
        known, record = spool.books.known(NAMES), spool.record(job)
        assert known is not None
        assert known.row == lost.row if record.untouched else known.row.number == 2
        assert place(spool) == ((1, 4, False) if record.untouched else (1, 2, True))
        assert spool.verify() == []
        found.add((record.untouched, record.ended))
        after.close()
    assert found == {(True, False), (False, False), (False, True)}


def test_a_row_whose_transaction_was_not_stored_is_not_known(store: Store) -> None:
    store.names = ("a",)
    spool = store.open()
    job, other = accept(store, spool).job_id, accept(store, spool, ("11" * 32,)).job_id
    print_to(spool, job, 2)

    def refused(ledger: Ledger) -> Record:
        ledger.apply(job, changes.stop(Reason.SILENT, Media.UNKNOWN, AT))
        raise PassbookError("appliance-stopping")

    area, unknown = spool._areas[0], PassbookError("appliance-locked")
    with spool.together():
        stopping = area.submit(refused, cost=lambda: change_cost(0, 0), unknown=unknown)
        beside = spool.change(other, changes.hold(AT, "counter-1", "Ann"))
    beside.result(timeout=30)
    assert raised_by(lambda: stopping.result(timeout=30)) == "appliance-stopping"
    assert place(spool) is None
    assert spool.verify() == []


def test_a_job_that_was_set_aside_holds_no_other_back(store: Store) -> None:
    store.names = ("a",)
    spool = store.open()
    job = accept(store, spool).job_id
    print_to(spool, job, 1)
    later = accept(store, spool)
    assert spool.books.waiting(NAMES) == [job, later.job_id]
    store.close()
    with raw(store, "a") as connection:
        alter(connection, "job", "version = version + 1", f"job_id = '{job}'")
    spool = store.open()
    assert spool.books.waiting(NAMES) == [later.job_id]


def test_the_secret_of_an_account_names_a_book_and_tells_nothing() -> None:
    key, other = bytes(32), bytes(range(32))
    secret = book_secrets.book_secret(key, "DE12 3456-78")
    assert secret == book_secrets.book_secret(key, "de12345678")
    assert secret != book_secrets.book_secret(other, "DE12345678")
    assert secret != book_secrets.book_secret(key, "DE12345679")
    names = {book_secrets.book_name(secret, kind) for kind in ("savings", "giro")}
    assert len(names) == 2
    assert all(len(bytes.fromhex(name)) == 32 for name in names)
    assert secret.hex() not in names
