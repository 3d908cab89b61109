"""`teller terminals`: who is there, for representatives."""

from __future__ import annotations

import argparse
from typing import Final

from passbook.nothing import NOTHING
from terminal.commands import AddCommand
from terminal.desk import Desk
from terminal.listing import terminals_table

HELP: Final = (
    "every terminal that is connected, was heard since the start, has jobs, or is configured as representative: "
    "when it was last heard, and what of it is open; for representatives"
)


def add(command: AddCommand) -> None:
    """Add the command."""
    listing = command("terminals", help=HELP)
    listing.set_defaults(run=run_terminals)


async def run_terminals(desk: Desk, _arguments: argparse.Namespace) -> int:
    """Show one terminal a line."""
    async with desk.client() as client:
        terminals = await client.terminals()
    lines = terminals_table(terminals, desk.console.width) if terminals else [NOTHING["terminals"]]
    desk.console.show(terminals, lines)
    return 0
