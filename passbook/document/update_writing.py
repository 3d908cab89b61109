"""A passbook update as a JSON document, in the one way in which each of its values is read: the plain form."""

from __future__ import annotations

from typing import Final

import msgspec

from passbook.document.amount_style import AmountStyle, print_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.documents import Entry, Hints, PassbookUpdate, parse_document
from passbook.document.drafts import EntryDraft, UpdateDraft
from passbook.errors import PassbookError

PLAIN_FORMAT: Final = "passbook-update+json"
"""The format of the plain form: it names its layout, and is read without hints."""


def plain_update(format: str, data: bytes, hints: Hints) -> bytes:  # noqa: A002  # the word of the protocol
    """The plain form of an update that is read by hints.  Raises PassbookError as parse_document does."""
    update = parse_document(format, data, hints=hints)
    assert isinstance(update, PassbookUpdate)  # noqa: S101  # its format is that of an update
    return update_json(update)


def without_hints(format: str, data: bytes, hints: Hints) -> tuple[str, bytes]:  # noqa: A002  # as above
    """Format and bytes of an update that say the same to a reader without these hints: unchanged if they do so alone.

    Raises PassbookError as parse_document does.
    """
    plain = plain_update(format, data, hints)
    try:
        says_it_alone = plain_update(format, data, Hints()) == plain
    except PassbookError:
        says_it_alone = False
    return (format, data) if says_it_alone else (PLAIN_FORMAT, plain)


def update_json(update: PassbookUpdate) -> bytes:
    """The JSON document that says the same as the update."""
    digits = MINOR_DIGITS[update.currency]
    draft = UpdateDraft(
        layout=update.layout,
        account=update.account,
        currency=update.currency,
        entries=tuple(_draft(entry, digits) for entry in update.entries),
        start="ask" if update.start is None else update.start,
    )
    return msgspec.json.encode(draft)


def _draft(entry: Entry, digits: int) -> EntryDraft:
    def amount(minor: int | None) -> str:
        return "" if minor is None else print_amount(AmountStyle(), minor, digits)

    return EntryDraft(
        date="" if entry.date is None else entry.date.isoformat(),
        text=entry.text,
        withdrawal=amount(entry.withdrawal),
        deposit=amount(entry.deposit),
        balance=amount(entry.balance),
        others=dict(entry.others),
    )
