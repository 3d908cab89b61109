"""`teller notices`, and `teller accept-rollback` for the memory of this terminal about the appliance."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Final

from passbook.errors import PassbookError
from passbook.protocol.notice import Notice
from passbook.protocol.progress import end_words
from passbook.screen.arguments import short_text
from passbook.screen.nothing import NO_ROWS_SAID
from terminal.commands import AddCommand
from terminal.tables_of_jobs import local_time
from terminal.workplace import Workplace

_LEFT: Final = (
    "The terminal does not know which of these notices are acknowledged. See the others:",
    "  teller notices",
)


def add(command: AddCommand) -> None:
    """Add the commands."""
    notices = command("notices", help="ended jobs whose notice was not acknowledged")
    notices.add_argument("jobs", type=short_text, metavar="JOB", nargs="*", help="show only these jobs")
    notices.add_argument("--acknowledge", action="store_true", help="acknowledge the notices that are shown")
    notices.set_defaults(run=run_notices)
    accept = command(
        "accept-rollback",
        help="remember the appliance's history as it is on its disk now, after an operator found the cause",
    )
    accept.set_defaults(run=run_accept_rollback)


async def run_notices(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Show one end a line, and then acknowledge the ends if the person ordered that."""
    async with workplace.client() as client:
        found = {one.job.job: one for one in await client.notices()}
        shown = [_named(found, job) for job in arguments.jobs] if arguments.jobs else list(found.values())
        workplace.console.show(
            shown, [f"{local_time(one.job.changed_at)}  {end_words(one)}" for one in shown] or [NO_ROWS_SAID["notices"]]
        )
        if arguments.acknowledge:
            with workplace.left.during(_LEFT):
                for one in shown:
                    await client.acknowledge(one.job.job)
    return 0


def _named(found: Mapping[str, Notice], beginning: str) -> Notice:
    """The one notice whose job's id has this beginning. Raises PassbookError `no-such-notice`, `ambiguous-job`."""
    fitting = [notice for job, notice in found.items() if job.startswith(beginning)]
    if not fitting:
        raise PassbookError("no-such-notice", job=beginning)
    if len(fitting) > 1:
        raise PassbookError("ambiguous-job", job=beginning, count=len(fitting))
    return fitting[0]


async def run_accept_rollback(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Forget the earlier history; show the present heads."""
    async with workplace.client() as client:
        heads = await workplace.memory().accept(client)
    workplace.console.show(heads.now, [f"{one.area}  {one.entries} entries" for one in heads.now])
    return 0
