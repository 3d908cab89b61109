"""Names that peers choose and that stand in records, logs and sentences: bounded, and fit to be shown."""

from __future__ import annotations

from typing import Final

from passbook.errors import PassbookError

NAME_LIMIT: Final = 128
"""Characters; an UUID, a message id or a person's full name fits, and space is reserved for that much."""


def is_name(value: str, *, least: int = 1) -> bool:
    """Whether it is not too long, not shorter than `least`, printable, and not only blanks."""
    return least <= len(value) <= NAME_LIMIT and value.isprintable() and bool(value.strip() or not least)


def check_name(field: str, value: str, *, least: int = 1) -> None:
    """Refuse in a message what is no name.  Raises PassbookError `invalid-message`."""
    if not is_name(value, least=least):
        why = f"{field} must have {least} to {NAME_LIMIT} printable characters"
        raise PassbookError("invalid-message", why=why)
