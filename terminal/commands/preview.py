"""`teller preview`: the pages of a job as they will be printed."""

from __future__ import annotations

import argparse
from pathlib import Path

from passbook.errors import PassbookError
from passbook.screen.arguments import path, short_text
from passbook.screen.page_rows import page_rows
from terminal.commands import JOB_HELP, AddCommand
from terminal.opened_copy import open_pages
from terminal.page_files import PICTURE, write_pictures
from terminal.preview_text import caption
from terminal.workplace import Workplace


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("preview", help="show the pages of a job as they will be printed, opened here by a key")
    parser.add_argument("job", type=short_text, metavar="JOB", help=JOB_HELP)
    text = "the key of the ring that opens it (default: the one that the job names, or a recovery key)"
    parser.add_argument("--key", type=short_text, default=None, metavar="REF", help=text)
    form = parser.add_mutually_exclusive_group(required=True)
    text = f"write pictures: a FILE{PICTURE} with all pages, or one file a page into a folder"
    form.add_argument("--out", type=path(Path), metavar="PLACE", help=text)
    form.add_argument("--text", action="store_true", help="show the pages as text")
    parser.set_defaults(run=run)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Fetch the sealed content, open it in memory, and draw it."""
    ring = workplace.ring()
    # What is shown is bound to its seal, so an own copy is shown without a word to the appliance.
    async with workplace.client(compares=False) as client:
        copy = await client.sealed(arguments.job)
    job = copy.job
    if not job.startswith(arguments.job):
        raise PassbookError("sealed-damaged", job=arguments.job)
    pages = open_pages(job, copy, ring, arguments.key or "")
    captions = [caption(job, copy.layout, page, then) for page, then in zip(pages, [*pages[1:], None], strict=True)]
    if arguments.text:
        width = workplace.console.width
        lines = [line for words, page in zip(captions, pages, strict=True) for line in (words, *page_rows(page, width))]
        workplace.console.show(pages, lines)
        return 0
    written = write_pictures(arguments.out, captions, pages)
    workplace.console.show({"files": [str(one) for one in written]}, [str(one) for one in written])
    return 0
