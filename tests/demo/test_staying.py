"""What `--stay` leaves running and `--end` ends, with a note of its own, so that nobody's running branch is ended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import __main__ as demo
from demo import staying
from demo.world import await_fact
from tests.house import ROOT

WAIT = 110
CALL = """
import sys
from pathlib import Path
from demo import staying
staying.RUNNING = Path(sys.argv[1])
sys.exit(getattr(staying, sys.argv[2])())
"""


class Branch:
    """A branch that is left running, as a person starts and ends it."""

    def __init__(self, note: Path) -> None:
        self.note = note
        self.processes: list[int] = []

    def call(self, what: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", CALL, str(self.note), what],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def stay(self) -> str:
        said = self.call("stay")
        self.processes = staying.working_in(str(self.folder))
        return said

    @property
    def folder(self) -> Path:
        return Path(self.note.read_text())


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[Branch]:
    one = Branch(tmp_path / "build" / "running")
    yield one
    one.call("leave")


def is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def shell(branch: Branch, script: str) -> str:
    """What a person gets who types this in a window, as the printed lines say."""
    said = subprocess.run(
        ["sh", "-euc", f". {branch.note.with_name('env')}\n{script}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, ""), said
    return said.stdout


@pytest.mark.long
def test_a_branch_stays_answers_and_ends_without_a_trace(branch: Branch) -> None:
    said = branch.stay()
    folder = branch.folder
    first = branch.processes
    assert len(first) == 2
    assert "make stop" in said
    printed = said.partition("Then try:")[2].splitlines()
    assert max(map(len, printed)) <= 80
    status: Any = json.loads(shell(branch, "passbookctl --json status"))
    assert [printer["printer"] for printer in status["printers"]] == ["window-1"]
    assert shell(branch, "counter_1 questions; counter_2 questions; manager questions")
    shell(branch, "open_book 3")
    assert json.loads(shell(branch, "passbook-sim state"))
    again = branch.stay()
    assert f"A branch runs already, in {folder}" in again
    assert said.partition("In two windows")[2] in again
    assert branch.processes == first
    shell(branch, "cut_power; give_power >/dev/null")
    # One was started there again; what started it may still be there for a moment.
    await_fact(lambda: len(staying.working_in(str(folder))) == 2, lambda: staying.working_in(str(folder)))
    assert branch.call("leave") == f"Ended 2 processes; removed {folder}.\n"
    assert not any(map(is_running, first))
    assert staying.working_in(str(folder)) == []
    assert not folder.exists()
    assert list(branch.note.parent.iterdir()) == []


def test_to_end_what_does_not_run_is_said(branch: Branch) -> None:
    assert branch.call("leave") == "No branch is running.\n"


def test_a_note_of_an_earlier_day_ends_no_stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only servers that work in the folder of the note are ended."""
    gone = str(tmp_path / "gone")
    stranger = subprocess.Popen([sys.executable, "-c", "input()", gone], stdin=subprocess.PIPE)
    note = tmp_path / "running"
    note.write_text(gone)
    monkeypatch.setattr(staying, "RUNNING", note)
    try:
        assert staying.leave() == 0
        assert stranger.poll() is None
        assert not note.exists()
    finally:
        stranger.communicate(b"\n", timeout=WAIT)


@pytest.mark.parametrize(("option", "called"), [("--stay", "stay"), ("--end", "leave")])
def test_the_options_do_what_they_say(monkeypatch: pytest.MonkeyPatch, option: str, called: str) -> None:
    monkeypatch.setattr(demo, called, lambda: 7)
    monkeypatch.setattr(sys, "argv", ["demo", option])
    assert demo.main() == 7
