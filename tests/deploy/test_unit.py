from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from drivers.dialects.pr2.pr2_profile import builtin_pr2
from firmware.config.configuration import load_configuration
from tests.deploy.unit import UNIT, seconds, setting, settings
from tests.house import ROOT
from tests.needed import need

VENDOR = Path("/usr/lib/systemd/system")
EXPOSURE = 1.5
SLOW_SYNC = 2.0


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    need("systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, check=False, text=True)


def verify(root: Path, unit: str) -> str:
    """What systemd finds wrong with a unit in a system that has the appliance installed."""
    program = root / "opt/passbook/bin/passbookd"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shutil.copytree(VENDOR, root / "usr/lib/systemd/system", symlinks=True)
    (root / "etc/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system" / UNIT.name).write_text(unit)
    return analyze("verify", "--man=no", f"--root={root}", UNIT.name).stderr


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    need("systemd-analyze")
    assert verify(tmp_path, UNIT.read_text("utf-8")) == ""


@pytest.mark.parametrize("mistake", [("ProtectHome=", "ProtectHomes="), ("60s", "60 sheep"), ("After=", "After=a b/")])
def test_systemd_would_find_a_mistake(tmp_path: Path, mistake: tuple[str, str]) -> None:
    need("systemd-analyze")
    assert UNIT.name in verify(tmp_path, UNIT.read_text("utf-8").replace(*mistake, 1))


def exposure(unit: Path) -> float:
    """The last number of systemd's own judgement, 0.0 (safe) to 10.0."""
    done = analyze("security", "--offline=true", "--no-pager", unit)
    sentence = next(line for line in done.stdout.splitlines() if "Overall exposure level" in line)
    return float(sentence.partition(": ")[2].split()[0])


def test_the_exposure_is_small() -> None:
    assert exposure(UNIT) <= EXPOSURE


def test_an_open_unit_would_be_seen(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert exposure(unit) > 9


def test_a_port_of_each_kind_may_be_opened_and_udev_heard() -> None:
    """By the numbers of the kernel's documentation: serial lines of boards and adapters, USB printers, USB devices."""
    assert setting("DevicePolicy") == "closed"
    assert {4, 166, 180, 188, 189, 204, 207} == {
        int(value.removeprefix("char-").removesuffix(" rw")) for value in settings("DeviceAllow")
    }
    assert "AF_NETLINK" in setting("RestrictAddressFamilies").split()


def test_keys_leave_no_core_file_and_are_not_swapped() -> None:
    assert (setting("LimitCORE"), setting("MemorySwapMax")) == ("0", "0")


def test_it_is_started_again_however_often_it_fails() -> None:
    assert (setting("Restart"), setting("StartLimitIntervalSec")) == ("on-failure", "0")


def test_a_synchronized_clock_is_wanted_and_never_waited_for() -> None:
    assert "time-sync.target" in setting("Wants").split()
    assert "time-sync.target" not in setting("After").split()
    assert settings("Requires") == []


def test_the_end_leaves_time_for_the_longest_step() -> None:
    """A turn of the book: the line before it, its two ways and its answers, then the eject; then a look at the path."""
    times = builtin_pr2().times
    asked = 1 + 2 + 2 + 1 + 1
    assert seconds("TimeoutStopSec") > asked * times.motion + 2 * times.answer


def test_a_slow_disk_is_no_hang() -> None:
    assert seconds("WatchdogSec") >= 20 * SLOW_SYNC
    assert setting("Type") == "notify"


def test_the_unit_and_the_configuration_speak_of_the_same_places() -> None:
    example = load_configuration(ROOT / "deploy" / "passbook.toml")
    assert setting("LoadCredentialEncrypted").partition(":")[0] == example.keys.appliance.credential
    assert example.control.parent == Path("/run") / setting("RuntimeDirectory")
    assert {area.path.parent.parent for area in example.areas} == {Path("/var/lib") / setting("StateDirectory")}
    assert setting("ExecStart").split()[1:] == ["--config", "/etc/passbook/passbook.toml"]
