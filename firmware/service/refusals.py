"""The codes with which operations may be refused, in groups that several operations share."""

from __future__ import annotations

from typing import Final

STORED: Final = ("area-fenced", "area-full", "record-quarantined", "change-unknown")
"""Codes with which a change of a stored job may be refused."""
FOUND: Final = ("unknown-job", "record-quarantined", "area-fenced")
"""Codes with which a job that is named may be refused."""
BEGINNING: Final = ("ambiguous-job", "job-id-short")
"""Codes for the beginning of an id."""
OPENED: Final = (
    *("content-gone", "document-not-kept", "key-needed", "wrong-key", "key-malformed", "no-key-to-show"),
    "sealed-damaged",
)
"""Codes with which a stored document may be refused."""
ORDERED: Final = (
    *("unknown-job", *STORED, "not-allowed-in-state", "held-by-operator", "job-is-printing"),
    *("job-at-terminal", "right-elsewhere"),
)
"""Codes with which an order about a job may be refused."""
TURNED: Final = ("agent-needed", "unknown-job", *STORED, "not-allowed-in-state")
"""Codes with which the part of an agent may be refused."""
ANSWERED: Final = (
    *("unknown-job", *STORED, "stale-question", "already-answered", "answer-not-possible", "not-allowed-in-state"),
    *("held-by-operator", "second-person-needed", "content-gone", "document-not-kept"),
    *("key-needed", "wrong-key", "key-malformed", "sealed-damaged"),
)
"""Codes with which an answer may be refused."""
ACCEPTED: Final = (
    *("request-reused", "request-in-flight", "outcome-unknown", "areas-not-asked", "area-fenced"),
    *("no-area-has-room", "quota-exceeded", "area-full", "record-quarantined"),
    *("key-missing", "key-malformed", "priority-not-allowed", "unknown-upload"),
    *("choice-not-possible", "job-id-taken", "spool-stopped", "document-differs", "agent-needed"),
)
"""Codes with which an acceptance may be refused, beside what is wrong with the document."""
TAKEN_OVER: Final = ("unknown-area", "area-fenced", "area-absent", "area-full", "areas-not-asked", "mark-not-written")
"""Codes with which an area that was rolled back is not accepted."""
DOCUMENT: Final = (
    *("document-malformed", "document-empty", "document-too-large", "unknown-format", "unknown-currency"),
    "currency-without-digits",
    *("amount-not-decimal", "amount-too-fine", "date-not-valid", "column-overflow", "not-in-code-page"),
    "needs-substitute",
    *("two-readings", "unknown-import"),
    *("control-byte", "past-last-line", "start-not-given", "start-not-in-book"),
    *("start-not-for-entries", "balance-not-known", "two-amounts", "date-not-in-calendar"),
    *("unknown-layout", "layout-unfit", "layout-not-printable", "unknown-printer"),
    *("form-field-unknown", "form-field-missing", "too-many-copies", "unknown-form", "form-needs-appliance"),
    *("no-graphics", "pdf-not-readable", "pdf-encrypted", "pdf-too-many-pages", "pdf-page-too-large"),
    *("pdf-too-costly", "renderer-failed", "renderer-busy"),
    *("font-not-readable", "font-lacks-character", "drawn-too-wide", "layout-not-drawable", "text-too-costly"),
)
"""Codes for a document that cannot be printed."""
STOCKED: Final = ("unknown-printer", "stock-refused", "stock-not-known", "area-fenced", "area-full")
"""Codes with which an order about form stock may be refused."""
SEARCHES: Final = ("not-a-time", "times-exchanged", "unknown-outcome")
"""Codes with which a search of the history may be refused."""
