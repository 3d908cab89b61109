"""A page as a picture: its edge, rules and fold, text and dots at their places, and in red what was struck again."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from drivers.letter_stamps import BASE_LINE, letter_stamp
from passbook.document.page_drawing import DrawnPage, PlacedDots, PlacedText
from passbook.document.plan import UNITS_PER_INCH

DOTS_PER_INCH: Final = 120
FIRST_COLUMNS: Final = 60
"""The least columns of a picture of a page of unknown width."""

_MARGIN: Final = 40
_CAPTION: Final = 36
_COLUMN: Final = DOTS_PER_INCH // 10
_CAPTION_SIZE: Final = 17
_PAPER, _RULE, _FOLD, _INK, _RED = "#fbf8ee", "#c9d6c4", "#9aa7b5", "#20242c", "#c01818"


def draw_page(caption: str, page: DrawnPage) -> Image.Image:
    """The picture of a page below its caption."""
    least = _length(page.width) or FIRST_COLUMNS * _COLUMN
    rightmost = max([least, *(_across(text, len(text.text) + 1) for text in page.texts), *map(_right_end, page.dots)])
    lowest = max(
        [page.height, *(rule.y for rule in page.rules), *(text.y for text in page.texts), *map(_bottom, page.dots)]
    )
    picture = Image.new("RGB", (2 * _MARGIN + rightmost, _dots(lowest) + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((_MARGIN, 10), caption, fill=_INK, font=ImageFont.load_default(_CAPTION_SIZE))
    _draw_rules(pen, page, picture.width)
    for text in page.texts:
        _draw_text(picture, text, _RED if text.times > 1 else _INK)
    for dots in page.dots:
        _draw_dots(picture, dots)
    for y, times in sorted(_struck_again(page)):
        font = ImageFont.load_default(_CAPTION_SIZE)
        pen.text((picture.width - _MARGIN + 2, _dots(y)), f"{times}x", fill=_RED, font=font, anchor="ls")
    return picture


def one_below_the_other(pictures: list[Image.Image]) -> Image.Image:
    """All pictures in one."""
    whole = Image.new("RGB", (max(one.width for one in pictures), sum(one.height for one in pictures)), _PAPER)
    top = 0
    for one in pictures:
        whole.paste(one, (0, top))
        top += one.height
    return whole


def _length(units: int) -> int:
    return units * DOTS_PER_INCH // UNITS_PER_INCH


def _dots(y: int) -> int:
    return _CAPTION + _length(y)


def _draw_rules(pen: ImageDraw.ImageDraw, page: DrawnPage, width: int) -> None:
    small = ImageFont.load_default(10)
    for rule in page.rules:
        y = _dots(rule.y)
        pen.line((_MARGIN, y + 3, width - _MARGIN, y + 3), fill=_RULE)
        pen.text((_MARGIN - 6, y), str(rule.line), fill=_FOLD, font=small, anchor="rs")
    if page.fold is not None:
        fold = _dots(page.fold)
        pen.line((0, fold, width, fold), fill=_FOLD, width=2)
    if page.width and page.height:
        right, bottom = _MARGIN + _length(page.width), _dots(page.height)
        pen.rectangle((_MARGIN, _CAPTION, right, bottom), outline=_FOLD)


def _struck_again(page: DrawnPage) -> set[tuple[int, int]]:
    """The places, with the number of strikes, of what was struck more than once."""
    texts = {(text.y, text.times) for text in page.texts if text.times > 1}
    return texts | {(_bottom(dots), dots.times) for dots in page.dots if dots.times > 1}


def _right_end(dots: PlacedDots) -> int:
    return _length(dots.x + dots.width * dots.across) + 1


def _bottom(dots: PlacedDots) -> int:
    return dots.y + dots.rows * dots.down


def _draw_dots(picture: Image.Image, dots: PlacedDots) -> None:
    size = (_right_end(dots) - _length(dots.x), _length(_bottom(dots)) - _length(dots.y))
    ink = Image.frombytes("1", (dots.width, dots.rows), dots.dots).convert("L").resize(size, Image.Resampling.BOX)
    picture.paste(_RED if dots.times > 1 else _INK, (_MARGIN + _length(dots.x), _dots(dots.y)), ink)


def _draw_text(picture: Image.Image, text: PlacedText, ink: str) -> None:
    """Letter by letter at the printer's own pitch."""
    for offset, letter in enumerate(text.text):
        corner = (_MARGIN + _across(text, offset), _dots(text.y) - BASE_LINE)
        picture.paste(ink, corner, letter_stamp(letter, int(DOTS_PER_INCH / text.cpi) * text.cells))


def _across(text: PlacedText, offset: int) -> int:
    """The beginning of letter `offset` of a text, in dots from the left edge."""
    return _length(text.left) + int((text.column - 1 + offset * text.cells) * DOTS_PER_INCH / text.cpi)
