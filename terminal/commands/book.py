"""`teller book`: where the books of an account stand, as the appliance remembers it."""

from __future__ import annotations

import argparse

from passbook.errors import PassbookError
from passbook.protocol.book_words import BookReport, book_lines
from passbook.screen.arguments import short_text
from terminal.commands import AddCommand
from terminal.passphrase import unseen_line
from terminal.tables_of_jobs import local_time
from terminal.workplace import Workplace


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("book", help="where the books of an account stand, as the appliance remembers it")
    text = "the account, which is not sent; - to type it unseen, or to take it from standard input"
    parser.add_argument("account", type=short_text, metavar="ACCOUNT", help=text)
    parser.set_defaults(run=run, usage_error=parser.error)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Ask by the secrets of the account, and show the answer.  Raises PassbookError `no-book-key`."""
    account = unseen_line("Account: ") if arguments.account == "-" else arguments.account
    try:
        short_text(account)
    except argparse.ArgumentTypeError as error:
        arguments.usage_error(f"the account on standard input: {error}")
    secrets = workplace.ring().book_secrets(account)
    if not secrets:
        raise PassbookError("no-book-key")
    async with workplace.client() as client:
        report = await client.book(secrets)
    workplace.console.show(report, _lines(report))
    return 0


def _lines(report: BookReport) -> list[str]:
    return book_lines(report, {one.at: local_time(one.at) for one in report.books if one.at})
