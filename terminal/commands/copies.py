"""`teller feed` and `teller grant`: the copy that is printed, and the terminals that may look at it."""

from __future__ import annotations

import argparse

from client.login import login_name
from passbook.job.choice import Side
from passbook.protocol.copies_words import fed_words
from passbook.protocol.progress import state_words
from passbook.screen.arguments import one_of, short_text
from passbook.screen.columns import short
from terminal.choosing import SIDES
from terminal.commands import JOB_HELP, AddCommand
from terminal.leaving import order_left
from terminal.workplace import Workplace


def add(command: AddCommand) -> None:
    """Add the commands."""
    feed = command("feed", help="choose the copy from which a job is printed, until its turn")
    feed.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    feed.add_argument("side", type=one_of(SIDES), metavar="SIDE", help="terminal or appliance")
    _add_decider(feed)
    feed.set_defaults(run=run_feed)
    grant = command("grant", help="let another terminal look at a job with `teller preview`; it still needs the key")
    grant.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    grant.add_argument("terminal", type=short_text, metavar="TERMINAL", help="the name of that terminal")
    _add_decider(grant)
    grant.set_defaults(run=run_grant)


def _add_decider(parser: argparse.ArgumentParser) -> None:
    who = "name of the person who decides (default: the name you logged in with)"
    parser.add_argument("--person", type=short_text, metavar="NAME", default=login_name(), help=who)


async def run_feed(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Change the copy that feeds the printer."""
    async with workplace.client() as client:
        job = await client.job(arguments.job)
        with workplace.left.during(order_left(job.job)):
            job = await client.set_feed(job.job, Side(arguments.side), arguments.person)
    workplace.console.show(job, [state_words(job), fed_words(job)])
    return 0


async def run_grant(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Let another terminal have the sealed content."""
    async with workplace.client() as client:
        job = await client.job(arguments.job)
        with workplace.left.during(order_left(job.job)):
            job = await client.grant_preview(job.job, arguments.terminal, arguments.person)
    key = f" with the key {job.key_ref}" if job.key_ref else ""
    said = f"Terminal {arguments.terminal} may look at job {short(job.job)}{key}: teller preview {short(job.job)}"
    workplace.console.show(job, [said])
    return 0
