"""The characters that may go to a mechanism: none that is a command to it, moves the head or reorders text.

Composing marks takes time by the square of the length of a run of them, and no other thread runs meanwhile. So the
reader bounds runs before it composes them (P14).
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from typing import Final, NamedTuple
from unicodedata import east_asian_width

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

_SINGLE_BYTES: Final = (
    *("latin-1", "cp437", "cp737", "cp850", "cp852", "cp855", "cp857", "cp858", "cp866", "cp869", "cp874"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254"),
)
"""Python's names of the code pages of printers in which each character has one byte."""
_FIRST_MARK: Final = "\u0300"
_FIRST_PRINTABLE: Final = 0x20
_DELETE: Final = 0x7F
_WIDE: Final = 2
"""Bytes, and cells, of a wide character."""


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
    """Whether a text surely holds no control and only characters of one printable byte; quick."""
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


def usual_cells(text: str) -> int:
    """The cells that a text takes where no code page is known: kanji, full-width kana and their signs take two.

    A sign such as ※ or ○ takes two wherever a text has kanji too, and where no code page of single bytes has it.  A
    sign of such a code page, ± for instance, takes one in it and two in a code page of kanji: here it counts as one,
    and is refused at the acceptance where that is too few.
    """
    if text.isascii():
        return len(text)
    if any(_is_kanji(one) for one in text):
        return sum(1 if one.isascii() or east_asian_width(one) == "H" else _WIDE for one in text)
    return sum(_WIDE if east_asian_width(one) == "A" and one not in _in_single_bytes() else 1 for one in text)


def _is_kanji(character: str) -> bool:
    """Whether only code pages of kanji have a character."""
    return east_asian_width(character) in {"W", "F"}


@cache
def _in_single_bytes() -> frozenset[str]:
    """The characters of the code pages in which each has one byte."""
    return frozenset().union(*map(_printable, _SINGLE_BYTES))


class CodePageText(NamedTuple):
    """The characters of a mechanism's code page.

    Attributes:
        codec: Python's name of the code page; empty for a picture, which takes any character.
        name: the name that an error tells people.
        has_wide: characters of two bytes are printed too, each in two cells.
    """

    codec: str
    name: str
    has_wide: bool = False

    def cells(self, text: str) -> int:
        """The number of cells that a text takes; a character that is not in the code page takes one."""
        if not self.has_wide or text.isascii():
            return len(text)
        return sum(max(_size(character, self.codec), 1) for character in text)

    def has(self, character: str) -> bool:
        """Whether a character can be printed.  Raises LookupError where there is no such codec."""
        return not self.codec or _size(character, self.codec) in ({1, 2} if self.has_wide else {1})

    def is_wide(self, character: str) -> bool:
        """Whether a character that can be printed takes two cells."""
        return self.has_wide and _size(character, self.codec) == _WIDE

    def fitting(self, text: str, width: int) -> int:
        """How many characters from the beginning of a text take at most `width` cells; at least one.

        A mark stays with its letter, where the width holds both.
        """
        count = min(len(text), width)
        while count > 1 and self.cells(text[:count]) > width:
            count -= 1
        most = count
        while 0 < count < len(text) and unicodedata.category(text[count]).startswith("M"):
            count -= 1
        return count or most

    def missing(self, text: str) -> int | None:
        """The number (from 1) of the first character that cannot be printed; None when there is none."""
        return next((number for number, character in enumerate(text, 1) if not self.has(character)), None)


@cache
def _printable(codec: str) -> frozenset[str]:
    """Characters that are surely one printable byte; a code page may also take others for one of them."""
    found = (bytes([byte]).decode(codec, "ignore") for byte in range(256))
    return frozenset(one for one in found if len(one) == 1 and _size(one, codec) == 1)


@lru_cache(maxsize=8192)
def _size(character: str, codec: str) -> int:
    """The bytes of a character that is one printable byte, or a pair that begins above ASCII; 0 for any other."""
    try:
        encoded = character.encode(codec)
    except UnicodeEncodeError:
        return 0
    is_plain_text = all(_FIRST_PRINTABLE <= byte != _DELETE for byte in encoded)
    is_pair = len(encoded) == _WIDE and encoded[0] > _DELETE
    return len(encoded) if is_plain_text and (len(encoded) == 1 or is_pair) else 0
