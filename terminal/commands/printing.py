"""`teller print`: send a document and stay with it until it is on paper."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Final

import msgspec

from passbook.arguments import one_of, path, short_text, short_text_or_none, whole
from passbook.drafts import Start
from passbook.errors import PassbookError
from passbook.job import JobState
from passbook.messages import SubmitJob
from storage import files
from terminal import own_copy
from terminal.commands import AddCommand
from terminal.desk import Desk
from terminal.dialogue import Dialogue
from terminal.follow import Follower

_LAST_PLACE: Final = 9999
"""The highest page or line number that a message can carry."""


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("print", help="print a document and follow it to its end")
    parser.add_argument("file", type=path(Path), metavar="FILE", help="the document: .csv, .json or .txt")
    formats = list(own_copy.SUFFIXES.values())
    text = f"what FILE holds: {', '.join(formats)} (default: by suffix)"
    parser.add_argument("--format", type=one_of(formats), metavar="FORMAT", help=text)
    parser.add_argument(
        "--printer", type=short_text, metavar="NAME", help="where to print (default: the appliance's only printer)"
    )
    parser.add_argument("--page", type=whole(1, _LAST_PLACE), metavar="N", help="page of the book for the first line")
    parser.add_argument("--line", type=whole(1, _LAST_PLACE), metavar="N", help="line of that page for the first line")
    parser.add_argument(
        "--layout",
        type=short_text_or_none,
        default="",
        metavar="NAME",
        help="kind of book or sheet (default: what FILE says)",
    )
    parser.add_argument(
        "--priority", type=whole(1, 100), default=50, metavar="N", help="1 to 100, higher prints first (default: 50)"
    )
    key = parser.add_mutually_exclusive_group()
    key.add_argument(
        "--key", type=short_text, metavar="REF", help="key of the ring that the job is put under (default: the newest)"
    )
    key.add_argument("--no-key", action="store_true", help="leave the key to the appliance, where it allows that")
    parser.add_argument(
        "--request", type=short_text, metavar="ID", help="send a request again that was sent under this id"
    )
    text = "what the document is called; kept sealed"
    parser.add_argument("--name", type=short_text_or_none, default="", metavar="NAME", help=text)
    text = "who answers when the job is stopped"
    parser.add_argument("--person", type=short_text_or_none, default="", metavar="NAME", help=text)
    wait = parser.add_mutually_exclusive_group()
    wait.add_argument("--follow", action="store_true", dest="wait", default=True, help="stay to the end (default)")
    wait.add_argument("--no-wait", action="store_false", dest="wait", help="leave when the job is accepted")
    parser.set_defaults(run=run, usage_error=parser.error)


async def run(desk: Desk, arguments: argparse.Namespace) -> int:
    """Send it; 0 when it was completed, or only accepted where nobody waits."""
    if (arguments.page is None) is not (arguments.line is None):
        arguments.usage_error("give --page and --line together")
    job = _job(desk, arguments)
    if not job.printer:
        job = msgspec.structs.replace(job, printer=await _only_printer(desk))
    desk.console.show(
        {"event": "request", "payload": {"request": job.client_request}}, [f"Request {job.client_request}."]
    )
    resolve = Dialogue(desk.console, arguments.person, desk.ring) if desk.console.interactive else None
    texts = own_copy.texts_of(job.format, job.document)
    follower = Follower(desk.client, desk.console, resolve, texts, acknowledge=desk.acknowledge)
    view = await follower.run(job, wait=arguments.wait)
    return 0 if not arguments.wait or view.state is JobState.COMPLETED else 1


def _job(desk: Desk, arguments: argparse.Namespace) -> SubmitJob:
    ring = None if arguments.no_key else desk.ring()
    ref = "" if ring is None else arguments.key or ring.newest
    return SubmitJob(
        client_request=arguments.request or secrets.token_hex(8),
        first=not arguments.request,
        printer=arguments.printer or "",
        format=arguments.format or own_copy.format_of(arguments.file),
        name=arguments.name,
        document=files.read(arguments.file),
        priority=arguments.priority,
        layout=arguments.layout,
        start=None if arguments.page is None else Start(arguments.page, arguments.line),
        key=b"" if ring is None else ring.key(ref),
        key_ref=ref,
    )


async def _only_printer(desk: Desk) -> str:
    async with desk.client() as client:
        names = [view.printer for view in (await client.status()).printers]
    if len(names) != 1:
        raise PassbookError("unknown-printer", printer="(not named)", known=", ".join(names))
    return names[0]
