"""Small PDFs that tests make themselves: good ones, and ones that only a hostile sender makes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

SLIP: Final = (360, 576)
"""A page of 5 x 8 inches, in points."""
TEXT: Final = b"BT /F1 12 Tf 72 400 Td (Filiale am Markt) Tj ET"
"""The content of a page: a line of text."""
_PAGE_WITH_OBJECT: Final = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 360 576] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>"
)
BOX: Final = b"72 400 36 10 re f"
"""The content of a page: a black rectangle 1 inch from the left edge, 10 points high."""


def pdf(*contents: bytes, size: tuple[int, int] = SLIP, title: bytes = b"") -> bytes:
    """A document with a page for each content."""
    kids = b" ".join(b"%d 0 R" % (3 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
    ]
    for content in contents:
        objects += [_page(len(objects) + 2, size), stream(content)]
    info = b"" if not title else b" /Info << /Title (%s) >>" % title
    return written(objects, info)


def _page(content: int, size: tuple[int, int]) -> bytes:
    font = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    return b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources %s >>" % (
        *size,
        content,
        font,
    )


def stream(data: bytes, keys: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (keys, len(data), data)


def written(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """The file of these objects, the first of which is the catalogue."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (len(objects) + 1, table, end)


def many_pages(number: int) -> bytes:
    """A small document that says it has so many pages: all of them are the same one."""
    kids = b"3 0 R " * number
    return written(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count %d /Kids [%s] >>" % (number, kids),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 360 576] >>",
        ]
    )


def encrypted() -> bytes:
    """A document that opens only with a password."""
    keys = b"/Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s>" % (b"5a" * 32, b"a5" * 32)
    return pdf(TEXT).replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << %s >> /ID [<00> <00>]" % keys)


def endless() -> bytes:
    """A small document that takes many minutes to draw: a program reckons every dot of 200 shadings."""
    program = stream(
        b"{ add %s pop 0.5 }" % (b"dup sin add " * 1000), b"/FunctionType 4 /Domain [0 360 0 576] /Range [0 1]"
    )
    resources = b"<< /Shading << /S 5 0 R >> >>"
    return written(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 360 576] /Contents 4 0 R /Resources %s >>" % resources,
            stream(b"/S sh " * 200),
            b"<< /ShadingType 1 /ColorSpace /DeviceGray /Domain [0 360 0 576] /Function 6 0 R >>",
            program,
        ]
    )


def swelling() -> bytes:
    """A document that needs more memory than there is: forms that draw a form twenty times, twelve deep."""
    depth = 12
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        _PAGE_WITH_OBJECT,
        stream(b"/F Do " * 20),
    ]
    for level in range(depth):
        keys = b"/Type /XObject /Subtype /Form /BBox [0 0 360 576] /Resources << /XObject << /F %d 0 R >> >>"
        content = b"0 0 360 576 re f" if level == depth - 1 else b"/F Do " * 20
        objects.append(stream(content, keys % (6 + level)))
    return written(objects)


def bomb() -> bytes:
    """A small document with a picture of 30000 x 30000 dots, packed twice."""
    return with_object(b"360 0 0 576 0 0 cm /F Do", black(30_000))


def with_object(content: bytes, *objects: bytes, more: bytes = b"") -> bytes:
    """A page with this content, in which F is the first of the objects; they are numbered from 5."""
    page = _PAGE_WITH_OBJECT[: -len(b">>")] + more + b" >>"
    head = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"]
    return written([*head, page, stream(content), *objects])


def black(side: int, space: bytes = b"Gray", keys: bytes = b"") -> bytes:
    """A black picture of so many dots each way, packed twice."""
    row, once = bytes(side * (3 if space == b"RGB" else 1)), zlib.compressobj(1)
    packed = zlib.compress(b"".join(once.compress(row) for _ in range(side)) + once.flush(), 9)
    kind = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace /Device%s %s"
    return stream(packed, kind % (side, side, space, keys + b" /Filter [/FlateDecode /FlateDecode]"))


def form(content: bytes) -> bytes:
    """A form of the size of the page, in which F is the object behind it."""
    keys = b"/Type /XObject /Subtype /Form /BBox [0 0 360 576] /Resources << /XObject << /F 6 0 R >> >>"
    return stream(content, keys)
