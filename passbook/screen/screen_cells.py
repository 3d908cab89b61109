"""Text in the cells of a screen: a kanji takes two of them, and a mark that stands over its letter takes none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from unicodedata import category, east_asian_width

_WIDE: Final = frozenset({"W", "F"})
_OVER: Final = frozenset({"Mn", "Me", "Cf"})
"""Categories of characters that stand over the one before them, or that no screen shows."""
_BLANKS: Final = re.compile(r"[\t\n\v\f\r]")
_WORDS: Final = re.compile(r" +|[^ ]+")


def screen_cells(text: str) -> int:
    """The cells that a text takes on a screen.

    >>> screen_cells("普通 ab")
    7
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut_to(text: str, room: int) -> str:
    """The longest beginning of a text that takes at most `room` cells; no letter is cut in half."""
    if text.isascii():
        return text[: max(room, 0)]
    for place, character in enumerate(text):
        room -= _cells(character)
        if room < 0:
            return text[:place]
    return text


def pad_to(text: str, width: int) -> str:
    """The text with blanks behind it up to `width` cells."""
    return text + " " * (width - screen_cells(text))


def wrapped(line: str, width: int, indent: str = "", *, breaks_words: bool = True) -> list[str]:
    """The rows of a line that is broken between words, and between wide letters; rows after the first are indented.

    A word that is longer than a row is broken too, unless `breaks_words` is False.
    """
    rows: list[str] = []
    row = ""
    longest = width - screen_cells(indent) if breaks_words else len(line) * 2
    for part in _parts(_BLANKS.sub(" ", line), longest):
        if screen_cells(row + part) > width and row.strip(" "):
            rows.append(row.rstrip(" "))
            row = indent
        if rows and row == indent and part.startswith(" "):
            continue
        row += part
    return [*rows, row.rstrip(" ")] if row.strip(" ") else rows


def _parts(line: str, longest: int) -> Iterator[str]:
    """The parts of a line between which it may be broken: blanks, words, and each wide letter by itself."""
    for word in _WORDS.findall(line):
        is_broken = not word.startswith(" ") and screen_cells(word) > longest
        part = ""
        for letter in word:
            # A mark stays with its letter.
            if part and _cells(letter) and (is_broken or not _cells(letter) == _cells(part[0]) == 1):
                yield part
                part = ""
            part += letter
        yield part


def _cells(character: str) -> int:
    if category(character) in _OVER:
        return 0
    return 2 if east_asian_width(character) in _WIDE else 1
