"""Addresses of an envelope: the printable subset of RFC 5321 that mail systems hand on unchanged."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from passbook.errors import PassbookError, shown

LONGEST_LOCAL: Final = 64
"""Characters before the @ (RFC 5321, 4.5.3.1.1)."""
LONGEST_ADDRESS: Final = 120
"""Characters of an address; RFC 5321 allows 254, and records have space for a name of 128."""
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


class MailAddress(msgspec.Struct, frozen=True, order=True):
    """One address; `local` is kept as it was written, since only the system of `domain` may read anything into it."""

    local: str
    domain: str

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        """Local part and domain with @ between."""
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """What two spellings of one address have in common, where addresses name printers and people of one bank."""
        return str(self).lower()


def parse_mail_address(text: str) -> MailAddress:
    """The address that `text` is, without angle brackets.

    Raises PassbookError `mail-address` for anything else, quoted local parts and addresses beyond ASCII among it.
    """
    local, _, domain = text.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    is_local = not dots and len(local) <= LONGEST_LOCAL and _LOCAL.fullmatch(local) is not None
    if len(text) > LONGEST_ADDRESS or not is_local or not _DOMAIN.fullmatch(domain):
        raise PassbookError("mail-address", address=shown(text))
    return MailAddress(local, domain.lower())
