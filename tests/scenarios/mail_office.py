"""An office with a mail door, and mails as programs write them."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any, Final

from demo.world import Terminal, await_fact
from terminal.home import Home
from tests.scenarios.books import Statement
from tests.scenarios.office import Office

DOMAIN: Final = "branch.example"
WINDOW: Final = f"window-1@{DOMAIN}"
SENDER: Final = "anna@bank.example"


def mail_settings(
    address: str,
    *,
    networks: Sequence[str] = ("127.0.0.0/8",),
    more: str = "",
    domain: str = DOMAIN,
    also: Sequence[str] = (),
    substitutes: Sequence[str] = (),
) -> str:
    """TOML of a mail door with one route to the printer, for its address and `also` others.

    `more` stands in the table [mail].
    """
    to = [f"window-1@{domain}", *also]
    return (
        f'[mail]\nlisten = "{address}"\nhostname = "{domain}"\n{more}'
        f'[[route]]\nto = {json.dumps(to)}\nprinter = "window-1"\n'
        f"networks = {json.dumps(list(networks))}\nsubstitutes = {json.dumps(list(substitutes))}\n"
    )


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


def await_printer(office: Office) -> None:
    """Wait until the appliance has reached its printer: before that a short grace takes it for one that failed."""
    await_fact(lambda: device_of(office) == "online", lambda: device_of(office))


def device_of(office: Office) -> str:
    """How the printer stands, as operators are told."""
    return str(office.world.ctl("status")["printers"][0]["status"]["device"])
