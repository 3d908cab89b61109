"""What every command of `teller` works with: the terminal's folder, its console, its key ring, its appliance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from storage import files
from terminal import keyring, passphrase
from terminal.client import TerminalClient
from terminal.console import Console
from terminal.home import Home
from terminal.keyring import KeyRing


class Desk:
    """One run of `teller`; the key ring is opened at most once, when it is first needed."""

    def __init__(self, home: Home, console: Console, passphrase_file: Path | None) -> None:
        self.home = home
        self.console = console
        self._passphrase_file = passphrase_file
        self._ring: KeyRing | None = None

    def client(self) -> TerminalClient:
        """A connection to the appliance, not yet opened.  Raises PassbookError `file-problem`."""
        return TerminalClient(self.home.address(), self.home.context())

    def ring(self) -> KeyRing:
        """The keys of this terminal; empty when there is no key ring yet.

        Raises PassbookError `keyring-locked`, `passphrase-missing`, `file-problem`.
        """
        if self._ring is None:
            exists = self.home.keyring.exists()
            self._ring = keyring.load(self.home.keyring, self._passphrase(new=False)) if exists else KeyRing()
        return self._ring

    def change_ring(self, change: Callable[[KeyRing], KeyRing]) -> None:
        """Put the ring that `change` gives in place of the one in the file, durably; the first makes the file."""
        new = not self.home.keyring.exists()
        secret = self._passphrase(new=new)
        # Two commands at once must not each save a ring that lacks the other's key.
        with files.alone(self.home.folder):
            ring = keyring.load(self.home.keyring, secret) if self.home.keyring.exists() else KeyRing()
            keyring.save(self.home.keyring, change(ring), secret)

    def _passphrase(self, *, new: bool) -> bytes:
        return passphrase.obtain(self._passphrase_file, new=new)
