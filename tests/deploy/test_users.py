from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.room import private
from tests.deploy.unit import setting
from tests.house import ROOT
from tests.needed import need

DEPLOY = ROOT / "deploy"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system without the user; who is root in a namespace can give files to nobody else, so the user has number 0."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("passbook:x:0:0::/:/bin/false\n")
    (tmp_path / "etc/group").write_text("root:x:0:\npassbook:x:0:\n")
    return tmp_path


def test_the_user_of_the_unit_is_made(tmp_path: Path) -> None:
    need("systemd-sysusers")
    (tmp_path / "etc").mkdir()
    private('systemd-sysusers --root="$1" "$2"', tmp_path, DEPLOY / "passbook.sysusers")
    [user] = (tmp_path / "etc/passwd").read_text().splitlines()
    name, _, number, group, _, home, shell = user.split(":")
    assert (name, home) == (setting("User"), "/var/lib/passbook")
    assert 0 < int(number) < 1000
    assert shell.endswith("nologin")
    assert f"{setting('Group')}:x:{group}:" in (tmp_path / "etc/group").read_text().splitlines()


def modes(root: Path) -> dict[str, str]:
    folder = root / "etc/passbook"
    return {path.name: f"{path.stat().st_mode & 0o7777:o}" for path in (folder, *folder.iterdir())}


def test_only_the_appliance_reads_its_configuration(root: Path) -> None:
    need("systemd-tmpfiles")
    folder = root / "etc/passbook"
    folder.mkdir(mode=0o755)
    for name in ("passbook.toml", "server-key.pem", "appliance-key.cred"):
        (folder / name).touch(mode=0o644)
    private('systemd-tmpfiles --create --root="$1" "$2"', root, DEPLOY / "passbook.tmpfiles")
    assert modes(root) == {
        "passbook": "750",
        "passbook.toml": "640",
        "server-key.pem": "640",
        "appliance-key.cred": "600",
    }


def test_a_system_without_configuration_gets_the_folder_for_it(root: Path) -> None:
    need("systemd-tmpfiles")
    private('systemd-tmpfiles --create --root="$1" "$2"', root, DEPLOY / "passbook.tmpfiles")
    assert modes(root) == {"passbook": "750"}
