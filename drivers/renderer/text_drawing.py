"""Texts of any script as dots, by FreeType, and by Raqm where letters are joined or ordered."""

from __future__ import annotations

import io
import unicodedata
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

from passbook.document.rendered_pages import (
    MOST_DOTS,
    DrawnTexts,
    NotDrawn,
    RenderAnswer,
    TextPicture,
    TextRequest,
    Undrawable,
)

_FINER: Final = 8
"""A text is drawn with so many dots for each row, and then made coarser."""
_TRIED: Final = 256
"""The size at which a font tells its measures."""
_WHITE: Final = 255
_LIGHTEST_INK: Final = 190
"""The lightest grey that is ink: a thin stroke that falls between two columns is grey in both."""
_NO_CHARACTER: Final = "\U0010fffe"
"""No font has a picture for it but the one for what it lacks."""
_ALONE_BELOW: Final = "\u0590"
"""Letters below stand beside each other from left to right."""
_ALONE_FROM: Final = "\u2e80"
"""As do those from here on: kanji, kana, hangul."""


def draw_texts(request: TextRequest) -> RenderAnswer:
    """Draw all texts, or say why not."""
    try:
        tried = _font(request.font, _TRIED, ImageFont.Layout.BASIC)
        ascent, descent = tried.getmetrics()
        size = int(_TRIED * _FINER * min(request.above / ascent, request.below / max(descent, 1)))
        letters = _font(request.font, max(size, 1), ImageFont.Layout.BASIC)
    except (OSError, ValueError, ZeroDivisionError):
        return NotDrawn(Undrawable.NO_FONT)
    lacking = bytes(letters.getmask(_NO_CHARACTER))
    can_shape = features.check("raqm") and features.check("fribidi")
    shaped = _font(request.font, max(size, 1), ImageFont.Layout.RAQM) if can_shape else letters
    pictures, drawable = [], set[str]()
    for number, text in enumerate(request.texts, 1):
        for place, character in enumerate(text, 1):
            if character in drawable:
                continue
            if not character.isspace() and bytes(letters.getmask(character)) == lacking:
                return NotDrawn(Undrawable.NO_GLYPH, number, place)
            drawable.add(character)
        if not can_shape and any(map(_is_joined, text)):
            return NotDrawn(Undrawable.NO_SHAPING, number)
        pictures.append(_drawn(text, shaped, request))
    return DrawnTexts(tuple(pictures))


def _font(data: bytes, size: int, layout: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    """The font.  Raises OSError."""
    return ImageFont.truetype(io.BytesIO(data), size, layout_engine=layout)


def _is_joined(character: str) -> bool:
    """Whether the place or shape of a character depends on those beside it."""
    if unicodedata.category(character) in {"Mn", "Mc", "Me"}:
        return True
    return _ALONE_BELOW <= character < _ALONE_FROM and unicodedata.category(character) == "Lo"


def _drawn(text: str, font: ImageFont.FreeTypeFont, request: TextRequest) -> TextPicture:
    """One text, as wide as its ink."""
    left, _, right, _ = font.getbbox(text, anchor="ls")
    fine = max(int(right) - int(left), 1)
    width = min(-(-fine * request.down // (_FINER * request.across)), MOST_DOTS)
    picture = Image.new("L", (fine, request.rows * _FINER), _WHITE)
    pen = ImageDraw.Draw(picture)
    pen.text((-left, request.above * _FINER), text, fill=0, font=font, anchor="ls")
    coarse = picture.resize((width, request.rows), Image.Resampling.BOX)
    ink = coarse.point([0 if grey > _LIGHTEST_INK else _WHITE for grey in range(256)])
    # Pillow packs each row into whole bytes, and the bits behind the last dot are 0.
    return TextPicture(width, ink.convert("1").tobytes())
