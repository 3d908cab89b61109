"""`teller jobs`, `teller move`, `teller priority`, `teller cancel`, `teller hold` and `teller release`."""

from __future__ import annotations

import argparse
from typing import Final

from client.connection import TerminalClient
from client.remote import RemoteError
from passbook.errors import PassbookError
from passbook.job.states import TERMINAL, JobState
from passbook.protocol.events import JOB
from passbook.protocol.messages import JobLeft, JobView
from passbook.protocol.progress import held_lines, paper_words, released_lines, state_words, take_words
from passbook.screen.arguments import short_text, whole
from passbook.screen.columns import harmless
from passbook.screen.nothing import NO_ROWS_SAID
from terminal.answers import document_order
from terminal.commands import JOB_HELP, AddCommand, check_form
from terminal.exported import jobs_csv
from terminal.follow import fetch_notice
from terminal.leaving import order_left
from terminal.tables_of_jobs import ANSWER_BY, answer_command, jobs_table, span
from terminal.workplace import Workplace

_LAST_LINE: Final = 999_999


def add(command: AddCommand) -> None:
    """Add the commands."""
    listing = command("jobs", help="the jobs of every terminal that the appliance keeps")
    listing.add_argument("--csv", action="store_true", help="as comma-separated values, moments in UTC")
    listing.set_defaults(run=run_jobs, usage_error=listing.error)
    document = command("document", help="show the document of a job that has not ended, by its key in the key ring")
    document.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    document.add_argument(
        "--person", type=short_text, required=True, metavar="NAME", help="name of the person who reads it, for the log"
    )
    document.set_defaults(run=run_document)
    move = command("move", help="send a job that waits to a substitute of its printer")
    move.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    move.add_argument("to", type=short_text, metavar="TO", help="a printer or next hop of the set-up file")
    move.add_argument(
        "--from-line",
        type=whole(1, _LAST_LINE),
        default=0,
        metavar="N",
        help="the line with which a job that was begun goes on there, as its answer ordered",
    )
    move.add_argument("--person", type=short_text, required=True, metavar="NAME", help="name of the person who decides")
    move.set_defaults(run=run_move)
    priority = command("priority", help="give a job that does not print another place among those that wait")
    priority.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    priority.add_argument("priority", type=whole(1, 100), metavar="N", help="1 to 100, higher prints first")
    priority.add_argument(
        "--person", type=short_text, required=True, metavar="NAME", help="name of the person who decides"
    )
    priority.set_defaults(run=run_priority)
    for name, text, run in (
        ("cancel", "end a job and show which lines of it are on paper", run_cancel),
        (
            "hold",
            "ask no question about a job that is not printing, until it is released or the appliance boots",
            run_hold,
        ),
        ("release", "ask the question about a held job again; an operator's hold: representatives only", run_release),
    ):
        order = command(name, help=text)
        order.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
        order.add_argument(
            "--person", type=short_text, required=True, metavar="NAME", help="name of the person who decides"
        )
        order.set_defaults(run=run)


async def run_jobs(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Show one job a line."""
    check_form(arguments)
    async with workplace.client() as client:
        page = await client.job_list()
    jobs = page.jobs
    if page.age:
        workplace.console.fail(PassbookError("list-old", age=span(page.age)))
    if arguments.csv:
        workplace.console.write(jobs_csv(jobs))
        return 0
    rows = jobs_table(jobs, workplace.console.width, workplace.places) if jobs else [NO_ROWS_SAID["jobs"]]
    workplace.console.show(jobs, rows)
    return 0


async def run_document(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Have the appliance open the document, and show it as it was sent."""
    async with workplace.client() as client:
        view = await client.job(arguments.job)
        asked = [one for one in await client.questions() if one.job.job == view.job]
        found = await client.document(
            document_order(view, asked[0] if asked else None, workplace.ring(), arguments.person)
        )
    workplace.console.show(found, [harmless(line) for line in found.document.decode(errors="replace").splitlines()])
    return 0


async def run_priority(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Change the place of a job among those that wait."""
    async with workplace.client() as client:
        job = await client.job(arguments.job)
        with workplace.left.during(order_left(job.job)):
            job = await client.set_priority(job.job, arguments.priority, arguments.person)
    workplace.console.show(job, [state_words(job), f"Its priority is {job.priority}; a higher one prints first."])
    return 0


async def run_cancel(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """End one job; a printing job stops at its next line, and the printer gives its book back.

    Return 0 if it was ended; 1 if it was completed before, or is a question because a step of it is in doubt.
    """
    async with workplace.client() as client:
        job = await client.job(arguments.job)
        with workplace.left.during(order_left(job.job)):
            ordered = await client.cancel(job.job, arguments.person)
            job = await _until_it_stands(client, ordered)
        if job.state not in TERMINAL:
            workplace.console.show(job, [state_words(job), ANSWER_BY, answer_command(job)])
            return 1
        notice = await fetch_notice(client, job.job)
        words = [state_words(job)]
        if job.state is not JobState.COMPLETED:
            words += [paper_words(notice), *take_words(ordered, notice)]
        workplace.console.show(notice, words)
        await workplace.acknowledge(client, job.job)
    return 1 if job.state is JobState.COMPLETED else 0


async def _until_it_stands(client: TerminalClient, job: JobView) -> JobView:
    """The job after the step under way."""
    if _stands(job):
        return job
    async for event in client.events():
        match event.what:
            case JobView() as view if event.name == JOB and view.job == job.job and _stands(view):
                return view
            case JobLeft(job=left, error=error) if left == job.job:
                raise RemoteError(error)
            case _:
                pass
    return job


def _stands(job: JobView) -> bool:
    return not job.valid or job.state in TERMINAL


async def run_move(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Send one job to a substitute."""
    async with workplace.client() as client:
        job = (await client.job(arguments.job)).job
        with workplace.left.during(order_left(job)):
            there = await client.move(job, arguments.to, arguments.person, arguments.from_line)
    said = [
        f"Job {job[:8]} goes to {there.printer}: job {there.job[:8]} stands in for it there, and prints at its turn."
    ]
    if arguments.from_line > 1:
        said.append(f"The lines before line {arguments.from_line} are on paper: it needs the same book or sheet.")
    workplace.console.show(there, said)
    return 0


async def run_hold(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Hold one job back until a person answers for it."""
    async with workplace.client() as client:
        job = await client.job(arguments.job)
        with workplace.left.during(order_left(job.job)):
            job = await client.hold(job.job, arguments.person)
    workplace.console.show(job, held_lines(job, "teller release"))
    return 0


async def run_release(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Ask people again about one job that was held."""
    async with workplace.client() as client:
        job = await client.job(arguments.job)
        with workplace.left.during(order_left(job.job)):
            job = await client.release(job.job, arguments.person)
    workplace.console.show(job, [*released_lines(job), ANSWER_BY, answer_command(job)])
    return 0
