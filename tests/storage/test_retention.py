"""History is cut only up to a mark that a trusted clock made long enough ago (P11, N4)."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from passbook.job import changes
from storage import maintenance
from storage.area.area import AreaSettings
from storage.spool import Spool
from tests.storage.store import QUOTA, Store, found_offline, raised_by

pytestmark = pytest.mark.slow

DAYS = [f"2026-03-{day:02}T06:00:00.000+00:00" for day in range(1, 8)]
LONG_AGO, AHEAD = "1970-01-01T00:00:00.000+00:00", "2099-01-01T00:00:00.000+00:00"
NEVER = "0001-01-01T00:00:00.000+00:00"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "CUT_ENTRIES", 2)


def work(store: Store, spool: Spool, entries: int, at: str) -> None:
    """So many ends, stamped `at`."""
    for _ in range(entries):
        spool.change(store.accepted(spool).job_id, changes.cancel(at, "t", "Ms Okafor")).result(timeout=30)


@pytest.fixture
def week(store: Store) -> Spool:
    """One area with three entries a day, marked in the morning of each."""
    store.names = ("a",)
    spool = store.open()
    for day in DAYS:
        assert spool.upkeep.keep_history(day, NEVER) == 0
        work(store, spool, 3, day)
    return spool


def numbers(spool: Spool) -> list[int]:
    return [told.n for told in spool.history(last=10_000)]


def offline(folder: Path) -> list[tuple[str, object]]:
    found = found_offline([AreaSettings("a", folder, QUOTA)])
    return [(error.code, error.facts.get("entry")) for error in found]


def alter(store: Store, sql: str) -> None:
    connection = apsw.Connection(str(store.folder / "a" / "area.sqlite"))
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    ("before", "first"), [(NEVER, 1), (DAYS[0], 1), (DAYS[1], 1), (DAYS[2], 4), (DAYS[4], 10), (AHEAD, 19)]
)
def test_what_was_there_at_an_old_mark_goes_and_nothing_else(
    week: Spool, store: Store, before: str, first: int
) -> None:
    assert week.upkeep.keep_history(DAYS[-1], before) == first - 1
    assert numbers(week) == list(range(first, 22))
    assert week.verify() == []
    store.close()
    assert offline(store.folder / "a") == []
    spool = store.open()
    work(store, spool, 1, AHEAD)
    assert (numbers(spool)[0], spool.verify()) == (first, [])


def test_a_cut_is_made_piece_by_piece_and_every_piece_verifies(week: Spool) -> None:
    [area] = week._areas
    for expected in (2, 2, 2, 2, 1, 0):
        cut = area.submit(lambda ledger: ledger.history.cut(DAYS[4], 2), cost=lambda: 0, unknown=area.fenced_error())
        assert cut.result(timeout=30) == expected
        assert week.verify() == []
    assert numbers(week)[0] == 10


def test_the_whole_history_may_go_and_the_chain_goes_on(week: Spool, store: Store) -> None:
    week.upkeep.keep_history("2026-03-09T00:00:00.000+00:00", NEVER)
    assert week.upkeep.keep_history(AHEAD, AHEAD) == 21
    assert numbers(week) == []
    work(store, week, 2, AHEAD)
    assert (numbers(week), week.verify()) == ([22, 23], [])


@pytest.mark.parametrize(("kept", "first"), [(0, 10), (12, 10), (13, 9), (20, 2), (21, 1), (10_000, 1)])
def test_the_last_entries_can_be_kept_whatever_their_marks(week: Spool, store: Store, kept: int, first: int) -> None:
    """What is old enough are the first nine; the cut may end between two marks, and the next one goes on from there."""
    assert week.upkeep.keep_history(DAYS[-1], DAYS[4], kept=kept) == first - 1
    assert week.upkeep.keep_history(DAYS[-1], DAYS[4], kept=kept) == 0
    assert (numbers(week), week.verify()) == (list(range(first, 22)), [])
    assert week.upkeep.keep_history(DAYS[-1], DAYS[4]) == 10 - first
    assert (numbers(week)[0], week.verify()) == (10, [])
    store.close()
    assert offline(store.folder / "a") == []


@pytest.mark.parametrize("stamp", [LONG_AGO, AHEAD])
def test_stamps_of_a_wrong_clock_decide_nothing(store: Store, stamp: str) -> None:
    """N4: entries made under it are as old as the marks around them."""
    store.names = ("a",)
    spool = store.open()
    work(store, spool, 3, stamp)
    assert spool.upkeep.keep_history(DAYS[3], DAYS[2]) == 0
    work(store, spool, 3, stamp)
    assert spool.upkeep.keep_history(DAYS[6], DAYS[4]) == 3
    assert numbers(spool) == [4, 5, 6]


def test_one_mark_a_day_is_enough(week: Spool, store: Store) -> None:
    for hour in range(10, 20):
        week.upkeep.keep_history(f"2026-03-07T{hour}:00:00.000+00:00", NEVER)
        work(store, week, 1, DAYS[-1])
    connection = apsw.Connection(str(store.folder / "a" / "area.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    assert connection.execute("SELECT count(*) FROM history_mark").get == len(DAYS)
    connection.close()


def test_what_is_cut_does_not_come_back(week: Spool, store: Store) -> None:
    del week
    store.close()
    old = apsw.Connection(str(store.folder / "a" / "area.sqlite"))
    rows = old.execute("SELECT n, entry, chain FROM history WHERE n <= 3").fetchall()
    old.close()
    spool = store.open()
    spool.upkeep.keep_history(DAYS[-1], DAYS[4])
    store.close()
    connection = apsw.Connection(str(store.folder / "a" / "area.sqlite"))
    connection.executemany("INSERT INTO history VALUES (?, ?, ?)", rows)
    connection.close()
    assert offline(store.folder / "a") == [("history-broken", 1)]


@pytest.mark.parametrize(
    ("sql", "entry"),
    [
        ("DELETE FROM history WHERE n < 13", 10),
        ("DELETE FROM history WHERE n < 13; DELETE FROM history_mark WHERE entries < 12", 1),
        ("DELETE FROM history WHERE n < 13; UPDATE history_mark SET cut = 1 WHERE entries = 12", 12),
        (
            """DELETE FROM history WHERE n < 13; DELETE FROM history_mark WHERE entries = 9;
            UPDATE history_mark SET cut = 1 WHERE entries = 12""",
            12,
        ),
        ("UPDATE history_mark SET entries = 10 WHERE entries = 9", 10),
        ("UPDATE history_mark SET at = '2020' WHERE entries = 15", 15),
        ("UPDATE history_mark SET chain = zeroblob(32) WHERE entries = 15", 15),
        ("UPDATE history_mark SET cut = 0 WHERE entries = 9", 9),
        ("UPDATE history_mark SET mac = zeroblob(32) WHERE entries = 9", 9),
        ("DELETE FROM history_mark WHERE cut = 1", 1),
        ("DELETE FROM history_mark", 1),
        ("DELETE FROM history WHERE n = 10", 10),
        ("DELETE FROM history WHERE n = 11", 11),
    ],
)
def test_a_cut_that_nobody_signed_is_found(week: Spool, store: Store, sql: str, entry: int) -> None:
    """P11: also one that uses a true mark which is not old enough."""
    week.upkeep.keep_history(DAYS[-1], DAYS[4])
    store.close()
    alter(store, sql)
    assert offline(store.folder / "a") == [("history-broken", entry)]
    assert [error.code for error in store.open().verify()] == ["history-broken"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE history SET entry = replace(entry, 'Okafor', 'Nobody') WHERE n = 2",
        "DELETE FROM history WHERE n = 2",
        "UPDATE history_mark SET at = '1999' WHERE entries = 12",
    ],
)
def test_what_does_not_fit_is_evidence_and_is_not_cut(week: Spool, store: Store, sql: str) -> None:
    store.close()
    alter(store, sql)
    spool = store.open()
    before = numbers(spool)
    assert spool.upkeep.keep_history(DAYS[-1], DAYS[4]) == 0
    assert numbers(spool) == before
    del week


def test_a_mark_whose_chain_is_not_the_one_there_cuts_nothing(week: Spool) -> None:
    [area] = week._areas
    chain = area.ledger.history
    real = chain._marks.all
    try:
        chain._marks.all = lambda: [  # type: ignore[method-assign]
            mark._replace(chain=bytes(32)) if not isinstance(mark, int) and mark.entries == 3 else mark
            for mark in real()
        ]
        cut = area.submit(lambda ledger: ledger.history.cut(DAYS[2], 9), cost=lambda: 0, unknown=area.fenced_error())
        assert raised_by(cut.result) == "history-broken"
    finally:
        chain._marks.all = real  # type: ignore[method-assign]
    assert numbers(week)[0] == 1


def test_what_other_areas_know_stands_also_behind_a_cut(store: Store) -> None:
    """A chain whose entries were cut away is still the one that the other area knows."""
    spool = store.open()
    work(store, spool, 10, DAYS[0])
    spool.upkeep.note_heads()
    spool.upkeep.keep_history(DAYS[1], NEVER)
    assert spool.upkeep.keep_history(DAYS[6], DAYS[5]) == 10
    spool = store.open()
    assert (spool.problems, spool.verify()) == ((), [])
