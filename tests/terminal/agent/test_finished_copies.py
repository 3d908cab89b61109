"""Copies of completed jobs: to look at for a time, and then erased, by which clock ever and over a boot."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passbook.job import changes
from passbook.job.record import Change
from passbook.job.states import Reason
from spooler.supervisor import Supervisor
from storage import files
from terminal.agent import finished_copies
from terminal.agent.finished_copies import FinishedCopies
from terminal.agent.own_store import OwnStore
from tests.firmware.branch import StandingClock
from tests.terminal.agent.test_own_store import AT, Office, accept

KEEP = 3600.0
DATED: dict[str, Any] = {"clock_trusted": True, "business_date": AT[:10]}
"""A record of a clock that was trusted."""


class Shelf:
    """A spool, the files beside it, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder)
        self.folder = folder / "finished"
        self.clock = StandingClock()
        ahead = datetime.datetime.fromisoformat(AT) - self.clock.now()
        self.clock.wall_ahead = ahead.total_seconds()
        self.store: OwnStore = self.office.open()
        self.copies = self.open()

    def open(self, keep: float = KEEP, most: int = 2**20) -> FinishedCopies:
        return FinishedCopies(self.folder, self.store.spool, self.clock, keep=keep, most=most)

    def boot(self, keep: float = KEEP) -> None:
        self.copies.close()
        self.store.close()
        self.store = self.office.open()
        self.copies = self.open(keep)

    def accepted(self, **facts: Any) -> str:
        job = accept(self.store, **facts)
        self.copies.note(self.store.spool.record(job))
        self.copies.look()
        return job

    def change(self, job: str, change: Change) -> None:
        self.copies.note(self.store.spool.change(job, change).result())

    def complete(self, job: str) -> None:
        steps = self.store.spool.record(job).steps
        self.change(job, changes.start(AT, 1))
        for step in range(1, steps + 1):
            self.change(job, changes.journal(step - 1, step))
        self.change(job, changes.finish_job(AT))

    def wait(self, seconds: float, *, wall: float | None = None) -> None:
        self.clock.seconds += seconds
        self.clock.wall_ahead += 0.0 if wall is None else wall - seconds

    @property
    def names(self) -> list[str]:
        return sorted(file.name for file in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.copies.close()
    shelf.store.close()


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_copy_is_kept_for_its_time_and_erased_after_it(shelf: Shelf, is_trusted: bool) -> None:
    shelf.clock.trust = is_trusted
    job = shelf.accepted(**DATED)
    shelf.complete(job)
    assert shelf.copies.look() == pytest.approx(600.0)
    shelf.wait(KEEP - 1)
    assert shelf.copies.look() == pytest.approx(1.0)
    copy = shelf.copies.find(job)
    assert copy is not None
    assert copy.job == job
    shelf.wait(1)
    shelf.copies.look()
    assert (shelf.copies.find(job), shelf.names) == (None, [])


def test_the_time_passes_while_the_machine_is_off(shelf: Shelf) -> None:
    job = shelf.accepted(**DATED)
    shelf.complete(job)
    shelf.copies.look()
    shelf.wait(0.0, wall=KEEP)
    shelf.boot()
    shelf.copies.look()
    assert shelf.names == []


def test_a_clock_that_is_not_trusted_erases_nothing_early_and_a_boot_begins_the_time_anew(shelf: Shelf) -> None:
    shelf.clock.trust = False
    job = shelf.accepted(**DATED)
    shelf.complete(job)
    shelf.copies.look()
    shelf.wait(KEEP / 2, wall=10 * KEEP)
    shelf.boot()
    shelf.copies.look()
    assert shelf.names == [job]
    shelf.wait(KEEP)
    shelf.copies.look()
    assert shelf.names == []


@pytest.mark.parametrize("end", [changes.cancel(AT, "counter-1", "Ann"), changes.refuse(AT)])
def test_a_job_that_does_not_complete_takes_its_copy_away(shelf: Shelf, end: Change) -> None:
    job = shelf.accepted()
    assert shelf.names == [job]
    shelf.change(job, end)
    shelf.copies.look()
    assert shelf.names == []


def test_without_the_setting_nothing_is_kept_and_what_was_is_erased(shelf: Shelf) -> None:
    job = shelf.accepted()
    shelf.complete(job)
    (shelf.folder / ".0a.part").write_bytes(b"cut off")
    shelf.boot(keep=0.0)
    assert shelf.copies.find(job) is None
    shelf.copies.look()
    assert shelf.names == []


def test_without_the_setting_no_copy_is_laid_aside(shelf: Shelf) -> None:
    shelf.copies.close()
    shelf.copies = shelf.open(keep=0.0)
    shelf.accepted()
    assert shelf.names == []


def test_a_copy_of_a_job_that_the_spool_does_not_know_is_erased(shelf: Shelf) -> None:
    files.save_file(shelf.folder / ("0a" * 16), b"sealed", files.PRIVATE)
    shelf.copies.look()
    assert shelf.names == []


def test_a_copy_of_a_job_in_an_area_that_is_left_out_stays_until_the_area_is_back(shelf: Shelf) -> None:
    job = shelf.accepted(**DATED)
    shelf.complete(job)
    shelf.copies.look()
    area = shelf.store.spool.history(job)[-1].area
    shelf.copies.close()
    shelf.store.close()
    place = shelf.office.folder / area
    away = place.rename(place.with_name("away"))
    shelf.store, shelf.copies = shelf.office.open(), shelf.open()
    shelf.copies.look()
    assert shelf.names == [job]
    shelf.store.close()
    away.rename(place)
    shelf.wait(0.0, wall=KEEP)
    shelf.boot()
    shelf.copies.look()
    assert shelf.names == []


def test_no_more_bytes_are_kept_than_the_spool_may_have(shelf: Shelf) -> None:
    shelf.copies.close()
    shelf.copies = shelf.open(most=10)
    shelf.accepted()
    assert shelf.names == []


def test_a_file_is_overwritten_before_its_name_goes(tmp_path: Path) -> None:
    file, other = tmp_path / "copy", tmp_path / "same"
    file.write_bytes(b"sealed" * 20_000)
    other.hardlink_to(file)
    files.erase_file(file)
    assert not file.exists()
    assert other.read_bytes() == bytes(120_000)
    files.erase_file(file)


def test_an_unfinished_copy_of_an_earlier_boot_keeps_its_file(shelf: Shelf) -> None:
    job = shelf.accepted()
    shelf.boot()
    shelf.copies.look()
    assert shelf.names == [job]
    assert shelf.store.spool.record(job).reasons == (Reason.RESTART,)


def test_a_defect_in_what_lays_copies_aside_is_heard_by_the_supervisor(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str] = []
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    Supervisor(lambda: ends.append("ended")).watch_threads()
    monkeypatch.setattr(finished_copies, "sealed_copy", dict[str, str]().__getitem__)
    shelf.accepted()
    assert ends == ["ended"]
