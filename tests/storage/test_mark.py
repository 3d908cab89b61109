"""The mark outside the areas: it knows that there was a store, and what refused an area, whatever else is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from passbook.errors import PassbookError
from passbook.job.states import Reason
from storage import files
from storage.area import opening
from storage.area.area import AreaSettings
from storage.mark import FILE, MOST_MARK_BYTES, Witness
from storage.spool import Spool
from storage.tables.peers import Extent, PeerMemory
from tests.storage.store import APPLIANCE, AT, Store, raised_by, seeded
from tests.storage.test_peers import both_put_back, busy, edit, keep_copy, rolled_back

ROLLED_BACK = "area-rolled-back"
PROJECT = Path(__file__).parents[2]


def codes(spool: Spool) -> list[str]:
    return [error.code for error in spool.problems]


def mark(store: Store) -> Path:
    return store.folder / "state" / FILE


def empty(store: Store, *names: str) -> None:
    """Other disks, on which nothing is, are mounted where these areas were."""
    store.close()
    for name in names:
        shutil.rmtree(store.folder / name)
        (store.folder / name).mkdir()


def right_disk(store: Store, name: str) -> Path:
    """A copy of an area as it is now."""
    store.close()
    return Path(shutil.copytree(store.folder / name, store.folder / f"right-{name}"))


def break_file(store: Store, name: str) -> None:
    store.close()
    os.truncate(store.folder / name / "area.sqlite", 5000)


@pytest.fixture
def old(store: Store) -> Path:
    """Area a as it was before some jobs were accepted, half of them into it."""
    busy(store, store.open())
    copy = keep_copy(store)
    busy(store, store.open())
    store.close()
    return copy


def test_the_mark_is_private_and_says_nothing_of_jobs(store: Store) -> None:
    record = store.accepted(store.open())
    store.close()
    assert mark(store).stat().st_mode & 0o777 == files.PRIVATE
    content = mark(store).read_text()
    assert APPLIANCE in content
    assert record.requester not in content
    assert record.job_id not in content


def test_all_areas_missing_at_once_are_no_new_store(store: Store) -> None:
    busy(store, store.open())
    empty(store, "a", "b")
    for _ in range(2):
        spool = store.open()
        assert codes(spool) == ["area-absent", "area-absent"]
        assert not spool.is_usable()
        assert [list((store.folder / name).iterdir()) for name in ("a", "b")] == [[], []]
    store.names = ("c", "d")
    spool = store.open()
    assert codes(spool) == ["area-not-made", "area-not-made"], "nor under other names"
    assert not (store.folder / "c").exists()


def test_an_operators_word_makes_a_new_store(store: Store) -> None:
    busy(store, store.open())
    empty(store, "a", "b")
    spool = store.open()
    spool.accept_new_store()
    assert spool.reopen(Reason.POWER_LOSS, AT).failed == {}
    assert spool.problems == ()
    assert store.accepted(spool, request_id="new").valid
    store.reported.clear()
    assert store.open().verify() == []
    assert store.reported == []


def test_the_word_about_a_new_store_counts_only_where_nothing_of_the_old_one_is_left(store: Store, old: Path) -> None:
    with pytest.raises(PassbookError, match="storage area a is ready"):
        store.open().accept_new_store()
    rolled_back(store, old)
    empty(store, "b")
    spool = store.open()
    assert codes(spool) == ["area-absent"], "what a was is not known by anybody"
    break_file(store, "a")
    spool = store.open()
    assert set(codes(spool)) == {"area-absent", "area-fenced"}
    with pytest.raises(PassbookError, match=r"storage area a is not missing \(area-fenced\)"):
        spool.accept_new_store()


def test_an_area_stays_refused_when_its_witness_breaks(store: Store, old: Path) -> None:
    rolled_back(store, old)
    spool = store.open()
    [refused] = spool.problems
    assert refused.code == ROLLED_BACK
    break_file(store, "b")
    for _ in range(2):
        spool = store.open()
        assert sorted(codes(spool)) == ["area-fenced", ROLLED_BACK]
        assert str(refused) in map(str, spool.problems)
        assert raised_by(lambda: spool.accept_closed("a")) == "areas-not-asked"  # noqa: B023
    # The one that knew better is lost for good, and the operator says so.
    store.names = ("a", "c")
    spool = store.open()
    assert codes(spool) == [ROLLED_BACK, "area-not-made"]
    spool.accept_closed("a")
    assert spool.reopen(Reason.POWER_LOSS, AT).failed == {}
    spool.upkeep.settle()
    assert spool.problems == ()
    assert {record.reasons for record in spool.questions()} == {(Reason.ROLLED_BACK,)}
    assert store.open().problems == ()


def test_the_right_disk_is_welcome_though_another_one_was_refused_in_its_place(store: Store, old: Path) -> None:
    right = right_disk(store, "a")
    rolled_back(store, old)
    assert codes(store.open()) == [ROLLED_BACK]
    rolled_back(store, right)
    spool = store.open()
    assert spool.problems == ()
    assert all(Reason.ROLLED_BACK not in record.reasons for record in spool.questions())


def test_the_right_disk_is_welcome_also_when_the_witness_broke(store: Store, old: Path) -> None:
    right = right_disk(store, "a")
    rolled_back(store, old)
    assert codes(store.open()) == [ROLLED_BACK]
    break_file(store, "b")
    rolled_back(store, right)
    assert codes(store.open()) == ["area-fenced"]


def test_an_area_that_was_accepted_says_so_also_when_a_start_is_cut_off_before_it_is_used(
    store: Store, old: Path
) -> None:
    rolled_back(store, old)
    spool = store.open()
    spool.upkeep.accept_rollback("a")
    store.close()
    store.open(power_on=False)
    empty(store, "b")
    spool = store.open()
    assert codes(spool) == ["area-absent"]
    assert {record.reasons for record in spool.questions()} == {(Reason.ROLLED_BACK,)}


@pytest.mark.parametrize("loss", [break_file, empty])
def test_a_doubt_about_an_area_stays_when_what_raised_it_is_gone(
    store: Store, old: Path, loss: Callable[[Store, str], None]
) -> None:
    """Who put a back also altered what b knew of it, and then b is broken."""
    rolled_back(store, old)
    edit(store, "UPDATE peer_head SET entries = 1 WHERE name = 'a'")
    store.open()
    assert [error.code for error in store.reported] == ["memory-altered"]
    loss(store, "b")
    store.reported.clear()
    spool = store.open()
    assert [error.code for error in store.reported] == ["area-unsure"]
    assert {record.reasons[-1] for record in spool.questions()} == {Reason.ROLLED_BACK}
    assert raised_by(lambda: spool.upkeep.accept_rollback("a")) == "areas-not-asked"
    store.names = ("a", "c")
    spool = store.open()
    assert raised_by(lambda: store.accepted(spool)) == "outcome-unknown"
    assert spool.upkeep.accept_rollback("a")
    assert store.accepted(spool).valid
    store.reported.clear()
    assert store.open().problems == ()
    assert store.reported == []


def test_a_doubt_is_over_when_what_raised_it_is_there_again_unaltered(store: Store) -> None:
    busy(store, store.open())
    edit(store, "UPDATE peer_head SET accepted = 1 WHERE name = 'a'")
    store.open()
    assert [error.code for error in store.reported] == ["memory-altered"]
    edit(store, "UPDATE peer_head SET accepted = 0 WHERE name = 'a'")
    store.reported.clear()
    store.open()
    assert store.reported == []


# The mark itself


def remove(file: Path) -> None:
    file.unlink()


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def exhaust(file: Path) -> None:
    file.write_bytes(b"")


def flip(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"a"', b'"x"'))


def lengthen(file: Path) -> None:
    file.write_bytes(bytes(MOST_MARK_BYTES + 1))


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def link_elsewhere(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "truncated": (truncate, "it was altered"),
    "empty": (exhaust, "it was altered"),
    "altered": (flip, "it was altered"),
    "too long": (lengthen, "it is no file of this program"),
    "a folder": (make_folder, "it is no file of this program"),
    "a pipe": (make_pipe, "it is no file of this program"),
    "a link": (link_elsewhere, "it is no file of this program"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_mark_that_cannot_be_believed_is_told_and_made_anew_when_all_areas_are_there(
    store: Store, damage: str
) -> None:
    spoil, why = DAMAGES[damage]
    busy(store, store.open())
    store.close()
    spoil(mark(store))
    store.reported.clear()
    spool = store.open()
    told, *others = store.reported
    assert told.code == "mark-unusable"
    assert [error.code for error in others] == ["mark-not-written"] * (damage == "a folder")
    assert str(told.facts["why"]).startswith(why)
    assert spool.problems == ()
    store.close()
    if damage == "a folder":
        # Nothing can be put in its place before somebody has taken it away.
        assert mark(store).is_dir()
        mark(store).rmdir()
        store.open()
    store.reported.clear()
    store.open()
    assert store.reported == []
    empty(store, "a", "b")
    assert codes(store.open()) == ["area-absent", "area-absent"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_behind_a_mark_that_cannot_be_believed_no_store_is_made(store: Store, damage: str) -> None:
    busy(store, store.open())
    empty(store, "a", "b")
    DAMAGES[damage][0](mark(store))
    for _ in range(2):
        assert codes(store.open()) == ["area-not-made", "area-not-made"]
        assert "mark-unusable" in [error.code for error in store.reported]
    spool = store.open()
    if damage == "a folder":
        assert raised_by(spool.accept_new_store) == "mark-not-written"
        mark(store).rmdir()
    spool.accept_new_store()
    spool.reopen(Reason.POWER_LOSS, AT)
    assert spool.problems == ()


def test_a_mark_that_cannot_be_believed_stays_while_an_area_is_out_and_nothing_is_sure_meanwhile(
    store: Store, old: Path
) -> None:
    """Who alters it and breaks the witness gets no area back without a word."""
    rolled_back(store, old)
    assert codes(store.open()) == [ROLLED_BACK]
    break_file(store, "b")
    flip(mark(store))
    altered = mark(store).read_bytes()
    for _ in range(2):
        store.reported.clear()
        spool = store.open()
        assert codes(spool) == ["area-fenced"]
        assert {error.code for error in store.reported} >= {"mark-unusable", "area-unsure"}
        assert {record.reasons[-1] for record in spool.questions()} == {Reason.ROLLED_BACK}
        assert mark(store).read_bytes() == altered


def test_a_mark_of_another_appliance_or_key_is_not_believed(store: Store, tmp_path: Path) -> None:
    store.open()
    store.close()
    other = Store(tmp_path / "other", appliance="branch-18")
    other.open()
    other.close()
    shutil.copyfile(mark(other), mark(store))
    store.open()
    assert [error.facts["why"] for error in store.reported] == ["it is of another appliance"]
    store.secret = bytes(32)
    store.reported.clear()
    store.open()
    assert "it was altered or damaged" in str(store.reported[0])


def test_a_mark_that_is_missing_is_made_from_the_areas(store: Store, old: Path) -> None:
    rolled_back(store, old)
    remove(mark(store))
    spool = store.open()
    # What the lost mark may have told of the other area is not known either.
    assert [error.code for error in store.reported] == ["mark-unusable", "area-unsure"]
    assert codes(spool) == [ROLLED_BACK]
    # What refused the area is known by the new one too.
    break_file(store, "b")
    assert set(codes(store.open())) == {"area-fenced", ROLLED_BACK}


def test_without_a_mark_nothing_is_made_beside_an_area_that_cannot_be_asked(store: Store) -> None:
    busy(store, store.open())
    break_file(store, "a")
    empty(store, "b")
    remove(mark(store))
    spool = store.open()
    assert codes(spool) == ["area-fenced", "area-not-made"]


def test_the_first_start_says_nothing_of_a_mark_and_a_new_name_is_simply_made(store: Store) -> None:
    store.open()
    store.names = ("a", "b", "c")
    spool = store.open()
    assert spool.problems == ()
    assert len(spool.areas()) == 3
    assert store.reported == []
    empty(store, "c")
    assert codes(store.open()) == ["area-absent"]


CUT_OFF = """
import os, sys
from pathlib import Path
from storage import files, mark
from tests.storage.store import Store
left = int(sys.argv[2])
def save(*arguments):
    global left
    left -= 1
    if left == 0:
        os._exit(3)
    files.save_file(*arguments)
mark.save_file = save
Store(Path(sys.argv[1])).open()
"""


@pytest.mark.slow
@pytest.mark.parametrize("last", [1, 2, 3])
def test_a_first_start_that_is_cut_off_at_the_mark_is_done_again_without_a_word(store: Store, last: int) -> None:
    """The file is written before each of two areas is made, and once behind both."""
    command = [sys.executable, "-c", CUT_OFF, str(store.folder), str(last)]
    assert subprocess.run(command, cwd=PROJECT, timeout=60, check=False).returncode == 3
    spool = store.open()
    assert spool.problems == ()
    assert store.reported == []


def test_no_area_is_made_where_the_mark_cannot_be_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(file: Path, _data: bytes, _mode: int) -> None:
        raise PassbookError("file-problem", file=str(file), why="No space left on device")

    monkeypatch.setattr("storage.mark.save_file", save)
    spool = store.open()
    assert codes(spool) == ["mark-not-written", "mark-not-written"]
    assert not (store.folder / "a" / "area.sqlite").exists()
    monkeypatch.undo()
    assert store.open().problems == ()


def test_no_area_is_made_where_nobody_can_say_whether_there_is_a_mark(store: Store) -> None:
    (store.folder / "state").touch()
    assert codes(store.open()) == ["area-not-made", "area-not-made"]
    assert {error.code for error in store.reported} == {"mark-unusable"}
    (store.folder / "state").unlink()
    assert store.open().problems == ()


def test_areas_that_are_there_are_used_where_the_mark_cannot_be_written(store: Store) -> None:
    busy(store, store.open())
    store.close()
    shutil.rmtree(store.folder / "state")
    (store.folder / "state").touch()
    spool = store.open()
    assert spool.problems == ()
    assert {error.code for error in store.reported} == {"mark-unusable", "mark-not-written"}
    assert store.accepted(spool).valid


def test_each_of_two_that_refused_each_other_stays_refused_alone(store: Store) -> None:
    both_put_back(store)
    assert codes(store.open()) == [ROLLED_BACK, ROLLED_BACK]
    for name in ("b", "a"):
        store.names = (name,)
        assert codes(store.open()) == [ROLLED_BACK]


def test_the_word_of_a_stranger_in_place_of_an_area_counts_for_nothing(store: Store, tmp_path: Path) -> None:
    busy(store, store.open())
    store.close()
    other = Store(tmp_path / "other", rng=seeded(77))
    busy(other, other.open(), 40)
    other.close()
    shutil.rmtree(store.folder / "b")
    shutil.copytree(other.folder / "b", store.folder / "b")
    spool = store.open()
    assert [(error.code, error.facts["area"]) for error in spool.problems] == [(ROLLED_BACK, "b")]


# Joining later


def open_without_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> Spool:
    """A start while the disk of area a is full."""
    open_area = opening.open_area

    def opens(one: AreaSettings, *arguments: Any, **named: Any) -> Any:
        if one.name == "a":
            raise PassbookError("area-fenced", area="a", why="it cannot be opened (IOError)")
        return open_area(one, *arguments, **named)

    with monkeypatch.context() as disk:
        disk.setattr(opening, "open_area", opens)
        disk.setattr("storage.area.opening.free_bytes", lambda folder: 4096 if folder.name == "a" else 1 << 30)
        spool = store.open()
        assert [(error.code, error.facts["free"]) for error in spool.problems] == [("area-full", 4096)]
        assert spool.joinable() == []
        assert spool.join(Reason.POWER_LOSS, AT) == []
    return spool


def test_an_area_that_joins_later_is_invalid_before_it_is_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = store.open()
    before = {f"r-{number}": store.accepted(spool, request_id=f"r-{number}").job_id for number in range(6)}
    spool = open_without_room(store, monkeypatch)
    assert raised_by(lambda: store.prepare(spool, request_id="new")) == "outcome-unknown"
    while_out = store.accepted(spool, request_id="new", first=True)
    [joined] = spool.join(Reason.POWER_LOSS, AT)
    assert (joined.area, joined.over.code, joined.problem, joined.invalidated) == ("a", "area-full", None, 3)
    assert spool.problems == ()
    assert {record.job_id for record in spool.records() if record.valid} == {while_out.job_id}
    assert {record.job_id for record in spool.questions()} == set(before.values())
    assert spool.next_valid("pr-1") == while_out
    # It is an area like any other: asked for requests, given new jobs, noted by the others.
    numbers = [store.accepted(spool).sequence for _ in range(4)]
    assert min(numbers) > max(record.sequence for record in spool.records() if record.job_id in before.values())
    assert {status.name: status.state for status in spool.areas()} == {"a": "ready", "b": "ready"}
    spool.upkeep.settle()
    assert spool.verify() == []
    assert store.open().problems == ()


def test_an_area_that_joins_later_is_judged_as_at_a_start(
    store: Store, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolled_back(store, old)
    spool = open_without_room(store, monkeypatch)
    for _ in range(2):
        joined = spool.join(Reason.POWER_LOSS, AT)
        assert [one.problem.code for one in joined if one.problem] == [ROLLED_BACK] * len(joined)
    assert codes(spool) == [ROLLED_BACK]
    assert not spool.upkeep.accept_rollback("a")
    assert [one.problem for one in spool.join(Reason.POWER_LOSS, AT)] == [None]


def test_memories_are_kept_as_they_were() -> None:
    memory = PeerMemory("b", "a", Extent(1, b"\x00\xff", 2, 3), accepted=True)
    assert Witness.of(memory).about("a") == memory
