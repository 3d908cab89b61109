"""`teller terminals`: the state of every terminal, for representatives."""

from __future__ import annotations

import argparse
from typing import Final

from passbook.screen.nothing import NO_ROWS_SAID
from terminal.commands import AddCommand
from terminal.tables_of_jobs import terminals_table
from terminal.workplace import Workplace

HELP: Final = (
    "every terminal that is connected, was heard since the boot, has jobs, or is configured as representative: when "
    "it was last heard, and its open questions and notices; for representatives"
)


def add(command: AddCommand) -> None:
    """Add the command."""
    listing = command("terminals", help=HELP)
    listing.set_defaults(run=run_terminals)


async def run_terminals(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Show one terminal a line."""
    async with workplace.client() as client:
        terminals = await client.terminals()
    lines = terminals_table(terminals, workplace.console.width) if terminals else [NO_ROWS_SAID["terminals"]]
    workplace.console.show(terminals, lines)
    return 0
