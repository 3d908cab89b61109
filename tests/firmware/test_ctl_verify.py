from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

import firmware.ctl.__main__ as ctl
from firmware.service.replies import LookedAt
from passbook.errors import PassbookError
from passbook.job import changes
from storage.area.reports import Examined
from tests.firmware.running_ctl import Appliance, Output, appliance, configuration, control, stand_in
from tests.storage.store import APPLIANCE, AT, SECRET, Store, seeded

__all__ = ["appliance", "control", "stand_in"]


def examined(findings: dict[str, list[PassbookError]]) -> Callable[[dict[str, Any]], Any]:
    """What an appliance with the areas a and b says of each."""
    return lambda asked: LookedAt.of(
        Examined(asked["area"], tuple(findings.get(asked["area"], ())), unfinished=2, ended=3, entries=40)
    )


@pytest.fixture
def two_areas(appliance: Appliance) -> Appliance:
    appliance.results |= {"areas": [{"name": "a"}, {"name": "b"}], "verify-area": examined({})}
    return appliance


def test_verify_without_findings_is_success_and_says_what_was_looked_at(
    control: str, two_areas: Appliance, capsys: Output
) -> None:
    assert ctl.main(["--control", control, "verify"]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "All fits together. Looked at: areas: a, b; jobs that have not ended: 4; "
        "jobs that have: 6; entries of history: 80.\n"
    )
    assert said.err == "", "progress is for a person at a terminal"
    assert ctl.main(["--control", control, "verify", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert [asked for _, asked in two_areas.asked if asked] == [{"area": "a"}, {"area": "b"}] * 2


def test_verify_with_a_finding_fails(control: str, two_areas: Appliance, capsys: Output) -> None:
    broken = PassbookError("history-broken", area="b", entry=7, why="it does not fit")
    two_areas.results["verify-area"] = examined({"b": [broken]})
    assert ctl.main(["--control", control, "verify"]) == 5
    assert "history of area b does not fit at entry 7" in capsys.readouterr().out
    assert ctl.main(["--control", control, "verify", "--json"]) == 5
    [found] = json.loads(capsys.readouterr().out)
    assert (found["code"], found["facts"]["area"]) == ("history-broken", "b")


@pytest.mark.usefixtures("two_areas")
def test_verify_shows_a_person_how_far_it_is(control: str, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ctl.main(["--control", control, "verify"])
    assert capsys.readouterr().err.splitlines() == [
        "passbookctl: looking at area a, 1 of 2",
        "passbookctl: looking at area b, 2 of 2",
    ]


LOOKED = (
    "All fits together. Looked at: areas: a, b; jobs that have not ended: 1; "
    "jobs that have: 0; entries of history: 0.\n"
)


def stored(folder: Path) -> list[str]:
    """Two areas with a job in one of them; the arguments that check them offline."""
    store = Store(folder)
    store.accepted(store.open())
    store.close()
    (folder / "appliance.key").write_text(SECRET.hex() + "\n")
    key = ["--appliance-key", str(folder / "appliance.key"), "--appliance", APPLIANCE]
    return ["verify", "--areas", str(folder / "a"), f"b={folder / 'b'}", *key]


def test_verify_looks_at_folders_without_an_appliance(tmp_path: Path, capsys: Output) -> None:
    order = stored(tmp_path)
    assert ctl.main(order) == 0
    assert capsys.readouterr().out == LOOKED
    assert ctl.main([*order, "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_a_folder_that_is_given_twice_is_looked_at_once(tmp_path: Path, capsys: Output) -> None:
    order = stored(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    a = [str(tmp_path / "a"), f"{tmp_path}/b/../a/", str(tmp_path / "a"), f"again={tmp_path / 'link'}"]
    assert ctl.main([*order, "--areas", *a, f"b={tmp_path / 'b'}"]) == 0
    assert capsys.readouterr().out == LOOKED


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("nowhere", "is not there"), ("e", "has no storage area in it"), ("file", "is not a folder")],
)
def test_verify_says_where_no_area_is(tmp_path: Path, capsys: Output, folder: str, sentence: str) -> None:
    order = stored(tmp_path)
    (tmp_path / "e").mkdir()
    (tmp_path / "file").touch()
    assert ctl.main([*order, "--areas", str(tmp_path / "b"), str(tmp_path / folder), "--json"]) == 5
    [found] = json.loads(capsys.readouterr().out)
    assert found["code"] == "no-area-there"
    assert found["sentence"].startswith(f"{tmp_path / folder} {sentence}. ")


@pytest.mark.parametrize(
    ("damage", "first"),
    [
        ("UPDATE history SET entry = replace(entry, 'Okafor', 'Nobody') WHERE n IN (3, 5)", 3),
        ("DELETE FROM history WHERE n IN (2, 4)", 2),
        ("UPDATE history SET n = n + 100 WHERE n = 4", 4),
    ],
)
def test_verify_names_the_first_entry_of_the_history_that_does_not_fit(
    tmp_path: Path, capsys: Output, damage: str, first: int
) -> None:
    store = Store(tmp_path, names=("a",), rng=seeded(2))
    spool = store.open()
    for number in range(6):
        job = store.accepted(spool, request_id=f"r-{number}").job_id
        spool.change(job, changes.cancel(AT, "teller-1", "Ms Okafor")).result(timeout=30)
    store.close()
    order = stored(tmp_path)
    assert ctl.main(order) == 0
    capsys.readouterr()
    connection = apsw.Connection(str(tmp_path / "a" / "area.sqlite"))
    connection.execute(damage)
    connection.close()
    assert ctl.main(order) == 5
    [told] = [line for line in capsys.readouterr().out.splitlines() if "history" in line]
    assert f"The history of area a does not fit at entry {first}: " in told


def test_verify_finds_a_foreign_key_in_every_folder(tmp_path: Path, capsys: Output) -> None:
    order = stored(tmp_path)
    (tmp_path / "appliance.key").write_bytes(bytes(32))
    assert ctl.main([*order, "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in found] == ["appliance-key-wrong"] * 2


def test_verify_offline_takes_name_and_key_from_the_configuration(tmp_path: Path, capsys: Output) -> None:
    _, _, *areas = stored(tmp_path)[:4]
    (tmp_path / "e").write_bytes(SECRET)
    assert ctl.main(["--config", str(configuration(tmp_path)), "verify", "--areas", *areas]) == 0
    assert capsys.readouterr().out == LOOKED
    with pytest.raises(SystemExit):
        ctl.main(["verify", "--areas", *areas])
    assert "--areas needs" in capsys.readouterr().err
