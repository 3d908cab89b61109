"""A store of another format is left as it is, and one sentence says what to do."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from storage.tables import schema
from tests.storage.store import Store, found_offline, settings

PAGE_OF_FORMAT_2 = """
CREATE TABLE area (area_id TEXT NOT NULL, appliance TEXT NOT NULL, name TEXT NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TABLE row_sum (one INTEGER PRIMARY KEY CHECK (one = 1), changes INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
INSERT INTO area VALUES ('00112233445566778899aabbccddeeff', 'branch-17', 'a', x'00');
"""
OTHERS = [1, 2, 3, 4, schema.STORE_FORMAT + 1]


def contents(store: Store) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in store.folder.rglob("*.sqlite*")}


def as_format(path: Path, number: int, statements: str = "") -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        connection.execute(f"{statements} PRAGMA user_version={number}")


def refused(store: Store, number: int) -> None:
    """Opening and verifying refuse area `a` with one sentence, and leave every byte as it was."""
    before = contents(store)
    spool = store.open()
    [problem] = [one for one in spool.problems if one.facts["area"] == "a"]
    assert problem.code == "area-format"
    assert str(problem) == (
        f"Storage area a has format {number}, and this version reads format 5 only. It was left unchanged: "
        "install the version that wrote it, or begin a new store with other, empty folders for areas and state."
    )
    assert [error.code for error in found_offline(settings(store.folder, "a"))] == ["area-format"]
    store.close()
    assert contents(store) == before | {name: at for name, at in contents(store).items() if "/a/" not in name}


@pytest.mark.parametrize("number", OTHERS)
def test_a_file_of_another_format_is_refused_and_stays_as_it_was(store: Store, number: int) -> None:
    store.accepted(store.open())
    store.close()
    as_format(store.folder / "a" / schema.DATABASE, number)
    refused(store, number)


def test_a_file_that_an_earlier_version_built_is_refused_by_its_number_and_not_by_its_tables(store: Store) -> None:
    folder = store.folder / "a"
    folder.mkdir(parents=True)
    as_format(folder / schema.DATABASE, 2, PAGE_OF_FORMAT_2)
    refused(store, 2)


def test_where_every_area_is_of_an_earlier_format_nothing_is_made_beside_them(store: Store) -> None:
    store.open()
    store.close()
    for name in store.names:
        as_format(store.folder / name / schema.DATABASE, 2)
    before = contents(store)
    spool = store.open()
    assert [error.code for error in spool.problems] == ["area-format", "area-format"]
    assert not spool.is_usable()
    store.close()
    assert contents(store) == before
