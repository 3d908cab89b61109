"""The demo of the slip printer as a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

WAIT = 110


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo.slip", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)


@pytest.mark.slow
def test_the_story_of_the_slip_ends_well_and_shows_two_lines_in_doubt() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "counter-1 is asked about 2 lines:" in done.stdout
    assert "lines 4 to 5 are in doubt" in done.stdout
    assert "Paper, history and the person's answer agree." in done.stdout
    [picture] = [Path(line.partition(": ")[2]) for line in done.stdout.splitlines() if line.startswith("slip picture:")]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.soak
def test_a_line_struck_once_more_is_found_and_named() -> None:
    done = run("--plant", "twice")
    assert done.returncode == 1, done
    assert "DISAGREEMENT  deposit slip: on 1 line text is struck, or struck again, without an order" in done.stdout
    assert "They do not agree." in done.stdout
