"""What makes two requests of one name the same request (P10), whether they came through an agent or not; pure."""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from passbook.errors import PassbookError
from passbook.protocol.messages import SubmitJob

_CONTENT: Final = re.compile(r"[0-9a-f]{64}")


def request_content(request: SubmitJob, document: bytes) -> str:
    """SHA-256 in lower-case hexadecimal over the request as its sender made it: what is printed, where, and how.

    It names a document for anyone who guesses it, so it is kept only under a key (P5).
    """
    named = (request.import_name,) if request.import_name else ()
    asked = (request.printer, request.format, request.layout, request.start, document, *named)
    return hashlib.sha256(msgspec.msgpack.encode(asked)).hexdigest()


def content_of(request: SubmitJob, document: bytes) -> str:
    """The content that a request has by the word of an agent, else that of the request itself.

    Raises PassbookError `invalid-message` for a word that is none.
    """
    # An agent fills in the layout, and sends no document that it keeps alone.
    if not request.digest:
        return request_content(request, document)
    if _CONTENT.fullmatch(request.content) is None:
        raise PassbookError("invalid-message", why="payload.content is given with a digest: 64 hexadecimal digits")
    return request.content
