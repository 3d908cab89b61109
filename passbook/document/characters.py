"""The characters that may go to a mechanism: none that is a command to it, moves the head or reorders text.

Composing marks takes time by the square of the length of a run of them, and no other thread runs meanwhile. So the
reader bounds runs before it composes them (P14).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from passbook.errors import PassbookError

REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode general categories: C0, DEL and C1; formats (bidirectional controls, joiners); surrogates; separators."""

LONGEST_LINE: Final = 16 * 1024
"""The most characters of a line or field; no paper holds so many."""
LONGEST_RUN: Final = 30
"""The most combining marks in a row, by the stream-safe text of UAX #15; no language needs more."""

_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Classes of the characters that turn the direction of the text behind them."""
_KNOWN_CONTROLS: Final = {
    "\0": ("a NUL", "Remove it; a document full of them is UTF-16 without its mark: save it as UTF-8"),
    "\t": ("a tab", "Write blanks in its place"),
    "\n": ("an end of line", "Write the text on one line"),
    "\r": ("a carriage return", "Write the text on one line; a line is not printed over another one"),
    "\f": ("a form feed", "Send each page as a document of its own"),
    "\x1a": ("the end of a DOS file", "Let nothing stand behind it"),
    "\x1b": ("an escape", "Send the text without the commands of a printer"),
}
"""Control -> its name, and what to do about it."""

_FIRST_MARK: Final = "\u0300"
_FIRST_PRINTABLE: Final = 0x20
_DELETE: Final = 0x7F


def mark_position(text: str) -> int | None:
    """The number (from 1) of the first combining mark beyond LONGEST_RUN in a row; None when there is none."""
    if text.isascii():
        return None
    marks = {character for character in set(text) if character >= _FIRST_MARK and _is_mark(character)}
    run = 0
    for number, character in enumerate(text if marks else "", 1):
        run = run + 1 if character in marks else 0
        if run > LONGEST_RUN:
            return number
    return None


def _is_mark(character: str) -> bool:
    """Whether composing moves the character behind others, as itself or as the two characters that it becomes."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


def is_plain(text: str, codec: str) -> bool:
    """Whether refuse_controls and refuse_unprintable surely accept a text; quick."""
    return text.isprintable() and _printable(codec).issuperset(text)


def control_position(text: str) -> int | None:
    """The number (from 1) of the first character that is a control; None when there is none."""
    # Python's printable characters are of none of the refused categories.
    if text.isprintable():
        return None
    controls = {character for character in set(text) if unicodedata.category(character) in REFUSED_CATEGORIES}
    return min((text.index(character) + 1 for character in controls), default=None)


def refuse_controls(text: str, where: str) -> None:
    """Raise PassbookError `control-byte` when a character is a control; `where` names the place (`entry 7, text`)."""
    number = control_position(text)
    if number is not None:
        raise control_refusal(text[number - 1], where, number)


def control_refusal(character: str, where: str, number: int) -> PassbookError:
    """The error `control-byte` about a control; `number` is its place in the text at `where`, from 1."""
    kind = "a turn of direction" if unicodedata.bidirectional(character) in _TURNS else "an invisible character"
    found, how = _KNOWN_CONTROLS.get(character, (kind, "Remove it"))
    shown_code = f"{found} (U+{ord(character):04X})"
    return PassbookError("control-byte", where=where, number=number, found=shown_code, how=how)


def refuse_unprintable(text: str, where: str, codec: str, code_page: str) -> None:
    """Raise PassbookError `not-in-code-page` when a character is not one printable byte of the code page.

    Args:
        text: free of controls.
        where: the place that an error names.
        codec: Python's name of the code page; raises LookupError when there is no such codec.
        code_page: the name that an error tells people.
    """
    for number, character in enumerate(text, 1):
        if not _is_one_printable_byte(character, codec):
            raise PassbookError("not-in-code-page", where=where, number=number, code_page=code_page)


@cache
def _printable(codec: str) -> frozenset[str]:
    """Characters that are surely one printable byte; a code page may also take others for one of them."""
    found = (bytes([byte]).decode(codec, "ignore") for byte in range(256))
    return frozenset(one for one in found if len(one) == 1 and _is_one_printable_byte(one, codec))


def _is_one_printable_byte(character: str, codec: str) -> bool:
    try:
        encoded = character.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(encoded) == 1 and _FIRST_PRINTABLE <= encoded[0] != _DELETE
