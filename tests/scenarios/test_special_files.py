"""A file that has no end, or waits for one, ends a command in one sentence: nobody waits for it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.world import PRINTER, CommandFailed, Terminal, run_command
from tests.scenarios.door import STATEMENT
from tests.scenarios.office import Office
from tests.storage.special import SPECIAL, make_special

KINDS = ["pipe", "zero"]


@pytest.fixture
def spare(door: Office) -> Terminal:
    """A terminal that is enrolled like the counter, and whose files a test may spoil."""
    shutil.rmtree(door.counter.home.with_name("spare"), ignore_errors=True)
    terminal = door.world.terminal("spare")
    shutil.copytree(door.counter.home, terminal.home, dirs_exist_ok=True)
    return terminal


def refused(command: Callable[[], object], file: Path, kind: str) -> None:
    """It ends in the sentence about the file."""
    with pytest.raises(CommandFailed) as failed:
        command()
    assert "file-problem" in failed.value.error
    assert f"{file}: it is {SPECIAL[kind]}, and a regular file is expected" in failed.value.error
    assert len(failed.value.error.splitlines()) == 1


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_document(spare: Terminal, kind: str) -> None:
    file = spare.home / "document.csv"
    make_special(file, kind)
    refused(lambda: spare.run("print", str(file), "--printer", PRINTER), file, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_a_passphrase(spare: Terminal, kind: str) -> None:
    file = spare.home / "passphrase"
    make_special(file, kind)
    document = STATEMENT.save(spare.home)
    refused(lambda: spare.run("print", str(document), "--printer", PRINTER), file, kind)


@pytest.mark.parametrize("name", ["terminal.toml", "key.pem", "certificate.pem", "ca.pem", "keyring"])
def test_a_file_of_the_terminal(spare: Terminal, name: str) -> None:
    file = spare.home / name
    make_special(file, "pipe")
    document = STATEMENT.save(spare.home)
    refused(lambda: spare.run("print", str(document), "--printer", PRINTER), file, "pipe")


@pytest.mark.parametrize("option", ["--certificate", "--ca"])
def test_a_file_to_enroll_with(spare: Terminal, option: str) -> None:
    file = spare.home / "pipe.pem"
    make_special(file, "pipe")
    files = {"--certificate": spare.home / "certificate.pem", "--ca": spare.home / "ca.pem", option: file}
    arguments = [str(one) for pair in files.items() for one in pair]
    refused(lambda: spare.run("enroll", *arguments, "--address", "127.0.0.1:1"), file, "pipe")


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_operator_names(door: Office, tmp_path: Path, kind: str) -> None:
    world, file = door.world, tmp_path / "file"
    make_special(file, kind)
    ctl = [sys.executable, "-m", "firmware.ctl", "--json"]
    named = ["--name", "somebody", "--out", str(tmp_path / "out")]
    refused(lambda: run_command([*ctl, "enroll", str(file), "--ca", str(world.folder / "ca"), *named]), file, kind)
    areas = ["verify", "--areas", str(world.data / "a"), "--appliance", "x", "--appliance-key", str(file)]
    refused(lambda: run_command([*ctl, *areas]), file, kind)


@pytest.mark.parametrize("name", ["ca-key.pem", "ca.pem", "issued.jsonl"])
def test_a_file_of_the_authority(door: Office, tmp_path: Path, name: str) -> None:
    authority = tmp_path / "ca"
    shutil.copytree(door.world.folder / "ca", authority)
    file = authority / name
    make_special(file, "pipe")
    order = ["revoke", "counter-1", "--ca", str(authority), "--out", str(tmp_path / "out")]
    refused(lambda: door.world.ctl(*order), file, "pipe")
