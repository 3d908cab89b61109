"""What an error may say of a document: a cell with its digits and letters hidden, the place, and how it is written.

>>> shape_of("1.234,50 EUR")
'9.999,99 xxx'
"""

from __future__ import annotations

from typing import Final

from passbook.errors import PassbookError

LONGEST_SHAPE: Final = 24
"""Characters of a shape; the others are only counted."""


def shape_of(text: str) -> str:
    """The text with 9 for each digit, x for each letter, and ? for each character that is neither nor of ASCII."""
    shown = "".join(map(_hidden, text[:LONGEST_SHAPE]))
    behind = len(text) - LONGEST_SHAPE
    return f"{shown} and {behind} more characters" if behind > 0 else shown or "nothing"


def _hidden(character: str) -> str:
    if character.isdecimal():
        return "9"
    if character.isalpha():
        return "x"
    return character if character.isascii() and character.isprintable() else "?"


def malformed(where: str, why: str, how: str) -> PassbookError:
    """The error `document-malformed`: the place, the cause, and how it must be written."""
    return PassbookError("document-malformed", where=where, why=why, how=how)
