"""The appliance key and everything derived from it; nothing here does I/O."""

from __future__ import annotations

import hmac
import string
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from passbook.errors import PassbookError

KEY_BYTES: Final = 32
"""Length of every symmetric key and every MAC in the store."""

_DOMAIN: Final = b"passbook-appliance 1 "
_HEX: Final = frozenset(string.hexdigits.encode())


def subkey(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """32 bytes of HKDF-SHA256 from `secret`; `purpose` separates keys that come from one secret."""
    return HKDF(SHA256(), KEY_BYTES, salt, _DOMAIN + purpose.encode()).derive(secret)


def joined(*parts: object) -> bytes:
    """The parts as one msgpack array: two different lists of parts never give the same bytes."""
    return msgspec.msgpack.encode(parts)


def mac(key: bytes, *parts: object) -> bytes:
    """HMAC-SHA256 over the joined parts."""
    return hmac.digest(key, joined(*parts), sha256)


def is_same(found: object, expected: bytes) -> bool:
    """Whether a MAC read from disk is the expected one; constant time.  A damaged file may give any type."""
    return isinstance(found, bytes) and hmac.compare_digest(found, expected)


class ApplianceKey:
    """The secret of one appliance, as the keys derived from it; the secret itself is dropped.

    Attributes:
        area: over what says which area of which appliance a file is.
        row_sum: over the sum of all rows of an area, and what each weighs in it.
        row: over every record row, unfinished or ended.
        history: over the chain of history entries and its head.
        sealed: over the sealed bytes of a job, so that damage is found without its data key.
        content: digests of content, so that a repeated request is known (P10) and none is guessed without the key (P5).
        mark: over what is known of the areas outside of them.
        wrap: wraps the data keys of Encryption.APPLIANCE.
        shared: seals names and document dates that their owners share with every terminal (C6).
    """

    __slots__ = ("area", "content", "history", "mark", "row", "row_sum", "sealed", "shared", "wrap")

    def __init__(self, secret: bytes) -> None:
        """Derive all keys.  Raises PassbookError `key-malformed` unless `secret` has 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise PassbookError("key-malformed", expected=f"{KEY_BYTES} bytes")
        self.area = subkey(secret, "area")
        self.row_sum = subkey(secret, "row_sum")
        self.row = subkey(secret, "row")
        self.history = subkey(secret, "history")
        self.sealed = subkey(secret, "sealed")
        self.content = subkey(secret, "content")
        self.mark = subkey(secret, "mark")
        self.wrap = subkey(secret, "wrap")
        self.shared = subkey(secret, "shared")

    @classmethod
    def from_file(cls, data: bytes) -> ApplianceKey:
        """From the bytes of a key file: 32 raw bytes, or 64 hexadecimal digits with or without a line end.

        Raises PassbookError `key-malformed`.
        """
        text = data.strip()
        if len(text) == 2 * KEY_BYTES and _HEX.issuperset(text):
            return cls(bytes.fromhex(text.decode()))
        return cls(data)

    def content_mac(self, requester: str, request_id: str, content: bytes) -> bytes:
        """Digest of what was asked for; equal contents of two requests have different digests."""
        return mac(self.content, requester, request_id, content)
