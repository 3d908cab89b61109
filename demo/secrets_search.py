"""Looks for secrets that no disk may have: texts and keys, in every form in which they could have been written.

A secret that spans two pages of a database file can be missed; many secrets of one document cannot all be.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

SHORTEST: Final = 6
"""The least bytes of a secret; a shorter one occurs by chance, as in the times of a log."""
CODE_PAGE: Final = "cp858"
_BITS_PER_BYTE, _BITS_PER_DIGIT = 8, 6
_ALIGNMENTS: Final = 3
"""Base64 writes three bytes as four digits, so the same bytes look different at each place within three."""


_Wanted: TypeAlias = dict[bytes, list[tuple[str, str, bytes]]]
"""First bytes of a form -> name of the secret, form, and its bytes in that form."""


class Finding(NamedTuple):
    """A secret that was found; `form` is the form in which it was written."""

    where: str
    secret: str
    form: str


def long_enough(texts: Iterable[str]) -> list[str]:
    """The texts that can be looked for, each once; shorter ones occur by chance."""
    return [text for text in dict.fromkeys(texts) if len(text) >= SHORTEST]


def forms(secret: str | bytes) -> dict[str, bytes]:
    """Form -> the bytes of the secret in it. Raises ValueError for a secret that is too short for a search."""
    found: dict[str, bytes] = {}
    for name, plain in _plain_forms(secret):
        if len(plain) < SHORTEST:
            raise ValueError("the secret is too short to be looked for")
        for wrapping, data in _wrappings(plain):
            found.setdefault(f"{name}{wrapping}", data)
    return {
        form: data for number, (form, data) in enumerate(found.items()) if data not in list(found.values())[:number]
    }


def _plain_forms(secret: str | bytes) -> Iterator[tuple[str, bytes]]:
    if isinstance(secret, bytes):
        yield "bytes", secret
        return
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield encoding, secret.encode(encoding)
    # Characters that the code page lacks were never printed.
    with suppress(UnicodeEncodeError):
        yield CODE_PAGE, secret.encode(CODE_PAGE)
    yield "escaped", secret.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00")


def _wrappings(plain: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", plain
    yield " in hex", plain.hex().encode()
    yield " in HEX", plain.hex().upper().encode()
    for offset in range(_ALIGNMENTS):
        digits = _base64_middle(plain, offset)
        yield f" in base64+{offset}", digits
        yield f" in base64url+{offset}", digits.translate(bytes.maketrans(b"+/", b"-_"))


def _base64_middle(plain: bytes, offset: int) -> bytes:
    """The digits that these bytes alone decide, when they begin `offset` bytes after a whole group."""
    digits = base64.b64encode(bytes(offset) + plain)
    first = -(-offset * _BITS_PER_BYTE // _BITS_PER_DIGIT)
    return digits[first : (offset + len(plain)) * _BITS_PER_BYTE // _BITS_PER_DIGIT]


def search_bytes(data: bytes, secrets: Mapping[str, str | bytes], where: str = "") -> list[Finding]:
    """Every secret, by its name, in every form in which it occurs in `data`."""
    return _search(data, _by_beginning(secrets), where)


def search_files(places: Iterable[Path], secrets: Mapping[str, str | bytes]) -> list[Finding]:
    """The findings in files, and in all files below folders. A missing place is an error."""
    wanted = _by_beginning(secrets)
    return [finding for path in _files(places) for finding in _search(path.read_bytes(), wanted, str(path))]


def _by_beginning(secrets: Mapping[str, str | bytes]) -> _Wanted:
    wanted: _Wanted = {}
    for name, secret in secrets.items():
        for form, looks in forms(secret).items():
            wanted.setdefault(looks[:SHORTEST], []).append((name, form, looks))
    return wanted


def _search(data: bytes, wanted: _Wanted, where: str) -> list[Finding]:
    # One pass for any number of secrets: hundreds of documents take thousands of forms.
    found = {
        Finding(where, name, form)
        for start in range(len(data) - SHORTEST + 1)
        for name, form, looks in wanted.get(data[start : start + SHORTEST], ())
        if data.startswith(looks, start)
    }
    return sorted(found)


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(path for path in place.rglob("*") if path.is_file())
        else:
            yield place
