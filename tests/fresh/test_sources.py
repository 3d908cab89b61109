from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fresh.__main__ import unnamed_skips
from tests.fresh.sources import apt_lines, apt_options, environment, keyrings, paths_in, pip_files
from tests.needed import PACKAGES, need

STANZAS = """\
Types: deb deb-src
# an older one
URIs: http://mirror.example/debian
Suites: old old-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/one.gpg

Types: deb
URIs: http://elsewhere.example
Suites: nodistro
Components: main

Types: deb
Enabled: no
URIs: http://off.example
Suites: old
Components: main
"""
LINES = """\
# deb http://mirror.example/debian old main
deb-src http://mirror.example/debian old main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/security old-security main  # the last word
deb https://other.example older main
"""


def test_the_machines_own_sources_are_those_of_the_other_code_name() -> None:
    found = apt_lines({"a.sources": STANZAS, "b.list": LINES}, "old", "new")
    signed = "[signed-by=/usr/share/keyrings/one.gpg]"
    assert found == [
        f"deb {signed} http://mirror.example/debian new main contrib",
        f"deb {signed} http://mirror.example/debian new-updates main contrib",
        "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/security new-security main",
    ]


def test_keyrings_are_those_that_are_there(tmp_path: Path) -> None:
    ring = tmp_path / "ring.gpg"
    ring.touch()
    lines = [f"deb [signed-by={ring}] http://a b c", f"deb [signed-by={tmp_path}/none] http://a b c"]
    assert keyrings(lines) == [ring]


def test_only_how_packages_are_reached_is_handed_on() -> None:
    given = {"PIP_INDEX_URL": "a", "https_proxy": "b", "NO_PROXY": "c", "SSL_CERT_FILE": "d", "REQUESTS_CA_BUNDLE": "e"}
    assert environment(given | {"PATH": "x", "LANG": "x", "AWS_CA_BUNDLE": "x", "XPIP_A": "x"}) == given
    dump = 'APT "";\nAcquire::http::Proxy "http://p:1";\nAcquire::Check-Date "false";\nAcquire::Languages "none";\n'
    assert apt_options(dump) == 'Acquire::http::Proxy "http://p:1";\nAcquire::Check-Date "false";\n'


def test_paths_are_found_and_addresses_are_none() -> None:
    text = (
        "index-url = https://host.example/simple/x\nfind-links = /a/wheels\nextra = file:///b/index/simple file:///c\n"
    )
    assert paths_in([text, "/d/ca.pem", "http://proxy.example:3128", "/d/ca.pem"]) == [
        Path("/a/wheels"),
        Path("/b/index"),
        Path("/c"),
        Path("/d/ca.pem"),
    ]


def test_pips_files_of_a_person_go_where_the_person_is(tmp_path: Path) -> None:
    user, system = tmp_path / "home/.config/pip/pip.conf", tmp_path / "xdg/pip/pip.conf"
    for file in (user, system):
        file.parent.mkdir(parents=True)
        file.touch()
    found = pip_files({"XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "PIP_CONFIG_FILE": os.devnull}, tmp_path / "home")
    assert found[user] == "~/.config/pip/pip.conf"
    assert found[system] == str(system)


def test_a_skip_that_names_nothing_is_found() -> None:
    said = (
        "SKIPPED [5] tests/needed.py:38: the Debian package strace is missing: there is no program strace\n"
        "SKIPPED [1] tests/a.py:1: this machine has no /dev/fuse\nSKIPPED [1] tests/b.py:7: not today\n1 passed\n"
    )
    assert unnamed_skips(said) == ["not today"]


@pytest.mark.parametrize("program", PACKAGES)
def test_a_missing_program_is_a_skip_that_names_its_package(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception) as skipped:
        need(program)
    assert f"the Debian package {PACKAGES[program]} is missing" in str(skipped.value)
    assert unnamed_skips(f"SKIPPED [1] tests/a.py:1: {skipped.value}\n") == []
