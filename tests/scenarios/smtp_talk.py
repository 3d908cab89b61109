"""An SMTP conversation byte by byte, for clients that no program would be."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final, Self

from passbook.mail.mail_address import parse_mail_address
from terminal.home import Home
from tests.scenarios.office import Office

PATIENCE: Final = 60.0
"""Seconds for a reply."""


class Talk:
    """A conversation; each reply is one text with its code first."""

    def __init__(self, address: str, source: str = "") -> None:
        host, _, port = address.rpartition(":")
        place = (source, 0) if source else None
        self._plain = socket.create_connection((host, int(port)), PATIENCE, source_address=place)
        self._connection = self._plain
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._connection.sendall(data)

    def reply(self) -> str:
        """The next reply, its lines joined; empty where the door has hung up."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            while b"\r\n" not in self._unread:
                try:
                    data = self._connection.recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return ""
                self._unread += data
            line, _, self._unread = self._unread.partition(b"\r\n")
            lines.append(line.decode("ascii"))
        return "\n".join(lines)

    def read_to_end(self) -> None:
        """Read until the door hangs up."""
        with suppress(ConnectionResetError):
            while self._connection.recv(65536):
                pass

    def say(self, line: str | bytes) -> str:
        """Send one command and return its reply."""
        self.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def greet(self) -> Self:
        """Greeting and EHLO."""
        assert self.reply().startswith("220 ")
        assert self.say("EHLO client.example").startswith("250-")
        return self

    def start_tls(self, office: Office, terminal: str = "", more: bytes = b"") -> Self:
        """Go on under TLS, with the certificate of a terminal; `more` goes in the same packet as the command."""
        home = Home(office.world.terminal(terminal or "counter-1").home)
        context = home.context()
        self.write(b"STARTTLS\r\n" + more)
        assert self.reply().startswith("220 ")
        self._connection = context.wrap_socket(self._plain, server_hostname="demo-appliance")
        return self

    def envelope(self, sender: str, *recipients: str) -> Self:
        """MAIL and RCPT, and DATA up to the word to go on."""
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250 "), sender
        for one in recipients:
            assert self.say(f"RCPT TO:<{parse_mail_address(one)}>").startswith("250 "), one
        assert self.say("DATA").startswith("354 ")
        return self

    def close_write(self) -> None:
        """Send no more; replies can still be read."""
        self._plain.shutdown(socket.SHUT_WR)
