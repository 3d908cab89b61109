"""An appliance without a usable area is locked and says so; an operator's word, or room on the disk, unlocks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from client.connection import TerminalClient
from demo.world import CommandFailed, World
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from storage.mark import FILE
from tests.scenarios.clerk import PATIENCE, as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import request
from tests.scenarios.office import Office, of_the_store
from tests.scenarios.test_bad_storage import STATEMENT, jobs, logged, still_office, submit
from tests.scenarios.test_mounts import full, mounts

__all__ = ["mounts"]


def send(office: Office, *numbers: str) -> dict[str, str]:
    return {number: submit(office, number).job for number in numbers}


def told(office: Office) -> list[str]:
    return of_the_store(office.world.ctl("status")["problems"])


def states(office: Office) -> dict[str, str]:
    return {area["name"]: area["state"] for area in office.told("areas")}


def refusal(office: Office, work: Any) -> str:
    with pytest.raises(PassbookError) as refused:
        as_terminal(office.counter, work)
    return refused.value.code


def operators_refusal(office: Office, *command: str) -> str:
    with pytest.raises(CommandFailed) as failed:
        office.world.ctl(*command)
    return failed.value.error.rpartition("[")[2].strip("]\n")


def empty_all(office: Office) -> None:
    for name in ("a", "b"):
        shutil.rmtree(office.world.data / name)
        (office.world.data / name).mkdir()


def assert_locked(office: Office) -> None:
    """Every command of a terminal and every operator's command about a job gets one clear sentence."""
    asked = (
        TerminalClient.status,
        TerminalClient.jobs,
        lambda client: client.submit(request(office, STATEMENT.csv(), client_request="new", first=True)),
    )
    assert [refusal(office, work) for work in asked] == ["appliance-locked"] * len(asked)
    for command in (["jobs"], ["questions"], ["history"], ["cancel", "0" * 32, "--person", "Otto"]):
        assert operators_refusal(office, *command) == "appliance-locked"
    assert set(states(office).values()) == {"absent"}


@pytest.mark.long
def test_where_all_areas_are_missing_no_new_store_is_made_until_an_operator_says_so(open_office: OpenOffice) -> None:
    office = still_office(open_office)
    world = office.world
    before = send(office, "r-1", "r-2")
    world.stop_appliance()
    shutil.copytree(world.data, world.folder / "away")
    empty_all(office)
    world.start_appliance()
    assert_locked(office)
    assert [problem.startswith("Storage area ") for problem in told(office)] == [True, True]
    assert not list(world.data.glob("*/area.sqlite"))
    # The disks are mounted after all: everything is as it was.
    assert world.stop_appliance() == 0
    shutil.rmtree(world.data)
    (world.folder / "away").rename(world.data)
    world.start_appliance()
    assert jobs(office) == set(before.values())
    assert send(office, "r-1", "r-2") == before
    # They are lost for good.
    world.stop_appliance()
    empty_all(office)
    world.start_appliance()
    assert world.ctl("accept-new-store", "--person", "Otto")["areas"] == {"a": "ready", "b": "ready"}
    [word] = logged(office, "new-store-accepted")
    assert word["person"] == "Otto"
    after = submit(office, "r-1")
    assert after.job not in before.values()
    assert told(office) == []
    assert world.ctl("verify") == []
    world.kill_appliance()
    world.start_appliance()
    assert jobs(office) == {after.job}


@pytest.mark.long
def test_areas_that_refuse_each_other_are_accepted_at_the_locked_appliance(open_office: OpenOffice) -> None:
    office = still_office(open_office)
    world = office.world
    send(office, "r-1", "r-2")
    world.stop_appliance()
    shutil.copytree(world.data, world.folder / "first")
    world.start_appliance()
    send(office, "r-3", "r-4")
    world.stop_appliance()
    shutil.copytree(world.data / "a", world.folder / "unseen")
    # All is put back and used, and then one area to a day that the other one never saw.
    shutil.rmtree(world.data)
    (world.folder / "first").rename(world.data)
    world.start_appliance()
    send(office, "r-5", "r-6", "r-7", "r-8")
    world.stop_appliance()
    shutil.rmtree(world.data / "a")
    (world.folder / "unseen").rename(world.data / "a")
    world.start_appliance()
    assert_locked(office)
    assert [finding["code"] for finding in office.told("verify")] == ["area-rolled-back"] * 2
    assert world.ctl("accept-rollback", "a", "--person", "Otto")["state"] == "ready"
    assert states(office) == {"a": "ready", "b": "absent"}
    assert world.ctl("accept-rollback", "b", "--person", "Otto")["state"] == "ready"
    assert told(office) == []
    assert world.ctl("verify") == []
    assert {one["job"]["reasons"][-1] for one in office.questions()} == {"storage-rolled-back"}
    assert {line["person"] for line in logged(office, "rollback-accepted")} == {"Otto"}


@pytest.mark.long
def test_an_area_that_was_refused_stays_refused_when_the_one_that_knew_better_breaks(open_office: OpenOffice) -> None:
    office = still_office(open_office)
    world = office.world
    send(office, "r-1", "r-2", "r-3", "r-4")
    world.kill_appliance()
    for suffix in ("-wal", "-shm"):
        (world.data / "a" / f"area.sqlite{suffix}").unlink()
    world.start_appliance()
    [refused] = told(office)
    assert "Storage area a was rolled back to an earlier state" in refused
    world.stop_appliance()
    database = world.data / "b" / "area.sqlite"
    os.truncate(database, database.stat().st_size // 2)
    world.start_appliance()
    assert_locked(office)
    assert refused in told(office)
    assert operators_refusal(office, "accept-rollback", "a", "--person", "Otto") == "areas-not-asked"
    assert operators_refusal(office, "accept-new-store", "--person", "Otto") == "not-a-new-store"


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.long
@pytest.mark.parametrize(
    "damage", [Path.unlink, *(pytest.param(one, marks=pytest.mark.soak) for one in (cut_in_half, make_pipe))]
)
def test_a_mark_that_is_missing_or_altered_is_told_and_made_anew(open_office: OpenOffice, damage: Any) -> None:
    office = still_office(open_office)
    world = office.world
    before = send(office, "r-1", "r-2")
    world.kill_appliance()
    damage(world.state / FILE)
    world.start_appliance()
    [problem] = told(office)
    assert problem.startswith(f"The mark of the storage areas, in {world.state}/{FILE}")
    assert send(office, "r-1", "r-2") == before
    world.kill_appliance()
    world.start_appliance()
    assert told(office) == []


def test_a_locked_appliance_lives(open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office = still_office(open_office)
    world = office.world
    world.stop_appliance()
    empty_all(office)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    world.start_appliance()
    world._notices.settimeout(PATIENCE)
    heard = [world._notices.recv(4096) for _ in range(4)]
    assert b"WATCHDOG=1" in heard
    assert world.stop_appliance() == 0


# Disks without room


@contextmanager
def on_disks_of_their_own(furnished: World) -> Iterator[Office]:
    """Both areas lie on file systems of 40 MiB."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pb-")))
        world = World(folder)
        world.build_like(furnished)
        for name in ("a", "b"):
            command = ["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(world.data / name)]
            subprocess.run(command, check=True)
            stack.callback(subprocess.run, ["umount", str(world.data / name)], check=True)
        # Its processes end before anything is unmounted.
        stack.enter_context(world)
        office = Office(world)
        office.open()
        office.hands.cut(Target.PRINTER, Now())
        yield office


@pytest.mark.long
@pytest.mark.usefixtures("mounts")
def test_an_area_whose_disk_is_full_at_the_start_joins_when_there_is_room(furnished: World) -> None:
    with on_disks_of_their_own(furnished) as office:
        world = office.world
        before = send(office, *(f"r-{number}" for number in range(4)))
        assert world.stop_appliance() == 0
        with full(world.data / "a"):
            world.start_appliance()
            [problem] = told(office)
            assert "The disk of storage area a has no space left: 0 bytes are free and " in problem
            assert states(office) == {"a": "absent", "b": "ready"}
            kept = jobs(office)
            assert len(kept) == 2
        world.await_log("area-joined")
        assert states(office) == {"a": "ready", "b": "ready"}
        assert told(office) == []
        assert jobs(office) == set(before.values())
        assert not any(one["valid"] for one in office.told("jobs"))
        assert {one["job"]["job"] for one in office.questions()} == set(before.values())
        assert send(office, *before) == before
        assert world.ctl("verify") == []


@pytest.mark.long
@pytest.mark.usefixtures("mounts")
def test_an_appliance_whose_disks_are_full_at_the_start_is_locked_until_there_is_room(furnished: World) -> None:
    with on_disks_of_their_own(furnished) as office:
        world = office.world
        before = send(office, *(f"r-{number}" for number in range(4)))
        assert world.stop_appliance() == 0
        with full(world.data / "a"), full(world.data / "b"):
            world.start_appliance()
            assert_locked(office)
            assert ["0 bytes are free and " in problem for problem in told(office)] == [True, True]
            assert operators_refusal(office, "accept-new-store", "--person", "Otto") == "not-a-new-store"
        world.await_log("unlocked")
        assert submit(office, "r-0").job == before["r-0"]
        assert told(office) == []
        assert jobs(office) == set(before.values())
        assert not any(one["valid"] for one in office.told("jobs"))
        assert world.ctl("verify") == []
