"""`teller history`: what happened to jobs, and what their ends add up to."""

from __future__ import annotations

import argparse
from typing import Final

import msgspec

from passbook.arguments import one_of, short_text, whole
from passbook.history import MOST_ENTRIES, OUTCOMES, GetHistory, Grouping, HistoryLine, Summary
from passbook.nothing import NOTHING
from passbook.record import HistoryKind
from terminal.commands import AddCommand
from terminal.console import job_line
from terminal.desk import Desk

_CONDITIONS: Final = ("job", "requester", "person", "outcome", "since", "until", "last", "summary")


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("history", help="what happened to jobs, of every terminal, also of those that have ended")
    parser.add_argument(
        "--job", type=short_text, metavar="JOB", help="of this job only, or of those whose ids begin so"
    )
    parser.add_argument("--requester", type=short_text, metavar="TERMINAL", help="of the jobs that this terminal sent")
    parser.add_argument(
        "--person", type=short_text, metavar="NAME", help="that this person decided or confirmed; for representatives"
    )
    parser.add_argument("--outcome", type=short_text, metavar="WORD", help=f"ends only: {', '.join(OUTCOMES)}")
    text = "from this day or moment on (UTC), as 2026-03-02 or 2026-03-02T09"
    parser.add_argument("--since", type=short_text, metavar="TIME", help=text)
    parser.add_argument("--until", type=short_text, metavar="TIME", help="up to this day or moment (UTC)")
    parser.add_argument("--last", type=whole(1, MOST_ENTRIES), metavar="N", help="so many entries (50)")
    groups = [one.value for one in Grouping]
    text = f"count ends by this instead: {', '.join(groups)}"
    parser.add_argument("--summary", type=one_of(groups), metavar="WORD", help=text)
    parser.set_defaults(run=run)


async def run(desk: Desk, arguments: argparse.Namespace) -> int:
    """Show one entry, or one group of a summary, a line."""
    given = {name: getattr(arguments, name) for name in _CONDITIONS}
    asked = msgspec.convert({name: value for name, value in given.items() if value is not None}, GetHistory)
    _ = asked.wanted  # what makes no sense is not sent
    async with desk.client() as client:
        history = await client.history(asked)
    if asked.summary is not None:
        desk.console.show(history.summary, [summary_line(one) for one in history.summary] or [NOTHING["summary"]])
    else:
        desk.console.show(history.entries, [history_line(one) for one in history.entries] or [NOTHING["history"]])
    return 0


def history_line(line: HistoryLine) -> str:
    """One entry in one line."""
    people = ""
    if line.answered is not None and line.answered.person:
        people = f", {line.answered.verdict} by {line.answered.person}"
        if line.answered.seconded_by is not None:
            people += f" and {line.answered.seconded_by.person}"
    if line.kind is HistoryKind.RELEASED and line.released_by is not None and line.released_by.person:
        people = f" by {line.released_by.person}"
    again = f", {line.reprints} lines ordered again" if line.reprints else ""
    return f"{line.at}  {line.kind}  {job_line(line.job)}{people}{again}"


def summary_line(summary: Summary) -> str:
    """One group in one line."""
    counts = (
        f"{summary.jobs} jobs: {summary.completed} completed, {summary.canceled} canceled, {summary.aborted} aborted"
    )
    waiting = "not known"
    if summary.median_waiting is not None:
        waiting = f"{summary.median_waiting} s median, {summary.worst_waiting} s worst"
    return f"{summary.group}: {counts}, {summary.reprinted} with lines ordered again; waiting {waiting}"
