"""Documents that come in pieces over one connection, the same at every door."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final, TypeAlias

from passbook.errors import PassbookError, shown
from passbook.protocol.document_check import CheckDocument
from passbook.protocol.messages import MAX_DOCUMENT, MAX_PIECE, Received, SubmitJob, UploadPiece
from passbook.protocol.two_spools import TakeTurn

UPLOADS_LIMIT: Final = 1
"""Uploads that one connection may have open: each may take 1 MiB of memory, and a terminal sends one at a time."""
Uploads: TypeAlias = MutableMapping[str, bytearray | None]
"""Documents that were begun on a connection, by name; None for one that became too large."""


def take_piece(uploads: Uploads, piece: UploadPiece) -> Received:
    """Take the next bytes of a document.

    Raises PassbookError `too-many-uploads`, `invalid-message` for a piece that is too large, `document-too-large`.
    """
    if piece.upload not in uploads and len(uploads) >= UPLOADS_LIMIT:
        raise PassbookError("too-many-uploads", limit=UPLOADS_LIMIT)
    if len(piece.data) > MAX_PIECE:
        raise PassbookError("invalid-message", why=f"a piece has at most {MAX_PIECE} bytes")
    buffer = uploads.setdefault(piece.upload, bytearray())
    if buffer is None or len(buffer) + len(piece.data) > MAX_DOCUMENT:
        uploads[piece.upload] = None
        raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
    buffer += piece.data
    return Received(len(buffer))


def whole_document(uploads: Uploads, request: SubmitJob | TakeTurn | CheckDocument) -> bytes:
    """The document of a command: the one in it, or the one that came in pieces, which is forgotten here.

    Raises PassbookError `invalid-message` for both at once, `unknown-upload`, `document-too-large`.
    """
    if not request.upload:
        return request.document
    if request.document:
        raise PassbookError("invalid-message", why="document and upload are both given")
    if request.upload not in uploads:
        raise PassbookError("unknown-upload", upload=shown(request.upload))
    pieces = uploads.pop(request.upload)
    if pieces is None:
        raise PassbookError("document-too-large", limit=MAX_DOCUMENT)
    return bytes(pieces)
