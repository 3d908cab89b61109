"""A mail server that answers from a script, on this machine."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

GREETING = "mail.bank.example"
HANGS_UP = ""
"""In place of a reply: the server closes the connection."""
SILENT = "-"
"""In place of a reply: the server says nothing and stays."""


class FakeMailServer:
    """One listening socket; `replies` says the reply to a verb, `message` the one to a whole message."""

    def __init__(self, replies: Mapping[str, str] = MappingProxyType({}), host: str = "127.0.0.1") -> None:
        self.replies = {"EHLO": f"250-{GREETING} hello\r\n250 SIZE 1000000", "DATA": "354 go on", **replies}
        self.heard: list[str] = []
        self.messages: list[bytes] = []
        self.is_silent = threading.Event()
        """Somebody waits in vain for a reply."""
        self._socket = socket.create_server((host, 0))
        self.host, self.port = self._socket.getsockname()[:2]

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @contextmanager
    def serving(self) -> Iterator[FakeMailServer]:
        thread = threading.Thread(target=self._serve)
        thread.start()
        try:
            yield self
        finally:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            thread.join(20)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            # A client that gives up resets the connection.
            with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
                self._converse(connection, lines)

    def _converse(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        connection.sendall(f"{self.replies.get('greeting', '220 ready')}\r\n".encode())
        for line in lines:
            command = uniform(line.decode().strip())
            self.heard.append(command)
            verb = command.split(" ")[0]
            reply = self.replies.get(command, self.replies.get(verb, "250 ok"))
            if reply == HANGS_UP:
                return
            if reply == SILENT:
                self.is_silent.set()
                continue
            connection.sendall(f"{reply}\r\n".encode())
            if verb == "QUIT":
                return
            if verb == "DATA" and reply.startswith("354"):
                self.messages.append(_message(lines))
                if self.replies.get("message") == HANGS_UP:
                    return
                connection.sendall(f"{self.replies.get('message', '250 taken')}\r\n".encode())


def uniform(command: str) -> str:
    """A command with its words large: Python's own client writes them in other ways from version to version."""
    verb, space, rest = command.partition(" ")
    return f"{verb.upper()}{space}{re.sub('^(from|to):', lambda found: found[0].upper(), rest, flags=re.IGNORECASE)}"


def _message(lines: Iterator[bytes]) -> bytes:
    """The message up to its dot, without the dots that were put before others."""
    found = bytearray()
    for line in lines:
        if line == b".\r\n":
            break
        found += line.removeprefix(b".")
    return bytes(found)
