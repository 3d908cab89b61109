"""Unix sockets at which callers of this machine are served: the kernel says who calls, and a message could not."""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Final, NamedTuple

_CREDENTIALS: Final = struct.Struct("3i")
"""struct ucred (unix(7)): pid, uid, gid."""


class UnixPeer(NamedTuple):
    """The process at the other side, as the kernel knows it."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> UnixPeer:
    """The process at the other side of a Unix socket."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return UnixPeer(*_CREDENTIALS.unpack(credentials))


def is_served(path: Path) -> bool:
    """Whether a process serves the socket at `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            return probe.connect_ex(str(path)) == 0
        except OSError:
            # Its name is longer than that of any socket.
            return False


def listen_at(path: Path, mode: int, backlog: int) -> socket.socket:
    """Make a listening socket of this mode.  Raises OSError.

    The socket of a killed process at `path` is removed first.
    """
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    # The mode must be right from the first moment, and bind() has only the umask for that.
    before = os.umask(0o777 & ~mode)
    try:
        listener.bind(str(path))
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.EEXIST, "a file that is no socket has this name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        if probe.connect_ex(str(path)) != errno.ECONNREFUSED:
            raise OSError(errno.EADDRINUSE, "another process serves this socket")
    path.unlink()
