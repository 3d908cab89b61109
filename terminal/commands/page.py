"""`teller page`: the address at which a browser of this machine shows the page."""

from __future__ import annotations

import argparse

from passbook.errors import PassbookError
from terminal import enrollment
from terminal.commands import AddCommand
from terminal.workplace import Workplace


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("page", help="an address for a browser of this machine; it is good once, for a minute")
    parser.set_defaults(run=run)


async def run(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Ask the agent for an address and show it; return 0."""
    told = await workplace.page_address()
    if told is None:
        raise PassbookError("agent-needed", requester=enrollment.name_of(workplace.home))
    workplace.console.show(told, [told.address])
    return 0
