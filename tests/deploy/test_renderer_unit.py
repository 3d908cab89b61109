"""The units of the renderer: its fences, and that they leave its own limits room to answer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from firmware.config.configuration import load_configuration
from passbook.document.rendered_pages import MEMORY_BYTES, WALL_SECONDS
from tests.deploy.test_unit import VENDOR, analyze, exposure
from tests.house import ROOT
from tests.needed import need

SOCKET = ROOT / "deploy" / "passbook-renderer.socket"
SERVICE = ROOT / "deploy" / "passbook-renderer@.service"
EXPOSURE = 0.3


def setting(unit: Path, name: str) -> str:
    [value] = re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    return str(value)


def verify(root: Path, service: str) -> str:
    """What systemd finds wrong with the units in a system that has the program."""
    program = root / "opt/passbook/bin/passbook-render"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shutil.copytree(VENDOR, root / "usr/lib/systemd/system", symlinks=True)
    units = root / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / SOCKET.name).write_text(SOCKET.read_text("utf-8"))
    (units / SERVICE.name).write_text(service)
    return analyze("verify", "--man=no", f"--root={root}", SOCKET.name, SERVICE.name.replace("@", "@1")).stderr


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    need("systemd-analyze")
    assert verify(tmp_path, SERVICE.read_text("utf-8")) == ""


def test_systemd_would_find_a_mistake(tmp_path: Path) -> None:
    need("systemd-analyze")
    assert "RuntimeMaxSecs" in verify(tmp_path, SERVICE.read_text("utf-8").replace("RuntimeMaxSec", "RuntimeMaxSecs"))


def test_the_exposure_is_small() -> None:
    assert exposure(SERVICE) <= EXPOSURE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DynamicUser", "yes"),
        ("PrivateNetwork", "yes"),
        ("MemorySwapMax", "0"),
        ("LimitCORE", "0"),
        ("LimitFSIZE", "0"),
        ("ProtectSystem", "strict"),
        ("StandardInput", "socket"),
        ("StandardOutput", "socket"),
        # The guard must outlive a drawer that the kernel ended for its memory, to answer for it.
        ("OOMPolicy", "continue"),
    ],
)
def test_a_fence_stands(name: str, value: str) -> None:
    assert setting(SERVICE, name) == value


def test_the_program_meets_its_own_limits_first() -> None:
    assert int(setting(SERVICE, "RuntimeMaxSec").removesuffix("s")) > WALL_SECONDS
    assert int(setting(SERVICE, "MemoryMax").removesuffix("M")) * 1024**2 > MEMORY_BYTES


def test_the_socket_is_the_appliance_s_alone_and_the_one_of_its_configuration() -> None:
    assert (setting(SOCKET, "SocketMode"), setting(SOCKET, "SocketUser")) == ("0600", "passbook")
    assert setting(SOCKET, "Accept") == "yes"
    assert setting(SOCKET, "ListenStream") == str(load_configuration(ROOT / "deploy" / "passbook.toml").renderer)
