"""Mail systems that are no appliances: a real postfix with a folder of its own, and a mailbox."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from demo.world import free_port, own_host

COMMAND_TIME: Final = 60.0
"""Seconds for one command of postfix."""
SERVICES: Final = """\
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
"""The services of its master process; none is in a root of its own."""


def why_no_postfix() -> str:
    """Why a postfix cannot be run here, as a sentence; empty where it can."""
    if shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        return "the Debian package postfix is missing."
    return "" if os.geteuid() == 0 else "this machine lets only root run a postfix."


def free_address() -> str:
    """An address at which nothing listens."""
    return f"{own_host()}:{free_port()}"


class Postfix:
    """A mail server of Debian's, which hands the mail of each domain to one address.

    It shows a certificate where its next hop offers STARTTLS; `start` and `stop` may follow each other.
    """

    def __init__(self, folder: Path, routes: Mapping[str, str], *, certificate: Path, key: Path) -> None:
        """`routes`: domain -> host and port.  `folder` must not exist."""
        self.address = free_address()
        self._folder = folder
        self._settings = folder / "etc"
        folder.mkdir(mode=0o755)
        self._settings.mkdir()
        for name in ("queue", "data"):
            (folder / name).mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
        transport = "".join(
            f"{domain} smtp:[{at.rpartition(':')[0]}]:{at.rpartition(':')[2]}\n" for domain, at in routes.items()
        )
        (self._settings / "transport").write_text(transport)
        (self._settings / "master.cf").write_text(f"{self.address} inet n - n - - smtpd\n{SERVICES}")
        (self._settings / "main.cf").write_text(
            f"""\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
relay_domains = {" ".join(routes)}
transport_maps = texthash:{self._settings}/transport
disable_dns_lookups = yes
smtp_host_lookup = native
smtp_tls_security_level = may
smtp_tls_cert_file = {certificate}
smtp_tls_key_file = {key}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtpd_peername_lookup = no
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
"""
        )

    @property
    def log(self) -> str:
        """The text of its log."""
        file = self._folder / "postfix.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def start(self) -> None:
        """Serve; its queue is what an earlier start left.  Raises CalledProcessError."""
        self._run("start")

    def stop(self) -> None:
        """End; its queue stays."""
        self._run("stop")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(self._command("stop"), capture_output=True, timeout=COMMAND_TIME, check=False)

    def _run(self, word: str) -> None:
        subprocess.run(self._command(word), capture_output=True, timeout=COMMAND_TIME, check=True)

    def _command(self, word: str) -> list[str]:
        return ["/usr/sbin/postfix", "-c", str(self._settings), word]


class Mailbox:
    """A mail server that keeps what it gets; `replies` are said to the next mails instead of 250."""

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
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=SMTP)
        if isinstance(mail, EmailMessage):
            self.mails.append((envelope.mail_from or "", list(envelope.rcpt_tos), mail))
        return "250 2.0.0 taken"

    def outcomes(self) -> list[tuple[str, str]]:
        """Recipient and outcome of each notification that came."""
        return [one for _, _, mail in self.mails for one in outcomes_of(mail)]


def outcomes_of(mail: EmailMessage) -> list[tuple[str, str]]:
    """Recipient and outcome of each recipient in a notification; none for another mail."""
    blocks = [
        block
        for part in mail.walk()
        if part.get_content_type() == "message/delivery-status"
        for block in part.iter_parts()
    ]
    return [
        (str(block["Final-Recipient"]).partition(";")[2].strip(), str(block["X-Passbook-Outcome"]).split()[0])
        for block in blocks
        if block["X-Passbook-Outcome"] is not None
    ]
