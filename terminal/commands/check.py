"""`teller check`: whether a document can be printed, and its pages as they would be; nothing is sent."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from passbook.document.drafts import StartLine
from passbook.document.page_drawing import DrawnPage
from passbook.errors import PassbookError
from passbook.protocol.messages import MAX_DOCUMENT, SubmitJob
from passbook.screen.arguments import path, short_text_or_none, whole
from passbook.screen.page_rows import page_rows
from terminal import own_copy
from terminal.commands import AddCommand
from terminal.earlier import substituted_words
from terminal.given_file import add_format, check_format_given, format_given, read_given
from terminal.page_files import PICTURE, write_pictures
from terminal.told_layouts import told_layouts
from terminal.workplace import Workplace

_LAST_PLACE: Final = 9999


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("check", help="judge a document without sending it, and show its pages as they would be printed")
    text = "file with the document: .csv, .json, .pdf, .txt or .form; - for standard input, with --format"
    parser.add_argument("file", type=path(Path), metavar="FILE", help=text)
    add_format(parser, own_copy.SUFFIXES)
    text = "the printer that would print it (default: the appliance's only one)"
    parser.add_argument("--printer", type=short_text_or_none, default="", metavar="NAME", help=text)
    text = "kind of book or sheet (default: the one that FILE names)"
    parser.add_argument("--layout", type=short_text_or_none, default="", metavar="NAME", help=text)
    text = "the import profile of a CSV file (default: the one that FILE or its layout names)"
    parser.add_argument("--import", type=short_text_or_none, default="", dest="import_name", metavar="NAME", help=text)
    parser.add_argument("--page", type=whole(1, _LAST_PLACE), metavar="N", help="page of the book for the first line")
    parser.add_argument("--line", type=whole(1, _LAST_PLACE), metavar="N", help="line of that page for the first line")
    text = f"write the pages as pictures too: one FILE{PICTURE}, or one file a page into a folder"
    parser.add_argument("--png", type=path(Path), metavar="FILE", help=text)
    parser.set_defaults(run=run, usage_error=parser.error)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Judge the document; return 0 when it can be printed."""
    # Every other command would wait for the dialects too.
    from terminal.checking import check_document, shipped_reply  # noqa: PLC0415

    if (arguments.page is None) is not (arguments.line is None):
        arguments.usage_error("give --page and --line together")
    check_format_given(arguments)
    request = SubmitJob(
        client_request="check",
        printer=arguments.printer,
        format=format_given(arguments, own_copy.SUFFIXES),
        layout=arguments.layout,
        import_name=arguments.import_name,
        start=None if arguments.page is None else StartLine(arguments.page, arguments.line),
    )
    document = read_given(arguments.file, MAX_DOCUMENT)
    if len(document) > MAX_DOCUMENT:
        raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
    told = await told_layouts(workplace)
    if told is None:
        workplace.console.show({"event": "shipped-layouts"}, [_SHIPPED])
    checked = check_document(told or shipped_reply(), request, document)
    captions = [_caption(arguments.file, checked.layout, page) for page in checked.pages]
    lines = []
    if checked.start is not None:
        lines.append(f"It does not say where it starts; it is shown from page {checked.start.page}, line 1 on.")
    if checked.substituted:
        lines.append(substituted_words(checked.substituted, checked.layout))
    for caption, page in zip(captions, checked.pages, strict=True):
        lines += [caption, *page_rows(page, workplace.console.width)]
    written = write_pictures(arguments.png, captions, checked.pages) if arguments.png is not None else []
    said = {
        "layout": checked.layout,
        "pages": checked.pages,
        "files": [str(one) for one in written],
        "substituted": checked.substituted,
    }
    workplace.console.show(said, [*lines, *map(str, written), "It can be printed. Nothing was sent."])
    return 0


_SHIPPED: Final = (
    "Neither the agent nor the appliance was reached: it is judged by the layouts that come with this software."
)


def _caption(file: Path, layout: str, page: DrawnPage) -> str:
    book = f"book {page.book}, " if page.book > 1 else ""
    return f"{file.name}, {layout}, {book}page {page.number}"
