from __future__ import annotations

import asyncio
import datetime
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware import appliance
from firmware.appliance import Appliance
from firmware.config.configuration import Config
from firmware.config.loading import load_key, load_named
from firmware.system.notify import Notifier
from firmware.system.upkeep import Upkeep
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.record import Record
from passbook.job.states import Reason
from spooler.clock import SystemClock
from spooler.orderly_end import MARK, leave_marks, take_marks
from tests.firmware.branch import DOCUMENT, TELLER, WAIT, Bench, Branch, StandingClock, open_spool, request


class WhenReady(Notifier):
    """Does `deed` as soon as the appliance is ready."""

    def __init__(self, deed: Callable[[], None]) -> None:
        super().__init__({})
        self._deed = deed

    def ready(self) -> None:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self._deed()


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class BrokenError(Exception):
    """Something that nobody expected."""


def break_down() -> None:
    raise BrokenError


def started(config: Config, clock: SystemClock, notifier: Notifier) -> Appliance:
    return Appliance(config, load_key(config), load_named(config), clock=clock, notifier=notifier)


def run_to_the_end(config: Config, clock: SystemClock | None = None) -> None:
    """One whole life of an appliance, ended in order."""

    async def life() -> None:
        async with asyncio.timeout(WAIT):
            await started(config, clock or SystemClock(), WhenReady(terminate)).run()

    asyncio.run(life())


def job_in(branch: Branch, number: str = "r-1") -> str:
    """A job that was accepted before the appliance starts."""
    bench = Bench(branch.folder, appliance_key=branch.appliance_key)
    record = asyncio.run(bench.admission().submit(TELLER, request(number), DOCUMENT))
    bench.spool.close()
    return record.job_id


def stored(branch: Branch, job: str) -> Record:
    spool = open_spool(branch.folder, branch.appliance_key, power_on=False)
    try:
        return spool.record(job)
    finally:
        spool.close()


ENDED = StandingClock().now()
"""The time of a Bench."""


def ended_job_in(branch: Branch, *, noted: bool = True, at: datetime.datetime = ENDED) -> Record:
    """A job that came under a trusted clock, and ended when the clock said `at`."""
    bench = Bench(branch.folder, appliance_key=branch.appliance_key)
    record = asyncio.run(bench.admission().submit(TELLER, request(), DOCUMENT))
    stamp = at.isoformat(timespec="milliseconds")
    ended = bench.spool.change(record.job_id, changes.cancel(stamp, TELLER.name, "A. Person")).result(WAIT)
    if noted:
        ended = bench.spool.change(record.job_id, changes.acknowledge(TELLER.name, stamp)).result(WAIT)
    bench.spool.close()
    return ended


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    return Branch(tmp_path)


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    both = [tmp_path / "a", tmp_path / "b"]
    for folder in both:
        folder.mkdir()
    return both


def test_marks_are_taken_once(folders: list[Path]) -> None:
    leave_marks(folders)
    assert [take_marks(folders), take_marks(folders)] == [Reason.RESTART, Reason.POWER_LOSS]
    assert not any((folder / MARK).exists() for folder in folders)


def test_where_nothing_was_left_power_was_lost(folders: list[Path]) -> None:
    assert take_marks(folders) is Reason.POWER_LOSS


@pytest.mark.parametrize("away", [0, 1])
def test_a_folder_that_was_away_for_a_start_does_not_vouch_for_it(folders: list[Path], away: int) -> None:
    leave_marks(folders)
    hidden = folders[away].rename(folders[away].parent / "unplugged")
    assert take_marks(folders) is Reason.POWER_LOSS
    hidden.rename(folders[away])
    assert take_marks(folders) is Reason.POWER_LOSS


def test_a_mark_that_is_not_surely_gone_does_not_count(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_folder: Path) -> None:
        raise OSError(5, "the disk fails")

    leave_marks(folders)
    monkeypatch.setattr("storage.files.sync_folder", fails)
    assert take_marks(folders) is Reason.POWER_LOSS


def test_a_mark_that_cannot_be_left_is_an_error_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PassbookError) as caught:
        leave_marks([tmp_path / "file"])
    assert caught.value.code == "file-problem"


def test_after_an_orderly_end_the_question_says_restart(branch: Branch) -> None:
    config = branch.config()
    job = job_in(branch)
    run_to_the_end(config)
    assert stored(branch, job).reasons == (Reason.POWER_LOSS,)
    assert (branch.folder / "a" / MARK).exists()
    run_to_the_end(config)
    assert stored(branch, job).reasons == (Reason.RESTART,)


def test_after_any_other_end_the_question_says_power_loss(branch: Branch) -> None:
    """The start has taken the mark: whatever happens later finds none.  No thread goes on either."""
    config = branch.config()
    job = job_in(branch)
    run_to_the_end(config)

    async def life() -> None:
        await started(config, SystemClock(), WhenReady(break_down)).run()

    with pytest.raises(BrokenError):
        asyncio.run(life())
    assert not (branch.folder / "a" / MARK).exists()
    run_to_the_end(config)
    assert stored(branch, job).reasons == (Reason.POWER_LOSS,)


def test_with_an_area_missing_nothing_is_said_of_an_orderly_end(branch: Branch) -> None:
    config = branch.config()
    job = job_in(branch)
    run_to_the_end(config)
    (branch.folder / "b").rename(branch.folder / "unplugged")
    run_to_the_end(config)
    assert not (branch.folder / "a" / MARK).exists()
    (branch.folder / "unplugged").rename(branch.folder / "b")
    run_to_the_end(config)
    assert stored(branch, job).reasons == (Reason.POWER_LOSS,)


def test_a_clock_behind_the_newest_trusted_stamp_is_not_trusted(branch: Branch) -> None:
    """N4: the job was accepted under a trusted clock in 2027; whoever vouches, it is not earlier than that."""
    config = branch.config()
    job_in(branch)
    early = SystemClock(vouched=True, wall=lambda: 1_700_000_000.0)
    late = SystemClock(vouched=True, wall=lambda: 1_900_000_000.0)
    assert early.trusted()
    run_to_the_end(config, early)
    run_to_the_end(config, late)
    assert (early.trusted(), late.trusted()) == (False, True)


@pytest.mark.parametrize(
    ("days", "noted", "synchronized", "known"),
    [
        (89, True, True, True),
        (91, True, True, False),
        (91, True, False, True),
        (399, False, True, True),
        (401, False, True, False),
        (401, False, False, True),
    ],
)
def test_an_ended_job_is_forgotten_after_its_time_by_a_synchronized_clock_only(
    branch: Branch, days: int, noted: bool, synchronized: bool, known: bool
) -> None:
    """P10; and P8: longer, when nobody took note of its end.  An operator's word is not enough for the last ones."""
    job = ended_job_in(branch, noted=noted).job_id
    wall = ENDED.timestamp() + days * 86400
    clock = SystemClock(vouched=not synchronized, synchronized=lambda: synchronized, wall=lambda: wall)
    run_to_the_end(branch.config(), clock)
    if known:
        assert stored(branch, job).ended
    else:
        with pytest.raises(PassbookError, match="There is no job"):
            stored(branch, job)


@pytest.mark.parametrize(
    ("days", "noted", "kept", "known"),
    [(91, True, 0, False), (91, True, 1, True), (89, True, 0, True), (999, False, 0, True)],
)
def test_by_an_operators_word_the_last_ends_of_a_terminal_and_what_nobody_noted_stay(
    branch: Branch, monkeypatch: pytest.MonkeyPatch, days: int, noted: bool, kept: int, known: bool
) -> None:
    """An appliance that is never synchronized does not fill up, and a wrong year takes little (P8, P10, N4)."""
    monkeypatch.setattr(appliance, "JOBS_KEPT_BY_WORD", kept)
    job = ended_job_in(branch, noted=noted).job_id
    wall = ENDED.timestamp() + days * 86400
    run_to_the_end(branch.config(), SystemClock(vouched=True, synchronized=lambda: False, wall=lambda: wall))
    if known:
        assert stored(branch, job).ended
    else:
        with pytest.raises(PassbookError, match="There is no job"):
            stored(branch, job)


def test_what_a_wrong_clock_stamped_is_not_forgotten_when_the_clock_is_right_again(branch: Branch) -> None:
    """A board whose clock begins in 1970 at each boot prints before it is synchronized (N4, P10)."""
    job = ended_job_in(branch, at=datetime.datetime(1970, 1, 1, 0, 5, tzinfo=datetime.UTC)).job_id
    run_to_the_end(branch.config(), SystemClock(synchronized=lambda: True, wall=lambda: ENDED.timestamp() + 3600))
    assert stored(branch, job).ended


def test_a_running_appliance_looks_after_its_store(branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    monkeypatch.setattr(Upkeep, "look", lambda _self: looked.set())

    async def life() -> None:
        async with asyncio.timeout(WAIT):
            running = asyncio.create_task(started(branch.config(), SystemClock(), Notifier({})).run())
            assert await asyncio.to_thread(looked.wait, WAIT)
            terminate()
            await running

    asyncio.run(life())
