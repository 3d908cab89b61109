"""A passbook update as a JSON document, in the one way in which each of its values is read."""

from __future__ import annotations

import msgspec

from passbook.document.amount_style import AmountStyle, print_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.documents import Entry, PassbookUpdate
from passbook.document.drafts import EntryDraft, UpdateDraft


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
