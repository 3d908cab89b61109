"""`teller history`: the events of jobs, and the counts of their ends."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Final

import msgspec
from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.protocol.history_reply import MOST_ENTRIES, OUTCOMES, GetHistory, Grouping, HistoryReply
from passbook.screen.arguments import one_of, short_text, whole
from passbook.screen.moments import TYPED, exact, exact_hour, period
from passbook.screen.nothing import NO_ROWS_SAID
from terminal.commands import AddCommand, check_form
from terminal.commands.list_on_paper import print_list, sheet_for_lists
from terminal.exported import history_csv, summary_csv
from terminal.tables_of_jobs import history_table, span, summary_table
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
    parser.add_argument("--csv", action="store_true", help="as comma-separated values, moments in UTC")
    text = "print it on sheets at this printer; a long one as several jobs"
    parser.add_argument("--print", type=short_text, metavar="PRINTER", dest="on_paper", help=text)
    parser.set_defaults(run=run, usage_error=parser.error)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Show one entry, or one group of a summary, a line; or print them."""
    check_form(arguments)
    if arguments.on_paper is not None and arguments.csv:
        arguments.usage_error("give --csv or --print, not both")
    given = {name: getattr(arguments, name) for name in _CONDITIONS}
    given["since"], given["until"] = period(arguments.since or "", arguments.until or "")
    asked = msgspec.convert({name: value for name, value in given.items() if value is not None}, GetHistory)
    _ = asked.wanted  # conditions that make no sense are not sent
    async with workplace.client() as client:
        history = await client.history(asked)
        sheet = None if arguments.on_paper is None else await sheet_for_lists(client)
    if history.age:
        told = PassbookError("list-old", age=span(history.age))
        workplace.console.fail(told if asked.summary is None else PassbookError("summary-of-terminal"))
    if arguments.csv:
        summed = asked.summary is not None
        workplace.console.write(summary_csv(history.summary) if summed else history_csv(history.entries))
    elif sheet is not None:
        lines = _lines(history, asked.summary, sheet.columns)
        printed = exact(dt.datetime.now(dt.UTC).isoformat())
        name = "History of jobs" if asked.summary is None else "Summary of jobs"
        heading = f"{name} of {workplace.home.address().server_name}, {printed}"
        await print_list(workplace, arguments.on_paper, name, [heading, *lines], sheet)
    else:
        shown = history.entries if asked.summary is None else history.summary
        workplace.console.show(shown, _lines(history, asked.summary, workplace.console.width))
    return 0


def _lines(history: HistoryReply, summary: Grouping | None, width: int | None) -> list[str]:
    if summary is None:
        return history_table(history.entries, width) if history.entries else [NO_ROWS_SAID["history"]]
    groups = history.summary
    if summary is Grouping.HOUR:
        groups = tuple(replace(one, group=exact_hour(one.group)) for one in groups)
    return summary_table(groups, width) if groups else [NO_ROWS_SAID["summary"]]
