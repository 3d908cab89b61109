"""What a decoder's complaint may tell: where and why, in our words, and never a value from the document."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`\Z")
_ITEM: Final = re.compile(r"(entries|columns)\[([0-9]+)\]")
_SINGULAR: Final = {"entries": "entry", "columns": "column"}
_HARMLESS: Final = re.compile(
    r"Expected `[a-z |]+`, got `[a-z |]+`"
    r"|Expected `[a-z]+` (?:of length )?(?:>=|<=) [0-9]+"
    r"|Object missing required field `[a-z_]+`"
)
"""The messages of msgspec that name types, bounds and our own fields only; others may quote the input."""


class Complaint(NamedTuple):
    """Where (`entry 7, date`) and why, both without a full stop."""

    where: str
    why: str


def complaint(error: ValueError | RecursionError, otherwise: str) -> Complaint:
    """What may be said of a decoder's error about a document; `otherwise` is the why of what would quote it."""
    message = str(error)
    why = _PLACE.sub("", message)
    return Complaint(_place(message), why if _HARMLESS.fullmatch(why) else otherwise)


def full_complaint(error: ValueError | RecursionError) -> Complaint:
    """The same for a file of the operator, which may be quoted."""
    message = str(error)
    return Complaint(_place(message), _PLACE.sub("", message).rstrip("."))


def _place(message: str) -> str:
    match = _PLACE.search(message)
    if match is None or not match[1]:
        return "the top level"
    return _ITEM.sub(_count_from_one, match[1]).replace(".", ", ")


def _count_from_one(item: re.Match[str]) -> str:
    return f"{_SINGULAR[item[1]]} {int(item[2]) + 1}"
