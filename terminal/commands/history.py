"""`teller history`: the events of jobs, and the counts of their ends."""

from __future__ import annotations

import argparse
from typing import Final

import msgspec
from msgspec.structs import replace

from passbook.protocol.history_reply import MOST_ENTRIES, OUTCOMES, GetHistory, Grouping
from passbook.screen.arguments import one_of, short_text, whole
from passbook.screen.moments import TYPED, exact_hour, period
from passbook.screen.nothing import NO_ROWS_SAID
from terminal.commands import AddCommand
from terminal.tables_of_jobs import history_table, summary_table
from terminal.workplace import Workplace

_CONDITIONS: Final = ("job", "requester", "person", "outcome", "since", "until", "last", "summary")


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("history", help="the history of jobs of every terminal, also of ended jobs")
    parser.add_argument(
        "--job", type=short_text, metavar="JOB", help="of this job only, or of the jobs whose ids begin so"
    )
    parser.add_argument("--requester", type=short_text, metavar="TERMINAL", help="of the jobs that this terminal sent")
    parser.add_argument(
        "--person", type=short_text, metavar="NAME", help="decided or confirmed by this person; for representatives"
    )
    parser.add_argument("--outcome", type=short_text, metavar="WORD", help=f"ends only: {', '.join(OUTCOMES)}")
    parser.add_argument("--since", type=short_text, metavar="TIME", help=f"from this day or moment on: {TYPED}")
    parser.add_argument("--until", type=short_text, metavar="TIME", help="up to this day or moment, likewise")
    parser.add_argument("--last", type=whole(1, MOST_ENTRIES), metavar="N", help="this many entries (50)")
    groups = [one.value for one in Grouping]
    text = f"count ends by this instead: {', '.join(groups)}"
    parser.add_argument("--summary", type=one_of(groups), metavar="WORD", help=text)
    parser.set_defaults(run=run)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Show one entry, or one group of a summary, a line."""
    given = {name: getattr(arguments, name) for name in _CONDITIONS}
    given["since"], given["until"] = period(arguments.since or "", arguments.until or "")
    asked = msgspec.convert({name: value for name, value in given.items() if value is not None}, GetHistory)
    _ = asked.wanted  # conditions that make no sense are not sent
    async with workplace.client() as client:
        history = await client.history(asked)
    width = workplace.console.width
    if asked.summary is not None:
        shown = [replace(one, group=exact_hour(one.group)) for one in history.summary]
        groups = shown if asked.summary is Grouping.HOUR else history.summary
        lines = summary_table(groups, width) if history.summary else [NO_ROWS_SAID["summary"]]
        workplace.console.show(history.summary, lines)
    else:
        lines = history_table(history.entries, width) if history.entries else [NO_ROWS_SAID["history"]]
        workplace.console.show(history.entries, lines)
    return 0
