"""How Debian packages that tests need are installed where some are missing: stand-ins on PATH play the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT, own_environment
from tests.standins import APT, Machine

SCRIPT = ROOT / ".ci" / "packages"
SENTENCE = "Missing Debian packages: faketime udev; install them (apt-get install faketime udev), then try again.\n"

# One package is there; a second was there and was removed, but for its configuration.
DPKG = """
case "$*" in
    *systemd) printf "install ok installed" ;;
    *udev) printf "deinstall ok config-files" ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.has("dpkg-query", DPKG)
    return machine


def test_what_is_there_is_not_installed_again(machine: Machine) -> None:
    assert machine.run(SCRIPT, "systemd").returncode == 0
    assert machine.done() == []


@pytest.mark.parametrize("sudo", [False, True], ids=["root", "sudo"])
def test_who_may_install_gets_what_is_missing(machine: Machine, *, sudo: bool) -> None:
    machine.has("id", "echo 1000" if sudo else "echo 0")
    machine.has("sudo", 'test "$1" = -n && shift && "$@"' if sudo else "exit 1")
    machine.has("apt-get", APT.format(failure=0))
    ended = machine.run(SCRIPT, "faketime", "systemd", "udev")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert machine.done() == ["apt-get -qq update", "apt-get -qq install -y --no-install-recommends faketime udev"]


def test_a_mail_server_is_installed_without_settings_and_so_takes_no_mail(machine: Machine) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", APT.format(failure=0))
    machine.has("debconf-set-selections", 'read -r line; echo "$line" >> "$STATE/log"')
    ended = machine.run(SCRIPT, "postfix")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert machine.done()[-2:] == [
        "postfix postfix/main_mailer_type select No configuration",
        "apt-get -qq install -y --no-install-recommends postfix",
    ]


@pytest.mark.parametrize("with_apt", [True, False], ids=["no rights", "no Debian"])
def test_who_may_not_install_is_told_what_to_install(machine: Machine, *, with_apt: bool) -> None:
    machine.has("id", "echo 1000")
    if with_apt:
        machine.has("apt-get", APT.format(failure=0))
        machine.has("sudo", "exit 1")
    ended = machine.run(SCRIPT, "faketime", "systemd", "udev")
    assert (ended.returncode, ended.stderr) == (1, SENTENCE)
    assert machine.done() == []


def test_a_package_that_cannot_be_had_is_named(machine: Machine) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", APT.format(failure=100))
    ended = machine.run(SCRIPT, "faketime", "udev")
    assert (ended.returncode, ended.stderr) == (1, SENTENCE)


@pytest.mark.parametrize("target", ["test", "check", "soak"])
def test_what_runs_tests_asks_for_their_packages_first(target: str) -> None:
    command = ["make", "--dry-run", "--no-print-directory", target]
    environment = {name: value for name, value in own_environment().items() if not name.startswith("MAKE")}
    lines = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True).stdout
    asked, tested = lines.find(".ci/packages"), lines.find("-m pytest")
    assert 0 <= asked < tested
