"""The name of the person at the keyboard, where a command was not told another one."""

from __future__ import annotations

import contextlib
import getpass
import os


def login_name() -> str:
    """The login name; a user without one is named by number."""
    with contextlib.suppress(KeyError, OSError):
        return getpass.getuser()
    return f"uid {os.getuid()}"
