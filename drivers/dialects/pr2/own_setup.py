"""The printer's own set-up, which ESC SP a asks for: its bytes by the table of the profile, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from drivers.dialects.pr2.pr2_profile import Pr2Profile
from passbook.protocol.printer_setup import ReadBack, ReadValue

_V = TypeVar("_V", int, str)
ELEMENTARY_STEP: Final = "elementary_step"


def explain_setup(profile: Pr2Profile, body: bytes, code_page: str) -> ReadBack:
    """What the bytes of an answer say beside the configuration; those that the profile does not list are not guessed.

    Only another elementary step prints at wrong places: the code page is set anew for each document.
    """
    answer, table = body.hex(" ").upper(), profile.own_setup
    if len(body) != table.length:
        return ReadBack(answer, (), f"it has {len(body)} bytes, and own_setup.length is {table.length}")
    values, unlisted = [], []
    for key, configured, found in _told(profile, body, code_page):
        if found is None:
            unlisted.append(key)
        else:
            values.append(ReadValue(key, configured, found, key == ELEMENTARY_STEP and found != configured))
    named = " and ".join(f"own_setup.{key}.means" for key in unlisted)
    return ReadBack(answer, tuple(values), f"{named} does not list its byte" if named else "")


def _told(profile: Pr2Profile, body: bytes, code_page: str) -> Iterator[tuple[str, str, str | None]]:
    step, page = profile.own_setup.elementary_step, profile.own_setup.code_page
    if step is not None:
        yield ELEMENTARY_STEP, str(profile.vertical_unit), _meaning(step.means, body[step.byte - 1])
    if page is not None:
        yield "code_page", code_page, _meaning(page.means, body[page.byte - 1])


def _meaning(means: Mapping[str, _V], byte: int) -> str | None:
    found = means.get(f"{byte:02X}")
    return None if found is None else str(found)


def setup_bytes(profile: Pr2Profile, step: int, code_page: str) -> bytes:
    """The bytes with which a printer that is set up so would answer; 0 where the profile does not say."""
    table = profile.own_setup
    body = bytearray(table.length)
    if table.elementary_step is not None:
        body[table.elementary_step.byte - 1] = _byte_for(table.elementary_step.means, step)
    if table.code_page is not None:
        body[table.code_page.byte - 1] = _byte_for(table.code_page.means, code_page)
    return bytes(body)


def _byte_for(means: Mapping[str, _V], value: _V) -> int:
    return next((int(byte, 16) for byte, meant in means.items() if meant == value), 0)
