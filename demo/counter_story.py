"""The frame of a story at one counter: a printer, a person who answers, and the verdict by the paper at the end."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from demo.damage import plant
from demo.people import Printing
from demo.verdict import Order, Sent, disagreements, table, verdict_row
from demo.world import PROJECT, World, await_fact
from drivers.simulator.render import render_sheet
from passbook.document.plan import Line

LAYOUTS: Final = PROJECT / "demo" / "layouts"
FINISHED: Final = 60.0
"""Seconds for a job to end."""


class CounterStory(ABC):
    """A story at counter-1."""

    judges: str
    """What agrees at the end, as the subject of a sentence."""
    pictures: Path
    """The folder for pictures of the paper."""

    def __init__(self, world: World) -> None:
        self._began = time.monotonic()
        self._world = world
        self._orders: list[Order] = []
        self._faults: list[str] = []

    @abstractmethod
    def tell(self) -> list[Sent]:
        """Tell the story; return the documents that the paper must have."""

    def look_closer(self) -> None:  # noqa: B027  # most stories are judged by their lines alone
        """Judge what no line tells, when the appliance is off."""

    def say(self, words: str) -> None:
        """Tell what happens, with the time since the beginning."""
        first, *more = words.rstrip().splitlines()
        moment = f"{time.monotonic() - self._began:5.1f} s"
        print(f"{moment}  {first}", *(f"         {line}" for line in more), sep="\n", flush=True)

    def run(self, damage: str | None) -> int:
        """Tell the story; return 0 when papers, history and the answers of people agree."""
        sent = self.tell()
        history = self._world.ctl("history", "--last", "1000")
        self._world.stop_appliance()
        if damage is not None:
            self.say(f"PLANTED DAMAGE: {plant(damage, self._world)}")
        self.look_closer()
        return self._judge(sent, history)

    def _prepare(self, printer: str, *, keys: Iterable[str] = (), config: str = "") -> None:
        """Enroll counter-1, make its keys, and start the appliance."""
        self._world.build()
        self._counter = self._world.enroll("counter-1")
        self._counter.run("keys", "new", "anna-1")
        for key in keys:
            self._counter.run("keys", key)
        self._world.write_config(printer=config)
        self._world.start_appliance()
        self.say(f"The simulated {printer} and the appliance run; counter-1 is enrolled.")

    def _question(self) -> dict[str, Any]:
        """The question that counter-1 is asked, once there is one."""
        await_fact(lambda: bool(self._counter.run("questions")), lambda: self._counter.run("questions"))
        [question] = self._counter.run("questions")
        return dict(question)

    def _go_on_with(self, sent: Sent, missing: int, number: int) -> None:
        """Anna answers: go on with the line of that number, the step `missing`."""
        self._counter.run("answer", sent.job, "--from-line", str(number), "--person", "Anna")
        self._orders.append(Order(sent.job, "Anna", "resume", missing, missing - 1))

    def _is_on_paper(self, sent: Sent, step: int) -> bool:
        line = sent.plan[step - 1]
        return isinstance(line, Line) and self._world.paper.times(sent.book, line.page, line.line) > 0

    def _finish(self, printing: Printing) -> None:
        code = printing.end(FINISHED)
        if code != 0:
            raise RuntimeError(f"teller ended with {code}: {printing.error()} {printing.refused}")

    def _judge(self, sent: Sequence[Sent], history: list[Any]) -> int:
        paper = self._world.paper
        print()
        print(table(verdict_row(document, paper, self._orders) for document in sent if document.plan))
        print()
        shutil.rmtree(self.pictures, ignore_errors=True)
        for picture in render_sheet(paper, self.pictures):
            print(f"paper picture: {picture}")
        wrong = disagreements(sent, paper, self._orders, history, self._world.verify_offline()) + self._faults
        print()
        for sentence in wrong:
            print(f"DISAGREEMENT  {sentence}")
        print(f"{self.judges} agree." if not wrong else "They do not agree.")
        return 1 if wrong else 0


def run_story(
    name: str, about: str | None, plants: Sequence[str], story: Callable[[World], CounterStory], dialect: str = "pr2"
) -> int:
    """Run a story as the program `name` in a folder that is removed afterwards; return its exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    parser.add_argument("--plant", choices=plants, help="damage that the verdict must find")
    options = parser.parse_args()
    # A short path: a Unix socket's name has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="passbook-"))
    try:
        with World(folder, pace="real", dialect=dialect, layouts=LAYOUTS) as world:
            return story(world).run(options.plant)
    finally:
        shutil.rmtree(folder)
