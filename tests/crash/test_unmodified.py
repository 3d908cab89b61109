from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from demo.world import World
from storage.crypto.keys import ApplianceKey
from storage.files import sync_folder
from tests.crash.explorer import MEMORY, Explored
from tests.crash.life import put
from tests.crash.load import STATE, Heard, work
from tests.crash.log import Entry, Said
from tests.crash.model import Fault
from tests.crash.mounts import Logged, logged, looped, make_ext4
from tests.crash.states import Disk, Image, Survivors
from tests.needed import need, need_fuse
from tests.scenarios.office import Office

pytestmark = pytest.mark.timeout(3600)

Layer = Callable[[Path], AbstractContextManager[Logged]]
"""Mounts the data folder of the world in a folder."""
Unpack = Callable[[Image, Path], AbstractContextManager[Path]]
"""The data folder as a disk has it, below a folder that is empty."""
WITHOUT_SYNC = {"LD_PRELOAD": "libeatmydata.so"}


@contextmanager
def files(folder: Path) -> Iterator[Logged]:
    """The data folder itself is logged."""
    with logged(folder / "data", folder / "log") as disk:
        yield disk


@contextmanager
def blocks(folder: Path) -> Iterator[Logged]:
    """The data folder is ext4 on a disk that is logged."""
    with logged(folder / "disk", folder / "log") as disk:
        image = disk.folder / "image"
        make_ext4(image)
        # A disk is there whatever was written to it.
        sync_folder(disk.folder)
        with looped(image, folder / "data"):
            yield disk


@contextmanager
def unpack_files(image: Image, folder: Path) -> Iterator[Path]:
    put(image, folder)
    yield folder


@contextmanager
def unpack_blocks(image: Image, folder: Path) -> Iterator[Path]:
    put(image, folder)
    with looped(folder / "image", folder / "mounted") as mounted:
        yield mounted


def run(furnished: World, layer: Layer, **settings: int) -> tuple[list[Entry], ApplianceKey]:
    """An appliance at work on a disk that is logged, from the first boot to its death; the log and its key."""
    with TemporaryDirectory(prefix="pb-") as name, World(folder := Path(name)) as world, layer(folder) as disk:
        office = office_like(furnished, world)
        office.open()
        disk.say(ready=True)
        work(office, disk.say, **settings)
        entries = disk.entries()
        world.kill_appliance()
        return entries, key_of(world)


def office_like(furnished: World, world: World) -> Office:
    """An office in a new world, with all that its appliance keeps in the world's data folder."""
    world.build_like(furnished)
    world.state = world.data / STATE
    return Office(world)


def key_of(world: World) -> ApplianceKey:
    return ApplianceKey.from_file((world.config_file.parent / "appliance.key").read_bytes())


def explore(entries: list[Entry], key: ApplianceKey, unpack: Unpack, images: int, seed: int) -> Explored:
    """Start on so many disks that a power cut could have left."""
    explored, chance, heard, disk = Explored(), random.Random(seed), Heard(), Disk()
    first = next(number for number, entry in enumerate(entries) if entry == Said({"ready": True}))
    moments = sorted(chance.choices(range(first, len(entries)), k=images))
    for number, entry in enumerate(entries):
        disk.take(entry)
        if isinstance(entry, Said):
            heard.hear(entry.what)
        for _ in range(moments.count(number)):
            image = disk.image(a_state(disk, chance))
            with TemporaryDirectory(prefix="pb-", dir=MEMORY) as folder, unpack(image, Path(folder)) as data:
                explored.note(list(heard.judge(data, key)), f"after entry {number}")
            explored.states += 1
            explored.images += 1
            explored.jobs += len(heard.accepted)
    return explored


def a_state(disk: Disk, chance: random.Random) -> Survivors:
    return next(itertools.islice(disk.states(chance), chance.randrange(disk.count()), None))


LAYERS = pytest.mark.parametrize(
    ("layer", "unpack"), [(files, unpack_files), (blocks, unpack_blocks)], ids=["files", "blocks"]
)


def test_a_killed_appliance_leaves_all_that_it_is_judged_by(furnished: World) -> None:
    heard = Heard()
    with TemporaryDirectory(prefix="pb-") as name, World(Path(name)) as world:
        office = office_like(furnished, world)
        office.open()
        work(office, lambda **what: heard.hear(what), jobs=4, prints=1)
        world.kill_appliance()
        assert len(heard.accepted) == 4
        assert list(heard.judge(world.data, key_of(world))) == []
        shutil.rmtree(world.state)
        [finding] = heard.judge(world.data, key_of(world))
        assert (finding.fault, "it is missing" in finding.what) == (Fault.UNREADABLE, True)


@pytest.mark.soak
@LAYERS
def test_no_disk_that_a_power_cut_leaves_loses_or_repeats_anything(
    furnished: World, layer: Layer, unpack: Unpack, images: int, seed: int
) -> None:
    need_fuse()
    need("mkfs.ext4", "losetup")
    entries, key = run(furnished, layer, jobs=60, prints=6)
    explored = explore(entries, key, unpack, images, seed)
    print(f"seed {seed}, {len(entries)} entries: {explored}")
    assert explored.findings == []
    assert explored.jobs > images


@pytest.mark.soak
@LAYERS
def test_an_appliance_whose_syncs_do_nothing_loses_what_it_acknowledged(
    furnished: World, layer: Layer, unpack: Unpack, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_fuse()
    need("mkfs.ext4", "losetup", "eatmydata")
    for name, value in WITHOUT_SYNC.items():
        monkeypatch.setenv(name, value)
    entries, key = run(furnished, layer, jobs=30, prints=2)
    explored = explore(entries, key, unpack, 20, seed)
    print(f"seed {seed}, {len(entries)} entries: {explored}")
    assert explored.faults[Fault.LOST] > 0


@pytest.mark.soak
def test_an_appliance_starts_on_a_disk_that_a_power_cut_left(furnished: World, seed: int) -> None:
    need_fuse()
    entries, _ = run(furnished, files, jobs=20, prints=2)
    disk, heard = Disk(), Heard()
    for entry in entries:
        disk.take(entry)
        if isinstance(entry, Said):
            heard.hear(entry.what)
    with TemporaryDirectory(prefix="pb-") as name, World(folder := Path(name)) as world:
        office = office_like(furnished, world)
        shutil.rmtree(world.data)
        world.data.mkdir()
        put(disk.image(a_state(disk, random.Random(seed))), folder / "data")
        office.open()
        assert world.ctl("verify") == []
        assert "mark-unusable" not in world.log_file.read_text()
        asked_about = {question["job"]["job"] for question in office.questions()}
        assert asked_about == set(heard.accepted.values()) - heard.ended.keys()
