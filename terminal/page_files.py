"""Pages as picture files."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from passbook.document.page_drawing import DrawnPage
from storage import files

if TYPE_CHECKING:
    from PIL import Image

PICTURE: Final = ".png"
"""The suffix of a picture."""


def write_pictures(place: Path, captions: Sequence[str], pages: Sequence[DrawnPage]) -> list[Path]:
    """Write one picture with all pages, or one a page into a folder; return the files.

    Raises PassbookError `file-problem`.
    """
    # Every other command would wait for the library of pictures too.
    from drivers.page_picture import draw_page, one_below_the_other  # noqa: PLC0415

    pictures = [draw_page(words, page) for words, page in zip(captions, pages, strict=True)]
    if place.suffix.lower() == PICTURE:
        files.save_file(place, _png(one_below_the_other(pictures)), files.PRIVATE)
        return [place]
    written = [place / f"page-{page.number}{PICTURE}" for page in pages]
    for file, picture in zip(written, pictures, strict=True):
        files.save_file(file, _png(picture), files.PRIVATE)
    return written


def _png(picture: Image.Image) -> bytes:
    data = BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
