"""A mail around one document: the type of its part names the format, so that an appliance makes it a job."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import PurePath
from typing import Final

from passbook.document.documents import FORMATS, Hints, parse_document
from passbook.document.update_writing import PLAIN_FORMAT, plain_update
from passbook.mail.mail_address import MailAddress
from passbook.mail.message_reading import one_line
from passbook.mail.part_formats import MIME_TYPES
from passbook.protocol.confidential import Confidential
from terminal.own_copy import SUFFIXES

# Nothing folds a short header, since not every program joins folded parts as they were.
_POLICY: Final = SMTP.clone(max_line_length=998)


IMPORTED_FORMAT: Final = "passbook-update+csv"
"""The format that is read by an import profile."""


class OutgoingDocument(Confidential, frozen=True):
    """The document to send: the format, the bytes, and the name of the file."""

    format: str
    data: bytes
    name: str

    def plain(self, hints: Hints) -> OutgoingDocument:
        """The update of a CSV file in the one form that needs no import profile.

        Raises PassbookError as parse_document does.
        """
        data = plain_update(self.format, self.data, hints)
        return OutgoingDocument(PLAIN_FORMAT, data, PurePath(self.name).with_suffix(".json").name)

    def judge(self) -> None:
        """Refuse a document that cannot be printed, as far as that is known here.  Raises as parse_document."""
        if self.format in FORMATS:
            parse_document(self.format, self.data)


def make_mail(
    document: OutgoingDocument,
    sender: MailAddress,
    recipients: Sequence[MailAddress],
    *,
    subject: str,
    message_id: str,
    at: datetime.datetime,
) -> bytes:
    """The message, with CR LF, all of it ASCII.

    `message_id` has its angle brackets; `at` is aware time.  Characters of the subject that cannot be shown are left
    out.
    """
    mail = EmailMessage(_POLICY)
    mail["From"] = str(sender)
    mail["To"] = ", ".join(map(str, recipients))
    mail["Subject"] = one_line(subject)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    mail["MIME-Version"] = "1.0"
    kind, _, subtype = MIME_TYPES[document.format].partition("/")
    params = {"charset": "utf-8"} if kind == "text" else None
    mail.add_attachment(document.data, kind, subtype, filename=one_line(document.name), params=params)
    return mail.as_bytes()


def file_name(number: int, title: str, format: str) -> str:  # noqa: A002  # the word of the protocol
    """A name for the file of a part that any file system takes: its number, safe characters, the format's suffix."""
    suffix = next(suffix for suffix, known in SUFFIXES.items() if known == format)
    stem = PurePath(title).name
    if stem.lower().endswith(suffix):
        stem = stem[: -len(suffix)]
    safe = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in stem)
    return f"{number}-{safe[:60].strip('-') or 'part'}{suffix}"
