from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from passbook.job import changes
from passbook.job.record import HistoryKind
from passbook.job.states import Reason
from passbook.protocol.media import Media
from storage.area.area import AreaSettings
from tests.storage.store import APPLIANCE, AT, QUOTA, SECRET, Store, code_of, found_offline

LATER = "2026-03-02T11:00:00Z"
EXCHANGE_2_AND_3 = """
UPDATE history SET n = 102 WHERE n = 2;
UPDATE history SET n = 2 WHERE n = 3;
UPDATE history SET n = 3 WHERE n = 102
"""


@pytest.fixture
def told(store: Store) -> Store:
    """One area whose history has five entries."""
    store.names = ("a",)
    spool = store.open()
    for number in range(5):
        job = store.accepted(spool, request_id=f"r-{number}").job_id
        spool.change(job, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)
    store.close()
    return store


def alter(store: Store, sql: str) -> None:
    connection = apsw.Connection(str(store.folder / "a" / "area.sqlite"))
    connection.execute(sql)
    connection.close()


def offline(folder: Path, *, secret: bytes = SECRET, appliance: str = APPLIANCE) -> list[tuple[str, object]]:
    findings = found_offline([AreaSettings("a", folder, QUOTA)], secret=secret, appliance=appliance)
    return [(error.code, error.facts.get("entry", error.facts.get("job", ""))) for error in findings]


def test_history_tells_what_happened_newest_last(store: Store) -> None:
    spool = store.open()
    one, two = store.accepted(spool), store.accepted(spool)
    spool = store.open()
    spool.change(one.job_id, changes.cancel(LATER, "t", "Ms Okafor")).result(timeout=30)
    entries = spool.history()
    assert [told.entry.kind for told in entries] == [HistoryKind.INVALIDATED] * 2 + [HistoryKind.ENDED]
    assert entries[-1].entry.record.job_id == one.job_id
    assert entries[-1].entry.record.outline == ()
    assert [told.entry.kind for told in spool.history(two.job_id)] == [HistoryKind.INVALIDATED]
    assert spool.history(last=1) == entries[-1:]
    assert spool.history("nobody") == []


def test_every_kind_of_end_and_stop_is_told(store: Store) -> None:
    spool = store.open()
    job = store.accepted(spool).job_id
    spool.change(job, changes.start(AT, 1)).result(timeout=30)
    spool.change(job, changes.stop(Reason.MEDIA_JAM, Media.JAMMED, AT)).result(timeout=30)
    [told] = spool.history(job)
    assert (told.entry.kind, told.entry.record.media) == (HistoryKind.STOPPED, Media.JAMMED)


def test_an_untouched_history_verifies(told: Store) -> None:
    assert offline(told.folder / "a") == []
    assert told.open().verify() == []


@pytest.mark.parametrize(
    ("sql", "entry"),
    [
        ("UPDATE history SET entry = replace(entry, 'Okafor', 'Nobody') WHERE n = 3", 3),
        ("UPDATE history SET entry = CAST(x'ff' AS TEXT) WHERE n = 4", 4),
        ("UPDATE history SET chain = zeroblob(32) WHERE n = 1", 1),
        ("DELETE FROM history WHERE n = 2", 2),
        ("DELETE FROM history WHERE n = 5", 5),
        ("DELETE FROM history WHERE n > 3", 4),
        ("DELETE FROM history", 1),
        (EXCHANGE_2_AND_3, 2),
        ("INSERT INTO history SELECT 6, entry, chain FROM history WHERE n = 5", 6),
        ("UPDATE head SET entries = 4", 0),
        ("UPDATE head SET sequence = 1", 0),
    ],
)
def test_the_first_entry_that_does_not_fit_is_named(told: Store, sql: str, entry: int) -> None:
    alter(told, sql)
    assert offline(told.folder / "a") == [("history-broken", entry)]


def test_a_head_that_was_taken_away_is_missed_by_history_and_row_sum(told: Store) -> None:
    alter(told, "DELETE FROM head")
    assert {code for code, _ in offline(told.folder / "a")} == {"rows-altered", "history-broken"}


def test_an_altered_head_keeps_the_area_shut(told: Store) -> None:
    alter(told, "UPDATE head SET entries = 4")
    assert [error.code for error in told.open().problems] == ["history-broken"]


def test_a_head_altered_meanwhile_lets_no_change_through(told: Store) -> None:
    spool = told.open()
    job = told.accepted(spool).job_id
    alter(told, "DELETE FROM head")
    assert code_of(spool.change(job, changes.cancel(AT, "t", "Ms Okafor"))) == "history-broken"
    assert spool.record(job).valid


def test_offline_works_on_a_read_only_copy_and_changes_nothing(told: Store, tmp_path: Path) -> None:
    spool = told.open()
    told.accepted(spool)
    copy = tmp_path / "copy"
    shutil.copytree(told.folder / "a", copy)
    told.close()
    for path in [*copy.iterdir(), copy]:
        path.chmod(0o500)
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    assert offline(copy) == []
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    copy.chmod(0o700)


def test_offline_refuses_what_it_cannot_judge(told: Store, tmp_path: Path) -> None:
    assert offline(tmp_path / "nowhere") == [("no-area-there", "")]
    assert offline(told.folder / "a", secret=bytes(32)) == [("appliance-key-wrong", "")]
    assert offline(told.folder / "a", appliance="other") == [("area-foreign", "")]
    told.open()
    assert offline(told.folder / "a") == [("area-in-use", "")]


def test_offline_tells_of_a_damaged_file(told: Store) -> None:
    path = told.folder / "a" / "area.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "area-fenced" in {code for code, _ in offline(told.folder / "a")}
