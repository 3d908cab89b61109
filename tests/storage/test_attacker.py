"""Somebody has the disk, other disks like it, and the one of yesterday, but no key: what is exchanged is found (N2).

Every value of every table is taken from another job, the other area, another appliance, or an earlier day.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from passbook.book.claim import BookClaim, BookPlace
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Answered, Record, Verdict
from storage.area.area import AreaSettings
from storage.crypto.envelope import CHUNK_BYTES, open_document, unwrap_for_requester, wrap_for_requester
from storage.crypto.keys import ApplianceKey
from storage.offline import examine_folders
from storage.spool import Spool
from tests.storage.store import APPLIANCE, AT, LIMITS, QUOTA, REQUESTER_KEY, SECRET, Store, seeded

pytestmark = pytest.mark.slow

DAY, LATER = "2026-03-02T06:00:00.000+00:00", "2026-03-03T06:00:00.000+00:00"
NEVER = "0001-01-01T00:00:00.000+00:00"
KEYS: Final[dict[str, int]] = {
    "area": 1,
    "job": 1,
    "ended": 1,
    "sealed": 1,
    "document": 2,
    "history": 1,
    "head": 0,
    "history_mark": 1,
    "book": 1,
    "counter": 1,
    "row_sum": 1,
    "peer_head": 1,
    "peer": 1,
    "boot": 0,
    "quarantine": 1,
}
"""Every table that nobody may alter unnoticed, and how many of its first columns say which row it is."""

SPACE: Final = 4 * QUOTA
BIG: Final = replace(LIMITS, job_bytes=4 * CHUNK_BYTES)

Row = list[Any]
Tables = dict[str, list[Row]]


def book(number: int) -> BookClaim:
    """The claim of a book of that number."""
    return BookClaim((f"{number:064x}",), ("cd" * 32,), BookPlace(1, 1), BookPlace(1, 5), BookPlace(1, 6))


def live_a_day(store: Store) -> Spool:
    """Both areas get two open jobs that were under way, a canceled one of which somebody took note, marks and sums."""
    spool = store.open()
    jobs = [store.accepted(spool, size=2 * CHUNK_BYTES, priority=90, book=book(n)).job_id for n in range(8)]
    for job in jobs:
        spool.change(job, changes.start(AT, 1)).result(timeout=30)
        spool.change(job, changes.journal(0, 1)).result(timeout=30)
        spool.change(job, changes.journal(1, 2)).result(timeout=30)
    spool.upkeep.keep_history(DAY, NEVER)
    spool = store.open()
    for job in jobs[:4]:
        spool.change(job, changes.cancel(AT, "teller-1", "Ms Okafor")).result(timeout=30)
    spool.upkeep.note_heads()
    return spool


def live_another_day(store: Store) -> None:
    """Every job is put under another key, and one in each area is ended; somebody takes note of earlier ends."""
    spool = store.open()
    for told in list(spool.history()):
        if told.entry.record.ended:
            spool.change(told.entry.record.job_id, changes.acknowledge("teller-1", AT)).result(timeout=30)
    for record in spool.records():
        [wrap] = spool.job(record.job_id).wraps
        key = unwrap_for_requester(record.identity(), wrap, REQUESTER_KEY)
        wraps = [wrap_for_requester(record.identity(), key, REQUESTER_KEY, "key-2", store.rng)]
        given = Answered(record.epoch, Verdict.RESUME, record.sending, record.sending, "teller-1", "somebody")
        change = changes.answer(given, at=AT, date=AT[:10], trusted=True, wraps=wraps, second_operator=False)
        spool.change(record.job_id, change).result(timeout=30)
        spool.change(record.job_id, changes.start(AT, 1)).result(timeout=30)
        spool.change(record.job_id, changes.journal(1, 2)).result(timeout=30)
    spool.upkeep.keep_history(LATER, NEVER)
    spool.upkeep.note_heads()
    store.close()


def read(folder: Path, area: str) -> Tables:
    with closing(apsw.Connection(str(folder / area / "area.sqlite"))) as connection:
        return {table: [list(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in KEYS}  # noqa: S608 - ours


def write(folder: Path, area: str, table: str, rows: list[Row]) -> None:
    with closing(apsw.Connection(str(folder / area / "area.sqlite"))) as connection, connection:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        for row in rows:
            # Of two rows that may not be there together the later one stays.
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)  # noqa: S608 - ours


@dataclass(frozen=True)
class Disks:
    """What an attacker has: today's store, and where else values can be taken from.

    Attributes:
        documents: what each job that can still be printed says.
    """

    today: Path
    areas: dict[str, Tables]
    yesterday: Tables
    appliance: Tables
    documents: dict[str, bytes]


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Disks:
    folder = tmp_path_factory.mktemp("disks")
    store, other = (
        # The same random bytes: ids of areas and jobs, and data keys, are the same, and only the appliance key is not.
        Store(folder / name, quota=SPACE, limits=BIG, secret=secret, rng=seeded(1))
        for name, secret in (("ours", SECRET), ("theirs", bytes(32)))
    )
    for one in (store, other):
        live_a_day(one)
        one.close()
    shutil.copytree(store.folder, folder / "yesterday")
    for one in (store, other):
        live_another_day(one)
    spool = store.open(power_on=False)
    documents = {record.job_id: document_of(spool, record) for record in spool.records()}
    store.close()
    areas = {name: read(store.folder, name) for name in ("a", "b")}
    return Disks(store.folder, areas, read(folder / "yesterday", "a"), read(other.folder, "a"), documents)


def document_of(spool: Spool, record: Record) -> bytes:
    [wrap] = spool.job(record.job_id).wraps
    return open_document(
        record.identity(),
        spool.sealed(spool.job(record.job_id)),
        unwrap_for_requester(record.identity(), wrap, REQUESTER_KEY),
    )


def exchanged(table: str, rows: list[Row]) -> Iterator[list[Row]]:
    """Each value, and all that is not the key, exchanged between each row and the one before it."""
    for one in range(1, len(rows)):
        for columns in choices(table, rows[0]):
            changed = copy.deepcopy(rows)
            for column in columns:
                changed[one][column], changed[one - 1][column] = rows[one - 1][column], rows[one][column]
            yield changed


def taken(table: str, rows: list[Row], donors: list[Row]) -> Iterator[list[Row]]:
    """Each value, and whole rows, taken from the row with the same key, or from the one in the same place."""
    for number, row in enumerate(rows):
        same = [donor for donor in donors if donor[: KEYS[table]] == row[: KEYS[table]]]
        for donor in same or donors[number : number + 1]:
            for columns in [*choices(table, row), range(len(row))]:
                changed = copy.deepcopy(rows)
                for column in columns:
                    changed[number][column] = donor[column]
                yield changed
    yield donors


def choices(table: str, row: Row) -> Iterator[range]:
    """The columns that are altered together: each by itself, and all behind the key."""
    for column in range(len(row)):
        yield range(column, column + 1)
    yield range(KEYS[table], len(row))


SOURCES: dict[str, Callable[[Disks, str], Iterator[list[Row]]]] = {
    "another job": lambda disks, table: exchanged(table, disks.areas["a"][table]),
    "the other area": lambda disks, table: taken(table, disks.areas["a"][table], disks.areas["b"][table]),
    "another appliance": lambda disks, table: taken(table, disks.areas["a"][table], disks.appliance[table]),
    "yesterday": lambda disks, table: taken(table, disks.areas["a"][table], disks.yesterday[table]),
}


def attacks(disks: Disks, source: str, table: str) -> Iterator[list[Row]]:
    """Tables that are not as they were, each once."""
    today = disks.areas["a"][table]
    seen = [sorted(today, key=repr)]
    for rows in SOURCES[source](disks, table):
        harmless = table == "history_mark" and all(row in today for row in rows)
        if not harmless and sorted(rows, key=repr) not in seen:
            seen.append(sorted(rows, key=repr))
            yield rows


@pytest.mark.timeout(300)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("table", KEYS)
def test_whatever_is_taken_from_elsewhere_is_found_and_never_printed(
    disks: Disks, table: str, source: str, tmp_path: Path
) -> None:
    for number, rows in enumerate(attacks(disks, source, table)):
        store = Store(tmp_path / str(number), quota=SPACE, limits=BIG, rng=seeded(2))
        shutil.copytree(disks.today, store.folder)
        write(store.folder, "a", table, rows)
        areas = [AreaSettings(name, store.folder / name, SPACE) for name in store.names]
        examined = list(examine_folders(areas, ApplianceKey(SECRET), APPLIANCE))
        assert any(one.findings for one in examined), (number, rows)
        check_nothing_false(disks, store)
        shutil.rmtree(store.folder)


def check_nothing_false(disks: Disks, store: Store) -> None:
    """A start says what it found; what it still knows of a job's content is true."""
    spool = store.open()
    assert [*spool.problems, *store.reported, *spool.verify()]
    assert spool.next_valid("pr-1") is None
    for record in spool.records():
        try:
            assert document_of(spool, record) == disks.documents[record.job_id]
        except PassbookError as refusal:
            assert refusal.code in {"wrong-key", "sealed-damaged", "record-quarantined"}
    store.close()


@pytest.mark.parametrize("taken_away", [False, True])
def test_marks_that_are_taken_away_only_have_the_history_kept_longer(
    disks: Disks, tmp_path: Path, taken_away: bool
) -> None:
    store = Store(tmp_path / "store", quota=SPACE, limits=BIG, rng=seeded(2))
    shutil.copytree(disks.today, store.folder)
    if taken_away:
        write(store.folder, "a", "history_mark", [])
    spool = store.open()
    before = [told for told in spool.history(last=1000) if told.area == "a"]
    spool.upkeep.keep_history("2026-03-05T06:00:00.000+00:00", "2026-03-04T06:00:00.000+00:00")
    after = [told for told in spool.history(last=1000) if told.area == "a"]
    assert (after == before) is taken_away
    assert spool.verify() == []
    store.close()


def test_every_table_is_attacked_and_something_can_be_taken_from_everywhere(disks: Disks) -> None:
    with closing(apsw.Connection(str(disks.today / "a" / "area.sqlite"))) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables == KEYS.keys()
    counts = {source: sum(len(list(attacks(disks, source, table))) for table in KEYS) for source in SOURCES}
    assert all(count > 20 for count in counts.values()), counts
    assert disks.documents
