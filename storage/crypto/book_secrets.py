"""The secrets of books: from a branch's book key to the name of a book and the digest of its content; no I/O.

    book key, account            -> book secret   at the terminal, which sends it with an update
    book secret, kind of book    -> name of the row, key of the digests   at the appliance, which keeps neither secret

Each step is HKDF-SHA256, so a name tells nothing of the account, and two kinds of book of one account share nothing.
The kind comes in at the appliance, since its layouts say which kind of book each of them is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from passbook.book.claim import BookClaim, BookShape
from storage.crypto.keys import mac, subkey


def book_secret(book_key: bytes, account: str) -> bytes:
    """The secret of all books of an account, 32 bytes; blanks, hyphens and case of the account make no difference."""
    folded = unicodedata.normalize("NFKC", account).casefold()
    plain = "".join(one for one in folded if not one.isspace() and one != "-")
    return subkey(book_key, "book of account", plain.encode())


def book_name(secret: bytes, kind: str) -> str:
    """The name of the row of one book, in hexadecimal digits."""
    return subkey(secret, "book row", kind.encode()).hex()


def book_claim(secrets: Sequence[bytes], shape: BookShape) -> BookClaim | None:
    """The claim of an update under today's secret and the earlier one; None without a secret."""
    if not secrets:
        return None
    keys = [subkey(secret, "book content", shape.kind.encode()) for secret in secrets]
    return BookClaim(
        names=tuple(book_name(secret, shape.kind) for secret in secrets),
        digests=tuple(mac(key, shape.content).hex() for key in keys),
        opens_at=shape.opens_at,
        first=shape.first,
        end=shape.end,
        fills=shape.fills,
        is_single=shape.is_single,
    )
