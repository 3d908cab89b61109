"""Damage of every kind that somebody with the disk, and without the key, can do: each is found and named by a check."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from storage.admission import Ticket
from storage.area.area import AreaSettings
from tests.storage.store import AT, QUOTA, Store, found_offline, seeded

pytestmark = pytest.mark.slow

DAY, LATER = "2026-03-02T06:00:00.000+00:00", "2026-03-03T06:00:00.000+00:00"
NEVER = "0001-01-01T00:00:00.000+00:00"

Damage = Callable[[Path], None]
"""Done to a closed store; the folder `yesterday` beside its areas is a copy of area a before the last changes."""


def in_area(sql: str) -> Damage:
    """A change of area a's database."""

    def damage(folder: Path) -> None:
        connection = apsw.Connection(str(folder / "a" / "area.sqlite"))
        connection.execute(sql)
        connection.close()

    return damage


def rolled_back(folder: Path) -> None:
    shutil.rmtree(folder / "a")
    shutil.copytree(folder / "yesterday", folder / "a")


def exchange_areas(folder: Path) -> None:
    (folder / "a").rename(folder / "c")
    (folder / "b").rename(folder / "a")
    (folder / "c").rename(folder / "b")


def cut_file(folder: Path) -> None:
    path = folder / "a" / "area.sqlite"
    path.write_bytes(path.read_bytes()[:-8192])


def flip_in_page(folder: Path) -> None:
    path = folder / "a" / "area.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 : 4096 + 8] = b"\xff" * 8
    path.write_bytes(data)


def take_away(folder: Path) -> None:
    (folder / "a" / "area.sqlite").unlink()


@dataclass(frozen=True)
class Planted:
    """One damage and the only finding that it may lead to: its code and facts of it."""

    damage: Damage
    code: str
    facts: tuple[tuple[str, str | int], ...] = (("area", "a"),)


def history(sql: str, entry: int) -> Planted:
    return Planted(in_area(sql), "history-broken", (("area", "a"), ("entry", entry)))


def record(sql: str) -> Planted:
    return Planted(in_area(sql), "record-quarantined")


def altered(sql: str, why: str) -> Planted:
    return Planted(in_area(sql), "area-altered", (("area", "a"), ("why", why)))


TAIL_CUT = """
DELETE FROM history WHERE n = 7;
UPDATE head SET entries = 6, chain = (SELECT chain FROM history WHERE n = 6)
"""
REORDERED = """
UPDATE history SET n = 100 WHERE n = 5; UPDATE history SET n = 5 WHERE n = 6; UPDATE history SET n = 6 WHERE n = 100
"""
EXCHANGED_CONTENT = """
UPDATE document SET sequence = -1 WHERE sequence = (SELECT max(sequence) FROM job);
UPDATE document SET sequence = (SELECT max(sequence) FROM job) WHERE sequence = (SELECT min(sequence) FROM job);
UPDATE document SET sequence = (SELECT min(sequence) FROM job) WHERE sequence = -1
"""
PLANTED = {
    "an entry edited": history("UPDATE history SET entry = replace(entry, 'Okafor', 'Nobody') WHERE n = 5", 5),
    "an entry dropped": history("DELETE FROM history WHERE n = 5", 5),
    "two entries exchanged": history(REORDERED, 5),
    "the tail cut and the head rewritten": history(TAIL_CUT, 0),
    "the tail cut": history("DELETE FROM history WHERE n = 7", 7),
    "an entry added": history("INSERT INTO history SELECT 8, entry, chain FROM history WHERE n = 7", 8),
    "the beginning cut without a mark": history("DELETE FROM history WHERE n < 5; DELETE FROM history_mark", 1),
    "the beginning cut at a true mark": history(
        "DELETE FROM history WHERE n < 5; DELETE FROM history_mark WHERE entries < 4", 1
    ),
    "the beginning cut at a mark made a cut": history(
        "DELETE FROM history WHERE n < 5; DELETE FROM history_mark WHERE entries < 4; UPDATE history_mark SET cut = 1",
        4,
    ),
    "a mark edited": history("UPDATE history_mark SET at = '2000-01-01' WHERE cut = 0", 4),
    "the cut edited": history("UPDATE history_mark SET chain = zeroblob(32) WHERE cut = 1", 2),
    "a memory edited": Planted(
        in_area("UPDATE peer_head SET sequence = 0"), "memory-altered", (("area", "a"), ("other", "b"))
    ),
    "the area put back to yesterday": Planted(rolled_back, "area-rolled-back", (("area", "a"), ("by", "b"))),
    "a row edited": record("UPDATE job SET priority = 99 WHERE sequence = (SELECT min(sequence) FROM job)"),
    "a record edited": record(
        "UPDATE job SET record = CAST(replace(CAST(record AS TEXT), 'teller-1', 'teller-9') AS BLOB) "
        "WHERE sequence = (SELECT min(sequence) FROM job)"
    ),
    "an ended row edited": record(
        "UPDATE ended SET ended_at = '2000' WHERE sequence = (SELECT min(sequence) FROM ended)"
    ),
    "a job made to look unacknowledged or not": record(
        "UPDATE ended SET acknowledged = 1 - acknowledged WHERE sequence = (SELECT min(sequence) FROM ended)"
    ),
    "a row set aside earlier": record(
        "INSERT INTO quarantine SELECT sequence, 'job', job_id, requester, request_id, version, record, wraps, "
        "content_mac, sealed_mac, mac FROM job ORDER BY sequence LIMIT 1; "
        "DELETE FROM job WHERE sequence IN (SELECT sequence FROM quarantine)"
    ),
    "sealed bytes edited": record(
        "UPDATE sealed SET plan = zeroblob(60) WHERE sequence = (SELECT min(sequence) FROM job)"
    ),
    "a trigger planted": altered(
        "CREATE TRIGGER sly AFTER UPDATE ON job BEGIN DELETE FROM history_mark; END", "trigger sly was added"
    ),
    "a view planted": altered("CREATE VIEW sly AS SELECT * FROM job", "view sly was added"),
    "a table added": altered("CREATE TABLE sly (x)", "table sly was added"),
    "an index added": altered("CREATE INDEX sly ON job (job_id)", "index sly was added"),
    "an index taken away": altered("DROP INDEX ended_request", "index ended_request is missing"),
    "an index made another": altered(
        "DROP INDEX job_next; CREATE INDEX job_next ON job (printer)", "index job_next is another"
    ),
    "a table taken away": altered("DROP TABLE counter", "table counter is missing"),
    "the table that names the area taken away": altered("DROP TABLE area", "table area is missing"),
    "a table made another": altered("ALTER TABLE job ADD COLUMN sly TEXT", "table job is another"),
    "a view in place of a table": altered(
        "ALTER TABLE quarantine RENAME TO sly; CREATE VIEW quarantine AS SELECT * FROM sly",
        "table quarantine is missing; index quarantine_job is another; index quarantine_request is another; "
        "table sly was added; view quarantine was added",
    ),
    "the file cut off": Planted(cut_file, "area-fenced"),
    "a page overwritten": Planted(flip_in_page, "area-fenced"),
    "the database taken away": Planted(take_away, "area-absent"),
}


@pytest.fixture
def sound(store: Store) -> Store:
    """A closed store: area a had seven ends, of which two were cut off at a mark; another mark is at the fourth."""
    spool = store.open()
    jobs = [store.accepted(spool, size=4000).job_id for _ in range(20)]
    in_a = iter([job for job in jobs if spool._area_of(job).name == "a"])

    def end(count: int) -> None:
        for job in itertools.islice(in_a, count):
            spool.change(job, changes.cancel(AT, "t", "Ms Okafor")).result(timeout=30)

    end(2)
    spool.upkeep.keep_history(DAY, NEVER)
    end(2)
    spool.upkeep.keep_history(LATER, NEVER)
    shutil.copytree(store.folder / "a", store.folder / "yesterday")
    end(3)
    assert spool.upkeep.keep_history(LATER, LATER) == 2
    assert len(list(in_a)) > 1
    store.close()
    return store


def offline(store: Store) -> list[PassbookError]:
    areas = [AreaSettings(name, store.folder / name, QUOTA) for name in store.names]
    return found_offline(areas)


def test_a_sound_store_has_no_findings(sound: Store) -> None:
    assert offline(sound) == []
    assert sound.open().verify() == []


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_damage_is_found_in_a_stopped_store(sound: Store, planted: Planted) -> None:
    planted.damage(sound.folder)
    found = offline(sound)
    assert {error.code for error in found} - {"rows-altered"} == {planted.code}
    assert set(planted.facts) <= set(found[0].facts.items())
    assert "b" not in {error.facts["area"] for error in found}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_damage_is_found_by_a_store_that_is_opened_with_it(sound: Store, planted: Planted) -> None:
    planted.damage(sound.folder)
    spool = sound.open()
    found = spool.verify()
    assert planted.code in {error.code for error in found}
    assert "b" not in {error.facts["area"] for error in found}
    # Whatever area a has, the other one goes on, and nothing prints unasked.
    assert {status.name: status.state for status in spool.areas()}["b"] == "ready"
    assert spool.next_valid("pr-1") is None
    assert isinstance(spool.reserve("teller-1", "r-new", b"x", 10, first=True), Ticket)


def test_exchanged_areas_are_found(sound: Store) -> None:
    exchange_areas(sound.folder)
    assert [(error.code, error.facts["area"]) for error in offline(sound)] == [
        ("area-foreign", "a"),
        ("area-foreign", "b"),
    ]


def test_content_exchanged_between_two_jobs_is_found_for_both(sound: Store) -> None:
    in_area(EXCHANGED_CONTENT)(sound.folder)
    assert [error.code for error in offline(sound)] == ["record-quarantined"] * 2


def test_an_area_of_another_appliance_is_found(sound: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other", appliance="branch-18", rng=seeded(7))
    other.open()
    other.close()
    shutil.rmtree(sound.folder / "a")
    shutil.copytree(other.folder / "a", sound.folder / "a")
    assert [error.code for error in offline(sound)] == ["area-foreign"]
    assert [error.code for error in sound.open().problems] == ["area-foreign"]


def test_a_database_without_a_byte_is_said_to_be_empty(sound: Store) -> None:
    for file in (sound.folder / "a").glob("*.sqlite*"):
        file.write_bytes(b"")
    [error] = [error for error in offline(sound) if error.code != "area-rolled-back"]
    assert error.code == "no-area-there"
    assert "has an empty file" in str(error)


MANY = "; ".join(f"CREATE TABLE sly{number} (x)" for number in range(8))


def test_a_finding_about_a_file_that_was_built_over_is_short(sound: Store) -> None:
    in_area(MANY)(sound.folder)
    [error] = offline(sound)
    assert str(error.facts["why"]).endswith("table sly4 was added; and 3 more")


def test_nothing_is_written_to_a_file_with_a_trigger_in_it(sound: Store) -> None:
    in_area("CREATE TRIGGER sly AFTER INSERT ON history BEGIN DELETE FROM counter; END")(sound.folder)
    path = sound.folder / "a" / "area.sqlite"
    before = path.read_bytes()
    assert [error.code for error in sound.open().problems] == ["area-altered"]
    sound.close()
    assert path.read_bytes() == before
    assert not path.with_name("area.sqlite-wal").exists()


def test_a_trigger_that_is_planted_in_an_open_area_fences_it_when_it_is_found(sound: Store) -> None:
    spool = sound.open()
    in_area("CREATE TRIGGER sly AFTER INSERT ON history BEGIN DELETE FROM counter; END")(sound.folder)
    assert {error.code for error in spool.verify()} == {"area-fenced", "area-altered"}
    assert {status.name: status.state for status in spool.areas()} == {"a": "fenced", "b": "ready"}


SIBLINGS = {
    "DELETE FROM peer WHERE name = 'b'": "b is missing, and how far it is is known",
    "UPDATE peer SET area_id = 'none' WHERE name = 'b'": "b is given an id that is none",
    "UPDATE peer SET area_id = hex(zeroblob(16)) WHERE name = 'a'": "a is given the id of another area",
    "UPDATE peer SET area_id = (SELECT area_id FROM area) WHERE name = 'b'": "b is given the id of this area",
    "INSERT INTO peer SELECT 'c', area_id FROM peer WHERE name = 'b'": "two areas are given one id",
    "INSERT INTO peer VALUES (CAST(x'ff' AS TEXT), 'c')": "\ufffd is given an id that is none",
}


@pytest.mark.parametrize("sql", SIBLINGS)
def test_what_an_area_has_noted_of_the_others_is_looked_at(sound: Store, sql: str) -> None:
    in_area(sql)(sound.folder)
    found = [error for error in offline(sound) if error.code == "peers-altered"]
    assert SIBLINGS[sql] in {error.facts["why"] for error in found}
    assert {error.facts["area"] for error in found} == {"a"}
    # The daemon tells of it before it notes them anew.
    spool = sound.open()
    assert "peers-altered" in {error.code for error in (*sound.reported, *spool.problems)}


@pytest.mark.parametrize("sql", ["UPDATE peer SET name = 'ax' WHERE name = 'a'", *SIBLINGS])
def test_what_an_area_has_noted_of_the_others_can_be_taken_as_it_is(sound: Store, sql: str) -> None:
    in_area(sql)(sound.folder)
    sound.open()
    spool = sound.open()
    assert "peers-altered" in {error.code for error in sound.reported}
    if spool.verify():
        assert spool.upkeep.accept_rollback("a")
    assert spool.verify() == []
    sound.reported.clear()
    assert sound.open().verify() == []
    assert sound.reported == []


def test_an_id_that_another_area_does_not_have_is_found(sound: Store) -> None:
    in_area("UPDATE peer SET area_id = lower(hex(zeroblob(16))) WHERE name = 'b'")(sound.folder)
    assert [(error.code, error.facts["area"]) for error in offline(sound)] == [("memory-altered", "a")]
