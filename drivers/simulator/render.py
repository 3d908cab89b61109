"""Pages as pictures: rules, text at its place, and in red text that was struck more than once."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from drivers.simulator.paper import Paper, Ruler, StruckRun
from passbook.document.plan import UNITS_PER_INCH

DOTS_PER_INCH: Final = 120
FIRST_COLUMNS: Final = 60
"""The least columns of a picture."""

_MARGIN: Final = 40
_CAPTION: Final = 36
_COLUMN: Final = DOTS_PER_INCH // 10
_CAPTION_SIZE: Final = 17
_LETTER_DOTS: Final = (6, 11)
_BASE_LINE: Final = 18
_LATIN_1_END: Final = 0xFF
_PAPER, _RULE, _FOLD, _INK, _RED = "#fbf8ee", "#c9d6c4", "#9aa7b5", "#20242c", "#c01818"


def render_sheet(paper: Paper, folder: Path) -> list[Path]:
    """One PNG for each page that ever lay in the mechanism, as `BOOK-page-N.png`; the paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for name, book in paper.books.items():
        for number, page in sorted(book.pages.items()):
            doubles = {run.y for run in page.runs if _times_at(page.runs, run.y) > 1}
            picture = _draw(f"book {name}, page {number}", book.ruler, page.runs, doubles)
            path = folder / f"{_file_name(name)}-page-{number}.png"
            picture.save(path)
            pictures.append(path)
    return pictures


def _file_name(book: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in book)


def _times_at(runs: list[StruckRun], y: int) -> int:
    return len({strike for run in runs if run.y == y for strike in run.strikes})


def _dots(y: int) -> int:
    return _CAPTION + y * DOTS_PER_INCH // UNITS_PER_INCH


def _draw(caption: str, ruler: Ruler, runs: list[StruckRun], doubles: set[int]) -> Image.Image:
    rightmost = max([FIRST_COLUMNS * _COLUMN, *(_across(run, len(run.text) + 1) for run in runs)])
    lowest = max([ruler.y(ruler.lines), *(run.y for run in runs)])
    picture = Image.new("RGB", (2 * _MARGIN + rightmost, _dots(lowest) + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((_MARGIN, 10), caption, fill=_INK, font=ImageFont.load_default(_CAPTION_SIZE))
    _draw_rules(pen, ruler, picture.width)
    for run in runs:
        _draw_run(picture, run, _RED if run.y in doubles else _INK)
    for y in doubles:
        mark = f"{_times_at(runs, y)}x"
        pen.text(
            (picture.width - _MARGIN + 2, _dots(y)),
            mark,
            fill=_RED,
            font=ImageFont.load_default(_CAPTION_SIZE),
            anchor="ls",
        )
    return picture


def _draw_rules(pen: ImageDraw.ImageDraw, ruler: Ruler, width: int) -> None:
    small = ImageFont.load_default(10)
    for line in range(1, ruler.lines + 1):
        y = _dots(ruler.y(line))
        pen.line((_MARGIN, y + 3, width - _MARGIN, y + 3), fill=_RULE)
        pen.text((_MARGIN - 6, y), str(line), fill=_FOLD, font=small, anchor="rs")
    if ruler.fold_after is not None and ruler.fold_after < ruler.lines:
        fold = (_dots(ruler.y(ruler.fold_after)) + _dots(ruler.y(ruler.fold_after + 1))) // 2
        pen.line((0, fold, width, fold), fill=_FOLD, width=2)


def _draw_run(picture: Image.Image, run: StruckRun, ink: str) -> None:
    """Letter by letter at the printer's own pitch, from the one built-in font whose letters are all equally wide."""
    for offset, letter in enumerate(run.text):
        corner = (_MARGIN + _across(run, offset), _dots(run.y) - _BASE_LINE)
        for part in _parts(letter):
            picture.paste(ink, corner, _stamp(part, int(DOTS_PER_INCH / run.cpi)))


def _across(run: StruckRun, offset: int) -> int:
    """The beginning of letter `offset` of a run, in dots from the left edge."""
    return run.left * DOTS_PER_INCH // UNITS_PER_INCH + int((run.column - 1 + offset) * DOTS_PER_INCH / run.cpi)


def _parts(letter: str) -> str:
    """The letters of Latin-1 that show `letter` when struck over each other: the font has no others."""
    if letter == "€":
        return "C="
    shown = unicodedata.normalize("NFKD", letter)[:1] if ord(letter) > _LATIN_1_END else letter
    return shown if ord(shown) <= _LATIN_1_END else "?"


@lru_cache(maxsize=512)
def _stamp(letter: str, width: int) -> Image.Image:
    small = Image.new("1", _LETTER_DOTS)
    ImageDraw.Draw(small).text((0, 0), letter, fill=1, font=ImageFont.load_default_imagefont())
    return small.resize((width, 2 * _LETTER_DOTS[1]))
