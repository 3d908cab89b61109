"""`teller terminals`: who is there, for representatives."""

from __future__ import annotations

import argparse

from terminal.commands import AddCommand
from terminal.console import terminal_line
from terminal.desk import Desk


def add(command: AddCommand) -> None:
    """Add the command."""
    listing = command("terminals", help="every terminal and what of it is open; for representatives")
    listing.set_defaults(run=run_terminals)


async def run_terminals(desk: Desk, _arguments: argparse.Namespace) -> int:
    """Show one terminal a line."""
    async with desk.client() as client:
        terminals = await client.terminals()
    desk.console.show(terminals, [terminal_line(one) for one in terminals])
    return 0
