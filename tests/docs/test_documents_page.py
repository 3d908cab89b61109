"""Every example of docs/documents.md does what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from passbook.document.import_profile import parse_import
from passbook.protocol.layouts_reply import LayoutsReply
from terminal import checking
from terminal.__main__ import main
from tests.house import ROOT

PAGE = (ROOT / "docs" / "documents.md").read_text("utf-8")
BLOCKS = re.findall(r"^```([a-z]+)(?: ([a-z.-]+))?\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = {name: text for _, name, text in BLOCKS if name}
RUNS = [text for kind, _, text in BLOCKS if kind == "console"]
SHIPPED = "Neither the agent nor the appliance was reached: it is judged by the layouts that come with this software.\n"


def test_every_file_of_the_page_is_used_by_a_command() -> None:
    assert len(FILES) == len(RUNS) + 1, "each run has a file of its own, and one has a profile besides"
    assert all(name in PAGE.replace(f"```{name}", "") for name in FILES)


@pytest.mark.parametrize("run", RUNS, ids=[run.splitlines()[0] for run in RUNS])
def test_a_command_of_the_page_says_what_the_page_says(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shipped = checking.shipped_reply()
    own = [parse_import(name[:-5], text.encode(), name) for name, text in FILES.items() if name.endswith(".toml")]
    told = LayoutsReply(shipped.printers, shipped.layouts, (*shipped.imports, *own), shipped.formats)
    monkeypatch.setattr(checking, "shipped_reply", lambda: told)
    command, _, said = run.partition("\n")
    words = shlex.split(command.removeprefix("$ "))
    code = main([*words[1:], "--home", str(tmp_path / "home")])
    written = capsys.readouterr()
    assert (written.out.removeprefix(SHIPPED) + written.err, code == 0) == (said, "It can be printed." in said)


def test_the_page_lists_the_import_profiles_of_the_product() -> None:
    assert all(f"`{profile.name}`" in PAGE for profile in checking.shipped_reply().imports)
