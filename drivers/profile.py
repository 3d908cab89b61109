"""The data that every dialect has: its name, its waits, its code pages; and the reading of a profile's file."""

from __future__ import annotations

import codecs
import tomllib
import unicodedata
from importlib.resources import files
from typing import Final, TypeVar

import msgspec

from passbook.errors import PassbookError
from passbook.errors.decoding import toml_text

_SPACE: Final = 0x20
_DELETE: Final = 0x7F
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that leave no mark, or that a printer may take for a command."""


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waits, in seconds.

    Attributes:
        answer: for a request that moves nothing.
        motion: for a motion, a strike or an ejection.
        settle: of silence, after which no answer to an earlier request is under way.
        insertion_poll: between two looks whether a medium was put in.
        taken_poll: between two looks whether it was taken.
        assumed: no manual at hand gives these values.
    """

    answer: float
    motion: float
    settle: float
    insertion_poll: float
    taken_poll: float
    assumed: bool = False


class CodePage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code page: the printer's number for it and Python's name."""

    number: int
    codec: str
    assumed: bool = False

    def __post_init__(self) -> None:
        """Refuse a codec that Python does not have or that takes more than one byte for a letter."""
        try:
            single = len("A".encode(codecs.lookup(self.codec).name)) == 1
        except LookupError:
            single = False
        if not single:
            raise ValueError("not a single-byte codec of Python")


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data that the document session and people need of every dialect.

    Attributes:
        lines_in_doubt: how many sent lines may be unconfirmed at a stop (P3).
    """

    name: str
    lines_in_doubt: int
    times: Times
    code_pages: dict[str, CodePage]

    def find_code_page(self, code_page: str) -> CodePage:
        """The code page of that name.  Raises PassbookError `profile-malformed` when there is none."""
        try:
            return self.code_pages[code_page]
        except KeyError:
            known = ", ".join(sorted(self.code_pages))
            why = f"there is no code page {code_page}; known: {known}"
            raise PassbookError("profile-malformed", file=self.name, where="code_pages", why=why) from None


_P = TypeVar("_P", bound=Profile)


def parse_profile(data: bytes, file: str, kind: type[_P]) -> _P:
    """A profile from TOML.  Raises PassbookError `profile-malformed` naming `file`, the key and what is wrong."""
    try:
        return msgspec.convert(tomllib.loads(toml_text(data)), kind)
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at `$.")
        raise PassbookError("profile-malformed", file=file, where=where.rstrip("`") or "top", why=why) from None
    except (ValueError, RecursionError) as error:
        raise PassbookError("profile-malformed", file=file, where="text", why=str(error)) from None


def read_builtin(name: str) -> bytes:
    """The file of a profile that comes with the product."""
    return (files("drivers.profiles") / f"{name}.toml").read_bytes()


def encode_text(page: CodePage, code_page: str, text: str, where: str) -> bytes:
    """`text` in the code page.  Raises PassbookError that gives the place and number of the character, not itself."""
    encoded = bytearray()
    for number, character in enumerate(text, start=1):
        if unicodedata.category(character) in _UNPRINTABLE:
            raise PassbookError("control-byte", where=where, number=number)
        try:
            code = character.encode(page.codec)
        except UnicodeEncodeError:
            raise PassbookError("not-in-code-page", where=where, number=number, code_page=code_page) from None
        if code[0] < _SPACE or code[0] == _DELETE:
            raise PassbookError("not-in-code-page", where=where, number=number, code_page=code_page)
        encoded += code
    return bytes(encoded)
