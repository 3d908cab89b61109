"""`teller keys`: the names of the keys in the ring, and new keys for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from passbook.errors import PassbookError
from passbook.screen.arguments import path, short_text
from passbook.screen.nothing import NO_ROWS_SAID
from storage import files
from terminal import keyring
from terminal.commands import AddCommand
from terminal.workplace import Workplace

RECOVERY_REF = "branch-recovery"


def add(command: AddCommand) -> None:
    """Add the commands."""
    new = command("new", help="make a key for this terminal's jobs")
    new.add_argument("ref", type=short_text, nargs="?", metavar="REF", help="the name of the key")
    new.set_defaults(run=run_new)
    listing = command("list", help="the names of the keys")
    listing.set_defaults(run=run_list)
    recovery = command(
        "recovery-new", help="make the branch recovery key, for representatives, or write its public half again"
    )
    recovery.add_argument(
        "public", type=path(Path), metavar="FILE.pub", help="file for the half that the appliance needs"
    )
    recovery.set_defaults(run=run_recovery_new)
    text = "make the branch's book key; other terminals get it by book-save and book-add"
    command("book-new", help=text).set_defaults(run=run_book_new)
    saving = command("book-save", help="write today's book key into a file, for the rings of other terminals")
    saving.add_argument("file", type=path(Path), metavar="FILE", help="the file; it must not exist")
    saving.set_defaults(run=run_book_save)
    adding = command("book-add", help="take the book key in a file as today's one")
    adding.add_argument("file", type=path(Path), metavar="FILE", help="the file of book-save")
    adding.set_defaults(run=run_book_add)


async def run_new(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Make a requester's key."""
    ref = arguments.ref or keyring.new_ref()
    workplace.change_ring(lambda ring: ring.with_key(ref, keyring.new_ring_key()))
    workplace.console.show({"keyRef": ref}, [f"The key ring has a new key {ref}."])
    return 0


async def run_list(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Show names, never keys."""
    ring = workplace.ring()
    lines = [*ring.keys, *(f"{ref} (branch recovery key)" for ref in ring.recovery)]
    lines += [f"{ref} (book key)" for ref in ring.books]
    value = {"keys": list(ring.keys), "recovery": list(ring.recovery), "books": list(ring.books)}
    workplace.console.show(value, lines or [NO_ROWS_SAID["keys"]])
    return 0


async def run_recovery_new(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Make a branch recovery key: the private half into the ring, then the public half as 64 hexadecimal digits.

    Of a key that the ring has the public half is written again: it may be lost, or its file could not be written.
    """
    files.refuse_existing(arguments.public)
    private, _ = keyring.new_recovery_key()
    workplace.change_ring(
        lambda ring: ring if RECOVERY_REF in ring.recovery else ring.with_recovery(RECOVERY_REF, private)
    )
    kept = workplace.ring().recovery[RECOVERY_REF]
    files.save_file(arguments.public, f"{keyring.recovery_public(kept).hex()}\n".encode(), files.PUBLIC)
    lines = [f"The key ring has {RECOVERY_REF}. Give {arguments.public} to the operator of the appliance."]
    if kept != private:
        lines.insert(0, "No new key was made, since the ring had one: its public half was written again.")
    workplace.console.show({"keyRef": RECOVERY_REF, "public": str(arguments.public)}, lines)
    return 0


async def run_book_new(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Make a book key, which is today's one from now on."""
    return _take_book_key(workplace, keyring.new_ring_key())


async def run_book_save(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Write today's book key as 64 hexadecimal digits, for its owner's eyes.  Raises PassbookError `no-book-key`."""
    files.refuse_existing(arguments.file)
    ring = workplace.ring()
    if not ring.books:
        raise PassbookError("no-book-key")
    ref = next(reversed(ring.books))
    files.save_file(arguments.file, f"{ring.books[ref].hex()}\n".encode(), files.PRIVATE)
    lines = [f"{arguments.file} has {ref}. Take it to the other terminals of the branch, then destroy it."]
    workplace.console.show({"keyRef": ref, "file": str(arguments.file)}, lines)
    return 0


async def run_book_add(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Take the key of a file.  Raises PassbookError `key-malformed`."""
    try:
        key = bytes.fromhex(files.read_private(arguments.file).decode().strip())
    except ValueError:
        raise PassbookError("key-malformed", expected="64 hexadecimal digits") from None
    return _take_book_key(workplace, key)


def _take_book_key(workplace: Workplace, key: bytes) -> int:
    """Have the ring take a book key as today's one, and say so."""
    workplace.change_ring(lambda ring: ring.with_book_key(key))
    ref = keyring.book_key_ref(key)
    workplace.console.show({"keyRef": ref}, [f"The key ring has the book key {ref}: books are remembered under it."])
    return 0
