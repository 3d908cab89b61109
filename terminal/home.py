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
from passbook.errors.decoding import full_complaint, toml_text
from passbook.protocol.messages import PORT
from storage import files
from terminal.terminal_tls import client_context

DEFAULT: Final = Path("~/.config/passbook-teller")
_HOST_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")
_LAST_PORT: Final = 65535


_FIRST_TABLE: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[mail]` of terminal.toml: the mail server of this terminal; empty text is no value.

    Attributes:
        server: its HOST:PORT.
        server_name: the name in its certificate; else that of the appliance, or with `ca` the host.
        ca: PEM file with the authority of its certificate; else the branch's, to which this terminal shows its own one.
        user: the name for SMTP AUTH.
        password_file: the file with the password of that user.
        plain: whether it is spoken to without TLS, which only a server on this machine is.
        sender: the address of the sender; else the name of the terminal at the mail server's own name.
    """

    server: str = ""
    server_name: str = ""
    ca: str = ""
    user: str = ""
    password_file: str = ""
    plain: bool = False
    sender: str = msgspec.field(name="from", default="")


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: str
    server_name: str
    mail: MailSettings = MailSettings()


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
        self.spool_state = self.agent / "spool-state"

    def address(self) -> Address:
        """The address of the appliance. Raises PassbookError `not-enrolled`, `file-problem`."""
        settings = self._read_settings()
        if settings is None:
            raise PassbookError("not-enrolled", file=str(self.settings))
        return parse_address(settings.address, settings.server_name)

    def mail(self) -> MailSettings:
        """The mail server of this terminal; no values where it is not enrolled.  Raises PassbookError `file-problem`.

        The files that it names lie beside terminal.toml, or have whole paths.
        """
        settings = self._read_settings()
        if settings is None:
            return MailSettings()
        files_named = {"ca": settings.mail.ca, "password_file": settings.mail.password_file}
        places = {name: str(self.folder / file) for name, file in files_named.items() if file}
        return msgspec.structs.replace(settings.mail, **places)

    def _read_settings(self) -> _Settings | None:
        if not files.exists(self.settings):
            return None
        try:
            return msgspec.toml.decode(toml_text(files.read(self.settings)), type=_Settings)
        except (ValueError, RecursionError) as error:
            found = full_complaint(error, _Settings)
            raise PassbookError("file-problem", file=str(self.settings), why=f"{found.where}: {found.why}") from None

    def save_address(self, address: Address) -> None:
        """Write terminal.toml, and keep its tables.  Raises PassbookError `file-problem`."""
        tables = ""
        if files.exists(self.settings):
            before = files.read(self.settings).decode(errors="replace")
            found = _FIRST_TABLE.search(before)
            tables = "" if found is None else before[found.start() :]
        # A JSON string is a TOML string.
        text = f"address = {json.dumps(str(address))}\nserver_name = {json.dumps(address.server_name)}\n{tables}"
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
