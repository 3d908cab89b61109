"""Pictures on slips: the bit image of 8 dots (ESC *), in pieces that no loss of power can turn into commands.

A column of dots is any byte, and the printer looks for real-time requests (DLE EOT, DLE ENQ, DLE DC4) in these bytes
too.  So a bit image ends behind each byte that could begin a request or a command, and the next one goes on in the next
column: behind a DLE the printer then reads ESC.  Nor can a printer that lost the head of a bit image take the dots
behind it for a command, since none of them follows an ESC, FS or GS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from escpos import constants  # type: ignore[import-untyped]

from drivers.dialects.escpos.escpos_profile import EscposProfile, SlipDots
from drivers.dialects.escpos.slip_commands import SlipLine, divide, go_across, go_down
from drivers.dialects.steps import whole_steps
from passbook.document.plan import MM_PER_UNIT, UNITS_PER_INCH, Band, DotPitch, Sheet
from passbook.document.rendered_pages import row_bytes
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup

ROWS: Final = 8
"""Wires of the head that print a bit image; a byte of it is a column, the highest bit above."""
BASE_WIRES: Final = 7
"""Wires above the base line of a text: that many rows of a band stand above the place that the slip is moved to."""

_BIT_IMAGE: Final[bytes] = constants.ESC + b"*"
_BEGINS: Final[frozenset[int]] = frozenset(constants.DLE + constants.ESC + constants.FS + constants.GS)
"""Bytes behind which others could make a request or a command."""
_HEAD: Final = len("\x1b*mnn")
_WIDEST_GAP: Final = len("\x1b$nn\x1b*mnn")
"""White columns up to which a bit image goes on: leaving them out takes as many bytes."""


@dataclass(frozen=True)
class SlipGraphics:
    """The bit image of one profile."""

    profile: EscposProfile
    dots: SlipDots
    setup: PrinterSetup = USUAL_SETUP

    @property
    def pitch(self) -> DotPitch:
        """How it prints dots."""
        return DotPitch(UNITS_PER_INCH // self.dots.across, UNITS_PER_INCH // self.dots.down, ROWS)

    @property
    def base_rows(self) -> int:
        """The wires above the base line of a text."""
        return BASE_WIRES

    def encode_band(self, band: Band, from_y: int | None) -> SlipLine:
        """The bytes of a band: the way from `from_y`, None for a slip just loaded, and its dots without their strike.

        Raises ValueError for ink beside the reach of the head, and for a band above `from_y`.
        """
        band = self.setup.moved_band(band)
        # An accepted band can be moved out of reach: an offset may have changed since.
        self._check_across(band)
        base = None if from_y is None else from_y + self.setup.y_offset
        first, *rest = divide(self._commands(band), self.profile.roll.columns)
        return SlipLine(go_down(self.profile, band.y + self._base, base), first, rest=tuple(rest))

    def check_band(self, sheet: Sheet, band: Band) -> None:
        """Raise ValueError that says why a band cannot be printed on such a slip."""
        unit, form = self.profile.vertical_unit, self.profile.form
        lowest = sheet.height * unit // UNITS_PER_INCH - form.foot
        if not form.start <= whole_steps(band.y + self._base, unit) <= lowest:
            first, last = (round(steps * UNITS_PER_INCH / unit) - self._base for steps in (form.start, lowest))
            bottom = band.y + ROWS * self.pitch.down
            raise ValueError(
                f"page {band.page} has ink {_mm(band.y)} to {_mm(bottom)} mm below the top edge, and the head reaches "
                f"pictures from {_mm(first)} to {_mm(last + ROWS * self.pitch.down)} mm"
            )
        self._check_across(band)

    def _check_across(self, band: Band) -> None:
        if whole_steps(band.x, self.profile.across.unit) < 0:
            raise ValueError(f"page {band.page} has ink left of the left edge")
        right = whole_steps(band.x + band.width * band.across, self.profile.across.unit)
        if right > self.profile.across.reach:
            reach = self.profile.across.reach * UNITS_PER_INCH // self.profile.across.unit
            raise ValueError(f"page {band.page} has ink more than {_mm(reach)} mm right of the left edge")

    @property
    def _base(self) -> int:
        """From the top edge of a band to its base line."""
        return BASE_WIRES * self.pitch.down

    def _commands(self, band: Band) -> Iterator[bytes]:
        """The ways across and the bit images of a band."""
        columns = columns_of_dots(band)
        longest = self.profile.roll.columns - _HEAD
        for begin, end in _inked(columns):
            yield go_across(whole_steps(band.x + begin * band.across, self.profile.across.unit))
            for piece in _harmless(columns[begin:end], longest):
                yield _BIT_IMAGE + bytes([self.dots.mode]) + len(piece).to_bytes(2, "little") + piece


def _mm(length: int) -> str:
    return f"{length * MM_PER_UNIT:.0f}"


def columns_of_dots(band: Band) -> bytes:
    """The band as columns: a byte of 8 rows each, the highest bit above."""
    whole = row_bytes(band.width)
    rows = [int.from_bytes(band.dots[at : at + whole], "big") for at in range(0, len(band.dots), whole)]
    columns = bytearray(band.width)
    for number, bits in enumerate(rows):
        mark = 0x80 >> number
        for column in range(band.width):
            if bits >> (whole * 8 - 1 - column) & 1:
                columns[column] |= mark
    return bytes(columns)


def _inked(columns: bytes) -> Iterator[tuple[int, int]]:
    """The beginnings and ends of the parts between wide gaps."""
    begin = end = -1
    for at, column in enumerate(columns):
        if not column:
            continue
        if begin >= 0 and at - end > _WIDEST_GAP:
            yield begin, end
            begin = at
        begin, end = max(begin, at) if begin < 0 else begin, at + 1
    if begin >= 0:
        yield begin, end


def _harmless(columns: Iterable[int], longest: int) -> Iterator[bytes]:
    """The columns in pieces of at most `longest`; each byte that could begin a command ends its piece."""
    piece = b""
    for column in columns:
        piece += bytes([column])
        if column in _BEGINS or len(piece) == longest:
            yield piece
            piece = b""
    if piece:
        yield piece
