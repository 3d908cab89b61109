"""`make demo`: tells the story with real processes and ends with 0 only when paper, history and answers agree."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from demo.damage import PLANTS, plant
from demo.staying import leave, stay
from demo.stolen_disk import search_paper
from demo.story import Story
from demo.verdict import disagreements, table, verdict_row
from demo.world import PROJECT, World
from drivers.simulator.paper import Paper
from drivers.simulator.render import render_sheet

PICTURES = PROJECT / "build" / "demo"
PACE = "real"
"""The pace of the mechanism: that of a real one, for people to watch."""


def main() -> int:
    """Run the deed of the options."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--plant", choices=PLANTS, help="damage paper or history before the verdict, which must find it")
    what.add_argument("--stay", action="store_true", help="leave the branch running and print commands to try")
    what.add_argument("--end", action="store_true", help="end the branch that --stay left running")
    options = parser.parse_args()
    if options.stay:
        return stay()
    if options.end:
        return leave()
    # A short path: a Unix socket's name has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="passbook-"))
    try:
        return tell(folder, options.plant)
    finally:
        shutil.rmtree(folder)


def tell(folder: Path, damage: str | None) -> int:
    """Tell the story in `folder`, plant damage, judge; return the exit code."""
    began = time.monotonic()

    def say(words: str) -> None:
        first, *more = words.rstrip().splitlines()
        print(
            f"{time.monotonic() - began:5.1f} s  {first}", *(f"         {line}" for line in more), sep="\n", flush=True
        )

    with World(folder, pace=PACE, has_line=True) as world:
        world.build()
        story = Story(world, say)
        story.prepare()
        story.tell()
        history = world.ctl("history", "--last", "1000")
        world.stop_appliance()
        if damage is not None:
            say(f"PLANTED DAMAGE: {plant(damage, world)}")
        findings = world.verify_offline()
        # The verdict judges damage to the paper, not a search that is blind.
        blind = [] if damage else search_paper(world, story.sent)
        return judge(story, world.paper, history, findings, blind)


def judge(story: Story, paper: Paper, history: list[Any], findings: list[Any], blind: list[str]) -> int:
    """Print the table, the pictures and the verdict, all from the paper file."""
    print()
    print(table(verdict_row(sent, paper, story.orders) for sent in story.sent))
    print()
    shutil.rmtree(PICTURES, ignore_errors=True)
    for picture in render_sheet(paper, PICTURES):
        print(f"page picture: {picture}")
    wrong = disagreements(story.sent, paper, story.orders, history, findings, story.expired)
    wrong += story.faults + blind
    print()
    for sentence in wrong:
        print(f"DISAGREEMENT  {sentence}")
    print("Paper, history and the people's answers agree." if not wrong else "They do not agree.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
