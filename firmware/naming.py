"""Names that peers choose and that stand in records, logs and sentences: bounded, and fit to be shown."""

from __future__ import annotations

from typing import Final

from passbook.errors import PassbookError

NAME_LIMIT: Final = 128
"""Characters; an UUID, a message id or a person's full name fits, and space is reserved for that much."""


def check_name(field: str, value: str, *, least: int = 1) -> None:
    """Refuse a name that is too long, shorter than `least`, or not printable.  Raises `invalid-message`."""
    if not least <= len(value) <= NAME_LIMIT or not value.isprintable() or (least and not value.strip()):
        why = f"{field} must have {least} to {NAME_LIMIT} printable characters"
        raise PassbookError("invalid-message", why=why)
