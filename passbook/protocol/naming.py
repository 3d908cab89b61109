"""Names that clients choose and that stand in records, logs and sentences: bounded, and fit to be shown."""

from __future__ import annotations

from typing import Final

from passbook.errors import PassbookError

NAME_LIMIT: Final = 128
"""The most characters of a name; a UUID, a message id or a full name fits, and space is reserved for that many."""

REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
"""The character in place of bytes that are no text."""
_ESCAPED: Final = 0xDC00
"""The difference between a byte and its lone surrogate."""
_SHOWN: Final = 8
"""The most bytes that a sentence names."""


def is_name(value: str, *, least: int = 1) -> bool:
    """Whether the name is not too long, not shorter than `least`, printable, and not only blanks."""
    return least <= len(value) <= NAME_LIMIT and value.isprintable() and bool(value.strip() or not least)


def why_no_name(typed: str) -> str:
    """The reason for which typed text is no name, as words behind a colon; empty for a name.

    A byte may be no text in the locale of the process. A command line gives it as a lone surrogate (PEP 383), and a
    keyboard as the replacement character.
    """
    lost = [one for one in typed if one == REPLACED or "\udc80" <= one <= "\udcff"]
    if lost:
        seen = " ".join(f"{ord(one) - _ESCAPED:02x}" for one in lost[:_SHOWN] if one != REPLACED)
        which = f"the bytes {seen} are no letters" if seen else "letters were lost"
        return f"in the locale of this screen {which}; use one with UTF-8 for screen and shell, as LC_ALL=C.UTF-8"
    return "" if is_name(typed) else f"expected 1 to {NAME_LIMIT} printable characters"


def check_one_key(key: bytes, data_key: bytes) -> None:
    """Raise PassbookError `invalid-message` when both keys are given: one of them would be silently unused."""
    if key and data_key:
        raise PassbookError("invalid-message", why="key and dataKey are both given")


def check_name(field: str, value: str, *, least: int = 1) -> None:
    """Refuse a field of a message that is no name. Raises PassbookError `invalid-message`."""
    if not is_name(value, least=least):
        why = f"{field} must have {least} to {NAME_LIMIT} printable characters"
        raise PassbookError("invalid-message", why=why)
