"""What no list of processes shall show: the passphrase of the key ring, and an account; neither is an argument.

The passphrase is typed at a terminal or read from a private file; no variable has it either.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from passbook.document.characters import LONGEST_LINE
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


def unseen_line(prompt: str) -> str:
    """The line that a person types unseen at the prompt, or the first one of standard input; empty where none comes."""
    with interruptible():
        try:
            if sys.stdin.isatty():
                return getpass.getpass(prompt)
            return sys.stdin.buffer.readline(LONGEST_LINE).decode().strip()
        except (EOFError, UnicodeDecodeError):
            return ""
