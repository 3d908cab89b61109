"""An area that was put back to an earlier state, or lost its log, is found by what the others know of it (P11)."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from passbook.job import changes
from passbook.job.record import Record
from passbook.job.states import Reason
from storage.area.area import AreaSettings
from storage.area.lock import Lock
from storage.spool import Spool
from tests.storage.store import AT, QUOTA, Store, found_offline, raised_by

pytestmark = pytest.mark.slow

ROLLED_BACK = "area-rolled-back"


def busy(store: Store, spool: Spool, jobs: int = 4) -> list[Record]:
    """Jobs in both areas, half of them ended."""
    records = [store.accepted(spool, size=4000, first=True) for _ in range(jobs)]
    for record in records[: jobs // 2]:
        spool.change(record.job_id, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)
    return records


def keep_copy(store: Store, name: str = "a") -> Path:
    """A copy of an area's folder as it is after an orderly end."""
    store.close()
    copy = store.folder / f"yesterday-{name}"
    shutil.copytree(store.folder / name, copy)
    return copy


def rolled_back(store: Store, copy: Path, name: str = "a") -> None:
    store.close()
    shutil.rmtree(store.folder / name)
    shutil.copytree(copy, store.folder / name)


def offline(store: Store, *names: str) -> list[str]:
    store.close()
    areas = [AreaSettings(name, store.folder / name, QUOTA) for name in names]
    return [error.code for error in found_offline(areas)]


def edit(store: Store, sql: str, name: str = "b") -> None:
    store.close()
    connection = apsw.Connection(str(store.folder / name / "area.sqlite"))
    connection.execute(sql)
    connection.close()


@pytest.fixture
def old(store: Store) -> Path:
    """A copy of area a, after which both areas went on."""
    busy(store, store.open())
    copy = keep_copy(store)
    busy(store, store.open())
    return copy


def test_an_area_put_back_to_yesterday_is_not_opened(store: Store, old: Path) -> None:
    rolled_back(store, old)
    before = (store.folder / "a" / "area.sqlite").read_bytes()
    spool = store.open()
    [problem] = spool.problems
    assert (problem.code, problem.facts["area"], problem.facts["by"]) == (ROLLED_BACK, "a", "b")
    assert int(problem.facts["missing"]) > 0
    assert {status.name: status.state for status in spool.areas()} == {"a": "absent", "b": "ready"}
    assert [error.code for error in spool.verify()] == [ROLLED_BACK]
    # What it held may be on paper or not: nobody is asked by a record that is older than the paper.
    assert {record.job_id for record in spool.records()} == {record.job_id for record in spool.questions()}
    assert raised_by(lambda: spool.reserve("teller-1", "r-new", b"x", 10)) == "outcome-unknown"
    store.close()
    assert (store.folder / "a" / "area.sqlite").read_bytes() == before


def test_without_the_other_area_nobody_can_know_and_with_it_an_offline_check_does(store: Store, old: Path) -> None:
    rolled_back(store, old)
    assert offline(store, "a") == []
    assert offline(store, "a", "b") == [ROLLED_BACK]
    assert offline(store, "b", "a") == [ROLLED_BACK]


def test_a_log_that_was_lost_is_found(store: Store) -> None:
    """What an area committed since its boot lies in its log until that is copied."""
    spool = store.open()
    shutil.copytree(store.folder / "a", store.folder / "base")
    (store.folder / "base" / "area.sqlite-wal").unlink()
    busy(store, spool)
    spool.upkeep.note_heads()
    rolled_back(store, store.folder / "base")
    assert [error.code for error in store.open().problems] == [ROLLED_BACK]


def test_a_lost_acceptance_alone_is_found(store: Store) -> None:
    """It writes no history, but the highest number that a job had is remembered too."""
    store.open()
    copy = keep_copy(store)
    spool = store.open()
    while not any(status.name == "a" and status.records for status in spool.areas()):
        store.accepted(spool)
    rolled_back(store, copy)
    [problem] = store.open().problems
    assert (problem.code, problem.facts["missing"]) == (ROLLED_BACK, 0)
    assert "job number" in str(problem)


def test_numbers_of_an_area_that_is_kept_out_are_not_given_again(store: Store, old: Path) -> None:
    highest = max(record.sequence for record in store.open().records())
    rolled_back(store, old)
    ticket = store.open().reserve("teller-1", "r-new", b"x", 10, first=True)
    assert ticket.sequence > highest


def test_an_area_that_went_on_another_way_is_found(store: Store, old: Path) -> None:
    """Put back while the other one was away, and used: then it has as many entries, but others."""
    other = store.folder / "b"
    rolled_back(store, old)
    other.rename(store.folder / "away")
    edit(store, "DELETE FROM peer WHERE name = 'b'", "a")
    store.names = ("a",)
    busy(store, store.open(), 40)
    store.close()
    (store.folder / "away").rename(other)
    store.names = ("a", "b")
    [problem] = store.open().problems
    assert (problem.code, problem.facts["area"], problem.facts["missing"]) == (ROLLED_BACK, "a", 0)
    assert "is not the one" in str(problem)


def test_an_area_that_was_away_and_returns_as_it_was_is_welcome(store: Store) -> None:
    busy(store, store.open())
    store.close()
    (store.folder / "a").rename(store.folder / "away")
    spool = store.open()
    assert [error.code for error in spool.problems] == ["area-absent"]
    busy_before = len(spool.history())
    store.close()
    (store.folder / "away").rename(store.folder / "a")
    spool = store.open()
    assert spool.problems == ()
    assert len(spool.history()) > busy_before


def test_an_operator_takes_it_as_it_is_and_its_jobs_say_so(store: Store, old: Path) -> None:
    rolled_back(store, old)
    spool = store.open()
    assert not spool.upkeep.accept_rollback("a")
    # Until it is opened nothing changes.
    assert [error.code for error in spool.verify()] == [ROLLED_BACK]
    [joined] = spool.join(Reason.POWER_LOSS, AT)
    assert (joined.area, joined.over.code, joined.problem) == ("a", ROLLED_BACK, None)
    spool.upkeep.settle()
    assert spool.problems == ()
    reasons = {record.job_id: record.reasons for record in spool.questions()}
    suspect = {job for job, why in reasons.items() if Reason.ROLLED_BACK in why}
    assert suspect
    assert suspect != set(reasons)
    assert spool.verify() == []
    # The word stays with the jobs until somebody decides; the area is like any other from then on.
    spool = store.open()
    again = {record.job_id: record.reasons for record in spool.questions()}
    assert {job for job, why in again.items() if why == (Reason.POWER_LOSS, Reason.ROLLED_BACK)} == suspect
    assert offline(store, "a", "b") == []


def test_an_area_that_is_put_back_once_more_is_found_once_more(store: Store, old: Path) -> None:
    rolled_back(store, old)
    store.open().upkeep.accept_rollback("a")
    busy(store, store.open())
    rolled_back(store, old)
    assert [error.code for error in store.open().problems] == [ROLLED_BACK]


@pytest.mark.parametrize(
    ("name", "code"), [("a", "nothing-to-accept"), ("b", "nothing-to-accept"), ("nobody", "unknown-area")]
)
def test_there_is_nothing_to_accept_where_nothing_was_put_back(store: Store, name: str, code: str) -> None:
    spool = store.open()
    assert raised_by(lambda: spool.upkeep.accept_rollback(name)) == code


@pytest.mark.parametrize("damage", ["entries = 1", "chain = zeroblob(32)", "sequence = 0", "accepted = 1"])
def test_an_altered_memory_is_found_and_makes_the_other_area_suspect(store: Store, old: Path, damage: str) -> None:
    """Who puts an area back and edits what the other one knows of it is not believed."""
    rolled_back(store, old)
    edit(store, f"UPDATE peer_head SET {damage} WHERE name = 'a'")  # noqa: S608 - ours
    assert offline(store, "a", "b") == ["memory-altered"]
    spool = store.open()
    assert [error.code for error in store.reported] == ["memory-altered"]
    assert [error.code for error in spool.verify()] == ["memory-altered"]
    assert Reason.ROLLED_BACK in {reason for record in spool.questions() for reason in record.reasons}
    # It is evidence, and so written over only when an operator has seen it.
    spool = store.open()
    assert [error.code for error in spool.verify()] == ["memory-altered"]
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "nothing-to-accept"
    assert spool.upkeep.accept_rollback("b")
    assert spool.verify() == []
    assert store.open().verify() == []


def test_who_takes_away_what_is_known_of_an_area_makes_it_suspect(store: Store, old: Path) -> None:
    """It is opened, as nobody can say that it was put back, but its jobs are not believed."""
    rolled_back(store, old)
    edit(store, "DELETE FROM peer_head WHERE name = 'a'")
    assert offline(store, "a", "b") == ["rows-altered"]
    spool = store.open()
    assert [(error.code, error.facts["area"]) for error in store.reported] == [("rows-altered", "b")]
    reasons = {spool._area_of(record.job_id).name: record.reasons for record in spool.questions()}
    assert reasons == {"a": (Reason.ROLLED_BACK,), "b": (Reason.ROLLED_BACK,)}
    assert spool.upkeep.accept_rollback("b")
    assert store.open().verify() == []


def test_what_areas_know_of_each_other_costs_a_commit_only_when_it_is_news(store: Store) -> None:
    spool = store.open()
    busy(store, spool)
    spool.upkeep.note_heads()
    logs = [store.folder / name / "area.sqlite-wal" for name in store.names]
    sizes = [log.stat().st_size for log in logs]
    spool.upkeep.note_heads()
    assert [log.stat().st_size for log in logs] == sizes


def test_a_failed_area_does_not_keep_the_others_from_noting(store: Store) -> None:
    store.names = ("a", "b", "c")
    spool = store.open()
    busy(store, spool, 6)
    spool._areas[0].fence("a test")
    spool.upkeep.note_heads()
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "nothing-to-accept"
    store.close()
    assert store.open().problems == ()


def both_put_back(store: Store) -> None:
    """All was put back and used, and then one area again, to a day that the other one never saw: each knows better."""
    busy(store, store.open())
    first = {name: keep_copy(store, name) for name in store.names}
    busy(store, store.open())
    store.close()
    shutil.copytree(store.folder / "a", store.folder / "unseen")
    for name, copy in first.items():
        rolled_back(store, copy, name)
    busy(store, store.open(), 6)
    rolled_back(store, store.folder / "unseen")


def test_where_all_areas_were_put_back_an_operator_takes_each_of_them(store: Store) -> None:
    both_put_back(store)
    assert offline(store, "a", "b") == [ROLLED_BACK, ROLLED_BACK]
    spool = store.open()
    assert [error.code for error in spool.problems] == [ROLLED_BACK, ROLLED_BACK]
    assert not spool.is_usable()
    for name in store.names:
        spool.accept_closed(name)
    assert spool.reopen(Reason.POWER_LOSS, AT).failed == {}
    spool.upkeep.settle()
    assert spool.problems == ()
    assert {record.reasons for record in spool.questions()} == {(Reason.ROLLED_BACK,)}
    assert spool.verify() == []
    assert offline(store, "a", "b") == []
    assert store.open().problems == ()


def test_what_cannot_be_taken_while_no_area_is_in_use_is_left_as_it_is(store: Store) -> None:
    both_put_back(store)
    spool = store.open()

    def refusal(name: str) -> str:
        return raised_by(lambda: spool.accept_closed(name))

    assert refusal("c") == "unknown-area"
    with closing(Lock("b", store.folder / "b")):
        assert refusal("a") == "areas-not-asked"
        assert refusal("b") == "area-in-use"
    edit(store, "CREATE TRIGGER sly AFTER INSERT ON history BEGIN DELETE FROM counter; END")
    assert refusal("a") == "areas-not-asked"
    assert refusal("b") == "area-altered"
    edit(store, "DROP TRIGGER sly")
    assert offline(store, "a", "b") == [ROLLED_BACK, ROLLED_BACK]


def test_an_area_that_is_not_configured_any_more_need_not_be_told(store: Store) -> None:
    both_put_back(store)
    store.names = ("a", "b", "c")
    spool = store.open()
    assert [error.code for error in spool.problems] == [ROLLED_BACK, ROLLED_BACK, "area-not-made"]
    (store.folder / "b" / "area.sqlite").unlink()
    assert raised_by(lambda: store.open().accept_closed("a")) == "areas-not-asked"
    store.names = ("a", "c")
    spool = store.open()
    spool.accept_closed("a")
    spool.reopen(Reason.POWER_LOSS, AT)
    assert spool.problems == ()
    assert {area.name for area in spool._areas} == {"a", "c"}


def test_an_area_is_accepted_only_when_every_other_one_can_be_told(store: Store, old: Path) -> None:
    """One that is not told would close it again at the next boot, with all the work done since."""
    rolled_back(store, old)
    spool = store.open()
    spool._areas[0].fence("a test")
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "areas-not-asked"
    store.names = ("a", "b", "c")
    shutil.rmtree(store.folder / "c", ignore_errors=True)
    busy(store, store.open())
    store.close()
    (store.folder / "c").rename(store.folder / "away")
    spool = store.open()
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "areas-not-asked"
    store.close()
    (store.folder / "away").rename(store.folder / "c")
    assert not store.open().upkeep.accept_rollback("a")
    assert store.open().problems == ()


@pytest.mark.parametrize("name", ["'bx'", "''", "'b' || char(10)", "CAST(x'e2' AS TEXT)", "printf('%.300c', 'b')"])
def test_one_word_takes_all_of_an_area_that_was_altered(store: Store, name: str) -> None:
    """Its rows, its start and what it knows of others, under whatever name that is there now."""
    busy(store, store.open())
    store.close()
    edit(store, f"UPDATE peer_head SET name = {name}; UPDATE boot SET at = 'x'", "a")  # noqa: S608 - ours
    edit(store, "UPDATE row_sum SET mac = zeroblob(32)", "a")
    spool = store.open()
    assert {error.facts["area"] for error in store.reported} == {"a"}
    assert raised_by(lambda: store.accepted(spool)) == "outcome-unknown"
    spool.upkeep.accept_rollback("a")
    assert spool.verify() == []
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "nothing-to-accept"
    assert store.accepted(spool).valid
    store.reported.clear()
    assert store.open().verify() == []
    assert store.reported == []


def test_what_was_known_of_an_area_that_is_gone_can_be_forgotten(store: Store) -> None:
    store.names = ("a", "b", "c")
    busy(store, store.open())
    store.close()
    store.names = ("a", "b")
    for name in store.names:
        edit(store, "UPDATE peer_head SET accepted = 1 WHERE name = 'c'", name)
    spool = store.open()
    assert {error.code for error in spool.verify()} == {"memory-altered"}
    assert [spool.upkeep.accept_rollback(name) for name in store.names] == [True, True]
    assert spool.verify() == []
    assert raised_by(lambda: spool.upkeep.accept_rollback("c")) == "unknown-area"


@pytest.mark.parametrize("sql", ["UPDATE row_sum SET changes = changes + 1", "DELETE FROM row_sum"])
def test_an_altered_count_of_changes_is_told_and_taken_as_it_is(store: Store, sql: str) -> None:
    busy(store, store.open())
    store.close()
    edit(store, sql, "a")
    spool = store.open()
    assert [error.code for error in store.reported] == ["rows-altered"]
    spool.upkeep.accept_rollback("a")
    assert spool.verify() == []
    store.reported.clear()
    assert store.open().verify() == []
    assert store.reported == []


@pytest.mark.parametrize("while_open", [True, False])
@pytest.mark.parametrize("count", [2**53, 2**53 - 3, 0, -5])
def test_undone_steps_are_missed_whatever_count_of_changes_was_accepted(
    store: Store, count: int, *, while_open: bool
) -> None:
    """Steps leave no history: only the count tells, and none that a file says without a MAC is gone on from."""
    busy(store, store.open())
    if while_open:
        with closing(apsw.Connection(str(store.folder / "a" / "area.sqlite"))) as connection:
            connection.execute("UPDATE row_sum SET changes = ?", (count,))
        store._open[0].upkeep.note_heads()
        store.close()
    else:
        store.close()
        edit(store, f"UPDATE row_sum SET changes = {count}", "a")  # noqa: S608 - ours
    spool = store.open()
    # The others note how far it is before anybody looks, too.
    spool.upkeep.note_heads()
    if not while_open:
        spool.upkeep.accept_rollback("a")
    spool = store.open()
    store.reported.clear()
    job = store.accepted(spool, first=True)
    while spool._area_of(job.job_id).name != "a":
        job = store.accepted(spool, first=True)
    spool.change(job.job_id, changes.start(AT, 1)).result(timeout=30)
    spool.upkeep.note_heads()
    before = store.folder / "before"
    before.mkdir()
    with closing(apsw.Connection(str(store.folder / "a" / "area.sqlite"))) as connection:
        connection.execute("VACUUM INTO ?", (str(before / "area.sqlite"),))
    spool.change(job.job_id, changes.journal(0, 1)).result(timeout=30)
    rolled_back(store, before)
    assert offline(store, "a", "b") == [ROLLED_BACK]
    assert [error.code for error in store.open().problems] == [ROLLED_BACK]


def test_all_areas_are_asked_before_what_one_knows_of_them_is_taken_as_it_is(store: Store) -> None:
    """Or it would forget the only thing that is known of one that is away, or go on from fewer changes than that."""
    busy(store, store.open())
    store.close()
    edit(store, "UPDATE row_sum SET mac = zeroblob(32)", "a")
    edit(store, "UPDATE peer_head SET sequence = sequence + 1", "a")
    (store.folder / "b").rename(store.folder / "away")
    spool = store.open()
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "areas-not-asked"
    store.close()
    (store.folder / "away").rename(store.folder / "b")
    spool = store.open()
    assert spool.upkeep.accept_rollback("a")
    assert spool.verify() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE peer SET area_id = upper(area_id)",
        "UPDATE peer SET area_id = lower(hex(zeroblob(16))) WHERE name = 'a'",
        "UPDATE peer SET area_id = lower(hex(zeroblob(16))) WHERE name = 'b'",
    ],
)
def test_an_id_without_a_mac_does_not_shut_an_area_out(store: Store, sql: str) -> None:
    busy(store, store.open())
    store.close()
    edit(store, sql, "b")
    spool = store.open()
    assert spool.problems == ()
    assert store.reported != []
    if spool.verify():
        assert spool.upkeep.accept_rollback("b")
    store.reported.clear()
    assert store.open().verify() == []
    assert store.reported == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM peer",
        "DELETE FROM peer WHERE name = 'a'",
        "UPDATE peer SET area_id = lower(hex(zeroblob(16))) WHERE name = 'a'",
    ],
)
def test_an_id_that_was_altered_is_not_forgotten_before_an_operator_has_looked(
    store: Store, old: Path, sql: str
) -> None:
    """The area of which it is was put back: as long as nobody has looked, nothing that it may have forgotten is new."""
    rolled_back(store, old)
    edit(store, sql, "b")
    assert "memory-altered" in offline(store, "a", "b")
    for _ in range(3):
        store.open()
    store.reported.clear()
    spool = store.open()
    assert "memory-altered" in [error.code for error in store.reported]
    assert raised_by(lambda: spool.reserve("teller-1", "r-new", b"x", 10)) == "outcome-unknown"
    asked = [record for record in spool.questions() if spool._area_of(record.job_id).name == "a"]
    assert {Reason.ROLLED_BACK in record.reasons for record in asked} == {True}
    assert spool.upkeep.accept_rollback("b")
    assert spool.verify() == []
    store.reported.clear()
    assert store.open().verify() == []
    assert store.reported == []


def test_what_is_known_of_an_area_that_does_not_add_up_costs_a_commit_once(store: Store) -> None:
    busy(store, store.open())
    store.close()
    edit(store, "UPDATE row_sum SET changes = 7", "a")
    spool = store.open()
    spool.upkeep.note_heads()
    log = store.folder / "b" / "area.sqlite-wal"
    size = log.stat().st_size
    spool.upkeep.note_heads()
    assert log.stat().st_size == size


def test_an_altered_start_is_taken_while_the_store_is_open(store: Store) -> None:
    spool = store.open()
    busy(store, spool)
    with closing(apsw.Connection(str(store.folder / "a" / "area.sqlite"))) as connection:
        connection.execute("UPDATE boot SET at = 'x'")
    assert [error.code for error in spool.verify()] == ["rows-altered"]
    assert spool.upkeep.accept_rollback("a")
    assert spool.verify() == []
    assert store.open().verify() == []


def test_a_balance_that_is_altered_while_the_store_is_open_is_written_anew_when_it_is_accepted(store: Store) -> None:
    spool = store.open()
    busy(store, spool)
    with closing(apsw.Connection(str(store.folder / "a" / "area.sqlite"))) as connection:
        connection.execute("UPDATE row_sum SET mac = zeroblob(32)")
    assert [error.code for error in spool.verify()] == ["rows-altered"]
    assert spool.upkeep.accept_rollback("a")
    assert spool.verify() == []
