"""An ESC/POS slip printer as data: its steps, its slip, its waits, and the reasons for being off line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec

from drivers.profile import Profile, parse_profile, read_builtin, repeated
from passbook.errors import shown
from passbook.job.states import Reason

_LARGEST_BYTE: Final = 255
_Byte = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_BYTE)]
_Positive = Annotated[int, msgspec.Meta(ge=1, le=9999)]


class Across(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The places of a line: steps to the inch, and the number of steps that the head reaches."""

    unit: _Positive
    reach: _Positive
    assumed: bool = False


class PaperRoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rolls of the printer: the least number of characters that fill a line, which is printed then."""

    columns: Annotated[int, msgspec.Meta(ge=8, le=9999)]
    assumed: bool = False


class SlipForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The places of a slip, in vertical steps.

    Attributes:
        start: the distance of the base line under the head from the top edge of a slip that was just loaded.
        foot: the least distance of a base line from the bottom edge.
    """

    start: _Positive
    foot: _Positive
    assumed: bool = False


class InsertionWait(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The printer's own wait for a slip: minutes until it gives up, 0 for never, and tenths of a second to hold it."""

    minutes: Annotated[int, msgspec.Meta(ge=0, le=15)]
    tenths: Annotated[int, msgspec.Meta(ge=0, le=64)]
    assumed: bool = False


class SlipPitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One width of characters: how many come to the inch, their font, and the steps between two of them."""

    cpi: _Positive
    font: _Byte
    spacing: _Byte
    assumed: bool = False


class SlipDots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bit image of 8 rows (ESC * m): its mode, and its dots to the inch, whole fractions of 2160."""

    mode: Literal[0, 1]
    across: Literal[72, 80, 90, 120]
    down: Literal[60, 72]
    assumed: bool = False


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bit of the answer to DLE EOT `request` that says why the printer is off line."""

    request: Annotated[int, msgspec.Meta(ge=2, le=4)]
    bit: Annotated[int, msgspec.Meta(ge=2, le=6)]
    reason: Reason
    assumed: bool = False


class EscposProfile(Profile, frozen=True, forbid_unknown_fields=True):
    """An ESC/POS printer with a slip station."""

    vertical_unit: _Positive
    roll: PaperRoll
    across: Across
    form: SlipForm
    insertion: InsertionWait
    pitches: tuple[SlipPitch, ...]
    causes: tuple[Cause, ...]
    dots: SlipDots | None = None


def load_escpos(data: bytes, file: str) -> EscposProfile:
    """A profile from TOML.  Raises PassbookError `profile-malformed` naming `file`, the key and what is wrong."""
    return parse_profile(data, file, EscposProfile, _contradictions, ("escpos",))


def _contradictions(profile: EscposProfile) -> Iterator[tuple[str, str]]:
    """Key and cause of each value with which no slip could be printed, or that another value contradicts."""
    unit = profile.across.unit
    if not profile.pitches:
        yield "pitches", "there is none; expected at least one"
    for number, pitch in enumerate(profile.pitches):
        if unit % pitch.cpi:
            why = f"{pitch.cpi} is no whole number of steps; expected a divisor of {unit}, across.unit"
            yield f"pitches[{number}].cpi", why
    yield from repeated("pitches", "cpi", (str(pitch.cpi) for pitch in profile.pitches))
    yield from repeated("causes", "bit", (f"{cause.bit} of request {cause.request}" for cause in profile.causes))
    for name, page in profile.code_pages.items():
        if page.number > _LARGEST_BYTE:
            why = f"{page.number} is no byte; expected at most {_LARGEST_BYTE}"
            yield f"code_pages.{shown(name)}.number", why


def builtin_escpos() -> EscposProfile:
    """The profile that comes with the product."""
    return load_escpos(read_builtin("escpos"), "escpos.toml")
