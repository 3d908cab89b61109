"""The appliance on a machine that is never synchronized, its wall clock set by a test; a program in passbookd's place.

libfaketime lies between the process and the system's clock.  Monotonic time goes on as it is, as on a real machine
whose clock is set.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import Final
from unittest.mock import patch

from firmware.__main__ import main
from spooler import clock

LIBRARIES: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
"""Of the Debian package faketime, for each architecture."""


class WallClock:
    """The wall clock of one machine, which runs on from wherever it is set."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def program(self) -> tuple[str, ...]:
        """What the interpreter is told to be the appliance."""
        return "-m", "tests.scenarios.wrong_clock", str(self._file)

    def set(self, when: str) -> None:
        """Set it to an ISO time in UTC."""
        ahead = dt.datetime.fromisoformat(when).replace(tzinfo=dt.UTC).timestamp() - time.time()
        # A process may read it at any moment, and must find all of it.
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+.3f}")
        new.replace(self._file)


def _with_wrong_clock(file: str) -> None:
    """Go on as the same process with its clock taken over."""
    faked = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": file,
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "TZ": "UTC",
    }
    arguments = [sys.executable, "-m", "tests.scenarios.wrong_clock", *sys.argv[1:]]
    os.execve(sys.executable, arguments, os.environ | faked)  # noqa: S606  # this very program


if __name__ == "__main__":
    if "FAKETIME_TIMESTAMP_FILE" not in os.environ:
        _with_wrong_clock(sys.argv[1])
    with patch.object(clock, "machine_synchronized", lambda: False):
        sys.exit(main(sys.argv[2:]))
