"""What a request to accept a job says of itself, judged the same in the spools of appliance and terminal."""

from __future__ import annotations

import datetime
import re
from typing import Final

from passbook.errors import PassbookError
from passbook.protocol.book_words import check_book
from passbook.protocol.messages import REQUESTER_KEY_BYTES, SubmitJob
from passbook.protocol.naming import check_name

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_request(request: SubmitJob) -> None:
    """Refuse a field that says nothing possible.  Raises PassbookError `invalid-message` and `key-malformed`."""
    check_name("clientRequest", request.client_request)
    check_name("keyRef", request.key_ref, least=0)
    _check_naming(request)
    check_name("application", request.application, least=0)
    check_book(request)
    check_name("importName", request.import_name, least=0)
    if request.key and len(request.key) != REQUESTER_KEY_BYTES:
        raise PassbookError("key-malformed", expected=f"{REQUESTER_KEY_BYTES} bytes")


def _check_naming(request: SubmitJob) -> None:
    check_name("name", request.name, least=0)
    date = request.document_date
    try:
        is_date = not date or (_DATE.fullmatch(date) is not None and bool(datetime.date.fromisoformat(date)))
    except ValueError:
        is_date = False
    if not is_date:
        raise PassbookError("invalid-message", why="documentDate must be a date such as 2026-03-02")
