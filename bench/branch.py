"""An appliance to be measured: real processes, any number of terminals, and limits that no measurement reaches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from demo.world import World
from firmware.identity import pki
from terminal import enrollment
from terminal.home import Home

QUOTA: Final = "8 GiB"
LIMITS: Final = """[limits]
jobs_per_terminal = 1000000
bytes_per_terminal = "8 GiB"
connections = 1000
commands_per_second = 1000000
[log]
level = "warning"
"""
"""The limits of a measured appliance: the pace of a terminal that only sends is not the subject."""


@contextmanager
def measured(
    folder: Path, terminals: int, program: tuple[str, ...] = ("-m", "firmware"), extra: str = ""
) -> Iterator[tuple[World, list[Home]]]:
    """A running appliance with a branch recovery key, and the folders of `terminals` enrolled terminals.

    `extra` are more tables of its configuration.
    """
    folder.mkdir()
    with World(folder, program=program) as world:
        world.build()
        first = world.enroll("terminal-0")
        recovery = world.folder / "recovery.pub"
        first.run("keys", "recovery-new", str(recovery))
        homes = [Home(first.home)]
        homes += [_enroll(world, homes[0], f"terminal-{number}") for number in range(1, terminals)]
        world.write_config(recovery, extra=LIMITS + extra, quota=QUOTA)
        world.start_appliance()
        yield world, homes


def _enroll(world: World, like: Home, name: str) -> Home:
    """Do the work of `teller enroll` and `passbookctl enroll` without a process for each step."""
    home = Home(world.folder / "terminals" / name)
    home.folder.mkdir(mode=0o700)
    request = enrollment.begin_enrollment(home, name, representative=False).read_bytes()
    certificate = home.folder / "signed.pem"
    now = dt.datetime.now(dt.UTC)
    certificate.write_bytes(pki.sign_request(world.folder / "ca", request, name, representative=False, now=now))
    address = like.address()
    enrollment.finish_enrollment(home, certificate, like.ca, str(address), address.server_name)
    return home
