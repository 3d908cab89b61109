"""Who calls at the operators' socket: the kernel names user, process and groups, and a message could not."""

from __future__ import annotations

import grp
import os
import socket
import struct
from collections.abc import Iterable
from typing import Final

from passbook.errors import PassbookError
from passbook.job.actor import Actor, Role, UnixCaller
from passbook.job.record import OPERATOR
from spooler.unix_socket import peer_of

AUDITOR: Final = "@auditor"
"""What stands for an auditor where a terminal's name would stand; no certificate has such a name."""
SO_PEERGROUPS: Final = 59
"""Of Linux's asm-generic/socket.h: the supplementary groups of the other side; socket has no name for it."""
_GROUPS_BYTES: Final = 1024
"""Bytes of group numbers that socket reads at most; a user with more groups is told apart by its first one only."""


class Callers:
    """Judges callers: root and the appliance's own user are operators, members of some groups are auditors."""

    def __init__(self, auditors: Iterable[int] = ()) -> None:
        """`auditors`: numbers of the groups whose members are auditors."""
        self._auditors = frozenset(auditors)

    @property
    def are_others_welcome(self) -> bool:
        """Whether any user but root and the appliance's own may call."""
        return bool(self._auditors)

    def judge(self, connection: socket.socket) -> Actor:
        """The actor at the other side of a Unix socket.

        Raises PassbookError `not-permitted`, and OSError for a connection that has ended.
        """
        pid, uid, gid = peer_of(connection)
        proof = UnixCaller(uid, pid)
        if uid in {0, os.getuid()}:
            return Actor(OPERATOR, frozenset({Role.OPERATOR}), proof)
        if self._auditors and not self._auditors.isdisjoint({gid, *_groups(connection)}):
            return Actor(AUDITOR, frozenset({Role.AUDITOR}), proof)
        raise PassbookError(
            "not-permitted", who=f"User {uid}", deed="use the operators' socket", whom="an operator of the appliance"
        )


def _groups(connection: socket.socket) -> tuple[int, ...]:
    size = struct.calcsize("I")
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, _GROUPS_BYTES)
    except OSError:
        return ()
    return struct.unpack(f"{len(packed) // size}I", packed)


def number_of_group(name: str) -> int:
    """The number of a Unix group.  Raises KeyError for one that this machine does not have."""
    return grp.getgrnam(name).gr_gid
