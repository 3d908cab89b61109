"""`teller keys`: the names of the keys in the ring, and new keys for it."""

from __future__ import annotations

import argparse
from pathlib import Path

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
    recovery = command("recovery-new", help="make the branch recovery key, for representatives")
    recovery.add_argument(
        "public", type=path(Path), metavar="FILE.pub", help="file for the half that the appliance needs"
    )
    recovery.set_defaults(run=run_recovery_new)


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
    workplace.console.show({"keys": list(ring.keys), "recovery": list(ring.recovery)}, lines or [NO_ROWS_SAID["keys"]])
    return 0


async def run_recovery_new(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Make a branch recovery key: the private half into the ring, then the public half as 64 hexadecimal digits."""
    files.refuse_existing(arguments.public)
    private, public = keyring.new_recovery_key()
    workplace.change_ring(lambda ring: ring.with_recovery(RECOVERY_REF, private))
    files.save_file(arguments.public, f"{public.hex()}\n".encode(), files.PUBLIC)
    lines = [f"The key ring has {RECOVERY_REF}. Give {arguments.public} to the operator of the appliance."]
    workplace.console.show({"keyRef": RECOVERY_REF, "public": str(arguments.public)}, lines)
    return 0
