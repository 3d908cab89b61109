"""The demo of the books as a process: a statement in several books, and a change of books with a power cut in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

WAIT = 280
pytestmark = pytest.mark.timeout(WAIT + 20)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo.books", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT, check=False)


@pytest.mark.long
def test_the_story_ends_well_and_shows_both_books_and_the_change_in_doubt() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, ""), done
    words = " ".join(done.stdout.split())
    assert "whether the full book was given back, for a new one, is in doubt" in words
    for edge in (
        "the full book ends Carried to the next book 7593.15",
        "the new one begins Brought forward 7593.15",
        "the full book ends Carried to the next book 7743.15",
        "the new one begins Brought forward 7743.15",
    ):
        assert edge in words
    assert "it repeats the last update of its book" in words
    assert "was canceled by Anna at counter-1. Its book stands at page 1, line 11: send it again at page 1" in words
    assert "Books, history and the person's answer agree." in done.stdout
    shown = [Path(line.partition(": ")[2]) for line in done.stdout.splitlines() if line.startswith("paper picture:")]
    assert {path.name for path in shown} >= {"savings-goes-on-6-page-16.png", "savings-goes-on-6-2-page-1.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in shown)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("twice", "DISAGREEMENT  Germany: on 1 line text is struck, or struck again, without an order"),
        ("drop", "DISAGREEMENT  Germany: 1 line of 10 not on paper"),
    ],
)
def test_planted_damage_is_found_and_named(damage: str, found: str) -> None:
    done = run("--plant", damage)
    assert done.returncode == 1, done
    assert found in done.stdout
    assert "They do not agree." in done.stdout
