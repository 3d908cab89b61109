"""Pages as picture files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from passbook.document.page_drawing import DrawnPage
from storage import files

PICTURE: Final = ".png"
"""The suffix of a picture."""


def write_pictures(place: Path, captions: Sequence[str], pages: Sequence[DrawnPage]) -> list[Path]:
    """Write one picture with all pages, or one a page into a folder; return the files.

    A file that this software did not write is not overwritten.  Raises PassbookError `file-problem`.
    """
    # Every other command would wait for the library of pictures too.
    from drivers.page_picture import draw_page, one_below_the_other  # noqa: PLC0415
    from spooler.picture_files import save_picture  # noqa: PLC0415

    pictures = [draw_page(words, page) for words, page in zip(captions, pages, strict=True)]
    if place.suffix.lower() == PICTURE:
        save_picture(place, one_below_the_other(pictures), files.PRIVATE)
        return [place]
    written = [place / f"{_file_name(page)}{PICTURE}" for page in pages]
    for file, picture in zip(written, pictures, strict=True):
        save_picture(file, picture, files.PRIVATE)
    return written


def _file_name(page: DrawnPage) -> str:
    return f"book-{page.book}-page-{page.number}" if page.book > 1 else f"page-{page.number}"
