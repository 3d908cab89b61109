"""The SMTP reply for each error: 4xx where the same mail may be taken later, 5xx where it never is."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from passbook.errors import PassbookError
from passbook.errors.document_errors import DOCUMENT_ERRORS

MAIL_REPLIES: Final = MappingProxyType(
    {
        "mail-address": "553 5.1.3",
        "mail-recipient-unknown": "550 5.1.1",
        "mail-sender-unknown": "550 5.7.1",
        "mail-sender-foreign": "553 5.7.1",
        "certificate-not-accepted": "550 5.7.1",
        "certificate-revoked": "550 5.7.1",
        "mail-moved-away": "450 4.4.6",
        "mail-malformed": "554 5.6.0",
        "mail-part-unknown": "554 5.6.1",
        "mail-part-damaged": "554 5.6.0",
        "mail-empty": "554 5.6.0",
        "mail-loop": "554 5.4.6",
        "request-reused": "554 5.5.4",
        "document-too-large": "552 5.3.4",
        "message-too-large": "552 5.3.4",
        "mail-of-too-many-jobs": "552 5.3.4",
        "forms-short": "452 4.3.1",
        "stock-not-known": "451 4.3.0",
        "quota-exceeded": "452 4.2.2",
        "no-area-has-room": "452 4.3.1",
        "spool-stopped": "452 4.3.1",
        "area-full": "452 4.3.1",
        "area-fenced": "451 4.3.0",
        "appliance-locked": "451 4.3.0",
        "outcome-unknown": "451 4.3.0",
        "request-in-flight": "451 4.3.0",
        "renderer-busy": "451 4.3.2",
        "renderer-failed": "451 4.3.0",
        "font-not-readable": "451 4.3.5",
        "record-quarantined": "451 4.3.0",
        "internal-error": "451 4.3.0",
    }
)
"""Code of an error -> SMTP reply and enhanced status code (RFC 3463).

Other errors of documents are DOCUMENT_REPLY; all others are LATER, for a sender keeps what it was not told to give up.
"""

DOCUMENT_REPLY: Final = "554 5.6.0"
"""A document that cannot be printed: permanent."""
LATER: Final = "451 4.3.0"
"""The fault is not with the mail: temporary."""
LONGEST_REPLY: Final = 480
"""Characters of a reply; 512 with its end is the limit (RFC 5321, 4.5.3.1.5)."""


def reply_to(error: PassbookError) -> str:
    """The reply for an error: code, enhanced status code, and its sentence in ASCII on one line."""
    code = MAIL_REPLIES.get(error.code) or (DOCUMENT_REPLY if error.code in DOCUMENT_ERRORS else LATER)
    sentence = " ".join(str(error).split()).encode("ascii", "replace").decode()
    return f"{code} {error.code}: {sentence}"[:LONGEST_REPLY]


def is_temporary(error: PassbookError) -> bool:
    """Whether the same may be accepted later."""
    return reply_to(error).startswith("4")
