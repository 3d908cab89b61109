"""`teller mail`: send a document to printers by mail, and take documents out of a mail."""

from __future__ import annotations

import argparse
import datetime
import re
import secrets
import shlex
import ssl
from pathlib import Path
from typing import Final

import msgspec

from passbook.document.documents import Hints
from passbook.document.import_profile import Imports
from passbook.errors import PassbookError
from passbook.mail.mail_address import MailAddress, parse_mail_address
from passbook.mail.message_reading import take_out
from passbook.protocol.messages import MAX_DOCUMENT
from passbook.screen.arguments import host, path, short_text
from spooler.shipped import shipped_imports
from storage import files
from terminal import enrollment
from terminal.commands import AddCommand
from terminal.given_file import STANDARD_INPUT, add_format, check_format_given, format_given, read_given
from terminal.home import MailSettings, parse_address
from terminal.interrupts import interruptible
from terminal.mail_making import IMPORTED_FORMAT, OutgoingDocument, file_name, make_mail
from terminal.mail_sending import MailServer, Outgoing, ServerAnswer, send_mail
from terminal.own_copy import SUFFIXES
from terminal.terminal_tls import authority_context
from terminal.told_layouts import imports_of, told_layouts
from terminal.workplace import Workplace

_NAMES: Final = ("server_name", "ca", "user", "password_file", "plain")
"""The options about a server beside its address."""
_LINE_END: Final = re.compile(rb"\r?\n")


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command("mail", help="send a document to printers by mail, or take the documents out of a mail")
    text = "file with the document: .csv, .json, .txt or .pdf; with --extract the mail; - for standard input"
    parser.add_argument("file", type=path(Path), metavar="FILE", help=text)
    sending = parser.add_argument_group("sending")
    text = "addresses that routes of appliances name; each one prints the document"
    sending.add_argument("--to", nargs="+", action="extend", metavar="ADDRESS", help=text)
    add_format(parser, SUFFIXES)
    text = "the import profile by which a CSV file is read; the mail has the entries so that no appliance needs it"
    sending.add_argument("--import", type=short_text, dest="import_name", metavar="NAME", help=text)
    text = "subject, which lists show; never confidential (default: none)"
    sending.add_argument("--subject", default="", metavar="TEXT", help=text)
    text = "name of the mail (default: a new one); the same command with the same one is the same job, however often"
    sending.add_argument("--message-id", type=_message_id, metavar="ID", help=text)
    _add_server(parser)
    extracting = parser.add_argument_group("taking documents out")
    text = "write each document of the mail FILE into a folder, and send nothing"
    extracting.add_argument("--extract", action="store_true", help=text)
    text = "that folder; a file that is there already is not overwritten"
    extracting.add_argument("--out", type=path(Path), metavar="DIR", help=text)
    parser.set_defaults(run=run, usage_error=parser.error)


def _add_server(parser: argparse.ArgumentParser) -> None:
    server = parser.add_argument_group("the mail server (default: the table [mail] of terminal.toml)")
    server.add_argument("--from", dest="sender", metavar="ADDRESS", help="the sender (default: this terminal)")
    text = "the mail server; with it only `from` of that table counts"
    server.add_argument("--server", type=host, metavar="HOST:PORT", help=text)
    text = "the name in its certificate (default: the appliance's; with --ca HOST)"
    server.add_argument("--server-name", type=short_text, metavar="NAME", help=text)
    text = "the authority of its certificate (default: the branch's; then this terminal shows its own certificate)"
    server.add_argument("--ca", type=path(Path), metavar="FILE", help=text)
    server.add_argument("--user", type=short_text, metavar="NAME", help="user name at the mail server (SMTP AUTH)")
    server.add_argument("--password-file", type=path(Path), metavar="FILE", help="holds the password of that user")
    text = "speak without TLS, to a mail server on this machine only"
    server.add_argument("--plain", action="store_true", default=None, help=text)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Send the mail, or take documents out of one; return 0 when that was done for all."""
    if arguments.extract:
        return _extract(workplace, arguments)
    if arguments.out is not None:
        arguments.usage_error("give --out with --extract only")
    if not arguments.to:
        arguments.usage_error("give --to, or --extract")
    check_format_given(arguments)
    settings = _settings(workplace, arguments)
    server = _server(workplace, arguments, settings)
    mail = _mail(workplace, arguments, settings, await _document(workplace, arguments))
    named = any(word.partition("=")[0] == "--message-id" for word in workplace.typed)
    again = [] if named else ["--message-id", mail.message_id.strip("<>")]
    left = (
        "The terminal does not know whether the mail was taken. Send it again under its name; it stays one job:",
        f"  {shlex.join(['teller', *workplace.typed, *again])}",
    )
    with workplace.left.during(left), interruptible():
        answers = send_mail(server, mail)
    return _show(workplace, server, mail, answers)


def _show(workplace: Workplace, server: MailServer, mail: Outgoing, answers: list[ServerAnswer]) -> int:
    """Show one sentence for each recipient; return the exit code of the gravest answer."""
    console, message_id = workplace.console, mail.message_id.strip("<>")
    console.show({"event": "mail", "payload": {"messageId": message_id}}, [f"Mail {message_id}."])
    codes = {0}
    for one in answers:
        if one.error is not None:
            console.fail(one.error)
            codes.add(one.error.exit_code)
            continue
        payload = {"address": one.address, "answer": one.words}
        sentence = f"{server} has taken the mail for {one.address}: {one.words}."
        console.show({"event": "taken", "payload": payload}, [sentence])
    return max(codes)


async def _document(workplace: Workplace, arguments: argparse.Namespace) -> OutgoingDocument:
    """The document in the form in which it is sent.  Raises PassbookError for one that cannot be printed."""
    name = "document" if arguments.file == STANDARD_INPUT else arguments.file.name
    kind = format_given(arguments, SUFFIXES)
    if arguments.import_name is not None and kind != IMPORTED_FORMAT:
        arguments.usage_error("--import goes with a CSV file")
    document = OutgoingDocument(kind, read_given(arguments.file, MAX_DOCUMENT), name)
    if arguments.import_name is not None:
        told = await told_layouts(workplace)
        imports = Imports(shipped_imports()) if told is None else imports_of(told)
        return document.plain(Hints(imports, arguments.import_name))
    document.judge()
    return document


def _mail(
    workplace: Workplace, arguments: argparse.Namespace, settings: MailSettings, document: OutgoingDocument
) -> Outgoing:
    """The mail as it was typed.  Raises PassbookError for a wrong address."""
    recipients = list({one.key: one for one in map(parse_mail_address, arguments.to)}.values())
    sender = parse_mail_address(settings.sender) if settings.sender else None
    message_id = arguments.message_id or f"<{secrets.token_hex(16)}@{(sender or recipients[0]).domain}>"
    at = datetime.datetime.now().astimezone()

    def message(author: MailAddress) -> bytes:
        return make_mail(document, author, recipients, subject=arguments.subject, message_id=message_id, at=at)

    terminal = "" if sender is not None else enrollment.name_of(workplace.home)
    return Outgoing(recipients, message_id, terminal, sender, message)


def _settings(workplace: Workplace, arguments: argparse.Namespace) -> MailSettings:
    """The settings with the typed options in their place; a server that was typed gets nothing of another one's."""
    settings = workplace.home.mail()
    if arguments.server is not None:
        settings = MailSettings(server=arguments.server, sender=settings.sender)
    typed = {name: value for name in _NAMES if (value := getattr(arguments, name)) is not None}
    typed = {name: value if isinstance(value, bool) else str(value) for name, value in typed.items()}
    settings = msgspec.structs.replace(settings, **typed, sender=arguments.sender or settings.sender)
    if not settings.server:
        arguments.usage_error(f"give --server HOST:PORT, or write server under [mail] into {workplace.home.settings}")
    if bool(settings.user) is not bool(settings.password_file):
        arguments.usage_error("give --user and --password-file together")
    if settings.plain and (settings.user or settings.ca or settings.server_name):
        arguments.usage_error("without TLS no password goes to the mail server, and it shows no certificate")
    return settings


def _server(workplace: Workplace, arguments: argparse.Namespace, settings: MailSettings) -> MailServer:
    """The mail server with the proof that it gets.  Raises PassbookError for files that are missing or damaged."""
    if not settings.server.rpartition(":")[2].isdecimal():
        arguments.usage_error("give the mail server as HOST:PORT; port 25 is usual")
    place = parse_address(settings.server, "")
    login = (settings.user, _password(Path(settings.password_file))) if settings.user else None
    name = _name(workplace, settings, place.host)
    return MailServer(place.host, place.port, _context(workplace, settings), name, login)


def _context(workplace: Workplace, settings: MailSettings) -> ssl.SSLContext | None:
    home = workplace.home
    if settings.plain:
        return None
    if settings.ca:
        return authority_context(Path(settings.ca))
    return authority_context(home.ca) if settings.user else home.context()


def _name(workplace: Workplace, settings: MailSettings, typed_host: str) -> str:
    """The name that the server's certificate must have."""
    if settings.server_name:
        return settings.server_name
    return typed_host if settings.ca or settings.plain else workplace.home.address().server_name


def _password(file: Path) -> str:
    try:
        return files.read_private(file).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise PassbookError("file-problem", file=str(file), why="it is not UTF-8") from None


def _message_id(text: str) -> str:
    """Read a Message-ID, with or without its angle brackets; of the kinds that there are, the one like an address."""
    found = text.removeprefix("<").removesuffix(">")
    try:
        parse_mail_address(found)
    except PassbookError:
        raise argparse.ArgumentTypeError("expected a name as job-7@bank.example") from None
    return f"<{found}>"


def _extract(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Write the documents of a mail into a folder; return 0."""
    if arguments.out is None:
        arguments.usage_error("give --out DIR with --extract")
    # A mail program keeps mail with the line ends of its system.
    data = _LINE_END.sub(b"\r\n", read_given(arguments.file, files.MOST_BYTES))
    parts, others = take_out(data)
    written = [(one, arguments.out / file_name(one.number, one.title, one.format)) for one in parts]
    for _, file in written:
        files.refuse_existing(file)
    for one, file in written:
        files.save_file(file, one.document, files.PRIVATE)
        payload = {"part": one.number, "format": one.format, "bytes": len(one.document), "file": str(file)}
        sentence = f"Part {one.number}, {one.format}, {len(one.document)} bytes: {file}"
        workplace.console.show({"event": "document", "payload": payload}, [sentence])
    if others:
        sentence = f"Not taken out, since no appliance prints them: {', '.join(others)}."
        workplace.console.show({"event": "left-out", "payload": {"parts": others}}, [sentence])
    return 0
