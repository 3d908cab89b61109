"""`teller notices` and `teller heads`: ends of jobs, and what this terminal remembers of the appliance."""

from __future__ import annotations

import argparse

from passbook.errors import PassbookError
from terminal.commands import AddCommand
from terminal.desk import Desk
from terminal.progress import end_words


def add(command: AddCommand) -> None:
    """Add the commands."""
    notices = command("notices", help="jobs that have ended and that nobody took note of")
    notices.add_argument("jobs", metavar="JOB", nargs="*", help="show these only")
    notices.add_argument("--acknowledge", action="store_true", help="take note of those that are shown")
    notices.set_defaults(run=run_notices)
    heads = command("heads", help="how far the appliance's history is, as this terminal keeps it in mind")
    heads.add_argument(
        "--accept", action="store_true", help="forget what it was before: an operator has looked why it is another"
    )
    heads.set_defaults(run=run_heads)


async def run_notices(desk: Desk, arguments: argparse.Namespace) -> int:
    """Show one end a line, and then take note of them where that was ordered."""
    async with desk.client() as client:
        found = {one.job.job: one for one in await client.notices()}
        for job in arguments.jobs:
            if job not in found:
                raise PassbookError("no-such-notice", job=job)
        shown = [found[job] for job in arguments.jobs or found]
        desk.console.show(shown, [end_words(one) for one in shown])
        if arguments.acknowledge:
            for one in shown:
                await client.acknowledge(one.job.job)
    return 0


async def run_heads(desk: Desk, arguments: argparse.Namespace) -> int:
    """Show the history's heads; with `--accept` they are what is remembered from now on."""
    async with desk.client() as client:
        heads = await (desk.memory().accept(client) if arguments.accept else client.history_heads({}))
    lines = [f"{one.area}  {one.entries} entries, {one.chain.hex()[:16]}" for one in heads.now]
    desk.console.show(heads.now, lines)
    return 0
