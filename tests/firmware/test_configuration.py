from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.config.configuration import Config, configuration_summary, load_configuration
from passbook.errors import PassbookError
from storage.admission import Limits
from storage.area.capacity import Division

EXAMPLE = Path(__file__).parents[2] / "deploy" / "passbook.toml"

VALID: dict[str, Any] = {
    "appliance": "branch-17",
    "control": "control.sock",
    "layouts": "layouts",
    "area": [
        {"name": "a", "path": "areas/a", "quota": "256 MiB"},
        {"name": "b", "path": "/elsewhere/b", "quota": 64 * 1024 * 1024},
    ],
    "printer": [
        {
            "name": "counter-1",
            "port": "tcp://127.0.0.1:9200",
            "dialect": "pr2",
            "code_page": "cp858",
            "insert_timeout": 60,
            "take_timeout": 30.5,
        },
        {
            "name": "counter-2",
            "port": "serial:///dev/ttyUSB0?baud=9600",
            "form": [
                {"kind": "certificate", "cassette": "left", "numbered": True, "low": 20, "empty": 2},
                {"kind": "certificate", "cassette": "right", "numbered": True},
            ],
        },
    ],
    "terminals": {
        "listen": "[::1]:5846",
        "certificate": "pki/appliance.pem",
        "key": "pki/appliance.key",
        "ca": "pki/ca.pem",
        "revoked": "pki/revoked.pem",
    },
    "keys": {"appliance": "secret/appliance.key", "recovery_public": "pki/recovery.pub", "own_key_jobs": True},
    "operators": {"auditors": ["passbook-audit"]},
    "recovery": {"grace": 5, "answer_timeout": 10, "representatives": ["boss"]},
    "limits": {
        "jobs_per_terminal": 5,
        "bytes_per_terminal": "1 GiB",
        "connections": 7,
        "commands_per_second": 9,
        "priority_ceiling": 80,
    },
    "log": {"level": "warning"},
}


def toml(value: Any) -> str:
    """`value` as inline TOML; JSON strings are TOML basic strings."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value).replace("\x7f", "\\u007f")


def written(folder: Path, tree: dict[str, Any]) -> Path:
    file = folder / "passbook.toml"
    file.write_text("".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in tree.items()), "utf-8")
    return file


def refused(folder: Path, tree: dict[str, Any]) -> PassbookError:
    file = written(folder, tree)
    with pytest.raises(PassbookError) as caught:
        load_configuration(file)
    assert caught.value.code == "configuration"
    assert caught.value.facts["file"] == str(file)
    return caught.value


def changed(path: str, value: Any) -> dict[str, Any]:
    """VALID with `value` at the dotted path; None takes the key away."""
    tree = copy.deepcopy(VALID)
    *way, last = path.replace("[", ".").replace("]", "").split(".")
    place: Any = tree
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return tree


def leaves(value: Any, where: str = "") -> list[str]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, f"{where}.{key}" if where else key)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [leaf for number, one in enumerate(value) for leaf in leaves(one, f"{where}[{number}]")]
    return [where]


LEAST = Division.least_quota(Limits().job_bytes)
LEAVES = leaves(VALID)
REQUIRED = [
    *("appliance", "area", "printer", "terminals", "keys", "area[1].name", "area[0].path", "area[1].quota"),
    *("printer[0].name", "printer[1].port", "terminals.key", "terminals.ca", "keys.appliance"),
]


def test_a_full_file_is_read_whole(tmp_path: Path) -> None:
    config = load_configuration(written(tmp_path, VALID))
    assert config.appliance == "branch-17"
    assert [(area.name, area.path, area.quota) for area in config.areas] == [
        ("a", tmp_path / "areas/a", 256 * 2**20),
        ("b", Path("/elsewhere/b"), 2**26),
    ]
    assert [(one.name, one.insert_timeout, one.take_timeout) for one in config.printers] == [
        ("counter-1", 60.0, 30.5),
        ("counter-2", 120.0, 120.0),
    ]
    assert config.terminals.address == ("::1", 5846)
    assert config.terminals.key == tmp_path / "pki/appliance.key"
    assert config.keys.appliance.file({}) == tmp_path / "secret/appliance.key"
    assert config.keys.own_key_jobs
    assert (config.recovery.representatives, config.recovery.grace) == (("boss",), 5.0)
    assert config.operators.auditors == ("passbook-audit",)
    assert (config.limits.bytes_per_terminal, config.limits.priority_ceiling) == (2**30, 80)
    assert config.log.level == "warning"


def test_what_is_not_given_has_the_documented_default(tmp_path: Path) -> None:
    tree = copy.deepcopy(VALID)
    for key in ("layouts", "operators", "recovery", "limits", "log"):
        del tree[key]
    config = load_configuration(written(tmp_path, tree))
    assert (config.layouts, config.log.level, config.operators.auditors) == (None, "info", ())
    assert (config.limits.jobs_per_terminal, config.limits.bytes_per_terminal) == (200, 16 * 2**20)
    assert (config.printers[1].dialect, config.printers[1].code_page) == ("pr2", "cp858")


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, VALID)
    monkeypatch.chdir(tmp_path.parent)
    assert load_configuration(Path(tmp_path.name) / "passbook.toml").control == tmp_path / "control.sock"


def test_the_example_is_valid_and_its_comments_show_the_defaults(tmp_path: Path) -> None:
    example = load_configuration(EXAMPLE)
    shown = tmp_path / "passbook.toml"
    lines = EXAMPLE.read_text("utf-8").splitlines()
    optional = (
        *("# layouts", "# profiles", "# imports", "# profile ", "# elementary_step", "# font", "# form"),
        *("# recovery_public", "# representatives", "# auditors", "# rule"),
    )
    defaults = [
        line[2:] if line.startswith("# ") and " = " in line else line for line in lines if line[:9] != "# Lines"
    ]
    shown.write_text("\n".join(one for one, was in zip(defaults, lines, strict=True) if not was.startswith(optional)))
    full = load_configuration(shown)
    assert full.printers == example.printers
    assert (full.recovery, full.limits, full.log) == (example.recovery, example.limits, example.log)
    assert (full.spool, full.turns, full.notices, full.history) == (
        *(example.spool, example.turns),
        *(example.notices, example.history),
    )
    assert full.terminals.listen == example.terminals.listen
    assert full.keys.own_key_jobs is example.keys.own_key_jobs


@pytest.mark.slow
@given(leaf=st.sampled_from(LEAVES), data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_misspelt_key_is_named_with_the_nearest_known_one(tmp_path: Path, leaf: str, data: st.DataObject) -> None:
    head, dot, key = leaf.rpartition(".")
    place = data.draw(st.integers(0, len(key) - 1))
    letter = data.draw(st.sampled_from("xyz_"))
    typo = key[:place] + letter + key[place:]
    value: Any = VALID
    for step in leaf.replace("[", ".").replace("]", "").split("."):
        value = value[int(step)] if step.isdigit() else value[step]
    tree = changed(leaf, None)
    error = refused(tmp_path, _put(tree, head, typo, value))
    assert error.facts["key"] == f"{head}{dot}{typo}"
    assert f"did you mean {key}?" in str(error)


def _put(tree: dict[str, Any], head: str, key: str, value: Any) -> dict[str, Any]:
    place: Any = tree
    for step in filter(None, head.replace("[", ".").replace("]", "").split(".")):
        place = place[int(step)] if step.isdigit() else place[step]
    place[key] = value
    return tree


@pytest.mark.slow
@given(leaf=st.sampled_from(LEAVES), kind=st.sampled_from(["list", "table", "float", "text"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_of_the_wrong_type_is_named_with_what_was_expected(tmp_path: Path, leaf: str, kind: str) -> None:
    wrong = {"list": [[1]], "table": {"x": 1}, "float": -1.5, "text": "\t"}[kind]
    error = refused(tmp_path, changed(leaf, wrong))
    assert error.facts["key"] == leaf
    assert "expected" in str(error.facts["why"])


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    error = refused(tmp_path, changed(key, None))
    assert error.facts["key"] == key
    assert str(error.facts["why"]).startswith("it is missing; expected ")


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(key=st.sampled_from([*LEAVES, *REQUIRED]), value=TREES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_is_read_or_refused_in_one_printable_line(tmp_path: Path, key: str, value: Any) -> None:
    text = "".join(f"{json.dumps(one)} = {toml(part)}\n" for one, part in changed(key, value).items())
    file = tmp_path / "passbook.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assert isinstance(load_configuration(file), Config)
    except PassbookError as error:
        assert error.code == "configuration"
        assert str(error).isprintable()
        assert len(str(error)) < 600 + len(str(file))


@given(content=st.binary(max_size=60))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "passbook.toml"
    file.write_bytes(content)
    with pytest.raises(PassbookError) as caught:
        load_configuration(file)
    assert caught.value.code == "configuration"


@pytest.mark.parametrize("content", ["a = " + "[" * 5000, "a = " + "9" * 5000, "a = 1\na = 2", "= 1"])
def test_what_is_not_toml_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "passbook.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(PassbookError, match="file: expected TOML"):
        load_configuration(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PassbookError, match=r"passbook\.toml: file: it cannot be read: No such file"):
        load_configuration(tmp_path / "passbook.toml")


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("area", VALID["area"][:1], "area"),
        ("area[1].name", "a", "area[1].name"),
        ("area[1].path", "areas/x/../a", "area[1].path"),
        ("area[1].path", "areas/a/inner", "area[1].path"),
        ("area[0].quota", "3 B", "area[0].quota"),
        ("area[1].quota", "1 MiB", "area[1].quota"),
        ("area[1].quota", LEAST - 1, "area[1].quota"),
        ("printer", [], "printer"),
        ("printer[1].name", "counter-1", "printer[1].name"),
        ("printer[1].port", "tcp://127.0.0.1:9200", "printer[1].port"),
        ("printer[1].port", "tcp://localhost:9200", "printer[1].port"),
        ("printer[0].port", "tcp://127.0.0.1", "printer[0].port"),
        ("printer[0].port", "usb://1", "printer[0].port"),
        ("printer[1].on_network", True, "printer[1].on_network"),
        ("printer[0].take_timeout", float("nan"), "printer[0].take_timeout"),
        ("printer[0].take_timeout", float("inf"), "printer[0].take_timeout"),
        ("printer[1].form[1].cassette", "left", "printer[1].form[1].cassette"),
        ("printer[1].form[1].numbered", False, "printer[1].form[1].numbered"),
        ("printer[1].form[0].empty", 21, "printer[1].form[0].empty"),
        ("printer[1].form[0].low", -1, "printer[1].form[0].low"),
        ("printer[1].form[0].kind", "A certificate", "printer[1].form[0].kind"),
        ("terminals.listen", "host:70000", "terminals.listen"),
        ("control", "x" * 120, "control"),
        ("keys.appliance", "areas/a/secret/key", "keys.appliance"),
        ("keys.appliance", "secret/../areas/a/key", "keys.appliance"),
        ("keys.appliance", "credential:../key", "keys.appliance"),
        ("log.level", "trace", "log.level"),
        ("spool", {"stop_at": 80, "start_at": 81}, "spool.start_at"),
        ("spool", {"stop_at": 101}, "spool.stop_at"),
        ("spool", {"rule": [{"form": "two words"}]}, "spool.rule[0].form"),
        ("spool", {"rule": [{"application": "bell\a"}]}, "spool.rule[0].application"),
        ("spool", {"rule": [{"application": "a" * 129}]}, "spool.rule[0].application"),
        ("recovery.representatives", ["a", "b c"], "recovery.representatives"),
        ("operators.auditors", ["two words"], "operators.auditors"),
        ("operators.auditors", "passbook-audit", "operators.auditors"),
        ("limits.priority_ceiling", 101, "limits.priority_ceiling"),
        ("limits.connections", True, "limits.connections"),
    ],
)
def test_what_cannot_work_is_refused_at_its_key(tmp_path: Path, key: str, value: Any, named: str) -> None:
    error = refused(tmp_path, changed(key, value))
    assert error.facts["key"] == named
    assert "expected" in str(error) or "is taken by" in str(error)


def test_rules_and_marks_of_the_spool_are_read(tmp_path: Path) -> None:
    rules = [{"application": "Mail of the branch"}, {"printer": "counter-1", "form": "sheet"}]
    tree = VALID | {"spool": {"stop_at": 70, "start_at": 70, "rule": rules}}
    spool = load_configuration(written(tmp_path, tree)).spool
    assert (spool.stop_at, spool.start_at) == (70, 70)
    assert [(one.printer, one.form, one.application) for one in spool.rules] == [
        (None, None, "Mail of the branch"),
        ("counter-1", "sheet", None),
    ]


def test_an_appliance_key_behind_a_link_into_an_area_is_refused(tmp_path: Path) -> None:
    (tmp_path / "areas/a").mkdir(parents=True)
    (tmp_path / "secret").symlink_to(tmp_path / "areas/a")
    assert refused(tmp_path, VALID).facts["key"] == "keys.appliance"


def test_links_in_a_circle_are_an_error_of_the_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "areas").symlink_to(tmp_path / "areas")
    assert load_configuration(written(tmp_path, VALID)).areas[0].path == tmp_path / "areas/a"


def test_a_credential_is_found_where_systemd_puts_it(tmp_path: Path) -> None:
    config = load_configuration(written(tmp_path, changed("keys.appliance", "credential:appliance-key")))
    assert config.keys.appliance.file({"CREDENTIALS_DIRECTORY": "/run/c"}) == Path("/run/c/appliance-key")
    with pytest.raises(PassbookError) as caught:
        config.keys.appliance.file({})
    assert caught.value.code == "file-problem"


def test_the_summary_names_every_area_and_printer(tmp_path: Path) -> None:
    text = configuration_summary(load_configuration(written(tmp_path, VALID)))
    for part in ("branch-17", str(tmp_path / "areas/a"), "256 MiB", "counter-2", "boss", "a plain file", os.sep):
        assert part in text
