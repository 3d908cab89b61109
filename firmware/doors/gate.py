"""The gate before the terminal door: connections that were taken and whose certificate is not judged yet.

Each of them costs a file descriptor and memory.  Only so many are kept, and the oldest is closed first: a flood of
clients that never finish their handshake cannot keep out a terminal that does.
"""

from __future__ import annotations

import resource
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from passbook.errors import PassbookError
from spooler.logs import Log

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LOG: Final = Log("terminals")

BACKLOG: Final = 100
"""Connections that are taken in one turn of the event loop; those let go are closed in the next turn."""
LEAST_WAITING: Final = 32
"""Strangers that are kept however few terminals there may be."""
OTHER_FILES: Final = 256
"""File descriptors for areas, ports, operators and the process itself."""
_HANDSHAKE: Final = 0x16
"""First byte of a TLS handshake (RFC 8446 section 5.1)."""


def _reply() -> bytes:
    """The answer to a client that does not speak TLS, such as one that was given an address with ws: or http:."""
    error = PassbookError("not-tls")
    text = f"{error.code}: {error}\n".encode()
    head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + text


NOT_TLS: Final = _reply()


class Strangers:
    """The connections at the gate, the oldest first; lives in the event loop."""

    def __init__(self, most: int) -> None:
        """Keep at most `most`."""
        self._most = most
        self._waiting: dict[int, Visitor] = {}
        self._flooded = False

    def __len__(self) -> int:
        return len(self._waiting)

    def came(self, visitor: Visitor) -> None:
        """Count one more connection; the oldest is closed when there are too many."""
        self._waiting[visitor.fileno()] = visitor
        if len(self._waiting) <= self._most:
            return
        if not self._flooded:
            # Once for a whole flood, or the log would be the next thing that it fills.
            _LOG.warning("gate-full", count=self._most)
            self._flooded = True
        self._let_go(next(iter(self._waiting)))

    def let_go(self) -> None:
        """Close every connection, as the door closes."""
        for descriptor in list(self._waiting):
            self._let_go(descriptor)

    def _let_go(self, descriptor: int) -> None:
        with suppress(OSError):
            self._waiting.pop(descriptor).shutdown(socket.SHUT_RDWR)

    def went(self, descriptor: int) -> None:
        """Stop counting a connection that was let in or is closed."""
        self._waiting.pop(descriptor, None)
        self._flooded = self._flooded and len(self._waiting) > self._most // 2


class Gate(socket.socket):
    """A listening socket whose connections are counted from their first moment."""

    def __init__(self, listener: socket.socket, strangers: Strangers) -> None:
        """Take over `listener`."""
        super().__init__(fileno=listener.detach())
        self._strangers = strangers

    def accept(self) -> tuple[socket.socket, Any]:  # type: ignore[explicit-override]  # override is of Python 3.12
        """See socket.accept."""
        connection, address = super().accept()
        visitor = Visitor(connection, self._strangers, str(address[0]))
        self._strangers.came(visitor)
        return visitor, address


class Visitor(socket.socket):
    """A connection at the gate; a client that begins without a TLS handshake gets one sentence."""

    def __init__(self, connection: socket.socket, strangers: Strangers, address: str) -> None:
        """Take over `connection`."""
        super().__init__(fileno=connection.detach())
        self._strangers = strangers
        self._address = address
        self._heard = False

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:  # type: ignore[explicit-override]
        """See socket.recv_into; 0, as at the end, when the first byte is none of TLS."""
        count = super().recv_into(buffer, nbytes, flags)
        if count and not self._heard:
            self._heard = True
            if memoryview(buffer)[0] != _HANDSHAKE:
                _LOG.limited().warning("handshake-failed", code="not-tls", address=self._address)
                with suppress(OSError):
                    self.send(NOT_TLS)
                return 0
        return count

    def close(self) -> None:  # type: ignore[explicit-override]
        """See socket.close."""
        self._strangers.went(self.fileno())
        super().close()


def strangers_for(connections: int) -> Strangers:
    """Keep as many strangers as terminals, since all may connect at once after a power cut."""
    return Strangers(max(LEAST_WAITING, connections))


def files_for(connections: int) -> int:
    """File descriptors that the process may need with so many connections of terminals."""
    return connections + max(LEAST_WAITING, connections) + 2 * BACKLOG + OTHER_FILES


def claim_files(connections: int) -> str:
    """Raise the limit of open files for so many connections; returns why that failed, or an empty text."""
    needed = files_for(connections)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (OSError, ValueError):
        return f"{connections} connections need {needed} open files, and the system allows {hard} (LimitNOFILE=)"
    return ""


def listen(host: str, port: int, strangers: Strangers) -> Gate:
    """Listen at the first address of `host`.  Raises OSError, and UnicodeError for what no host can be called."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    listener = socket.create_server(address, family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return Gate(listener, strangers)
