"""A system that boots with a real systemd and has nothing but the /usr of this one; commands are run in it.

Run as a program it is the far side: inside the system it takes commands from the socket that it is given.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

SHARED: Final = "/srv/shared"
"""Where the system sees the folder that both sides have."""
PATIENCE: Final = 120.0
"""Seconds for the boot and for one command."""
INSIDE: Final = f"""\
[Unit]
After=multi-user.target

[Service]
ExecStart=/usr/bin/python3 {SHARED}/machine.py {SHARED}/door
ExecStopPost=systemctl poweroff --no-block
"""
TARGET: Final = """\
[Unit]
Requires=multi-user.target
Wants=inside.service
AllowIsolate=yes
"""


NOTHING_ELSE: Final = "disable *\n"
"""A system without files of its own enables every service at its first boot; those of this machine are not wanted."""


class Machine:
    """This side: a system that runs."""

    def __init__(self, far: socket.socket, answers: TextIO) -> None:
        self._far = far
        self._answers = answers

    def try_to(self, script: str) -> tuple[int, str]:
        """Run a shell script in it, stopping at the first failure; its exit code and all that it wrote."""
        self._far.sendall(json.dumps(script).encode() + b"\n")
        code, output = json.loads(self._answers.readline())
        return code, output

    def run(self, script: str) -> str:
        """The same for what must succeed."""
        code, output = self.try_to(script)
        assert code == 0, output
        return output


@contextmanager
def boot(shared: Path, binds: dict[str, Path]) -> Iterator[Machine]:
    """Boot a system with these folders in it, to read; `shared` must lie on a disk.  Afterwards it is off.

    Its own files are in memory but for what systemd keeps, since systemd seals no key where nothing lasts.
    """
    kept = shared / "systemd"
    kept.mkdir()
    files = {"inside.service": INSIDE, "inside.target": TARGET, "machine.py": Path(__file__).read_text("utf-8")}
    files["nothing-else.preset"] = NOTHING_ELSE
    for name, text in files.items():
        (shared / name).write_text(text)
    options = ["--volatile=yes", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "--boot"]
    options += [f"--machine=passbook-{os.getpid()}", f"--bind={shared}:{SHARED}", f"--bind={kept}:/var/lib/systemd"]
    options += [f"--bind-ro={shared}/{name}:/etc/systemd/system/{name}" for name in ("inside.service", "inside.target")]
    options += [f"--bind-ro={shared}/nothing-else.preset:/etc/systemd/system-preset/00-nothing-else.preset"]
    options += [f"--bind-ro={folder}:{place}" for place, folder in binds.items()]
    with socket.socket(socket.AF_UNIX) as door, (shared / "console").open("wb") as console:
        door.bind(str(shared / "door"))
        door.listen()
        door.settimeout(PATIENCE)
        system = subprocess.Popen(
            ["systemd-nspawn", "--directory=/", *options, "systemd.unit=inside.target"],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
        )
        try:
            with door.accept()[0] as far, far.makefile("r") as answers:
                far.settimeout(PATIENCE)
                yield Machine(far, answers)
            system.wait(PATIENCE)
        finally:
            system.kill()
            system.wait()


def _inside(door: str) -> None:
    """Run what comes, until the other side hangs up."""
    with socket.socket(socket.AF_UNIX) as near:
        near.connect(door)
        for line in near.makefile("r"):
            command = ["/bin/sh", "-euc", json.loads(line)]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            )
            near.sendall(json.dumps([done.returncode, done.stdout.decode(errors="replace")]).encode() + b"\n")


if __name__ == "__main__":
    _inside(sys.argv[1])
