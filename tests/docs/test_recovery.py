"""What docs/recovery.md and the other pages have people type and read is what the programs take and say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import firmware.ctl.__main__
import terminal.__main__ as teller
from passbook.errors import CATALOGUE
from passbook.job.states import Reason
from tests.docs.screens import asked_about, screens, shown_in
from tests.house import ROOT, project_files

PAGE = (ROOT / "docs" / "recovery.md").read_text("utf-8")
PAGES = tuple(path for path in project_files() if path.suffix == ".md")
COMMAND = re.compile(r"^(?:/opt/passbook/bin/)?((?:teller|passbookctl) .*)$", re.MULTILINE)
INLINE = re.compile(r"`((?:teller|passbookctl) [^`]*)`")
PARSERS = {"teller": teller._parser, "passbookctl": firmware.ctl.__main__._parser}


def commands(page: str) -> list[str]:
    """The whole commands of a page: lines of its shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    return [command for block in blocks for command in COMMAND.findall(block)]


WHOLE = [(path, command) for path in PAGES for command in commands((ROOT / path).read_text("utf-8"))]
NAMED = sorted({name for path in PAGES for name in INLINE.findall((ROOT / path).read_text("utf-8"))})


@pytest.mark.parametrize(("path", "command"), WHOLE, ids=[f"{path}-{n}" for n, (path, _) in enumerate(WHOLE)])
def test_a_command_of_a_page_is_taken(path: Path, command: str) -> None:
    name, *arguments = shlex.split(command)
    assert callable(PARSERS[name]().parse_args(arguments).run), path


@pytest.mark.parametrize("named", NAMED)
def test_a_command_that_a_sentence_names_exists(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first words; what comes behind them may be told in words."""
    name, *words = named.split()
    known = [word for word in words if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
    with pytest.raises(SystemExit) as ended:
        PARSERS[name]().parse_args([*known, "--help"])
    assert ended.value.code == 0, capsys.readouterr().err


def test_every_screen_is_shown() -> None:
    shown = [shown_in((ROOT / path).read_text("utf-8")) for path in PAGES]
    assert set().union(*shown) == set(screens())


def sentence(template: str) -> re.Pattern[str]:
    """What fits a sentence of the catalogue, whatever is filled in."""
    parts = re.split(r"\{[a-z_]+\}", template)
    return re.compile(".+".join(map(re.escape, parts)))


@pytest.mark.parametrize("quoted", re.findall(r"^> (.*)$", PAGE, re.MULTILINE))
def test_what_the_page_quotes_is_said(quoted: str) -> None:
    sources = [path.read_text("utf-8") for room in ("terminal", "client") for path in (ROOT / room).rglob("*.py")]
    errors = [kind for kind in CATALOGUE.values() if sentence(kind.sentence).fullmatch(quoted)]
    assert errors or any(quoted in source for source in sources)


def test_every_code_that_the_page_explains_exists() -> None:
    rows = PAGE.partition("## 8.")[2]
    codes = {code for row in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE) for code in re.findall(r"`(.*?)`", row)}
    assert codes
    assert codes <= CATALOGUE.keys() | {reason.value for reason in Reason}


def test_the_answers_of_the_page_are_the_likely_ones() -> None:
    """The line in doubt is number 2, on line 23 of page 3."""
    asked = asked_about(1, 2)
    step = asked.outline[asked.in_doubt - 1]
    assert (asked.in_doubt, step.page, step.line) == (2, 3, 23)
    assert "**page 3**" in PAGE
    assert "**line 23**" in PAGE
