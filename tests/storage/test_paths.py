"""P1: nothing is acknowledged in a file that is not at its path, however it came away from there."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from passbook.errors import PassbookError
from passbook.job import changes
from storage.area import writer
from storage.crypto.keys import ApplianceKey
from storage.offline import examine_folders
from tests.storage.disk import Disk, Gate, ignore
from tests.storage.store import APPLIANCE, AT, SECRET, Store, code_of, raised_by, settings

FILES = ("area.sqlite", "area.sqlite-wal", "area.sqlite-shm", "area.lock")


def unlink(path: Path) -> None:
    path.unlink()


def rename(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def copy(path: Path) -> None:
    """The same bytes, as when an older copy is put back."""
    elsewhere = path.with_name("elsewhere")
    shutil.copyfile(path, elsewhere)
    elsewhere.rename(path)


def second_name(path: Path) -> None:
    os.link(path, path.with_name("elsewhere"))


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


WAYS: dict[str, tuple[Callable[[Path], None], str]] = {
    "unlinked": (unlink, "is not at its path any more"),
    "renamed": (rename, "is not at its path any more"),
    "a link": (link, "is a link"),
    "a copy": (copy, "is another file"),
    "a second name": (second_name, "has a second name"),
    "a folder": (folder_in_its_place, "is another file"),
}


class Told(list[PassbookError]):
    """What was reported of a store; waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._some = threading.Event()

    @override
    def append(self, problem: PassbookError, /) -> None:
        super().append(problem)
        self._some.set()

    def why(self) -> str:
        """Why its area was fenced; blocks until somebody is told."""
        assert self._some.wait(60), "nobody was told"
        [problem] = self
        assert problem.code == "area-fenced"
        return str(problem.facts["why"])


@pytest.fixture
def told(store: Store, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Reports of a store with one area, whose files are looked at often."""
    monkeypatch.setattr(writer, "WATCH_SECONDS", 0.02)
    store.names = ("a",)
    store.reported = reports = Told()
    return reports


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_an_area_without_work_is_fenced_when_a_file_is_not_at_its_path(
    store: Store, told: Told, name: str, way: str
) -> None:
    spoil, expected = WAYS[way]
    spool = store.open()
    store.accepted(spool)
    spoil(store.folder / "a" / name)
    assert told.why().startswith(f"its file {name} {expected}")
    [status] = spool.areas()
    assert (status.state, status.why) == ("fenced", told.why())
    assert raised_by(lambda: store.prepare(spool, first=True)) == "area-fenced"


@pytest.mark.parametrize("name", FILES)
def test_a_commit_into_a_file_that_is_not_at_its_path_is_not_acknowledged(
    store: Store, disk: Disk, told: Told, name: str
) -> None:
    spool = store.open()
    job = store.accepted(spool).job_id
    gate = Gate()
    disk.on_sync = gate
    future = store.submit(spool, request_id="the-one")
    assert gate.reached.wait(30)
    step = spool.change(job, changes.start(AT, 1), urgent=True)
    (store.folder / "a" / name).unlink()
    disk.on_sync = ignore
    gate.opened.set()
    assert code_of(future) == "outcome-unknown"
    assert code_of(step) == "area-fenced"
    assert name in told.why()
    assert raised_by(lambda: spool.reserve("teller-1", "the-one", b"x", 10, first=True)) == "outcome-unknown"
    assert spool.next_valid("pr-1") is None


@pytest.mark.parametrize("names", [FILES[1:2], FILES[2:3], FILES[1:3]])
@pytest.mark.parametrize("away", [unlink, rename])
def test_what_was_acknowledged_before_the_log_lost_its_name_is_there_after_a_cut(
    store: Store, told: Told, names: tuple[str, ...], away: Callable[[Path], None]
) -> None:
    spool = store.open()
    jobs = {store.accepted(spool, size=9_000, request_id=f"r-{number}").job_id for number in range(5)}
    for name in names:
        away(store.folder / "a" / name)
    assert told.why().endswith("; what was stored before that is safe in its database")
    # As a cut leaves it: nothing is closed.
    after = Store(store.folder / "after", names=("a",))
    shutil.copytree(store.folder / "a", after.folder / "a")
    again = after.open()
    assert {record.job_id for record in again.records()} == jobs
    assert not any(record.valid for record in again.records())
    assert again.verify() == []
    after.close()


def move_folder(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))


def cover_folder(folder: Path) -> None:
    move_folder(folder)
    folder.mkdir()


def file_in_its_place(folder: Path) -> None:
    move_folder(folder)
    folder.touch()


def move_above(folder: Path) -> None:
    folder.parent.rename(folder.parent.with_name("moved"))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (move_folder, "its folder is not at its path any more"),
        (file_in_its_place, "its folder is not at its path any more"),
        (move_above, "its folder is not at its path any more"),
        (cover_folder, "its file area.lock is not at its path any more"),
    ],
)
def test_an_area_whose_folder_is_elsewhere_is_fenced_and_whole_where_it_is(
    store: Store, told: Told, tmp_path: Path, spoil: Callable[[Path], None], expected: str
) -> None:
    store.folder = tmp_path / "above"
    spool = store.open()
    job = store.accepted(spool).job_id
    spoil(store.folder / "a")
    assert told.why() == expected
    store.close()
    [moved] = tmp_path.rglob("moved")
    after = Store(tmp_path / "after", names=("a",))
    shutil.copytree(moved / "a" if (moved / "a").exists() else moved, after.folder / "a")
    again = after.open()
    assert [record.job_id for record in again.records()] == [job]
    after.close()


@pytest.mark.parametrize("name", FILES[:2])
def test_a_file_that_another_program_cuts_short_fences_the_area(store: Store, told: Told, name: str) -> None:
    spool = store.open()
    store.accepted(spool)
    os.truncate(store.folder / "a" / name, 4096)
    assert told.why() == f"its file {name} was cut short by another program"


def test_a_log_that_is_emptied_by_us_is_no_finding(store: Store, told: Told) -> None:
    store.quota = 18 << 20
    spool = store.open()
    log = store.folder / "a" / "area.sqlite-wal"
    sizes = []
    for _ in range(120):
        store.accepted(spool, size=60_000)
        sizes.append(log.stat().st_size)
    assert any(after < before for before, after in itertools.pairwise(sizes))
    assert told == []
    assert spool.verify() == []


def test_an_area_that_lost_a_file_at_the_end_did_not_end_in_order(store: Store, told: Told) -> None:
    spool = store.open()
    assert spool.close()
    again = store.open()
    (store.folder / "a" / "area.sqlite-wal").unlink()
    assert not again.close()
    assert "area.sqlite-wal" in told.why()


@pytest.mark.parametrize(("way", "expected"), [("a link", "is a link"), ("a second name", "has a second name")])
def test_an_area_is_not_opened_by_a_name_that_is_not_its_own(store: Store, way: str, expected: str) -> None:
    store.accepted(store.open())
    store.close()
    spoil, _ = WAYS[way]
    spoil(store.folder / "a" / "area.sqlite")
    spool = store.open()
    [problem] = spool.problems
    assert problem.code == "area-fenced"
    assert expected in str(problem)
    assert [status.state for status in spool.areas()] == ["ready", "absent"]


def test_without_the_lock_file_the_database_keeps_others_out(store: Store, told: Told) -> None:
    job = store.accepted(store.open()).job_id
    (store.folder / "a" / "area.lock").unlink()
    other = Store(store.folder, names=("a",))
    assert [problem.code for problem in other.open().problems] == ["area-in-use"]
    other.close()
    areas = settings(store.folder, "a")
    found = [one.findings for one in examine_folders(areas, ApplianceKey(SECRET), APPLIANCE)]
    assert [[error.code for error in findings] for findings in found] == [["area-in-use"]]
    assert "area.lock" in told.why()
    assert [record.job_id for record in store.open().records()] == [job]


@pytest.mark.slow
def test_an_area_whose_log_was_cut_short_is_refused_by_what_was_noted_of_it(store: Store) -> None:
    """Its own file says nothing of what it lost, and the area beside it noted it only when both began."""
    store.names = ("a", "b")
    spool = store.open()
    for _ in range(4):
        store.accepted(spool)
    log = store.folder / "a" / "area.sqlite-wal"
    os.truncate(log, log.stat().st_size // 2)
    while spool.states()["a"] != "fenced":
        pass
    spool.close()
    assert [problem.code for problem in store.open().problems] == ["area-rolled-back"]
