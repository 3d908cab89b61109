"""The protection of the process's memory: no core file, no attaching, no file that others can read."""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Final

from passbook.errors import PassbookError

PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4
"""Numbers of prctl(2), from linux/prctl.h."""
UMASK: Final = 0o077


def harden() -> None:
    """Put all three in effect and read each back. Raises PassbookError `hardening-failed`, which names a failed one.

    Both the limit and the flag are needed: a core pattern that names a program does not look at the limit.
    """
    os.umask(UMASK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    in_effect = {
        "RLIMIT_CORE": resource.getrlimit(resource.RLIMIT_CORE) == (0, 0),
        "PR_SET_DUMPABLE": libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0,
        "umask": os.umask(UMASK) == UMASK,
    }
    for what, done in in_effect.items():
        if not done:
            raise PassbookError("hardening-failed", what=what)
