"""Words that people type behind a command: `type=` of argparse; the sentence says the expected form."""

from __future__ import annotations

import datetime
import difflib
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from passbook.document.lengths import LengthError, parse_length, to_units
from passbook.protocol.naming import why_no_name

P = TypeVar("P")

_DIGITS: Final = 9
_LONGEST_WORD: Final = 64
"""Characters: longer words are like no known one, and comparing them would take long."""
_NEAR: Final = 0.7
"""The least likeness of two words of which one may be meant (difflib)."""
_PART: Final = 3
"""The least characters of a part that stands for a whole word, as csv for passbook-update+csv."""
HOST_LIMIT: Final = 259
"""Characters: the longest name of RFC 1035 with a port behind it."""


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of a whole number from `least` to `most`."""

    def number(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= _DIGITS and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"expected a whole number from {least} to {most}")

    return number


def seconds(most: float) -> Callable[[str], float]:
    """A reader of a time above 0 and at most `most`, in seconds."""

    def number(text: str) -> float:
        try:
            if 0 < float(text) <= most:
                return float(text)
        except ValueError:
            pass
        raise ArgumentTypeError(f"expected seconds, a number above 0 and at most {most:g}")

    return number


def length(text: str) -> int:
    """Read a length such as 25.4 mm, in 1/2160 inch."""
    try:
        return to_units(parse_length(text.strip()))
    except LengthError as error:
        raise ArgumentTypeError(str(error)) from None


def short_text(text: str) -> str:
    """Read the name of a person, a job, a key or another thing."""
    if why := why_no_name(text):
        raise ArgumentTypeError(why)
    return text


def short_text_or_none(text: str) -> str:
    """Read a name, or empty text."""
    return text and short_text(text)


def day(text: str) -> str:
    """Read a day of the calendar, as 2026-03-02."""
    try:
        if len(text) == len("2026-03-02") and datetime.date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ArgumentTypeError("expected a day, as 2026-03-02")


def path(kind: Callable[[str], P]) -> Callable[[str], P]:
    """A reader of the path of a file or folder, as a `kind` (pathlib.Path, which these rules do not use)."""

    def place(text: str) -> P:
        if text.strip():
            return kind(text)
        raise ArgumentTypeError("expected a path")

    return place


def folder_or_named(text: str) -> str:
    """Read FOLDER or NAME=FOLDER."""
    name, named, place = text.partition("=")
    if not name.strip() or (named and not place.strip()):
        raise ArgumentTypeError("expected FOLDER or NAME=FOLDER")
    return text


def host(text: str) -> str:
    """Read a host name or an address, with or without a port."""
    if not 1 <= len(text) <= HOST_LIMIT or not text.isprintable() or " " in text:
        raise ArgumentTypeError(f"expected a host of 1 to {HOST_LIMIT} printable characters without blanks")
    return text


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of these words; argparse's own choices would repeat the typed text, of any length."""

    def word(text: str) -> str:
        if text in words:
            return text
        raise ArgumentTypeError(f"expected one of {', '.join(words)}{meant(text, words)}")

    return word


def meant(word: str, known: Iterable[str]) -> str:
    """The question whether a person meant one of the known words; empty where none is near."""
    by_name = {one.lstrip("-"): one for one in known}
    typed = word.lstrip("-")[:_LONGEST_WORD]
    near = difflib.get_close_matches(typed, list(by_name), n=1, cutoff=_NEAR)
    near += [name for name in by_name if typed in name and len(typed) >= _PART]
    return f"; did you mean `{by_name[near[0]]}`?" if near else ""
