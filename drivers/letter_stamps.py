"""Letters as small pictures, all of one cell or two: from the built-in font, and others from fonts of the machine.

The built-in font has the letters of Latin-1.  Letters of other scripts are taken from the first font of FONTS that is
there and has them; on a machine without one they are shown by what Latin-1 has for them, or by a question mark.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

FONTS: Final = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf"),
    Path("/usr/share/fonts/truetype/tlwg/TlwgMono.ttf"),
    Path("/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf"),
)
"""Fonts of Debian packages: fonts-dejavu-core, fonts-ipafont-gothic, fonts-thai-tlwg, fonts-vlgothic."""
BASE_LINE: Final = 18
"""The base line of a stamp below its top edge, in dots."""

_LETTER_DOTS: Final = (6, 11)
_HEIGHT: Final = 2 * _LETTER_DOTS[1]
_SIZE: Final = 19
_LATIN_1_END: Final = 0xFF
_NO_CHARACTER: Final = "\U0010fffe"


@lru_cache(maxsize=2048)
def letter_stamp(letter: str, width: int) -> Image.Image:
    """The ink of a letter in a cell of `width` dots."""
    font = _font_of(letter) if ord(letter) > _LATIN_1_END and letter != "€" else None
    whole = Image.new("1", (width, _HEIGHT))
    if font is not None:
        left, _, right, _ = font.getbbox(letter, anchor="ls")
        corner = (max((width - (right - left)) / 2, 0) - left, BASE_LINE)
        ImageDraw.Draw(whole).text(corner, letter, fill=1, font=font, anchor="ls")
        return whole
    for part in _parts(letter):
        small = Image.new("1", _LETTER_DOTS)
        ImageDraw.Draw(small).text((0, 0), part, fill=1, font=ImageFont.load_default_imagefont())
        large = small.resize((width, _HEIGHT))
        whole.paste(1, (0, 0), large)
    return whole


def _parts(letter: str) -> str:
    """The letters of Latin-1 that show `letter` when struck over each other."""
    if letter == "€":
        return "C="
    shown = unicodedata.normalize("NFKD", letter)[:1] if ord(letter) > _LATIN_1_END else letter
    return shown if ord(shown) <= _LATIN_1_END else "?"


def _font_of(letter: str) -> ImageFont.FreeTypeFont | None:
    """The first font of the machine that has a letter."""
    for path in FONTS:
        font = _opened(path)
        if font is not None and bytes(font.getmask(letter)) != bytes(font.getmask(_NO_CHARACTER)):
            return font
    return None


@cache
def _opened(path: Path) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(path, _SIZE, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None
