"""Telling systemd the state of the process (sd_notify(3)); nothing happens if systemd did not ask."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """The socket that systemd named in `environ`, if any.

    It drops a message that cannot be delivered: systemd's own time-outs act then.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog_interval = int(environ.get("WATCHDOG_USEC") or 0) / 2_000_000
        """Seconds after which to call watchdog() again, half of what systemd allows; 0: it does not watch."""

    def ready(self) -> None:
        """Tell that every door is open."""
        self._send("READY=1")

    def watchdog(self) -> None:
        """Tell that every part that must go on does."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that the end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Tell one line for `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # sd_notify(3): a leading @ stands for the zero byte of an abstract socket.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
        ):
            sender.sendto(message.encode(), address)
