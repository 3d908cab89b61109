"""Bytes in the print memory into letters, by the code page that the mechanism was told."""

from __future__ import annotations

from drivers.profile import Profile

WIDE_ON, WIDE_OFF = "&", "."
"""Letters behind FS: from here on every two bytes are one wide letter, or each byte is one again."""
PAIR = 2


def read_letters(profile: Profile, number: int, text: bytes, *, wide: bool) -> str:
    """The letters of a piece of text; one that the code page does not have is shown as U+FFFD.

    A byte that is read alone is a letter alone: half of a pair that was not announced is none.
    """
    pages = [page for page in profile.code_pages.values() if page.number == number]
    known = [page.codec for page in pages if page.wide is not None] if wide else [page.codec for page in pages]
    codec, size = (known or ["cp437"])[0], PAIR if wide else 1
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    return "".join(piece.decode(codec, "replace")[:1] for piece in pieces)
