"""How the environment is created where something is missing: stand-ins on PATH play the machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.standins import APT, Machine

SCRIPT = ROOT / ".ci" / "environment"
SENTENCE = "Missing Debian packages: python3-venv; install them (apt-get install python3-venv), then try again.\n"

# A Python without the part that creates environments, until a package was "installed".
PYTHON = """
case "$*" in
    *version_info*) exit {too_old} ;;
    *ensurepip*) test -e "$STATE/installed" ;;
    *venv*) echo "python $*" >> "$STATE/log"; mkdir -p .venv/bin; ln -s "$0" .venv/bin/python ;;
    *) echo "python $*" >> "$STATE/log" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_python(machine: Machine) -> None:
    ended = machine.run(SCRIPT, ".venv")
    assert ended.returncode == 1
    assert ended.stderr.startswith("There is no command python3; install the package python3")


def test_an_old_python_is_refused(machine: Machine) -> None:
    machine.has("python3", PYTHON.format(too_old=1))
    ended = machine.run(SCRIPT, ".venv")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Python 3.11 or newer is needed")
    assert machine.done() == []


@pytest.mark.parametrize("with_apt", [True, False], ids=["no rights", "no Debian"])
def test_who_may_not_install_is_told_what_to_install(machine: Machine, *, with_apt: bool) -> None:
    machine.has("python3", PYTHON.format(too_old=0))
    machine.has("id", "echo 1000")
    if with_apt:
        machine.has("apt-get", APT.format(failure=0))
        machine.has("sudo", "exit 1")
    ended = machine.run(SCRIPT, ".venv")
    assert (ended.returncode, ended.stderr) == (1, SENTENCE)
    assert machine.done() == []


@pytest.mark.parametrize("sudo", [False, True], ids=["root", "sudo"])
def test_who_may_install_gets_the_package_and_the_environment(machine: Machine, *, sudo: bool) -> None:
    machine.has("python3", PYTHON.format(too_old=0))
    machine.has("id", "echo 1000" if sudo else "echo 0")
    machine.has("sudo", 'test "$1" = -n && shift && "$@"' if sudo else "exit 1")
    machine.has("apt-get", APT.format(failure=0))
    ended = machine.run(SCRIPT, ".venv")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert machine.done()[:3] == [
        "apt-get -qq update",
        "apt-get -qq install -y --no-install-recommends python3-venv",
        "python -m venv .venv",
    ]
    packages, own = machine.done()[3:]
    assert "--require-hashes" in packages
    assert "-r requirements.lock" in packages
    assert "--no-deps --no-build-isolation --editable ." in own


def test_a_package_that_cannot_be_had_ends_it(machine: Machine) -> None:
    machine.has("python3", PYTHON.format(too_old=0))
    machine.has("id", "echo 0")
    machine.has("apt-get", APT.format(failure=100))
    ended = machine.run(SCRIPT, ".venv")
    assert (ended.returncode, ended.stderr) == (1, SENTENCE)
    assert machine.done() == ["apt-get -qq update"]


def test_what_is_there_is_not_installed_again(machine: Machine) -> None:
    machine.has("python3", PYTHON.format(too_old=0))
    (machine.folder / "installed").touch()
    assert machine.run(SCRIPT, ".venv").returncode == 0
    assert [line for line in machine.done() if line.startswith("apt-get")] == []


def rows_of(lock: str) -> list[str]:
    """The packages of a lock, each in one line."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("lock", ["requirements.lock", "deploy/requirements.lock"])
def test_every_package_in_a_lock_has_a_version_and_a_hash(lock: str) -> None:
    rows = rows_of(lock)
    assert len(rows) > 10
    assert [row for row in rows if "==" not in row or "--hash=sha256:" not in row] == []


def test_a_device_installs_the_packages_of_the_tests_but_none_for_development_alone() -> None:
    device = rows_of("deploy/requirements.lock")
    assert [row for row in device if row not in rows_of("requirements.lock")] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {row.partition("==")[0] for row in device}
    needed = {re.split(r"[=<>;]", one)[0].strip() for one in project["dependencies"]}
    optional = project["optional-dependencies"]
    build, development = ({re.split(r"[=<>;]", one)[0].strip() for one in optional[key]} for key in ("build", "dev"))
    assert needed | build <= names
    assert (development - build) & names == set()
