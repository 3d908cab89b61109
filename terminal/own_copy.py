"""The terminal's own copy of a document: the only place where a question's bars can become text without its key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from passbook.document.amount_style import AmountStyle, print_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.date_style import DateStyle, print_date
from passbook.document.documents import (
    Entry,
    FormDocument,
    PassbookUpdate,
    PdfDocument,
    TextDocument,
    parse_document,
)
from passbook.errors import PassbookError
from terminal.picture import Texts

SUFFIXES: Final = {
    ".csv": "passbook-update+csv",
    ".json": "passbook-update+json",
    ".pdf": "pdf",
    ".txt": "text",
    ".form": "form",
}
"""File suffix -> document format."""


def format_of(file: PurePath, suffixes: Mapping[str, str] = SUFFIXES) -> str:
    """The format of a file by its suffix.  Raises PassbookError `format-not-given`."""
    try:
        return suffixes[file.suffix.lower()]
    except KeyError:
        raise PassbookError("format-not-given", file=str(file), known=", ".join(suffixes.values())) from None


def texts_of(format: str, data: bytes) -> Texts | None:  # noqa: A002  # the word of the protocol
    """The texts of each printed line, from left to right; None when the document cannot be read here.

    None also for a form, whose places its layout alone knows.
    """
    try:
        document = parse_document(format, data)
    except PassbookError:
        return None
    match document:
        case PassbookUpdate():
            return [_runs(entry, MINOR_DIGITS[document.currency]) for entry in document.entries]
        case TextDocument():
            return [[line] for line in document.lines if line]
        case PdfDocument() | FormDocument():
            return None


def _runs(entry: Entry, digits: int) -> list[str]:
    """The parts in the usual style: the layout alone knows another one."""
    day = [] if entry.date is None else [print_date(DateStyle(), entry.date)]
    amounts = [one for one in (entry.withdrawal, entry.deposit, entry.balance) if one is not None]
    return [*day, *filter(None, [entry.text]), *(print_amount(AmountStyle(), one, digits) for one in amounts)]
