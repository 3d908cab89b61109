"""The counters of printers: as durable as the steps, bound to their area, and no reason not to print."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import apsw
import pytest

from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.figures import NO_FIGURES, Figures
from passbook.job.record import Answered, Change, Record, Verdict
from passbook.job.states import JobState
from storage.area.area import AreaState
from storage.spool import Spool
from storage.tables.printed import PrinterFigures
from tests.storage.disk import Disk, failing
from tests.storage.store import AT, Store, code_of
from tests.storage.test_crash import live_and_die
from tests.storage.test_ledger import alter, raw

pytestmark = pytest.mark.slow

LINE, OUT = StepOutline(StepKind.LINE, 1, 5), StepOutline(StepKind.EJECT, 1)
TWO_PAGES = (
    LINE,
    LINE,
    StepOutline(StepKind.TURN, 2),
    StepOutline(StepKind.LINE, 2, 1),
    StepOutline(StepKind.EJECT, 2),
)
WHOLE = Figures(1, 2, 3)


def accept(store: Store, spool: Spool, **facts: object) -> Record:
    return store.accepted(spool, outline=TWO_PAGES, steps=len(TWO_PAGES), **facts)


def do(spool: Spool, record: Record, *rules: Change) -> Record:
    for rule in rules:
        record = spool.change(record.job_id, rule).result(timeout=30)
    return record


def print_steps(spool: Spool, record: Record, last: int) -> Record:
    """Have steps 1 to `last` confirmed, with nothing under way."""
    rules = [changes.journal(step - 1, step) for step in range(1, last + 1)]
    return do(spool, record, changes.start(AT, 1), *rules, changes.journal(last, 0))


def total(spool: Spool, printer: str = "pr-1") -> tuple[Figures, Figures, Figures]:
    """Printed, pending and held, over all areas."""
    found = spool.figures(printer).values()
    return (
        sum((one.printed for one in found), NO_FIGURES),
        sum((one.pending for one in found), NO_FIGURES),
        sum((one.held for one in found), NO_FIGURES),
    )


def test_what_is_confirmed_is_counted_and_what_is_not_is_left(store: Store) -> None:
    spool = store.open()
    first, second = accept(store, spool), accept(store, spool)
    assert total(spool) == (NO_FIGURES, WHOLE + WHOLE, NO_FIGURES)
    print_steps(spool, first, 2)
    assert total(spool) == (Figures(0, 1, 2), WHOLE, Figures(1, 1, 1)), "what is begun and stands still is held"
    do(spool, second, changes.hold(AT, "counter-1", "Ann"))
    assert total(spool) == (Figures(0, 1, 2), NO_FIGURES, Figures(1, 1, 1) + WHOLE)
    do(spool, first, *(changes.journal(step - 1, step) for step in (3, 4, 5)), changes.finish_job(AT))
    assert total(spool) == (WHOLE, NO_FIGURES, WHOLE)
    assert total(store.open()) == (WHOLE, NO_FIGURES, WHOLE)


def test_jobs_that_wait_for_their_next_start_are_held(store: Store) -> None:
    spool = store.open()
    do(spool, accept(store, spool), changes.start(AT, 1), changes.journal(0, 1), changes.journal(1, 2))
    assert total(store.open()) == (Figures(0, 1, 1), NO_FIGURES, Figures(1, 1, 2))


def test_printers_and_areas_are_counted_apart_and_added(store: Store) -> None:
    spool = store.open()
    jobs = [accept(store, spool, printer=printer) for printer in ("pr-1", "pr-1", "pr-2")]
    for job in jobs:
        print_steps(spool, job, 1)
    found = spool.figures("pr-1")
    assert set(found) == {"a", "b"}
    assert all(one.printed == Figures(0, 1, 1) for one in found.values()), "the store puts one job into each area"
    assert total(spool)[0] == Figures(0, 2, 2)
    assert total(spool, "pr-2")[0] == Figures(0, 1, 1)
    assert total(spool, "pr-3") == (NO_FIGURES, NO_FIGURES, NO_FIGURES)


@pytest.mark.parametrize(("error", "code"), [(apsw.FullError, "area-full"), (apsw.IOError, "change-unknown")])
def test_a_step_that_was_not_stored_is_not_counted(tmp_path: Path, error: type[apsw.Error], code: str) -> None:
    disk = Disk(f"disk {tmp_path}")
    store = Store(tmp_path, names=("a",), vfs=disk.name)
    try:
        spool = store.open()
        record = print_steps(spool, accept(store, spool), 1)
        do(spool, record, changes.journal(1, 2))
        disk.on_write = failing("-wal", error=error)
        assert code_of(spool.change(record.job_id, changes.journal(2, 3))) == code
        expected = {} if code == "change-unknown" else {"a": Figures(0, 1, 1)}
        assert {name: one.printed for name, one in spool.figures("pr-1").items()} == expected, "a failed area has none"
        disk.on_write = lambda _name: None
        assert total(store.open()) == (Figures(0, 1, 1), NO_FIGURES, Figures(1, 1, 2))
    finally:
        store.close()
        disk.unregister()


@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_kill_at_any_moment_the_counters_are_what_the_records_say(store: Store, seed: int) -> None:
    """The child prints jobs of one line and an eject, and never one twice."""
    chance = random.Random(seed)
    for life in range(3):
        live_and_die(store.folder, seed * 10 + life, chance.randrange(20, 120))
        store.quota = 64 << 20
        spool = store.open()
        known = Counter[str]()
        for record in [*spool.records(), *(told.entry.record for told in spool.history(last=10_000))]:
            known[record.job_id] = max(known[record.job_id], record.confirmed)
        lines = sum(confirmed >= 1 for confirmed in known.values())
        books = sum(confirmed >= 2 for confirmed in known.values())
        assert total(spool)[0] == Figures(books, lines, lines)
        assert lines
        store.close()


def test_an_answer_of_a_person_counts_what_was_in_doubt(store: Store) -> None:
    spool = store.open()
    do(spool, accept(store, spool), changes.start(AT, 1), changes.journal(0, 1))
    spool = store.open()
    [record] = spool.questions()
    assert total(spool) == (NO_FIGURES, NO_FIGURES, WHOLE)
    given = Answered(record.epoch, Verdict.RESUME, 2, 1, "t", "Ms Okafor")
    do(spool, record, changes.answer(given, at=AT, date=AT[:10], trusted=True))
    assert total(spool) == (Figures(0, 1, 1), Figures(1, 1, 2), NO_FIGURES)


TAMPERINGS = {
    "more": "lines = lines + 1",
    "less": "books = 0, pages = 0, lines = 0",
    "another printer's": "printer = 'pr-9'",
    "no text": "printer = CAST(x'ff80' AS TEXT)",
    "no mac": "mac = x''",
    "zeros": "mac = zeroblob(32)",
}


@pytest.fixture
def printed(store: Store) -> Store:
    """One area in which a job is half printed."""
    store.names = ("a",)
    spool = store.open()
    print_steps(spool, accept(store, spool), 2)
    store.close()
    return store


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_altered_counters_are_found_and_printing_goes_on(printed: Store, tampering: str) -> None:
    with raw(printed) as connection:
        alter(connection, "counter", tampering)
    spool = printed.open()
    assert [error.code for error in spool.verify() if error.code != "rows-altered"] == ["counter-damaged"]
    [record] = spool.questions()
    given = Answered(record.epoch, Verdict.RESUME, 3, 0, "t", "Ms Okafor")
    answer = changes.answer(given, at=AT, date=AT[:10], trusted=True, second_operator=False)
    rest = [changes.journal(step - 1, step) for step in (3, 4, 5)]
    ended = do(spool, record, answer, changes.start(AT, 1), *rest, changes.finish_job(AT))
    assert ended.state is JobState.COMPLETED
    # Evidence: what was altered stays as it is.
    [damage] = [error for error in spool.verify() if error.code != "rows-altered"]
    assert damage.code == "counter-damaged"
    assert "pr-" in str(damage) or "\ufffd" in str(damage)


def test_altered_counters_are_not_told_as_figures(printed: Store) -> None:
    with raw(printed) as connection:
        alter(connection, "counter", "lines = 1000000")
    spool = printed.open()
    [found] = spool.figures("pr-1").values()
    assert found.printed == NO_FIGURES
    assert isinstance(found.why, PassbookError)
    assert found.why.code == "counter-damaged"
    assert found.held == Figures(1, 1, 1)
    assert spool.areas()[0].state == AreaState.READY.value


def test_counters_of_another_area_do_not_count(store: Store) -> None:
    spool = store.open()
    for _ in range(2):
        print_steps(spool, accept(store, spool), 1)
    store.close()
    with raw(store, "a") as connection:
        connection.execute("ATTACH ? AS other", (str(store.folder / "b" / "area.sqlite"),))
        connection.execute("DELETE FROM counter")
        connection.execute("INSERT INTO counter SELECT * FROM other.counter")
    found = store.open().figures("pr-1")
    assert (found["a"].printed, found["b"].printed) == (NO_FIGURES, Figures(0, 1, 1))
    assert found["a"].why is not None


def test_a_row_that_was_altered_is_in_no_figure_and_set_aside(printed: Store) -> None:
    spool = printed.open()
    accept(printed, spool)
    with raw(printed) as connection:
        alter(connection, "job", "version = 77", "sequence = 1")
    [found] = spool.figures("pr-1").values()
    assert (found.pending, found.held, len(found.damaged)) == (WHOLE, NO_FIGURES, 1)
    printed.close()
    assert [error.code for error in printed.reported] == ["record-quarantined"]


def begun(spool: Spool) -> list[bool]:
    return [one.begun for one in spool.figures("pr-1").values()]


def test_whether_a_medium_may_lie_inside_is_known_of_jobs_that_no_mechanism_took_up(store: Store) -> None:
    store.names = ("a",)
    spool = store.open()
    assert begun(spool) == [False]
    record = accept(store, spool)
    assert begun(spool) == [False]
    spool = store.open()
    assert begun(spool) == [False]
    given = Answered(spool.record(record.job_id).epoch, Verdict.PRINT, 0, 0, "t", "Ms Okafor")
    do(spool, record, changes.answer(given, at=AT, date=AT[:10], trusted=True))
    do(spool, record, changes.start(AT, 1))
    assert begun(spool) == [True]
    assert begun(store.open()) == [True]


def test_a_reading_is_one_moment_of_an_area_and_holds_up_nobody(printed: Store) -> None:
    spool = printed.open()
    before = spool.figures("pr-1")
    with spool._areas[0].reading():
        assert spool.figures("pr-1") == before
        assert spool.states() == {"a": "ready"}


def test_an_area_that_was_moved_away_has_no_figures_and_its_state_is_told(store: Store) -> None:
    spool = store.open()
    accept(store, spool)
    store.close()
    shutil.rmtree(store.folder / "b")
    spool = store.open()
    assert list(spool.figures("pr-1")) == ["a"]
    assert spool.states() == {"a": "ready", "b": "absent"}
    assert isinstance(spool.figures("pr-1")["a"], PrinterFigures)
