"""`teller print` and `teller follow`: send a document, and follow it until it is on paper."""

from __future__ import annotations

import argparse
import secrets
import shlex
from pathlib import Path
from typing import Final

import msgspec

from passbook.document.drafts import StartLine
from passbook.errors import PassbookError
from passbook.job.states import TERMINAL, JobState
from passbook.protocol.messages import MAX_DOCUMENT, SubmitJob
from passbook.screen.arguments import day, path, short_text, short_text_or_none, whole
from terminal import enrollment, own_copy
from terminal.choosing import Said, add_choice, must_have_agent, said_in
from terminal.commands import JOB_HELP, AddCommand
from terminal.follow import Follower
from terminal.given_file import add_format, check_format_given, format_given, read_given
from terminal.own_books import with_book
from terminal.picture import Texts
from terminal.workplace import Workplace

_LAST_PLACE: Final = 9999
"""The highest page or line number that a message can carry."""


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("print", help="print a document and follow it to its end")
    text = "file with the document: .csv, .json, .pdf, .txt or .form; - for standard input, with --format"
    parser.add_argument("file", type=path(Path), metavar="FILE", help=text)
    add_format(parser, own_copy.SUFFIXES)
    parser.add_argument(
        "--printer", type=short_text, metavar="NAME", help="the printer (default: the appliance's only one)"
    )
    parser.add_argument("--page", type=whole(1, _LAST_PLACE), metavar="N", help="page of the book for the first line")
    parser.add_argument("--line", type=whole(1, _LAST_PLACE), metavar="N", help="line of that page for the first line")
    parser.add_argument(
        "--layout",
        type=short_text_or_none,
        default="",
        metavar="NAME",
        help="kind of book or sheet (default: the one that FILE names)",
    )
    text = "the import profile of a CSV file (default: the one that FILE or its layout names)"
    parser.add_argument("--import", type=short_text_or_none, default="", dest="import_name", metavar="NAME", help=text)
    parser.add_argument(
        "--priority", type=whole(1, 100), default=50, metavar="N", help="1 to 100, higher prints first (default: 50)"
    )
    key = parser.add_mutually_exclusive_group()
    key.add_argument(
        "--key", type=short_text, metavar="REF", help="key of the ring that seals the job (default: the newest)"
    )
    key.add_argument("--no-key", action="store_true", help="let the appliance make the key, if it allows that")
    parser.add_argument("--request", type=short_text, metavar="ID", help="send the request with this id again")
    _add_document(parser)
    add_choice(parser)
    _add_person(parser)
    wait = parser.add_mutually_exclusive_group()
    wait.add_argument(
        "--follow", action="store_true", dest="wait", default=True, help="stay until the end of the job (default)"
    )
    wait.add_argument("--no-wait", action="store_false", dest="wait", help="leave when the job is accepted")
    parser.set_defaults(run=run, usage_error=parser.error)
    _add_follow(command)


def _add_document(parser: argparse.ArgumentParser) -> None:
    text = "the name of the document; sealed with it, unless it is shared"
    parser.add_argument("--name", type=short_text_or_none, default="", metavar="NAME", help=text)
    parser.add_argument("--date", type=day, metavar="DAY", help="the date of the document, likewise")
    text = "show name and date to every terminal, in lists and in the history"
    parser.add_argument("--share-name", action="store_true", help=text)
    text = "the program that made the document; rules may name it, and every terminal sees it"
    parser.add_argument("--application", type=short_text_or_none, default="", metavar="NAME", help=text)


def _add_follow(command: AddCommand) -> None:
    parser = command("follow", help="follow a job that was sent before, and answer when it stops")
    parser.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    text = "the document of the job; questions then show its text in place of bars"
    parser.add_argument("--file", type=path(Path), metavar="FILE", help=text)
    add_format(parser, own_copy.SUFFIXES)
    _add_person(parser)
    parser.set_defaults(run=run_follow)


def _add_person(parser: argparse.ArgumentParser) -> None:
    text = "name of the person who answers when the job stops (default: asked for with each question)"
    parser.add_argument("--person", type=short_text_or_none, default="", metavar="NAME", help=text)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Send the document; return 0 when it was completed, or with --no-wait when it was accepted."""
    if (arguments.page is None) is not (arguments.line is None):
        arguments.usage_error("give --page and --line together")
    check_format_given(arguments)
    said = said_in(arguments)
    job = await with_book(workplace, await _completed(workplace, _job(workplace, arguments), said))
    workplace.console.show(
        {"event": "request", "payload": {"request": job.client_request}}, [f"Request {job.client_request}."]
    )
    follower = _follower(workplace, arguments, own_copy.texts_of(job.format, job.document), _again(workplace, job))
    view = await follower.run(job, wait=arguments.wait)
    if not arguments.wait and view.state not in TERMINAL:
        return 0
    return 0 if view.state is JobState.COMPLETED else 1


async def run_follow(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Follow the job; return 0 when it was completed."""
    texts = None
    if arguments.file is not None:
        texts = own_copy.texts_of(_format(arguments), read_given(arguments.file, MAX_DOCUMENT))
    view = await _follower(workplace, arguments, texts).stay(arguments.job)
    return 0 if view.state is JobState.COMPLETED else 1


def _follower(workplace: Workplace, arguments: argparse.Namespace, texts: Texts | None, again: str = "") -> Follower:
    resolve = workplace.dialogue(arguments.person)
    return Follower(
        workplace.client,
        workplace.console,
        resolve,
        texts,
        acknowledge=workplace.acknowledge,
        left=workplace.left,
        again=again,
    )


def _again(workplace: Workplace, job: SubmitJob) -> str:
    """The command that sends the same request again."""
    named = any(word == "--request" or word.startswith("--request=") for word in workplace.typed)
    return shlex.join(["teller", *workplace.typed, *([] if named else ["--request", job.client_request])])


def _format(arguments: argparse.Namespace) -> str:
    return format_given(arguments, own_copy.SUFFIXES)


def _job(workplace: Workplace, arguments: argparse.Namespace) -> SubmitJob:
    ring = None if arguments.no_key else workplace.ring()
    ref = "" if ring is None else arguments.key or ring.newest
    return SubmitJob(
        client_request=arguments.request or secrets.token_hex(8),
        first=not arguments.request,
        printer=arguments.printer or "",
        format=_format(arguments),
        name=arguments.name,
        document_date=arguments.date or "",
        shares_name=arguments.share_name,
        application=arguments.application,
        document=read_given(arguments.file, MAX_DOCUMENT),
        priority=arguments.priority,
        layout=arguments.layout,
        import_name=arguments.import_name,
        start=None if arguments.page is None else StartLine(arguments.page, arguments.line),
        key=b"" if ring is None else ring.key(ref),
        key_ref=ref,
    )


async def _completed(workplace: Workplace, job: SubmitJob, said: Said) -> SubmitJob:
    """The job with its printer and its choice.  Raises PassbookError as must_have_agent() does, `unknown-printer`."""
    if not workplace.has_agent:
        must_have_agent(said, lambda: enrollment.name_of(workplace.home))
    printer = job.printer or await _only_printer(workplace)
    return msgspec.structs.replace(job, printer=printer, keep=said.keep, feed=said.feed, if_apart=said.if_apart)


async def _only_printer(workplace: Workplace) -> str:
    """The name of the appliance's only printer; its next hops are none.  Raises PassbookError `unknown-printer`."""
    async with workplace.client() as client:
        names = [view.printer for view in (await client.status()).printers]
        if len(names) > 1:
            names = [one.name for one in (await client.layouts()).printers]
    if len(names) != 1:
        raise PassbookError("unknown-printer", printer="(not named)", known=", ".join(names))
    return names[0]
