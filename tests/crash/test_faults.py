from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from client.connection import TerminalClient
from demo.world import World
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from tests.crash.strace import TRACED, injected, need_strace
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal, ring_of
from tests.scenarios.crowd import Fate, Sent, submission
from tests.scenarios.office import Office

OpenOffice = Callable[..., Office]
pytestmark = pytest.mark.timeout(600)
LONG = pytest.mark.soak


@contextmanager
def an_office(furnished: World, program: Sequence[str] = ("-m", "firmware")) -> Iterator[Office]:
    """An office whose mechanism has no power, so that jobs only gather."""
    with TemporaryDirectory(prefix="pb-") as folder, World(Path(folder), program=program) as world:
        world.build_like(furnished)
        office = Office(world)
        office.open()
        office.hands.cut(Target.PRINTER, Now())
        yield office


def submit(office: Office, numbers: Sequence[int]) -> dict[int, str]:
    """One request after the other: the job that each became, or the code of its refusal."""

    async def talk(client: TerminalClient) -> dict[int, str]:
        told: dict[int, str] = {}
        for number in numbers:
            sent = Sent(office.counter, Statement(number, 2), Fate.LEAVE, 50)
            try:
                told[number] = (await client.submit(submission(sent, ring_of(office.counter)))).job
            except PassbookError as error:
                told[number] = error.code
        return told

    return as_terminal(office.counter, talk)


def states(office: Office) -> dict[str, str]:
    """Area -> state."""
    return {area["name"]: area["state"] for area in office.world.ctl("areas")}


def wal(office: Office) -> Path:
    return office.world.data / "a" / "area.sqlite-wal"


def check_nothing_lost(office: Office, told: dict[int, str], refusals: set[str]) -> None:
    """After a restart on a sound disk every acknowledged job is there once, and each request is one job."""
    jobs = {number: job for number, job in told.items() if len(job) == 32}
    assert set(told.values()) - set(jobs.values()) <= refusals
    office.world.kill_appliance()
    office.world.start_appliance()
    assert set(states(office).values()) == {"ready"}
    assert office.world.ctl("verify") == []
    there = {job["job"] for job in office.world.ctl("jobs")}
    assert set(jobs.values()) <= there
    again = [submit(office, list(told)) for _ in range(2)]
    assert again[0] == again[1]
    assert {number: again[0][number] for number in jobs} == jobs
    assert {job["job"] for job in office.world.ctl("jobs")} == set(again[0].values())


@pytest.mark.long
@pytest.mark.parametrize(
    ("call", "error", "nth"),
    [
        ("fdatasync", "EIO", 1),
        pytest.param("fdatasync", "EIO", 3, marks=LONG),
        pytest.param("pwrite64", "EIO", 5, marks=LONG),
        pytest.param("pwrite64", "EIO", 1, marks=LONG),
        pytest.param("fdatasync", "ENOSPC", 2, marks=LONG),
    ],
)
def test_an_area_whose_disk_fails_is_out_of_use_and_the_others_go_on(
    furnished: World, call: str, error: str, nth: int
) -> None:
    need_strace()
    with an_office(furnished) as office:
        numbers = itertools.count(600)
        told = submit(office, [next(numbers) for _ in range(2)])
        with injected(office.world.appliance_pid, call, f"error={error}:when={nth}", wal(office)):
            while states(office)["a"] == "ready" and len(told) < 40:
                told |= submit(office, [next(numbers)])
        assert states(office) == {"a": "fenced", "b": "ready"}
        assert any("area a" in problem for problem in office.world.ctl("status")["problems"])
        # The fault is over; nothing is based on that area all the same.
        before = records(office)
        later = submit(office, [next(numbers) for _ in range(4)])
        assert all(len(job) == 32 for job in later.values()), later
        assert records(office) == {"a": before["a"], "b": before["b"] + 4}
        check_nothing_lost(office, told | later, {"outcome-unknown", "area-fenced"})


def records(office: Office) -> dict[str, int]:
    """Area -> how many jobs lie in it."""
    return {area["name"]: area["records"] for area in office.world.ctl("areas")}


@pytest.mark.long
@pytest.mark.parametrize("nth", [1, pytest.param(9, marks=LONG)])
def test_a_full_disk_refuses_and_goes_on_when_there_is_room_again(furnished: World, nth: int) -> None:
    need_strace()
    with an_office(furnished) as office:
        with injected(office.world.appliance_pid, "pwrite64", f"error=ENOSPC:when={nth}..{nth + 9}", wal(office)):
            told = submit(office, range(700, 706))
        assert set(states(office).values()) == {"ready"}
        later = submit(office, range(720, 724))
        assert all(len(job) == 32 for job in later.values()), later
        check_nothing_lost(office, told | later, {"area-full"})
        assert "area-full" in told.values()


@pytest.mark.long
@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        pytest.param("openat", "EIO", "area.sqlite", marks=LONG),
        pytest.param("newfstatat", "EIO", "area.sqlite", marks=LONG),
        pytest.param("openat", "EACCES", "area.lock", marks=LONG),
        pytest.param("openat", "ENOSPC", "area.sqlite", marks=LONG),
        pytest.param("pread64", "EIO", "area.sqlite", marks=LONG),
        # What the power cut left in the log is copied into the database and synced before anything is believed.
        ("fdatasync", "EIO", "area.sqlite"),
        pytest.param("pwrite64", "EIO", "area.sqlite", marks=LONG),
        pytest.param("pwrite64", "ENOSPC", "area.sqlite", marks=LONG),
    ],
)
def test_an_appliance_starts_without_the_area_that_cannot_be_opened(
    furnished: World, call: str, error: str, name: str
) -> None:
    need_strace()
    with an_office(furnished) as office:
        told = submit(office, range(800, 804))
        office.world.kill_appliance()
        start_traced(office, call, f"error={error}", office.world.data / "a" / name)
        assert states(office) == {"a": "absent", "b": "ready"}
        assert any("area a" in problem for problem in office.world.ctl("status")["problems"])
        # Whether an old request lies in the area that is away, nobody knows; a new one is not taken for it.
        later = submit(office, range(804, 806))
        office.world.stop_appliance()
        office.world.start_appliance()
        check_nothing_lost(office, told | later, {"outcome-unknown"})


@pytest.mark.parametrize("error", ["EIO", pytest.param("ENOSPC", marks=LONG)])
def test_an_area_whose_file_cannot_be_opened_any_more_is_out_of_use(furnished: World, error: str) -> None:
    """A check and a question open the file once more while the appliance runs."""
    need_strace()
    with an_office(furnished) as office:
        told = submit(office, range(860, 864))
        database = office.world.data / "a" / "area.sqlite"
        with injected(office.world.appliance_pid, "openat", f"error={error}", database):
            findings = office.told("verify")
        assert states(office) == {"a": "fenced", "b": "ready"}
        assert any("area a" in finding["sentence"] for finding in findings)
        assert any("area a" in problem for problem in office.world.ctl("status")["problems"])
        later = submit(office, range(864, 866))
        assert all(len(job) == 32 for job in later.values()), later
        check_nothing_lost(office, told | later, set())


@LONG
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_mark_that_cannot_be_taken_away_speaks_of_a_power_loss(furnished: World, error: str) -> None:
    need_strace()
    with an_office(furnished) as office:
        submit(office, [900])
        office.world.stop_appliance()
        start_traced(office, "unlink", f"error={error}", office.world.data / "a" / "ended-in-order")
        assert [job["reasons"][0] for job in office.world.ctl("jobs")] == ["power-loss"]


@LONG
def test_slow_syncs_lose_nothing(furnished: World) -> None:
    need_strace()
    with an_office(furnished) as office:
        with injected(office.world.appliance_pid, "fdatasync", "delay_enter=100000", wal(office)):
            told = submit(office, range(950, 958))
        assert set(states(office).values()) == {"ready"}
        check_nothing_lost(office, told, set())


def start_traced(office: Office, call: str, what: str, path: Path) -> None:
    """One start under strace; the next one is as usual."""
    usual = office.world._program
    office.world._program = (*TRACED, call, what, str(path))
    try:
        office.world.start_appliance()
    finally:
        office.world._program = usual
