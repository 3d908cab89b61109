"""Pages of a PDF as dots, by PDFium."""

from __future__ import annotations

import ctypes
import errno
from typing import Final

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from passbook.document.plan import UNITS_PER_INCH
from passbook.document.rendered_pages import (
    MEMORY_BYTES,
    DrawnDots,
    NotDrawn,
    RenderAnswer,
    RenderRequest,
    Undrawable,
)

_POINTS_PER_INCH: Final = 72
_SLACK: Final = UNITS_PER_INCH // 25
"""A page that is larger than the sheet by less than this, about a millimetre, is taken for one of its size."""
_LONGEST: Final = 1_000_000_000
_WHITE: Final = 255
_LIGHTEST_INK: Final = 160
"""The lightest grey that is ink: a hair line that falls between two rows is grey in both, and must not be lost."""
_INK: Final = bytes(ord("1") if grey <= _LIGHTEST_INK else ord("0") for grey in range(256))
"""For bytes.translate: a grey dot as a binary digit."""
_MOST_PICTURE_BITS: Final = MEMORY_BYTES // 2 * 8
"""Of all pictures of a page, unpacked: those of three quarters of the memory were still drawn where this was tried."""
_UNTOLD_BITS: Final = 32
"""Of a dot whose bits the library does not tell."""
_DEEPEST: Final = 64
"""Forms within forms that are looked into; the library draws fewer."""
_ERRNO: Final = ctypes.CDLL(None)["__errno_location"]
"""Finds the C library's errno of this thread: ctypes has only a copy, which the library's own calls do not set."""
_ERRNO.restype = ctypes.POINTER(ctypes.c_int)


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
        drawn = _drawn(page, index + 1, request)
        if isinstance(drawn, NotDrawn):
            return drawn
        pages.append(drawn)
        page.close()
    return DrawnDots(tuple(pages)) if pages else NotDrawn(Undrawable.DAMAGED)


def _drawn(page: pypdfium2.PdfPage, number: int, request: RenderRequest) -> bytes | NotDrawn:
    """The dots of a page, or why it has none."""
    width, height = (_length(points) for points in page.get_size())
    fits_across = 0 < width <= request.width * request.across + _SLACK
    if not (fits_across and 0 < height <= request.height * request.down + _SLACK):
        return NotDrawn(Undrawable.PAGE_TOO_LARGE, number, width, height)
    if _picture_bits(page) > _MOST_PICTURE_BITS:
        return NotDrawn(Undrawable.MEMORY)
    try:
        return _dots(page, request, round(width / request.across), round(height / request.down))
    except MemoryError:
        return NotDrawn(Undrawable.MEMORY)


def _length(points: float) -> int:
    return min(round(points * UNITS_PER_INCH / _POINTS_PER_INCH), _LONGEST)


def _picture_bits(page: pypdfium2.PdfPage) -> int:
    """The bits of all pictures of a page, in forms too, when they are unpacked.

    A picture far above the memory is skipped by the library before it asks for memory.
    """
    found = 0
    for picture in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEEPEST):
        told = picture.get_metadata()
        found += told.width * told.height * (told.bits_per_pixel or _UNTOLD_BITS)
    return found


def _dots(page: pypdfium2.PdfPage, request: RenderRequest, width: int, height: int) -> bytes:
    """The sheet with a page of `width` x `height` dots on it.  Raises MemoryError."""
    bitmap = pypdfium2.PdfBitmap.new_native(request.width, request.height, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((_WHITE,) * 4, 0, 0, request.width, request.height)
    flags = pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING | pdfium.FPDF_GRAYSCALE
    # The library leaves a picture out for which it gets no memory, and does not say so. The C library does.
    _ERRNO()[0] = 0
    pdfium.FPDF_RenderPageBitmap(bitmap.raw, page.raw, 0, 0, max(width, 1), max(height, 1), 0, flags)
    if _ERRNO()[0] == errno.ENOMEM:
        raise MemoryError
    digits = bytes(bitmap.buffer).translate(_INK)
    unused = -request.width % 8
    return b"".join(
        (int(digits[at : at + request.width], 2) << unused).to_bytes(request.row_bytes, "big")
        for at in range(0, request.width * request.height, request.width)
    )
