"""An office with a mail door, and mails as programs write them."""

from __future__ import annotations

import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from demo.world import Terminal, free_port, own_host
from terminal.home import Home
from tests.scenarios.books import Statement
from tests.scenarios.office import Office

DOMAIN: Final = "branch.example"
WINDOW: Final = f"window-1@{DOMAIN}"
SENDER: Final = "anna@bank.example"


def mail_settings(
    address: str, *, networks: tuple[str, ...] = ("127.0.0.0/8",), more: str = "", domain: str = DOMAIN
) -> str:
    """TOML of a mail door with one route to the printer; `more` stands in the table [mail]."""
    named = ", ".join(f'"{one}"' for one in networks)
    return (
        f'[mail]\nlisten = "{address}"\nhostname = "{domain}"\n{more}'
        f'[[route]]\nto = ["window-1@{domain}"]\nprinter = "window-1"\nnetworks = [{named}]\n'
    )


def free_address() -> str:
    """An address at which nothing listens."""
    return f"{own_host()}:{free_port()}"


def connect(address: str, terminal: Terminal | None = None) -> smtplib.SMTP:
    """An SMTP client, after its EHLO; under TLS with the certificate of `terminal` where one is given."""
    host, _, port = address.rpartition(":")
    client = smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=30)
    client.ehlo()
    if terminal is not None:
        client._host = "demo-appliance"  # type: ignore[attr-defined]
        client.starttls(context=Home(terminal.home).context())
        client.ehlo()
    return client


class Mailbox:
    """A mail server of the standard kind; `mails` are those that it took, `replies` what it says to data, in order."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.replies: list[str] = []
        self.address = free_address()
        host, _, port = self.address.rpartition(":")
        self._controller = Controller(self, hostname=host, port=int(port))

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        """The library calls it with each mail."""
        if self.replies:
            return self.replies.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=SMTP)
        assert isinstance(mail, EmailMessage)
        self.mails.append((envelope.mail_from or "", list(envelope.rcpt_tos), mail))
        return "250 2.0.0 taken"


def update_mail(statement: Statement, message_id: str = "", to: str = WINDOW) -> EmailMessage:
    """A mail with a passbook update as its attachment and a cover note."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, to, f"Update {statement.number}"
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content("Please print what is attached.\n")
    mail.add_attachment(statement.csv().encode(), maintype="application", subtype="vnd.passbook-update+csv")
    return mail


def text_mail(text: str, message_id: str = "", to: str = WINDOW) -> EmailMessage:
    """A mail that is a text."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, to, "A text"
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content(text)
    return mail


def jobs_of(office: Office) -> list[dict[str, object]]:
    """The unfinished jobs, as the representative's list shows them."""
    found: list[dict[str, object]] = office.manager.run("jobs")
    return found


def ends_of(office: Office) -> list[dict[str, Any]]:
    """The records of all jobs that have ended, in the order of their ends."""
    entries = [told["entry"] for told in office.world.ctl("history")]
    return [entry["record"] for entry in entries if entry["kind"] == "ended"]
