"""The folder of one terminal: its identity, the address of its appliance, and its key ring."""

from __future__ import annotations

import json
import re
import ssl
from pathlib import Path
from typing import Final

import msgspec

from client.transport import Address
from passbook.errors import PassbookError
from passbook.protocol.messages import PORT
from storage import files
from terminal.terminal_tls import client_context

DEFAULT: Final = Path("~/.config/passbook-teller")
_HOST_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")
_LAST_PORT: Final = 65535


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: str
    server_name: str


class Home:
    """The files of the terminal in `folder`; a missing one is an error only when a command needs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "terminal.toml"
        self.key = folder / "key.pem"
        self.request = folder / "request.pem"
        self.certificate = folder / "certificate.pem"
        self.ca = folder / "ca.pem"
        self.keyring = folder / "keyring"
        self.heads = folder / "history-heads.json"
        self.agent = folder / "agent"
        self.agent_config = folder / "agent.toml"
        self.socket = self.agent / "socket"
        self.spool = folder / "spool"

    def address(self) -> Address:
        """The address of the appliance. Raises PassbookError `not-enrolled`, `file-problem`."""
        if not files.exists(self.settings):
            raise PassbookError("not-enrolled", file=str(self.settings))
        try:
            settings = msgspec.toml.decode(files.read(self.settings), type=_Settings)
        except (ValueError, RecursionError):
            why = "it does not have address and server_name"
            raise PassbookError("file-problem", file=str(self.settings), why=why) from None
        return parse_address(settings.address, settings.server_name)

    def save_address(self, address: Address) -> None:
        """Write terminal.toml.  Raises PassbookError `file-problem`."""
        # A JSON string is a TOML string.
        text = f"address = {json.dumps(str(address))}\nserver_name = {json.dumps(address.server_name)}\n"
        files.save_file(self.settings, text.encode(), files.PUBLIC)

    def context(self) -> ssl.SSLContext:
        """TLS with the identity of this terminal. Raises PassbookError `file-problem`."""
        return client_context(self.certificate, self.key, self.ca)


def parse_address(text: str, server_name: str) -> Address:
    """The address in `HOST`, `HOST:PORT` or `[IPV6]:PORT`. Raises PassbookError `appliance-unreachable`."""
    match = _HOST_PORT.fullmatch(text)
    if match is None or not 0 < int(match[3] or PORT) <= _LAST_PORT:
        raise PassbookError("appliance-unreachable", address=text, why="that is not HOST:PORT")
    return Address(match[1] or match[2], int(match[3] or PORT), server_name)
