"""The demo as a process.  Damage is planted into fast stories with pictures of their own: tests run side by side."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

WAIT = 280
pytestmark = pytest.mark.timeout(WAIT + 20)
FAST = """
import sys
from pathlib import Path
from demo import __main__ as demo
demo.PACE, demo.PICTURES = "fast", Path(sys.argv.pop(1))
sys.exit(demo.main())
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)


@pytest.mark.long
def test_the_story_ends_well_and_shows_what_is_on_paper() -> None:
    done = run("-m", "demo")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "Paper, history and the people's answers agree." in done.stdout
    assert "THE USB CABLE IS PULLED in the middle of a line" in done.stdout
    rows = [line.split()[-5:] for line in done.stdout.splitlines() if re.search(r"( +\d+){5}$", line)]
    assert len(rows) == 3
    for expected, once, _twice, missing, _again in rows:
        assert (int(missing), int(once) > 0, int(expected) > 0) == (0, True, True)
    pictures = [Path(line.partition(": ")[2]) for line in done.stdout.splitlines() if line.startswith("page picture:")]
    assert len(pictures) == 4
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("drop", r"DISAGREEMENT  statement.* 1 line of 20 not on paper"),
        ("twice", r"DISAGREEMENT  statement.* on 1 line text is struck, or struck again, without an order"),
        ("history", r"DISAGREEMENT  the history does not fit: The history of area"),
    ],
)
def test_planted_damage_is_found_and_named(damage: str, named: str, tmp_path: Path) -> None:
    done = run("-c", FAST, str(tmp_path / "pictures"), "--plant", damage)
    assert done.returncode == 1, done
    assert re.search(named, done.stdout), done.stdout
    assert "They do not agree." in done.stdout
    assert "PLANTED DAMAGE" in done.stdout


def test_damage_that_is_not_known_is_refused_before_anything_starts() -> None:
    done = run("-m", "demo", "--plant", "fire")
    assert done.returncode == 2
    assert "fire" in done.stderr
