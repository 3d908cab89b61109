"""The demo of the slip printer as a process: a slip, a PDF page, a certificate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

WAIT = 280
pytestmark = pytest.mark.timeout(WAIT + 20)
PAPERS = ("slip-1", "sheet-1", "certificate-1")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo.slip", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)


@pytest.mark.long
def test_the_story_ends_well_and_shows_two_lines_in_doubt_a_picture_and_the_stock() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "counter-1 is asked about 2 lines:" in done.stdout
    assert "lines 4 to 5 are in doubt" in done.stdout
    assert "the bars have 13920 dots, 0 missing and 0 too many;" in done.stdout
    before, after = (
        done.stdout.index(f"Stock: {left} certificates are left, and the next one has the number {following}.")
        for left, following in ((3, 1001), (2, 1002))
    )
    assert before < done.stdout.index("A certificate is printed on the sheet with the number 1001.") < after
    assert "Papers, history, stock and the person's answer agree." in done.stdout
    shown = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("paper picture:")]
    assert [Path(path).name for path in shown] == [f"{paper}-page-1.png" for paper in PAPERS]
    assert all(Path(path).read_bytes().startswith(b"\x89PNG") for path in shown)


@pytest.mark.soak
def test_a_line_struck_once_more_is_found_and_named() -> None:
    done = run("--plant", "twice")
    assert done.returncode == 1, done
    assert "DISAGREEMENT  deposit slip: on 1 line text is struck, or struck again, without an order" in done.stdout
    assert "They do not agree." in done.stdout
