"""An ESC/POS slip printer as data: its steps, its slip, its waits, and the reasons for being off line."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from drivers.profile import Profile, parse_profile, read_builtin
from passbook.job.states import Reason

_Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]
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

    def __post_init__(self) -> None:
        """Refuse a pitch that is no whole number of steps, and what stands twice."""
        if any(self.across.unit % pitch.cpi for pitch in self.pitches):
            raise ValueError("a pitch is no whole number of horizontal steps")
        if len({pitch.cpi for pitch in self.pitches}) < len(self.pitches):
            raise ValueError("a pitch stands twice")
        if len({(cause.request, cause.bit) for cause in self.causes}) < len(self.causes):
            raise ValueError("a cause stands twice")

    def pitch(self, cpi: float) -> SlipPitch | None:
        """The pitch of `cpi` characters to the inch, if the printer has it."""
        return next((pitch for pitch in self.pitches if pitch.cpi == cpi), None)


def load_escpos(data: bytes, file: str) -> EscposProfile:
    """A profile from TOML.  Raises PassbookError `profile-malformed` naming `file`, the key and what is wrong."""
    return parse_profile(data, file, EscposProfile, ("escpos",))


def builtin_escpos() -> EscposProfile:
    """The profile that comes with the product."""
    return load_escpos(read_builtin("escpos"), "escpos.toml")
