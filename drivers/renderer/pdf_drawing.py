"""Pages of a PDF as dots, by PDFium."""

from __future__ import annotations

from typing import Final

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from passbook.document.plan import UNITS_PER_INCH
from passbook.document.rendered_pages import DrawnDots, NotDrawn, RenderAnswer, RenderRequest, Undrawable

_POINTS_PER_INCH: Final = 72
_SLACK: Final = UNITS_PER_INCH // 25
"""A page that is larger than the sheet by less than this, about a millimetre, is taken for one of its size."""
_LONGEST: Final = 1_000_000_000
_WHITE: Final = 255
_LIGHTEST_INK: Final = 160
"""The lightest grey that is ink: a hair line that falls between two rows is grey in both, and must not be lost."""
_INK: Final = bytes(ord("1") if grey <= _LIGHTEST_INK else ord("0") for grey in range(256))
"""For bytes.translate: a grey dot as a binary digit."""


def draw(request: RenderRequest) -> RenderAnswer:
    """Draw all pages of the document, or say why not."""
    try:
        document = pypdfium2.PdfDocument(request.document)
    except pypdfium2.PdfiumError as error:
        is_locked = error.err_code == pdfium.FPDF_ERR_PASSWORD
        return NotDrawn(Undrawable.ENCRYPTED if is_locked else Undrawable.DAMAGED)
    number = len(document)
    if number > request.most_pages:
        return NotDrawn(Undrawable.TOO_MANY_PAGES, number)
    pages = []
    for index in range(number):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            return NotDrawn(Undrawable.DAMAGED)
        width, height = (_length(points) for points in page.get_size())
        if not 0 < width <= request.width * request.across + _SLACK:
            return NotDrawn(Undrawable.PAGE_TOO_LARGE, index + 1, width, height)
        if not 0 < height <= request.height * request.down + _SLACK:
            return NotDrawn(Undrawable.PAGE_TOO_LARGE, index + 1, width, height)
        pages.append(_dots(page, request, round(width / request.across), round(height / request.down)))
        page.close()
    return DrawnDots(tuple(pages)) if pages else NotDrawn(Undrawable.DAMAGED)


def _length(points: float) -> int:
    return min(round(points * UNITS_PER_INCH / _POINTS_PER_INCH), _LONGEST)


def _dots(page: pypdfium2.PdfPage, request: RenderRequest, width: int, height: int) -> bytes:
    """The sheet with a page of `width` x `height` dots on it."""
    bitmap = pypdfium2.PdfBitmap.new_native(request.width, request.height, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((_WHITE,) * 4, 0, 0, request.width, request.height)
    flags = pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING | pdfium.FPDF_GRAYSCALE
    pdfium.FPDF_RenderPageBitmap(bitmap.raw, page.raw, 0, 0, max(width, 1), max(height, 1), 0, flags)
    digits = bytes(bitmap.buffer).translate(_INK)
    unused = -request.width % 8
    return b"".join(
        (int(digits[at : at + request.width], 2) << unused).to_bytes(request.row_bytes, "big")
        for at in range(0, request.width * request.height, request.width)
    )
