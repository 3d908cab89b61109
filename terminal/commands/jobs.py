"""`teller jobs` and `teller cancel`."""

from __future__ import annotations

import argparse

from terminal.commands import AddCommand
from terminal.console import job_line
from terminal.desk import Desk


def add(command: AddCommand) -> None:
    """Add the commands."""
    listing = command("jobs", help="the jobs that the appliance keeps, of every terminal")
    listing.set_defaults(run=run_jobs)
    cancel = command("cancel", help="end a job")
    cancel.add_argument("job", metavar="JOB")
    cancel.add_argument("--person", required=True, metavar="NAME", help="who decided it")
    cancel.set_defaults(run=run_cancel)


async def run_jobs(desk: Desk, _arguments: argparse.Namespace) -> int:
    """Show one job a line."""
    async with desk.client() as client:
        jobs = await client.jobs()
    desk.console.show(jobs, [job_line(job) for job in jobs])
    return 0


async def run_cancel(desk: Desk, arguments: argparse.Namespace) -> int:
    """End one job; one that is printing stops at its next line."""
    async with desk.client() as client:
        job = await client.cancel(arguments.job, arguments.person)
    desk.console.show(job, [job_line(job)])
    return 0
