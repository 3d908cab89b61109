"""passbookctl as another user of the machine: `python -m tests.scenarios.another_user UID GID ARGUMENTS`, as root."""

from __future__ import annotations

import os
import sys
from typing import Final

from firmware.ctl.__main__ import main

PROGRAM: Final = ("-m", "tests.scenarios.another_user")


def become(uid: int, gid: int) -> None:
    """Be this user from now on, in this group only."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
