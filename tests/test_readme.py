"""What the documents tell a reader to type or to open exists, and the README's first commands are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT, own_environment, project_files, project_table

DOCUMENTS = tuple(path for path in project_files() if path.suffix == ".md")
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = ("passbookd", "passbookctl", "teller", "passbook-sim", "passbook-render")

MAKE = re.compile(r"(?:^|`|\$ )make ([a-z]+)", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
GIVEN = re.compile(r"^ *(?:(?:async )?def |class |(?=\w+ = ))(\w+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")


def targets() -> set[str]:
    """What make can be asked for."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony is not None
    return set(phony.group(1).split())


def last_line_of(target: str) -> str:
    """The last command that make would run."""
    environment = {name: value for name, value in own_environment().items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--dry-run", "--no-print-directory", target]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True)
    return ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_make_command_in_a_document_exists(path: Path) -> None:
    assert set(MAKE.findall((ROOT / path).read_text("utf-8"))) <= targets()


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_link_in_a_document_leads_to_a_file(path: Path) -> None:
    links = LINK.findall((ROOT / path).read_text("utf-8"))
    assert [link for link in links if not (ROOT / path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_test_that_a_document_names_exists(path: Path) -> None:
    for file, name in TEST.findall((ROOT / path).read_text("utf-8")):
        assert re.search(rf"^(def {name}\(|{name} = )", (ROOT / file).read_text("utf-8"), re.MULTILINE), (
            f"{file}: {name}"
        )


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_gives_the_two_commands(command: str) -> None:
    assert re.search(rf"^\s*{command}\b", README, re.MULTILINE)


def test_the_readme_names_every_program() -> None:
    scripts = project_table()["scripts"]
    assert isinstance(scripts, dict)
    assert sorted(scripts) == sorted(COMMANDS)
    assert [name for name in COMMANDS if name not in README] == []


@pytest.mark.slow
@pytest.mark.parametrize(("program", "module"), [("teller", "terminal"), ("passbookctl", "firmware.ctl")])
def test_the_readme_names_every_command_of_a_program(program: str, module: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    commands = re.findall(r"^    ([a-z-]+)(?: |$)", told.partition("  COMMAND\n")[2], re.MULTILINE)
    row = re.search(rf"^\| `{program}` \| (.*)$", README, re.MULTILINE)
    assert row is not None
    assert {name.split()[0] for name in re.findall(r"`([^`]+)`", row.group(1))} == set(commands)


def test_what_continuous_integration_runs_includes_the_readmes_test_command() -> None:
    assert last_line_of("test") == last_line_of("check").replace("'not soak'", "'not soak and not long'")


@pytest.mark.parametrize("target", ["quick", "test", "check"])
def test_the_tests_of_the_page_that_need_no_browser_are_run_by(target: str) -> None:
    line = last_line_of(target)
    left_out = re.findall(r"--ignore=(\S+)", line)
    named = re.findall(r" (tests/\S+)", line)
    for file in ("tests/page/test_files.py", "tests/page/test_words.py"):
        assert [one for one in left_out if file.startswith(one)] == []
        assert not named or file in named


def test_every_target_is_explained() -> None:
    explained = set(re.findall(r"^make ([a-z-]+) ", _help(), re.MULTILINE))
    assert targets() - explained == {"help", "environment"}


def _help() -> str:
    command = ["make", "--no-print-directory", "help"]
    return subprocess.run(command, cwd=ROOT, env=own_environment(), capture_output=True, check=True, text=True).stdout
