"""`make run`: the branch of the demo, left running, and the commands to try next."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Final

from demo.browser_identity import PASSWORD, save_identity
from demo.story import SECOND, STATEMENT, Story
from demo.world import PROJECT, World, ruler_of, shipped_layout

RUNNING: Final = PROJECT / "build" / "run" / "folder"
"""The note with the folder of the branch that was left running."""
BROWSERS: Final = ("counter-1", "counter-2", "manager")
"""The terminals that a browser can be."""
ADDRESS: Final = "page-address"
"""The note in that folder with the address of the page."""
SERVERS: Final = ("passbookd", "-m\0firmware\0", "-m\0drivers.simulator\0run\0")
"""Words of the servers' command lines as the kernel keeps them."""
END_TIMEOUT: Final = 20.0
"""Seconds for a process to end in order before it is killed."""


def stay() -> int:
    """Start everything, print what to try, and leave it running; a branch that runs already is left alone."""
    folder = _noted()
    if folder is not None and working_in(str(folder)):
        print(f"A branch runs already, in {folder}. End it with: make stop")
        print(_commands(folder))
        return 0
    if folder is not None:
        leave()
    folder = Path(tempfile.mkdtemp(prefix="passbook-run-"))
    world = World(folder, pace="real", grace=10.0, answer_timeout=30.0)
    try:
        world.build()
        Story(world, print).prepare()
    except BaseException:
        world.close()
        raise
    RUNNING.parent.mkdir(parents=True, exist_ok=True)
    for name in BROWSERS:
        save_identity(folder / "terminals" / name, _identity(name))
    shutil.copy(folder / "etc" / "ca.pem", _authority())
    (folder / ADDRESS).write_text(f"https://{world.address}/")
    RUNNING.write_text(str(folder))
    _environment().write_text(_settings(world))
    print("It runs.")
    print(_commands(folder))
    return 0


def leave() -> int:
    """End the processes that an earlier `stay` left running, and tell them."""
    folder = _noted()
    if folder is None:
        print("No branch is running.")
        return 0
    servers = working_in(str(folder))
    for process in servers:
        with contextlib.suppress(ProcessLookupError):
            _end(process)
    shutil.rmtree(folder, ignore_errors=True)
    RUNNING.unlink()
    for file in (_environment(), _authority(), *map(_identity, BROWSERS)):
        file.unlink(missing_ok=True)
    ended = f"Ended {len(servers)} processes" if servers else "No process was running any more"
    print(f"{ended}; removed {folder}.")
    return 0


def _noted() -> Path | None:
    """The folder of the branch that was left running."""
    return Path(RUNNING.read_text()) if RUNNING.exists() else None


def _environment() -> Path:
    """The script that a shell reads first, so that the commands to try are short."""
    return RUNNING.with_name("env")


def _identity(name: str) -> Path:
    """The file that a browser imports to be that terminal."""
    return RUNNING.with_name(f"{name}.p12")


def _authority() -> Path:
    """The certificate by which a browser knows the appliance."""
    return RUNNING.with_name("ca.pem")


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
    """Ask a process to end and wait for it. Raises ProcessLookupError if it is gone already."""
    descriptor = os.pidfd_open(process)
    try:
        os.kill(process, signal.SIGTERM)
        ended, _, _ = select.select([descriptor], [], [], END_TIMEOUT)
        if not ended:
            os.kill(process, signal.SIGKILL)
    finally:
        os.close(descriptor)


def _settings(world: World) -> str:
    """The script for a shell: the places of the branch, and functions for deeds of several commands."""
    folder = shlex.quote(str(world.folder))
    binary = shlex.quote(str(PROJECT / ".venv" / "bin"))
    rules = ruler_of(shipped_layout("savings-24"))
    ruler = {
        "firstY": rules.first_y,
        "pitch": rules.pitch,
        "lines": rules.lines,
        "foldAfter": rules.fold_after,
        "foldGap": rules.fold_gap,
    }
    (world.folder / "ruler.json").write_text(json.dumps(ruler))
    (world.folder / "pid").write_text(str(world.appliance_pid))
    return f"""\
PATH={binary}:$PATH
branch={folder}
export PATH
export PASSBOOK_CONTROL=$branch/control PASSBOOK_SIMULATOR=$branch/printer
at() {{
    terminal=$branch/terminals/$1
    shift
    PASSBOOK_HOME=$terminal PASSBOOK_PASSPHRASE_FILE=$terminal/passphrase "$@"
}}
counter_1() {{ at counter-1 teller "$@"; }}
counter_2() {{ at counter-2 teller "$@"; }}
manager() {{ at manager teller "$@"; }}
open_book() {{ passbook-sim insert --book book-1 --page "$1" --ruler "$branch/ruler.json"; }}
cut_power() {{ kill -9 "$(cat "$branch/pid")"; }}
give_power() {{
    passbookd --config "$branch/etc/passbook.toml" 2>>"$branch/passbookd.log" &
    echo $! >"$branch/pid"
}}
pictures() {{ passbook-sim paper "$branch/paper.json" --out {shlex.quote(str(RUNNING.parent))}; }}
"""


def _commands(folder: Path) -> str:
    environment = os.path.relpath(_environment(), PROJECT)
    documents = [os.path.relpath(document.file, PROJECT) for document in (STATEMENT, SECOND)]
    identity, authority = (os.path.relpath(file, PROJECT) for file in (_identity("manager"), _authority()))
    return f"""
In a browser, first:    import {identity} (password: {PASSWORD})
                        trust {authority} for web sites
  ... then open         {(folder / ADDRESS).read_text()}
In two windows, first:  . {environment}
Then try:
  a teller prints       counter_1 print {documents[0]} --person Anna
  ... handles the book  open_book 3
                        passbook-sim take
  ... turns to page 4   open_book 4
  cut the power         cut_power
  ... and give it back  give_power
  who is asked what     counter_1 questions
  ... and the answer    counter_1 answer JOB --from-line 4 --person Anna
  another teller        counter_2 print {documents[1]} --person Bernd
  the representative    manager questions
  the operator          passbookctl status
                        passbookctl history
  look at the paper     pictures

End it with: make stop
"""
