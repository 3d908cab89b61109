"""The passphrase of the key ring: typed at a terminal or read from a private file, never an argument or variable."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from passbook.errors import PassbookError
from storage import files
from terminal.interrupts import interruptible


def obtain(file: Path | None, *, new: bool) -> bytes:
    """The passphrase.

    Args:
        file: a file with the passphrase in its first line; None to ask for it.
        new: whether it is for a new ring, so that the person types it twice.

    Raises:
        PassbookError: `passphrase-missing` when no person can be asked or the file has none; `file-problem` when it
            cannot be read or can be read by others.
    """
    if file is not None:
        return _required(files.read_private(file).split(b"\n", 1)[0].removesuffix(b"\r"))
    if not sys.stdin.isatty():
        raise PassbookError("passphrase-missing")
    try:
        return _required(_typed(new=new).encode())
    except (EOFError, UnicodeEncodeError):
        raise PassbookError("passphrase-missing") from None


def _typed(*, new: bool) -> str:
    # getpass throws away keys typed ahead: it changes the modes of the tty by TCSAFLUSH, before each prompt.
    with interruptible():
        passphrase = getpass.getpass("Passphrase of the key ring: ")
        while new and getpass.getpass("The same again: ") != passphrase:
            passphrase = getpass.getpass("They differ. Passphrase of the key ring: ")
        return passphrase


def _required(passphrase: bytes) -> bytes:
    if not passphrase:
        raise PassbookError("passphrase-missing")
    return passphrase
