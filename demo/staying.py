"""`make run`: the branch of the demo, left running, and the commands to try next."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Final

from demo.story import SECOND, STATEMENT, Story
from demo.world import PRINTER, PROJECT, World, ruler_of, shipped_layout

RUNNING: Final = PROJECT / "build" / "running"
SERVERS: Final = ("passbookd", "-m\0firmware\0", "-m\0drivers.simulator\0run\0")
"""Words of the servers' command lines as the kernel keeps them."""
END_TIMEOUT: Final = 20.0
"""Seconds for a process to end in order before it is killed."""


def stay() -> int:
    """Start everything, print what to try, and leave it running."""
    leave()
    folder = Path(tempfile.mkdtemp(prefix="passbook-run-"))
    world = World(folder, pace="real", grace=10.0, answer_timeout=30.0)
    try:
        world.build()
        Story(world, print).prepare()
    except BaseException:
        world.close()
        raise
    RUNNING.parent.mkdir(exist_ok=True)
    RUNNING.write_text(str(folder))
    print(_commands(world))
    return 0


def leave() -> int:
    """End what an earlier `stay` left running, if anything."""
    if RUNNING.exists():
        folder = RUNNING.read_text()
        for process in working_in(folder):
            with contextlib.suppress(ProcessLookupError):
                _end(process)
        shutil.rmtree(folder, ignore_errors=True)
        RUNNING.unlink()
    return 0


def working_in(folder: str) -> list[int]:
    """The servers whose command line names the folder, also one that a person started there again."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_text(errors="replace")
            if folder in command and any(word in command for word in SERVERS):
                found.append(int(entry.parent.name))
    return found


def _end(process: int) -> None:
    """Ask a process to end and wait for it.  Raises ProcessLookupError when it is gone already."""
    descriptor = os.pidfd_open(process)
    try:
        os.kill(process, signal.SIGTERM)
        ended, _, _ = select.select([descriptor], [], [], END_TIMEOUT)
        if not ended:
            os.kill(process, signal.SIGKILL)
    finally:
        os.close(descriptor)


def _commands(world: World) -> str:
    binary = PROJECT / ".venv" / "bin"
    ruler = world.folder / "ruler.json"
    rules = ruler_of(shipped_layout("savings-24"))
    ruler.write_text(
        json.dumps(
            {
                "firstY": rules.first_y,
                "pitch": rules.pitch,
                "lines": rules.lines,
                "foldAfter": rules.fold_after,
                "foldGap": rules.fold_gap,
            }
        )
    )

    def teller(name: str) -> str:
        home = world.folder / "terminals" / name
        return f"{binary}/teller --home {home} --passphrase-file {home}/passphrase"

    sim = f"--control {world.folder}/printer"
    return f"""
It runs. Try, in two windows:

  a teller prints             {teller("counter-1")} print {STATEMENT.file} --printer {PRINTER} --person Anna
  ... and handles the book    {binary}/passbook-sim insert {sim} --book book-1 --page 3 --ruler {ruler}
                              {binary}/passbook-sim take {sim}
  ... turned to page 4        {binary}/passbook-sim insert {sim} --book book-1 --page 4 --ruler {ruler}
  cut the appliance's power   kill -9 {world.appliance_pid}
  ... and give it back        {world.appliance_command()}
  who is asked, and what      {teller("counter-1")} inquiries
  ... and the answer          {teller("counter-1")} answer JOB --from-line 4 --person Anna --follow
  another teller              {teller("counter-2")} print {SECOND.file} --printer {PRINTER} --person Bernd
  the representative          {teller("manager")} inquiries
  the operator                {binary}/passbookctl --control {world.folder}/control status
                              {binary}/passbookctl --control {world.folder}/control history
  look at the paper           {binary}/passbook-sim paper {world.paper_file} --out {PROJECT}/build/run

End it with: make stop
"""
