"""Messages as they come behind DATA."""

from __future__ import annotations

from typing import Final

from passbook.errors import PassbookError
from passbook.mail.message_reading import MOST_PARTS, read_message
from passbook.mail.part_formats import PART_FORMATS
from passbook.mail.smtp_replies import reply_to
from passbook.protocol.naming import NAME_LIMIT

CODES: Final = {"mail-malformed", "mail-part-unknown", "mail-part-damaged", "mail-empty", "mail-loop"}


def check(data: bytes) -> None:
    """Any bytes are refused for good by one line of ASCII, or are documents, with headers that can be shown."""
    try:
        found = read_message(data)
    except PassbookError as error:
        assert error.code in CODES
        reply = reply_to(error)
        assert reply.startswith("554 ")
        assert reply.isascii()
        assert reply.isprintable()
        return
    assert 0 < len(found.parts) <= MOST_PARTS
    assert [one.number for one in found.parts] == sorted({one.number for one in found.parts})
    assert {one.format for one in found.parts} <= set(PART_FORMATS.values())
    for shown in (found.subject, found.author, found.date, found.message_id, *found.trace):
        assert shown.isprintable()
    assert max(len(found.subject), len(found.author)) <= NAME_LIMIT
