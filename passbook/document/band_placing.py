"""From drawn pages to bands at absolute places; pure rules.

Each page is a sheet of its own.  It is cut into bands as high as the head, from the top edge of the sheet, so that a
job that goes on at band k prints exactly band k.  Bands without ink are left out, and so is the white at
both ends of a band.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.plan import MOST_STEPS, Band, DotPitch, Eject, NextSheet, Plan, Step
from passbook.document.rendered_pages import MOST_DOTS, MOST_PAGE_BYTES, MOST_PAGES, RenderRequest, row_bytes
from passbook.errors import PassbookError


def request_pages(document: bytes, layout: BookLayout, pitch: DotPitch) -> RenderRequest:
    """What the renderer is asked for: the pages of a document as dots of the sheet of a layout.

    Raises PassbookError `layout-unfit` for a layout that is not of a sheet, or of one larger than any is drawn.
    """
    width, height = layout.page_width // pitch.across, layout.page_height // pitch.down
    is_drawn = 1 <= width <= MOST_DOTS and 1 <= height <= MOST_DOTS and row_bytes(width) * height <= MOST_PAGE_BYTES
    if layout.kind is not LayoutKind.TEXT or not is_drawn:
        raise PassbookError("layout-unfit", layout=layout.name, kind=layout.kind.value)
    most = min(MOST_PAGES, MOST_PAGE_BYTES // (row_bytes(width) * height))
    return RenderRequest(document, width, height, pitch.across, pitch.down, most)


def place_bands(pages: Sequence[bytes], request: RenderRequest, rows: int) -> Plan:
    """The steps that print the pages, bands of `rows` rows; each page is a sheet of its own.

    Raises PassbookError `document-empty` where no page has ink, and `pdf-too-costly` for too many bands.
    """
    steps: list[Step] = []
    for number, page in enumerate(pages, 1):
        bands = list(_bands(number, page, request, rows))
        if bands:
            steps += [*([NextSheet(number)] if steps else []), *bands]
    if not steps:
        raise PassbookError("document-empty")
    steps.append(Eject(steps[-1].page))
    if len(steps) > MOST_STEPS:
        raise PassbookError("pdf-too-costly", limit=f"{MOST_STEPS} bands")
    return tuple(steps)


def _bands(number: int, page: bytes, request: RenderRequest, rows: int) -> Iterator[Band]:
    row = request.row_bytes
    pitch = DotPitch(request.across, request.down, rows)
    for line, top in enumerate(range(0, request.height, rows), 1):
        strip = page[top * row : (top + rows) * row]
        bits = [int.from_bytes(strip[at : at + row], "big") for at in range(0, len(strip), row)]
        band = cut_band(number, line, top * request.down, bits, row * 8, pitch)
        if band is not None:
            yield band


def cut_band(page: int, line: int, y: int, rows: Sequence[int], right: int, pitch: DotPitch) -> Band | None:
    """The band of these rows without the white at both ends; None without ink.

    Each row is a number of `right` bits, whose highest one is the leftmost dot of the sheet.
    """
    ink = 0
    for bits in rows:
        ink |= bits
    if not ink:
        return None
    drop = (ink & -ink).bit_length() - 1
    width = ink.bit_length() - drop
    whole = row_bytes(width)
    dots = b"".join(((bits >> drop) << (whole * 8 - width)).to_bytes(whole, "big") for bits in rows)
    x = (right - ink.bit_length()) * pitch.across
    return Band(page, line, y, x, width, len(rows), pitch.across, pitch.down, dots)
