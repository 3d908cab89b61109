"""Documents of terminals: bytes of a named format in, a checked document out.

Errors name places only ("entry 7"), never the text there.
"""

from __future__ import annotations

import codecs
import datetime
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from passbook.document.amount_reading import read_amount
from passbook.document.characters import (
    LONGEST_LINE,
    LONGEST_RUN,
    control_position,
    control_refusal,
    mark_position,
    refuse_controls,
)
from passbook.document.csv_document import read_csv
from passbook.document.csv_head import peeked_keys
from passbook.document.currencies import EDITION, MINOR_DIGITS, WITHOUT_DIGITS
from passbook.document.date_reading import read_day
from passbook.document.decoding_text import decoded_text
from passbook.document.drafts import EntryDraft, ReadUpdate, StartLine
from passbook.document.form_document import FormDocument, judge_field, read_form
from passbook.document.import_profile import NO_IMPORTS, Imports
from passbook.document.json_update import read_json
from passbook.document.layout import LAYOUT_NAME
from passbook.document.layout_parts import FIELD_NAME
from passbook.document.reading_rules import CORRECT, CORRECT_OR_IMPORT
from passbook.document.shape import malformed
from passbook.errors import PassbookError
from passbook.protocol.confidential import Confidential

__all__ = [
    "DRAWN_FORMATS",
    "FORMATS",
    "FORMAT_NAME",
    "NAMING_FORMATS",
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
FORMAT_NAME: Final = re.compile(r"[a-z0-9+.-]{1,40}")
"""The pattern of the name of a format."""
_MARKED: Final = bytes(byte if byte == ord("\n") else ord("x") for byte in range(256))
"""For bytes.translate: all but the end of a line becomes an x."""
_MARKS: Final = (
    f"it has more than {LONGEST_RUN} combining marks in a row",
    "Write each letter with its own marks only",
)
_PDF_HEAD: Final = b"%PDF-"
_PDF_HEAD_WITHIN: Final = 1024
"""The first bytes of a PDF, among which its head stands; programs write a few before it."""
_OWN_COLUMN: Final = re.compile(FIELD_NAME)
_FIRM_BLANKS: Final = str.maketrans("\xa0\u202f", "  ")
"""Blanks at which no line breaks; programs for the web write them, and no printer has them."""


class Entry(Confidential, frozen=True):
    """One entry of a book, as values that the style of a layout prints; a part that is None or empty prints nothing.

    Attributes:
        text: composed and without blanks at its end.
        withdrawal: in whole minor units of the currency, as the other amounts are.
        others: texts for columns that the layout calls its own, each with the name of its column.
    """

    date: datetime.date | None
    text: str
    withdrawal: int | None
    deposit: int | None
    balance: int | None
    others: tuple[tuple[str, str], ...] = ()


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


class Hints(NamedTuple):
    """What people and the configuration say of the way in which a document is written.

    Attributes:
        imports: the known import profiles.
        import_name: the import profile that a person names.
        layout: the layout that a person names.
    """

    imports: Imports = NO_IMPORTS
    import_name: str = ""
    layout: str = ""


NO_HINTS: Final = Hints()


def parse_document(
    format: str,  # noqa: A002  # the protocol's word
    data: bytes,
    most: int = sys.maxsize,
    hints: Hints = NO_HINTS,
) -> Document:
    """The document that the bytes hold.

    Args:
        format: a key of FORMATS.
        data: UTF-8, with or without a byte order mark; what has lines may be UTF-16 with its mark too.
        most: the number of lines or entries that may be printed; the reader only counts those behind them.
        hints: what is said of the way in which it is written.

    Raises:
        PassbookError: `unknown-format`, `document-malformed`, `document-empty`, `amount-not-decimal`,
            `amount-too-fine`, `two-readings`, `unknown-currency`, `currency-without-digits`, `unknown-import`,
            `date-not-valid`, `control-byte`, `document-too-large`, `pdf-not-readable`; nothing else, for any bytes.
    """
    check_format(format)
    return FORMATS[format](data, most, hints)


def names_layout(format: str, data: bytes) -> bool:  # noqa: A002  # the word of the protocol
    """Whether a document names its layout itself; for any bytes."""
    return "layout" in peeked_keys(data) if format == "passbook-update+csv" else format in NAMING_FORMATS


def check_format(format: str) -> None:  # noqa: A002  # the word of the protocol
    """Raise PassbookError `unknown-format` unless documents of this format can be read."""
    if format not in FORMATS:
        shown = format if FORMAT_NAME.fullmatch(format) else "of that name"
        raise PassbookError("unknown-format", format=shown, known=", ".join(FORMATS))


def _read_text(data: bytes, most: int, _hints: Hints) -> TextDocument:
    # Many lines at once: a megabyte may have a million of them.  Nothing composes with \n.
    whole = decoded_text(data)
    if "\n" not in whole:
        whole = whole.replace("\r", "\n")
    blocks = _whole_lines((whole + "\n").replace("\r\n", "\n"))
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
            raise _too_long(f"line {line}")
        block = text[at:end]
        yield line, block
        at, line = end, line + block.count("\n")


def _clean(block: str, line: int) -> str:
    """The lines composed and without controls; `line` is the number of the first one."""
    position = mark_position(block)
    if position is not None:
        above = block.count("\n", 0, position)
        raise malformed(f"line {line + above}", *_MARKS)
    text = _composed(block)
    position = control_position(text.replace("\n", " "))
    if position is not None:
        start = text.rfind("\n", 0, position - 1) + 1
        above = text.count("\n", 0, start)
        raise control_refusal(text[position - 1], f"line {line + above}", position - start)
    return text


def _printed_lines(text: str) -> int:
    """The number of lines that are not blank, of a text that ends with the end of one."""
    return text.encode().translate(_MARKED, delete=b" ").count(b"x\n")


def _read_update_csv(data: bytes, most: int, hints: Hints) -> PassbookUpdate:
    read = read_csv(data, most, hints.imports, import_name=hints.import_name, layout=hints.layout)
    return _judge(read, most)


def _read_update_json(data: bytes, most: int, _hints: Hints) -> PassbookUpdate:
    return _judge(read_json(data), most)


def _read_pdf(data: bytes, _most: int, _hints: Hints) -> PdfDocument:
    # Only the renderer looks further: it is a process of its own.
    data = data.removeprefix(codecs.BOM_UTF8)
    if _PDF_HEAD not in data[:_PDF_HEAD_WITHIN]:
        raise PassbookError("pdf-not-readable")
    return PdfDocument(data)


def _read_form(data: bytes, _most: int, _hints: Hints) -> FormDocument:
    draft = read_form(data)
    fields = [(name, judge_field(name, _printed(text, f"fields, {name}"))) for name, text in draft.fields.items()]
    return FormDocument(draft.form, tuple(fields), draft.copies)


FORMATS: Final[MappingProxyType[str, Callable[[bytes, int, Hints], Document]]] = MappingProxyType(
    {
        "passbook-update+csv": _read_update_csv,
        "passbook-update+json": _read_update_json,
        "pdf": _read_pdf,
        "text": _read_text,
        "form": _read_form,
    }
)
"""Format -> its reader."""

NAMING_FORMATS: Final = frozenset({"passbook-update+csv", "passbook-update+json", "form"})
"""Formats whose documents name their layout themselves."""

DRAWN_FORMATS: Final = frozenset({"pdf"})
"""Formats whose documents are drawn by another process, which takes seconds."""


def _judge(read: ReadUpdate, most: int) -> PassbookUpdate:
    draft = read.draft
    if not LAYOUT_NAME.fullmatch(draft.layout):
        raise malformed("layout", "it is not the name of a layout", "Write a name such as savings-24")
    if draft.currency in WITHOUT_DIGITS:
        raise PassbookError("currency-without-digits", currency=draft.currency)
    if draft.currency not in MINOR_DIGITS:
        raise PassbookError("unknown-currency", edition=EDITION)
    account = draft.account
    if not 1 <= len(account) <= MAX_ACCOUNT_LENGTH or account.isspace() or control_position(account) is not None:
        why = f"it is not 1 to {MAX_ACCOUNT_LENGTH} printable characters"
        raise malformed("account", why, "Write it such as 001-22-334455")
    if not draft.entries:
        raise PassbookError("document-empty")
    entries = tuple([_entry(entry, read, n) for n, entry in enumerate(draft.entries[:most], 1)])
    start = None if draft.start == "ask" else draft.start
    more = len(draft.entries[most:]) + read.more
    return PassbookUpdate(draft.layout, account, draft.currency, start, entries, more)


def _entry(draft: EntryDraft, read: ReadUpdate, number: int) -> Entry:
    column = "text"
    try:
        text = _printed(draft.text, column)
        refuse_controls(text, column)
        withdrawal, deposit = _movement(draft, read)
        balance = _amount(draft.balance, read, "balance")
        column = "others"
        others = tuple(_others(draft.others))
        column = "date"
        is_movement = withdrawal is not None or deposit is not None
        day = read_day(draft.date, read.dates, column) if draft.date or is_movement or not text else None
        return Entry(day, text, withdrawal, deposit, balance, others)
    except PassbookError as error:
        # Only a refused entry has its place looked up.
        found = error
    where = read.place(number, str(found.facts.get("column", column)))
    how = {} if read.takes_import or found.facts.get("how") != CORRECT_OR_IMPORT else {"how": CORRECT}
    raise PassbookError(found.code, **(found.facts | {"where": where} | how))


def _others(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The texts for own columns of a layout, each with the name of its column."""
    for name, text in texts.items():
        if not _OWN_COLUMN.fullmatch(name):
            why = "a name is not 1 to 40 of a-z, 0-9 and hyphen"
            raise malformed("others", why, "Write the names that the columns of the layout have")
        printed = _printed(text, name)
        refuse_controls(printed, name)
        yield name, printed


def _movement(draft: EntryDraft, read: ReadUpdate) -> tuple[int | None, int | None]:
    """The withdrawal and the deposit of an entry."""
    withdrawal = _amount(draft.withdrawal, read, "withdrawal")
    deposit = _amount(draft.deposit, read, "amount" if read.one_amount else "deposit")
    if read.one_amount and deposit is not None and deposit < 0:
        return -deposit, None
    rule = read.amounts
    if rule is not None and rule.negative_withdrawals and withdrawal is not None:
        withdrawal = -withdrawal
    if rule is not None and rule.blank_zeros:
        return withdrawal or None, deposit or None
    return withdrawal, deposit


def _amount(text: str, read: ReadUpdate, column: str) -> int | None:
    return read_amount(text, read.draft.currency, read.amounts, column, column) if text else None


def _printed(text: str, where: str) -> str:
    """The text in its printed form: composed and without blanks at its end."""
    if len(text) > LONGEST_LINE:
        raise _too_long(where)
    if mark_position(text) is not None:
        raise malformed(where, *_MARKS)
    return _composed(text).translate(_FIRM_BLANKS).rstrip(" ")


def _too_long(where: str) -> PassbookError:
    return malformed(where, f"it has more than {LONGEST_LINE} characters", "Write less; no paper holds so many")


def _composed(text: str) -> str:
    """The text with an `ü` as one character; its length and its runs of marks are bounded."""
    return unicodedata.normalize("NFC", text)
