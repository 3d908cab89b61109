"""A passbook update in the sender's words, before it is judged; the result of the CSV and JSON readers.

The JSON format is exactly these structures, so they refuse keys they do not know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import msgspec

from passbook.document.reading_rules import AmountRule, DateRule
from passbook.protocol.confidential import Confidential

PlaceNumber = Annotated[int, msgspec.Meta(ge=1, le=9999)]


class StartLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The place of the first line: page and line, both counted from 1."""

    page: PlaceNumber
    line: PlaceNumber


class EntryDraft(Confidential, frozen=True, forbid_unknown_fields=True):
    """One entry of the book; an empty field prints nothing.  `others` are for the own columns of a layout, by name."""

    date: str
    text: str = ""
    withdrawal: str = ""
    deposit: str = ""
    balance: str = ""
    others: dict[str, str] = msgspec.field(default_factory=dict)


class UpdateDraft(Confidential, frozen=True, forbid_unknown_fields=True):
    """The whole update; `start` is "ask" when the teller shall give it."""

    layout: str
    account: str
    currency: str
    entries: tuple[EntryDraft, ...]
    start: StartLine | Literal["ask"] = "ask"


class ReadUpdate(NamedTuple):
    """A draft, and what its reader knows of it.

    Attributes:
        more: the number of entries behind those of the draft, which were only counted.
        place: the words for the place of an entry, by its number and its column; an empty column is the whole entry.
        dates: how its dates are written; None where nothing says it.
        amounts: likewise.
        takes_import: an import profile may read its cells in another way.
        one_amount: the deposits are amounts of both directions; below zero is a withdrawal.
    """

    draft: UpdateDraft
    more: int
    place: Callable[[int, str], str]
    dates: DateRule | None
    amounts: AmountRule | None
    takes_import: bool = True
    one_amount: bool = False
