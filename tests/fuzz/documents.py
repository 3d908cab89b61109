"""Documents in every format that is taken."""

from __future__ import annotations

from typing import Final

from passbook.document.characters import control_position
from passbook.document.documents import (
    FORMATS,
    Document,
    FormDocument,
    PassbookUpdate,
    PdfDocument,
    TextDocument,
    parse_document,
)
from passbook.errors import PassbookError

SECRET: Final = "Okafor"  # noqa: S105  # what the seeds say where a document carries content
REFUSALS: Final = frozenset(
    {
        "amount-not-decimal",
        "amount-too-fine",
        "control-byte",
        "date-not-valid",
        "document-empty",
        "document-malformed",
        "pdf-not-readable",
        "two-readings",
        "unknown-import",
        "document-too-large",
        "unknown-currency",
        "currency-without-digits",
    }
)


def check(data: bytes) -> None:
    """Any bytes are a document without control characters, or a refusal that names places and repeats no content."""
    for name in FORMATS:
        try:
            document = parse_document(name, data)
        except PassbookError as error:
            assert error.code in REFUSALS, error.code
            assert SECRET not in str(error)
        else:
            assert all(control_position(text) is None for text in texts_of(document))


def texts_of(document: Document) -> list[str]:
    """Everything in a document that could be struck."""
    match document:
        case TextDocument(lines):
            return list(lines)
        case PdfDocument():
            return []
        case FormDocument(_, fields):
            return [text for _, text in fields]
        case PassbookUpdate():
            return [text for one in document.entries for text in (one.text, *(value for _, value in one.others))]
