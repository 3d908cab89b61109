"""Documents of terminals: bytes of a named format in, a checked document out.

Errors name places only ("entry 7"), never the text there.
"""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from passbook.document.amounts import render_amount
from passbook.document.characters import LONGEST_LINE, LONGEST_RUN, control_position, mark_position, refuse_controls
from passbook.document.csv_document import read_csv
from passbook.document.currencies import EDITION, MINOR_DIGITS, WITHOUT_DIGITS
from passbook.document.drafts import EntryDraft, StartLine, UpdateDraft
from passbook.document.form_document import FormDocument, judge_field, read_form
from passbook.document.layout import LAYOUT_NAME
from passbook.errors import PassbookError
from passbook.errors.decoding import complaint
from passbook.protocol.confidential import Confidential

__all__ = [
    "DRAWN_FORMATS",
    "FORMATS",
    "Document",
    "Entry",
    "FormDocument",
    "PassbookUpdate",
    "PdfDocument",
    "StartLine",
    "TextDocument",
    "parse_document",
]

MAX_ACCOUNT_LENGTH: Final = 40
_FORMAT_NAME: Final = re.compile(r"[a-z0-9+.-]{1,40}")
_MARKED: Final = bytes(byte if byte == ord("\n") else ord("x") for byte in range(256))
"""For bytes.translate: all but the end of a line becomes an x."""
_MARKS: Final = f"it has more than {LONGEST_RUN} combining marks in a row"
_PDF_HEAD: Final = b"%PDF-"
_PDF_HEAD_WITHIN: Final = 1024
"""The first bytes of a PDF, among which its head stands; programs write a few before it."""
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Entry(Confidential, frozen=True):
    """One line of a book, each part in its printed form; an empty part prints nothing."""

    date: str
    text: str
    withdrawal: str
    deposit: str
    balance: str


class PassbookUpdate(Confidential, frozen=True):
    """The entries for a book; `start` is None when the teller shall give the place.

    `more` is the number of entries behind these that were not judged, since no book has room for them.
    """

    layout: str
    account: str
    currency: str
    start: StartLine | None
    entries: tuple[Entry, ...]
    more: int = 0


class TextDocument(Confidential, frozen=True):
    """Lines of text for one sheet; a blank line only moves on.

    `more` is the number of lines behind these that are not blank, since no sheet has room for them.
    """

    lines: tuple[str, ...]
    layout: str = "sheet"
    more: int = 0


class PdfDocument(Confidential, frozen=True):
    """Pages that the renderer draws; each one is a sheet."""

    data: bytes
    layout: str = "sheet"


Document: TypeAlias = PassbookUpdate | TextDocument | PdfDocument | FormDocument


def parse_document(format: str, data: bytes, most: int = sys.maxsize) -> Document:  # noqa: A002 - the protocol's word
    """The document that the bytes hold.

    Args:
        format: a key of FORMATS.
        data: UTF-8, with or without a byte order mark.
        most: the number of lines or entries that may be printed; the reader only counts those behind them.

    Raises:
        PassbookError: `unknown-format`, `document-malformed`, `document-empty`, `amount-not-decimal`,
            `amount-too-fine`, `unknown-currency`, `currency-without-digits`, `date-not-valid`, `control-byte`,
            `document-too-large`, `pdf-not-readable`; nothing else, for any bytes.
    """
    check_format(format)
    return FORMATS[format](data.removeprefix(codecs.BOM_UTF8), most)


def check_format(format: str) -> None:  # noqa: A002  # the word of the protocol
    """Raise PassbookError `unknown-format` unless documents of this format can be read."""
    if format not in FORMATS:
        shown = format if _FORMAT_NAME.fullmatch(format) else "of that name"
        raise PassbookError("unknown-format", format=shown, known=", ".join(FORMATS))


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1}"
    raise _malformed(where, "it is not UTF-8")


def _malformed(where: str, why: str) -> PassbookError:
    return PassbookError("document-malformed", where=where, why=why)


def _read_text(data: bytes, most: int) -> TextDocument:
    # Many lines at once: a megabyte may have a million of them.  Nothing composes with \n.
    blocks = _whole_lines((_decode(data) + "\n").replace("\r\n", "\n"))
    text = "".join([_clean(block, line) for line, block in blocks])
    *rows, rest = text.split("\n", most)
    lines = tuple([row.rstrip(" ") for row in rows])
    more = _printed_lines(rest)
    if not any(lines) and not more:
        raise PassbookError("document-empty")
    return TextDocument(lines, more=more)


def _whole_lines(text: str) -> Iterator[tuple[int, str]]:
    """Blocks of whole lines with the number of their first line; none has more than LONGEST_LINE characters."""
    at, line = 0, 1
    while at < len(text):
        end = text.rfind("\n", at, at + LONGEST_LINE + 1) + 1
        if not end:
            raise _malformed(f"line {line}", f"it has more than {LONGEST_LINE} characters")
        block = text[at:end]
        yield line, block
        at, line = end, line + block.count("\n")


def _clean(block: str, line: int) -> str:
    """The lines composed and without controls; `line` is the number of the first one."""
    position = mark_position(block)
    if position is not None:
        above = block.count("\n", 0, position)
        raise _malformed(f"line {line + above}", _MARKS)
    text = _composed(block)
    position = control_position(text.replace("\n", " "))
    if position is not None:
        start = text.rfind("\n", 0, position - 1) + 1
        above = text.count("\n", 0, start)
        raise PassbookError("control-byte", where=f"line {line + above}", number=position - start)
    return text


def _printed_lines(text: str) -> int:
    """The number of lines that are not blank, of a text that ends with the end of one."""
    return text.encode().translate(_MARKED, delete=b" ").count(b"x\n")


def _read_update_csv(data: bytes, most: int) -> PassbookUpdate:
    return _judge(read_csv(_decode(data)), most)


def _read_update_json(data: bytes, most: int) -> PassbookUpdate:
    try:
        draft = msgspec.json.decode(data, type=UpdateDraft)
    except (ValueError, RecursionError) as error:
        found = complaint(error, otherwise="it is not what the format allows there")
    else:
        return _judge(draft, most)
    entry, _, column = found.where.partition(", ")
    if column in {"withdrawal", "deposit", "balance"}:
        raise PassbookError("amount-not-decimal", where=entry, column=column)
    raise _malformed(found.where, found.why)


def _read_pdf(data: bytes, _most: int) -> PdfDocument:
    # Only the renderer looks further: it is a process of its own.
    if _PDF_HEAD not in data[:_PDF_HEAD_WITHIN]:
        raise PassbookError("pdf-not-readable")
    return PdfDocument(data)


def _read_form(data: bytes, _most: int) -> FormDocument:
    draft = read_form(data)
    fields = [(name, judge_field(name, _printed(text, f"fields, {name}"))) for name, text in draft.fields.items()]
    return FormDocument(draft.form, tuple(fields), draft.copies)


FORMATS: Final[MappingProxyType[str, Callable[[bytes, int], Document]]] = MappingProxyType(
    {
        "passbook-update+csv": _read_update_csv,
        "passbook-update+json": _read_update_json,
        "pdf": _read_pdf,
        "text": _read_text,
        "form": _read_form,
    }
)
"""Format -> its reader."""

DRAWN_FORMATS: Final = frozenset({"pdf"})
"""Formats whose documents are drawn by another process, which takes seconds."""


def _judge(draft: UpdateDraft, most: int) -> PassbookUpdate:
    if not LAYOUT_NAME.fullmatch(draft.layout):
        raise _malformed("layout", "it is not the name of a layout")
    if draft.currency in WITHOUT_DIGITS:
        raise PassbookError("currency-without-digits", currency=draft.currency)
    if draft.currency not in MINOR_DIGITS:
        raise PassbookError("unknown-currency", edition=EDITION)
    account = draft.account
    if not 1 <= len(account) <= MAX_ACCOUNT_LENGTH or account.isspace() or control_position(account) is not None:
        raise _malformed("account", f"it is not 1 to {MAX_ACCOUNT_LENGTH} printable characters")
    if not draft.entries:
        raise PassbookError("document-empty")
    entries = tuple(_entry(entry, draft.currency, f"entry {n}") for n, entry in enumerate(draft.entries[:most], 1))
    start = None if draft.start == "ask" else draft.start
    return PassbookUpdate(draft.layout, account, draft.currency, start, entries, len(draft.entries[most:]))


def _entry(draft: EntryDraft, currency: str, where: str) -> Entry:
    text = _printed(draft.text, f"{where}, text")
    refuse_controls(text, f"{where}, text")
    if not _is_day(draft.date):
        raise PassbookError("date-not-valid", where=where)

    def amount(text: str, column: str) -> str:
        return render_amount(text, currency, where, column) if text else ""

    return Entry(
        draft.date,
        text,
        amount(draft.withdrawal, "withdrawal"),
        amount(draft.deposit, "deposit"),
        amount(draft.balance, "balance"),
    )


def _printed(text: str, where: str) -> str:
    """The text in its printed form: composed and without blanks at its end."""
    if len(text) > LONGEST_LINE:
        raise _malformed(where, f"it has more than {LONGEST_LINE} characters")
    if mark_position(text) is not None:
        raise _malformed(where, _MARKS)
    return _composed(text).rstrip(" ")


def _composed(text: str) -> str:
    """The text with an `ü` as one character; its length and its runs of marks are bounded."""
    return unicodedata.normalize("NFC", text)


def _is_day(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
