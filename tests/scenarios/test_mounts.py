"""Areas on file systems of their own, which are not what they were when the power comes back."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from client.connection import TerminalClient
from demo.world import World
from drivers.simulator.faults import Now, Target
from passbook.errors import PassbookError
from tests.crash.mounts import looped, make_ext4
from tests.needed import need
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal
from tests.scenarios.door import request
from tests.scenarios.office import Office, of_the_store

MORE: Final = """
[[area]]
name = "{name}"
path = "{path}"
quota = "40 MiB"
"""


@pytest.fixture
def mounts(tmp_path: Path) -> None:
    """Skip where nothing can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("this machine lets only root mount file systems")
    need("mount", "mkfs.ext4", "losetup")
    make_ext4(tmp_path / "probe")
    command = ["mount", "-o", "loop", "-t", "ext4", str(tmp_path / "probe"), str(tmp_path)]
    probe = subprocess.run(command, capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"this machine lets no file system be mounted: {probe.stderr.strip()}")
    subprocess.run(["umount", str(tmp_path)], check=True)


@contextmanager
def in_memory(folder: Path) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        (folder / "more").write_bytes(bytes(4096))
    (folder / "more").unlink()
    try:
        yield
    finally:
        filler.unlink()


def submit(office: Office, number: str, *, first: bool = False) -> str:
    job = request(office, Statement(730, 3).csv(), client_request=number, first=first)
    return as_terminal(office.counter, lambda client: client.submit(job)).job


def states(office: Office) -> dict[str, str]:
    """Area -> state."""
    return {area["name"]: area["state"] for area in office.told("areas")}


def jobs(office: Office) -> set[str]:
    return {one["job"] for one in office.told("jobs")}


@pytest.mark.long
@pytest.mark.usefixtures("mounts")
def test_with_one_area_read_only_one_full_and_one_absent_the_appliance_starts_with_what_is_left_and_says_so(
    furnished: World,
) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pb-")))
        world = World(folder)
        world.build_like(furnished)
        make_ext4(folder / "image")
        absent = stack.enter_context(ExitStack())
        absent.enter_context(looped(folder / "image", world.data / "d"))
        for name in ("b", "c"):
            stack.enter_context(in_memory(world.data / name))
        # Its processes end before anything is unmounted.
        stack.enter_context(world)
        office = Office(world)
        office.open("".join(MORE.format(name=name, path=world.data / name) for name in ("c", "d")), "40 MiB")
        office.hands.cut(Target.PRINTER, Now())
        before = {number: submit(office, f"r-{number}") for number in range(8)}
        assert {area["name"]: area["records"] for area in office.told("areas")} == dict.fromkeys("abcd", 2)
        world.kill_appliance()

        absent.close()
        with read_only(world.data / "b"), full(world.data / "c"):
            world.start_appliance()
            found = states(office)
            problems = of_the_store(as_terminal(office.manager, TerminalClient.status).problems)
            assert found == {"a": "ready", "b": "absent", "c": found["c"], "d": "absent"}
            assert [name for name in "abcd" if any(f"area {name}" in one for one in problems)] == ["b", "c", "d"]
            assert len(problems) == 3
            assert jobs(office) <= set(before.values())
            assert not any(one["valid"] for one in office.told("jobs"))
            # What can be accepted goes where it has room, and is not tried where it has none.
            kept = {area["name"]: area["records"] for area in office.told("areas")}
            more = {submit(office, f"new-{number}", first=True) for number in range(4)}
            assert {area["name"]: area["records"] for area in office.told("areas")} == kept | {"a": kept["a"] + 4}
            world.kill_appliance()
        with looped(folder / "image", world.data / "d"):
            world.start_appliance()
            assert set(states(office).values()) == {"ready"}
            assert of_the_store(as_terminal(office.manager, TerminalClient.status).problems) == []
            assert jobs(office) == {*before.values(), *more}
            assert {number: submit(office, f"r-{number}") for number in before} == before
            assert office.told("verify") == []
            world.stop_appliance()


@pytest.mark.usefixtures("mounts")
def test_an_area_that_another_file_system_covers_is_fenced_and_the_other_one_serves(furnished: World) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pb-")))
        world = World(folder)
        world.build_like(furnished)
        stack.enter_context(world)
        office = Office(world)
        office.open()
        office.hands.cut(Target.PRINTER, Now())
        before = {f"r-{number}": submit(office, f"r-{number}") for number in range(4)}
        with in_memory(world.data / "a"):
            more = set()
            for number in range(4):
                # One of them finds at its commit that the log is away, unless the area was looked at before.
                with suppress(PassbookError):
                    more.add(submit(office, f"new-{number}", first=True))
            assert len(more) >= 3
            # New jobs go where there is room, so that perhaps none of them touched it; a change of its own jobs does.
            for job in before.values():
                with suppress(PassbookError):
                    as_terminal(office.manager, partial(TerminalClient.hold, job=job, person="Rita"))
            assert states(office) == {"a": "fenced", "b": "ready"}
            [problem] = of_the_store(as_terminal(office.manager, TerminalClient.status).problems)
            assert "area a" in problem
            assert list((world.data / "a").iterdir()) == []
            world.kill_appliance()
        world.start_appliance()
        assert jobs(office) >= {*before.values(), *more}
        assert office.told("verify") == []
        world.stop_appliance()
