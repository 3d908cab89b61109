from __future__ import annotations

import random

import pytest

from tests.crash.log import Log, Write
from tests.crash.states import SECTOR, SUBSETS, Disk, Image


def disk_of(log: Log) -> Disk:
    disk = Disk()
    for entry in log.entries:
        disk.take(entry)
    return disk


def images_of(log: Log) -> list[Image]:
    disk = disk_of(log)
    return [disk.image(survivors) for survivors in disk.states(random.Random(1))]


@pytest.fixture
def log() -> Log:
    """A disk with one file, named and synced."""
    one = Log()
    one.start_with([], {"file": b"old"})
    return one


def contents(log: Log) -> set[bytes | None]:
    return {image.files.get("file") for image in images_of(log)}


def test_what_was_synced_is_in_every_state(log: Log) -> None:
    assert contents(log) == {b"old"}
    log.add(Write(log.node("file"), 0, b"new"))
    log.sync("file")
    assert contents(log) == {b"new"}


def test_writes_that_were_not_synced_may_be_there_one_without_the_other(log: Log) -> None:
    log.add(Write(log.node("file"), 0, b"A"), Write(log.node("file"), 4, b"B"))
    assert contents(log) == {b"old", b"Ald", b"old\0B", b"Ald\0B"}


def test_a_sync_of_a_file_says_nothing_of_its_name_or_of_another_file(log: Log) -> None:
    log.make("other")
    log.add(Write(log.node("other"), 0, b"x"), Write(log.node("file"), 0, b"new"))
    log.sync("other")
    assert {image.files.get("other") for image in images_of(log)} == {None, b"x"}
    assert contents(log) == {b"old", b"new"}
    log.sync("")
    assert {image.files.get("other") for image in images_of(log)} == {b"x"}


def test_a_write_is_torn_at_sectors_only(log: Log) -> None:
    data = b"1" * 100 + b"2" * SECTOR + b"3" * 100
    log.add(Write(log.node("file"), SECTOR - 100, data))
    whole = b"old" + bytes(SECTOR - 103) + data
    sectors = [range(SECTOR - 100, SECTOR), range(SECTOR, 2 * SECTOR), range(2 * SECTOR, 2 * SECTOR + 100)]
    found = contents(log)
    assert len(found) > 2
    for content in found - {b"old"}:
        assert content is not None
        for sector in sectors:
            there = content[sector.start : sector.stop]
            assert there in {whole[sector.start : sector.stop], bytes(len(there))}


def test_a_renamed_file_has_one_name_or_the_other(log: Log) -> None:
    log.rename("file", "new")
    assert {tuple(image.files) for image in images_of(log)} == {("file",), ("new",)}


def test_a_file_that_was_removed_may_still_be_there(log: Log) -> None:
    log.remove("file")
    assert {tuple(image.files) for image in images_of(log)} == {("file",), ()}


def test_what_lies_in_a_folder_without_a_name_is_gone(log: Log) -> None:
    log.make("folder", folder=True)
    log.make("folder/in")
    log.sync("folder")
    assert {(image.folders, *image.files) for image in images_of(log)} == {
        ((), "file"),
        (("folder",), "file", "folder/in"),
    }


def test_states_are_as_many_as_are_counted(log: Log) -> None:
    for size in (1, 10, 2000):
        log.add(Write(log.node("file"), 0, bytes(size)))
    log.make("other")
    disk = disk_of(log)
    assert disk.count() == len(list(disk.states(random.Random(1)))) == 2 + 4 + 1 + 2 * SUBSETS


def test_equal_contents_have_equal_keys_and_others_have_not(log: Log) -> None:
    log.add(Write(log.node("file"), 0, b"new"))
    log.make("other")
    images = images_of(log)
    by_key = {image.key: (image.folders, tuple(image.files.items())) for image in images}
    assert all(by_key[image.key] == (image.folders, tuple(image.files.items())) for image in images)
    assert len(by_key) == len(set(by_key.values())) > 2
