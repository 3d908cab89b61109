"""The machine on which a process runs: known by its id, and told to others by a name that does not give that away."""

from __future__ import annotations

import socket
from hashlib import sha256
from pathlib import Path
from typing import Final

from storage import files

MACHINE: Final = Path("/etc/machine-id")
"""The id of this machine: machine-id(5)."""
_LENGTH: Final = 16


def machine_id(file: Path = MACHINE) -> bytes:
    """The id of this machine, or its host name where it has none.  Raises PassbookError `file-problem`."""
    # A system that was never set up has no id yet; its host name tells it from another one.
    return files.read(file).strip() if files.exists(file) else socket.gethostname().encode()


def machine_name(file: Path = MACHINE) -> str:
    """A name of this machine for others, which does not tell its id.  Raises PassbookError `file-problem`."""
    return sha256(b"passbook machine 1 name " + machine_id(file)).hexdigest()[:_LENGTH]
