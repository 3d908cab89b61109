"""Storage that cannot be used is said so by one sentence and its code; the rest goes on, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from client.connection import TerminalClient
from demo.world import PROJECT
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from passbook.protocol.messages import JobView
from storage.area.area import AreaSettings
from storage.area.opening import StoreOwner, create_area
from storage.crypto.keys import ApplianceKey
from tests.scenarios import held_disk, plain_user
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import refusals, request
from tests.scenarios.office import Office, of_the_store

STATEMENT: Final = Statement(720, 3)
OWNER: Final = StoreOwner("demo-appliance", ApplianceKey(bytes(32)), 4 * 2**20)


def still_office(open_office: OpenOffice, **settings: Any) -> Office:
    """Nothing prints."""
    office = open_office(**settings)
    office.hands.cut(Target.PRINTER, Now())
    return office


def submit(office: Office, number: str, *, first: bool = False) -> JobView:
    job = request(office, STATEMENT.csv(), client_request=number, first=first)
    return as_terminal(office.counter, lambda client: client.submit(job))


def code_of(office: Office, number: str) -> str:
    before = refusals(office)
    with pytest.raises(PassbookError) as refused:
        submit(office, number)
    assert refusals(office) == [*before, refused.value.code]
    assert str(refused.value) == str(PassbookError(refused.value.code, **refused.value.facts))
    return refused.value.code


def jobs(office: Office) -> set[str]:
    return {one["job"] for one in office.told("jobs")}


def logged(office: Office, event: str) -> list[dict[str, Any]]:
    lines = map(json.loads, office.world.log_file.read_text().splitlines())
    return [line for line in lines if line["event"] == event]


@contextmanager
def moved(folder: Path) -> Iterator[None]:
    """The area is away meanwhile."""
    away = folder.with_name("away")
    folder.rename(away)
    yield
    if folder.exists():
        shutil.rmtree(folder)
    away.rename(folder)


@contextmanager
def absent(folder: Path) -> Iterator[None]:
    with moved(folder):
        folder.mkdir()
        yield


@contextmanager
def damaged(folder: Path) -> Iterator[None]:
    with moved(folder):
        shutil.copytree(folder.with_name("away"), folder)
        file = folder / "area.sqlite"
        content = file.read_bytes()
        file.write_bytes(content[:4096] + b"\x5a" * 4096 + content[8192:])
        yield


@contextmanager
def no_database(folder: Path) -> Iterator[None]:
    with moved(folder):
        folder.mkdir()
        (folder / "area.sqlite").write_bytes(b"something else entirely" * 500)
        yield


@contextmanager
def of_another_appliance(folder: Path) -> Iterator[None]:
    with moved(folder):
        settings = AreaSettings(folder.name, folder, 64 * 2**20)
        create_area(settings, OWNER._replace(appliance="another"), rng=bytes, vfs=None)
        yield


@contextmanager
def under_another_key(folder: Path) -> Iterator[None]:
    with moved(folder):
        create_area(AreaSettings(folder.name, folder, 64 * 2**20), OWNER, rng=bytes, vfs=None)
        yield


@contextmanager
def of_a_later_time(folder: Path) -> Iterator[None]:
    with moved(folder):
        shutil.copytree(folder.with_name("away"), folder)
        database = folder / "area.sqlite"
        content = bytearray(database.read_bytes())
        # PRAGMA user_version (sqlite.org/fileformat2.html, section 1.3): the format of the store.
        content[60:64] = (999).to_bytes(4, "big")
        database.write_bytes(content)
        yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    changed = [folder, *folder.iterdir()]
    for path in changed:
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield
    for path in changed:
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Nothing in the folder can be looked at."""
    folder.chmod(0)
    yield
    folder.chmod(0o700)


@contextmanager
def a_file(folder: Path) -> Iterator[None]:
    with moved(folder):
        folder.touch()
        yield
        folder.unlink()


@contextmanager
def one_byte(folder: Path) -> Iterator[None]:
    with moved(folder):
        folder.mkdir()
        (folder / "area.sqlite").write_bytes(b"\0")
        yield


LONG: Final = pytest.mark.soak
DAMAGES: Final[dict[str, tuple[Callable[[Path], Any], str]]] = {
    "absent": (absent, "area-absent"),
    "damaged": (damaged, "area-fenced"),
    "no database": (no_database, "area-fenced"),
    "of another appliance": (of_another_appliance, "area-foreign"),
    "under another key": (under_another_key, "appliance-key-wrong"),
    "of a later version": (of_a_later_time, "area-format"),
    "read-only": (read_only, "area-fenced"),
    "closed": (closed, "area-fenced"),
    "a file": (a_file, "area-absent"),
    "one byte": (one_byte, "area-absent"),
}


SHOWN: Final = {"damaged", "of another appliance", "closed"}
"""Damages that stand for all of them here; the soak tries each, and the store's own tests try each code."""


def contents(folder: Path) -> dict[str, bytes]:
    """Its databases; nothing where it is no folder."""
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".sqlite"}


@pytest.mark.long
@pytest.mark.parametrize("damage", [pytest.param(one, marks=[] if one in SHOWN else LONG) for one in DAMAGES])
def test_an_area_that_cannot_be_used_is_left_alone_and_the_other_one_serves(
    open_office: OpenOffice, damage: str
) -> None:
    spoil, code = DAMAGES[damage]
    office = still_office(open_office, program=plain_user.PROGRAM)
    before = {submit(office, f"r-{number}").job for number in range(4)}
    assert office.world.stop_appliance() == 0
    with spoil(office.world.data / "a"):
        found = contents(office.world.data / "a")
        office.world.start_appliance()
        [problem] = [line for line in logged(office, "storage-problem") if line["area"] == "a"]
        assert problem["code"] == code
        [sentence] = of_the_store(as_terminal(office.manager, TerminalClient.status).problems)
        assert "area a" in sentence
        assert (": its folder is empty," in sentence) == (damage == "absent")
        assert len(jobs(office)) == 2
        assert code_of(office, "new") == "outcome-unknown"
        new = submit(office, "newer", first=True).job
        assert new in jobs(office)
        assert contents(office.world.data / "a") == found
        office.world.stop_appliance()
    office.world.start_appliance()
    assert jobs(office) == {*before, new}
    assert office.told("verify") == []


def test_a_full_disk_accepts_nothing_and_goes_on_when_there_is_room(open_office: OpenOffice) -> None:
    office = still_office(open_office, program=held_disk.PROGRAM)
    before = submit(office, "before").job
    full = office.world.folder / held_disk.FULL
    full.touch()
    assert code_of(office, "while-full") == "area-full"
    assert jobs(office) == {before}
    assert as_terminal(office.manager, TerminalClient.status).printers
    full.unlink()
    after = submit(office, "while-full").job
    assert jobs(office) == {before, after}
    assert office.told("verify") == []


@pytest.mark.long
def test_a_second_daemon_on_the_same_store_ends_with_one_sentence_and_the_first_goes_on(
    open_office: OpenOffice,
) -> None:
    office = still_office(open_office)
    job = submit(office, "before").job
    command = [sys.executable, "-m", "firmware", "--config", str(office.world.config_file)]
    second = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    *log, last = second.stderr.splitlines()
    assert (second.returncode, second.stdout) == (5, "")
    assert last.startswith("passbookd: No storage area can be used: ")
    assert last.endswith("[no-area-usable]")
    said = [json.loads(line) for line in log]
    assert {one["code"] for one in said if one["level"] != "info"} == {"area-in-use"}
    after = submit(office, "after").job
    assert jobs(office) == {job, after}
    assert office.told("verify") == []


@pytest.mark.long
@pytest.mark.parametrize(
    "ends", [("-wal", "-shm"), *(pytest.param((one,), marks=LONG) for one in ("-wal", "-shm", "lock", "sqlite"))]
)
def test_an_area_whose_file_is_removed_while_the_appliance_runs_acknowledges_nothing_more(
    open_office: OpenOffice, ends: tuple[str, ...]
) -> None:
    office = still_office(open_office)
    before = {f"r-{number}": submit(office, f"r-{number}").job for number in range(4)}
    for name in "ab":
        for file in (office.world.data / name).iterdir():
            if file.name.endswith(ends):
                file.unlink()
    # Each area says so at its next commit at the latest, and nothing is accepted meanwhile.
    refused = [code_of(office, f"later-{number}") for number in range(3)]
    assert set(refused) <= {"outcome-unknown", "area-fenced", "no-area-has-room"}
    while any(area["state"] == "ready" for area in office.told("areas")):
        pass
    areas = {area["name"]: area for area in office.told("areas")}
    assert {name: area["state"] for name, area in areas.items()} == {"a": "fenced", "b": "fenced"}
    assert all("is not at its path" in area["why"] for area in areas.values())
    problems = as_terminal(office.manager, TerminalClient.status).problems
    assert [name for name in "ab" if any(f"area {name} " in one for one in problems)] == ["a", "b"]
    office.world.kill_appliance()
    if ends == ("sqlite",):
        # All of it was taken away, and nothing on this disk can bring it back.
        return
    office.world.start_appliance()
    asked = {one["job"]["job"] for one in office.questions()}
    assert asked >= set(before.values())
    assert {number: submit(office, number).job for number in before} == before
    assert office.told("verify") == []
    assert office.world.paper.strikes == 0
