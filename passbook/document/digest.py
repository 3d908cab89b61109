"""The keyed digest of a document, by which one spool knows the document of the other one again; pure.

A digest without a key would tell an owner of the disk which of some guessed documents it is (P5).  So the terminal
draws a key for each job, gives the digest when the job is accepted, and the key only with the document.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

DIGEST_KEY_BYTES: Final = 32
"""Bytes of the key of a digest."""


def document_digest(key: bytes, document: bytes) -> str:
    """Return HMAC-SHA-256 of the document in lower-case hexadecimal."""
    return hmac.new(key, document, hashlib.sha256).hexdigest()


def is_document(digest: str, key: bytes, document: bytes) -> bool:
    """Whether the document is the one of this digest; takes the same time whatever differs."""
    return len(key) == DIGEST_KEY_BYTES and hmac.compare_digest(digest, document_digest(key, document))
