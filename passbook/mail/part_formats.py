"""The one table of MIME types that name a format of a document; another format joins by a row."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

PART_FORMATS: Final = MappingProxyType(
    {
        "text/plain": "text",
        "text/csv": "passbook-update+csv",
        "application/pdf": "pdf",
        "application/vnd.passbook-update+csv": "passbook-update+csv",
        "application/vnd.passbook-update+json": "passbook-update+json",
        "application/vnd.passbook-form+json": "form",
    }
)
"""MIME type -> format of a document (passbook.document.documents.FORMATS)."""

MIME_TYPES: Final = MappingProxyType(
    {
        "pdf": "application/pdf",
        "text": "text/plain",
        "passbook-update+csv": "application/vnd.passbook-update+csv",
        "passbook-update+json": "application/vnd.passbook-update+json",
        "form": "application/vnd.passbook-form+json",
    }
)
"""Format of a document -> the MIME type under which it is sent."""

COVER_TYPE: Final = "text/plain"
"""An inline part of this type is the cover note of its mail: it prints only where it is the sole part."""

CHARSETS: Final = frozenset(
    {
        "utf-8",
        "us-ascii",
        *(f"iso-8859-{part}" for part in (1, 2, 3, 4, 5, 7, 9, 10, 13, 14, 15, 16)),
        *(f"windows-{page}" for page in (1250, 1251, 1252, 1253, 1254, 1257)),
    }
)
"""Charsets of text parts that are read; documents are UTF-8."""
