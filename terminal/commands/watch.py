"""`teller watch`: questions, prompts and notices, as they come."""

from __future__ import annotations

import argparse

from passbook.screen.arguments import short_text_or_none
from terminal.commands import AddCommand
from terminal.watching import Watcher
from terminal.workplace import Workplace


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command(
        "watch", help="show questions, prompts and ends of jobs as they come, and take the answers to them"
    )
    text = "name of the person who answers and acknowledges ends (default: asked for with each question)"
    parser.add_argument("--person", type=short_text_or_none, default="", metavar="NAME", help=text)
    parser.set_defaults(run=run)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Watch until Ctrl-C; without a tty only show."""
    resolve = workplace.dialogue(arguments.person)
    await Watcher(workplace.client, workplace.console, resolve, workplace.acknowledge, left=workplace.left).run()
    return 0
