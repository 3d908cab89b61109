"""Answers of the renderer, which reads documents of strangers."""

from __future__ import annotations

from typing import Final

from passbook.document.band_placing import place_bands
from passbook.document.plan import Band, is_outline, outline
from passbook.document.rendered_pages import RenderRequest, read_rendering, row_bytes
from passbook.errors import PassbookError

REQUEST: Final = RenderRequest(b"", 13, 20, 27, 30, 3)
ROWS: Final = 8
REFUSALS: Final = frozenset(
    {
        "document-empty",
        "pdf-encrypted",
        "pdf-not-readable",
        "pdf-page-too-large",
        "pdf-too-costly",
        "pdf-too-many-pages",
        "renderer-failed",
    }
)


def check(data: bytes) -> None:
    """Any bytes are pages of the sheet, whose bands hold all of their ink, or one of a few refusals."""
    try:
        pages = read_rendering(data, REQUEST)
        plan = place_bands(pages, REQUEST, ROWS)
    except PassbookError as error:
        assert error.code in REFUSALS, error.code
        return
    assert all(len(page) == REQUEST.row_bytes * REQUEST.height for page in pages)
    bands = [step for step in plan if isinstance(step, Band)]
    assert sum(map(ink_of, (one.dots for one in bands))) == sum(map(ink_of, pages))
    assert all(len(one.dots) == row_bytes(one.width) * one.height for one in bands)
    assert is_outline(outline(plan))


def ink_of(dots: bytes) -> int:
    """The number of dots."""
    return int.from_bytes(dots, "big").bit_count()
