from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from storage.tables import schema
from tests.crash.day import EMPTY, live_through
from tests.crash.explorer import Explorer
from tests.crash.life import AREAS, Life
from tests.crash.log import Said
from tests.crash.model import Finding, Found, Model
from tests.crash.states import Disk, Image

pytestmark = pytest.mark.timeout(600)
BLOCK = 4096
Files = dict[str, bytes]
Damage = Callable[[Files, random.Random], Files]
"""What becomes of the files of a store."""


@dataclass
class Stores:
    """The disk of a store today and yesterday, and what was known of it then.

    Attributes:
        today: after a power cut that left everything there, with its logs.
        closed: after an orderly end, when all of it is in the databases.
    """

    explorer: Explorer
    asked: dict[str, tuple[str, str]]
    model: Model
    yesterday: Image
    today: Image
    closed: Image

    def look(self, image: Image, files: Files) -> Found:
        return self.explorer.look(image._replace(files=files), self.asked)


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with Explorer() as explorer, explorer.room() as folder:
        life = Life(folder, 1, EMPTY)
        life.begin(Model())
        live_through(life)
        life.upkeep(cut=False)
        yesterday = len(life.log.entries)
        live_through(life)
        life.accept(700, 7000)
        life.upkeep(cut=False)
        today = len(life.log.entries)
        life.end()
        images, model, disk = {}, Model(), Disk()
        for number, entry in enumerate(life.log.entries, 1):
            if isinstance(entry, Said):
                model.hear(entry.what)
            disk.take(entry)
            images[number] = disk.image(disk.everything()) if number in {yesterday, today} else EMPTY
        closed = disk.image(disk.everything())
        yield Stores(explorer, life.asked, model, images[yesterday], images[today], closed)


def silently_wrong(stores: Stores, found: Found) -> list[Finding]:
    """What is not as it was, and of which the store says nothing."""
    assert found.next_job is None
    if found.problems or any("another" not in why for why in found.unreadable.values()):
        return []
    return list(stores.model.judge(found))


def database(chance: random.Random) -> str:
    return f"{chance.choice(AREAS)}/{schema.DATABASE}"


def changed(files: Files, name: str, at: int, data: bytes) -> Files:
    return {**files, name: files[name][:at] + data + files[name][at + len(data) :]}


def flip_a_bit(files: Files, chance: random.Random) -> Files:
    name = database(chance)
    at = chance.choice([at for at, byte in enumerate(files[name]) if byte])
    return changed(files, name, at, bytes([files[name][at] ^ 1 << chance.randrange(8)]))


def some_block(files: Files, name: str, chance: random.Random) -> int:
    return chance.randrange(len(files[name]) // BLOCK) * BLOCK


def empty_a_block(files: Files, chance: random.Random) -> Files:
    name = database(chance)
    return changed(files, name, some_block(files, name, chance), bytes(BLOCK))


def flip_a_block(files: Files, chance: random.Random) -> Files:
    name = database(chance)
    start = some_block(files, name, chance)
    return changed(files, name, start, bytes(byte ^ 0xFF for byte in files[name][start : start + BLOCK]))


def fill_a_block(files: Files, chance: random.Random) -> Files:
    name = database(chance)
    return changed(files, name, some_block(files, name, chance), chance.randbytes(BLOCK))


def repeat_a_block(files: Files, chance: random.Random) -> Files:
    name = database(chance)
    start = some_block(files, name, chance)
    return changed(files, name, some_block(files, name, chance), files[name][start : start + BLOCK])


def take_a_block_of_the_other_area(files: Files, chance: random.Random) -> Files:
    one, other = (f"{area}/{schema.DATABASE}" for area in chance.sample(AREAS, 2))
    start = some_block(files, one, chance)
    return changed(files, one, start, files[other][start : start + BLOCK])


def cut_a_file(files: Files, chance: random.Random) -> Files:
    name = database(chance)
    return {**files, name: files[name][: chance.randrange(1, len(files[name]))]}


def exchange_databases(files: Files, _chance: random.Random) -> Files:
    one, other = (f"{area}/{schema.DATABASE}" for area in AREAS)
    return {**files, one: files[other], other: files[one]}


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        flip_a_block,
        empty_a_block,
        fill_a_block,
        repeat_a_block,
        take_a_block_of_the_other_area,
        cut_a_file,
        exchange_databases,
    ],
)
def test_what_a_damaged_database_says_is_true_or_reported(stores: Stores, damage: Damage, seed: int) -> None:
    chance = random.Random(seed)
    reported = 0
    for _ in range(30):
        files = damage(stores.closed.files, chance)
        found = stores.look(stores.closed, files)
        assert silently_wrong(stores, found) == []
        reported += bool(found.problems)
    assert reported > 0, "nothing was damaged"


def test_the_same_disk_undamaged_is_as_it_was(stores: Stores) -> None:
    for image in (stores.closed, stores.today):
        found = stores.look(image, image.files)
        assert found.problems == []
        assert list(stores.model.judge(found)) == []


def test_blocks_copied_back_from_yesterday_are_reported_or_change_nothing(stores: Stores, seed: int) -> None:
    chance, reported = random.Random(seed), 0
    for _ in range(30):
        name = database(chance)
        old = stores.yesterday.files[name]
        start = chance.randrange(len(old) // BLOCK) * BLOCK
        found = stores.look(stores.closed, changed(stores.closed.files, name, start, old[start : start + BLOCK]))
        assert silently_wrong(stores, found) == []
        reported += bool(found.problems)
    assert reported > 0, "every block is as it was yesterday"


def test_logs_exchanged_between_areas_are_reported_or_make_nothing_false(stores: Stores) -> None:
    one, other = (f"{area}/{schema.DATABASE}-wal" for area in AREAS)
    files = stores.today.files
    found = stores.look(stores.today, {**files, one: files[other], other: files[one]})
    assert found.problems
    assert found.next_job is None
    assert found.jobs.keys() <= stores.asked.keys()


@pytest.mark.parametrize("damage", [flip_a_bit, cut_a_file, fill_a_block])
def test_a_damaged_log_makes_no_job_another_one(stores: Stores, damage: Damage, seed: int) -> None:
    """Commits behind the damage are gone; what is left is what once was true, or reported."""
    chance = random.Random(seed)
    logs = {name.removesuffix("-wal"): data for name, data in stores.today.files.items() if name.endswith("-wal")}
    for _ in range(30):
        damaged = {f"{name}-wal": data for name, data in damage(logs, chance).items()}
        found = stores.look(stores.today, {**stores.today.files, **damaged})
        assert not {why for why in found.unreadable.values() if "another" in why}
        assert found.jobs.keys() <= stores.asked.keys()
        assert found.next_job is None


def test_a_database_of_another_day_beside_the_log_of_today_is_reported_or_true(stores: Stores) -> None:
    for area in AREAS:
        name = f"{area}/{schema.DATABASE}"
        for image, other in ((stores.today, stores.yesterday), (stores.yesterday, stores.today)):
            found = stores.look(image, {**image.files, name: other.files[name]})
            assert not {why for why in found.unreadable.values() if "another" in why}
            assert found.next_job is None


def of_area(image: Image, area: str) -> Files:
    return {name: data for name, data in image.files.items() if name.startswith(f"{area}/")}


@pytest.mark.parametrize("area", AREAS)
def test_an_area_put_back_to_yesterday_is_reported_by_the_other_one(stores: Stores, area: str) -> None:
    kept = {name: data for name, data in stores.today.files.items() if name not in of_area(stores.today, area)}
    found = stores.look(stores.today, {**kept, **of_area(stores.yesterday, area)})
    assert any(f"area {area}" in problem for problem in found.problems), found.problems
    assert found.next_job is None


def test_an_area_that_lost_its_log_is_reported_by_the_other_one(stores: Stores) -> None:
    reported = 0
    for area in AREAS:
        files = dict(stores.today.files)
        del files[f"{area}/{schema.DATABASE}-wal"]
        found = stores.look(stores.today, files)
        # A log may hold nothing but what its area remembers of the other one.
        assert silently_wrong(stores, found) == []
        reported += any(f"area {area}" in problem for problem in found.problems)
    assert reported > 0
