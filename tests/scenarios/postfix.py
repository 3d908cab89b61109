"""A real Postfix on this machine's own network: its settings and its queue lie in a folder of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import Final

import pytest

from demo.world import await_fact
from tests.needed import need

COMMAND_TIME: Final = 60.0
SERVICES: Final = (
    "pickup unix n - n 60 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "flush unix n - n 1000? 0 flush",
    "proxymap unix - - n - - proxymap",
    "smtp unix - - n - - smtp",
    "relay unix - - n - - smtp",
    "showq unix n - n - - showq",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "anvil unix - - n - 1 anvil",
    "postlog unix-dgram n - n - 1 postlogd",
)
"""Those that a relay needs, none in a root of its own."""


def need_postfix() -> None:
    """Skip the test where no Postfix can be started."""
    need("postfix")
    if os.geteuid() != 0:
        pytest.skip("this machine lets only root start Postfix")


class Postfix:
    """A relay; `domains` says at which address the mail server of each domain listens."""

    def __init__(self, folder: Path, address: str, domains: dict[str, str]) -> None:
        self.folder, self.address = folder, address
        self._config = folder / "etc"
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir()
        # Its processes run as a user of their own.
        for place in (folder, *folder.parents):
            if place.stat().st_mode & 0o001 == 0:
                place.chmod(place.stat().st_mode | 0o011)
        ways = ", ".join(f"{{ {domain} = smtp:[{place.rpartition(':')[0]}]:{place.rpartition(':')[2]} }}"
                         for domain, place in domains.items())  # fmt: skip
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": folder / "queue",
            "data_directory": folder / "data",
            "maillog_file": folder / "mail.log",
            "maillog_file_prefixes": folder,
            "myhostname": "relay.example",
            "mydestination": "",
            "inet_interfaces": "loopback-only",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native",
            "relay_domains": " ".join(domains),
            "relay_transport": "smtp",
            "relay_recipient_maps": "",
            "transport_maps": f"inline:{{ {ways} }}",
            "alias_maps": "",
            "local_recipient_maps": "",
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "1s",
            "queue_run_delay": "1s",
            "smtpd_recipient_restrictions": "permit_mynetworks, reject",
        }
        (self._config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        own = f"{address} inet n - n - - smtpd"
        (self._config / "master.cf").write_text("\n".join((own, *SERVICES)) + "\n")
        (folder / "data").chmod(0o700)
        _ = subprocess.run(["chown", "postfix", str(folder / "data")], check=True)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._run("start")
        await_fact(self._listens, self.log)

    def stop(self) -> None:
        """Stop it; what is in its queue stays there."""
        self._run("stop")

    def flush(self) -> None:
        """Have it try each mail of its queue now."""
        await_fact(lambda: self._does("flush"), self.log)

    def log(self) -> str:
        """What it told."""
        file = self.folder / "mail.log"
        return file.read_text() if file.exists() else ""

    def queued(self) -> int:
        """Mails in its queue, in whatever folder of it."""
        queue = self.folder / "queue"
        places = [queue / name for name in ("incoming", "active", "deferred")]
        return sum(1 for place in places for file in place.rglob("*") if file.is_file())

    def close(self) -> None:
        """Stop it where it runs."""
        self._does("stop")

    def _listens(self) -> bool:
        host, _, port = self.address.rpartition(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def _run(self, word: str) -> None:
        assert self._does(word), self.log()

    def _does(self, word: str) -> bool:
        command = ["postfix", "-c", str(self._config), word]
        run = subprocess.run(command, check=False, timeout=COMMAND_TIME, stdin=subprocess.DEVNULL, capture_output=True)
        return run.returncode == 0
