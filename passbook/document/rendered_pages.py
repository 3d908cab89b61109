"""What the renderer is asked and what it answers: pages of dots, one bit each; pure rules.

The renderer reads documents of strangers, so its answer is judged as the input of a peer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

from passbook.document.plan import MM_PER_UNIT, UNITS_PER_INCH
from passbook.errors import PassbookError
from passbook.protocol.confidential import Confidential

MOST_PAGES: Final = 10
"""Pages of a document; each one is a sheet that a person puts in."""
MOST_PAGE_BYTES: Final = 2 * 1024 * 1024
"""Bytes of the dots of all pages together."""
MOST_REQUEST: Final = 1024 * 1024 + 4096
"""Bytes of a request: a document of the largest size, and some more."""
MOST_ANSWER: Final = MOST_PAGE_BYTES + 4096
"""Bytes of an answer."""
CPU_SECONDS: Final = 8
"""Processor time of one drawing."""
WALL_SECONDS: Final = 12
"""Time of one drawing by the clock."""
MEMORY_BYTES: Final = 384 * 1024 * 1024
"""Address space of one drawing; the program and its library take a fifth of it."""

MOST_DOTS: Final = 16_384
"""Dots of a row, and rows, of a sheet."""
_Dots = Annotated[int, msgspec.Meta(ge=1, le=MOST_DOTS)]
_Length = Annotated[int, msgspec.Meta(ge=1, le=UNITS_PER_INCH)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class RenderRequest(Confidential, frozen=True, array_like=True):
    """Draw each page of a PDF in its own size, with the top left corner on that of the sheet.

    Attributes:
        width: dots of a row of the sheet.
        height: rows of the sheet.
        across: the distance of two dots of a row in 1/2160 inch.
        down: the distance of two rows in 1/2160 inch.
        most_pages: pages that are drawn; a document with more is refused.
    """

    document: bytes
    width: _Dots
    height: _Dots
    across: _Length
    down: _Length
    most_pages: Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGES)]

    @property
    def row_bytes(self) -> int:
        """The bytes of one row; the bits behind its last dot are 0."""
        return row_bytes(self.width)


class Undrawable(StrEnum):
    """Why a document was not drawn."""

    DAMAGED = "damaged"
    """It is no PDF, or one that cannot be read."""
    ENCRYPTED = "encrypted"
    """It opens only with a password."""
    TOO_MANY_PAGES = "too-many-pages"
    """It has `number` pages."""
    PAGE_TOO_LARGE = "page-too-large"
    """Page `number` is larger than the sheet: `width` and `height` in 1/2160 inch."""
    TIME = "time"
    """The drawing took too long and was ended."""
    MEMORY = "memory"
    """The drawing needed too much memory, or broke the library that draws, and was ended."""


class DrawnDots(Confidential, frozen=True, array_like=True, tag="drawn"):
    """The pages in order: rows from the top, bits from the left with the highest first, 1 is ink."""

    pages: tuple[bytes, ...]


class NotDrawn(msgspec.Struct, frozen=True, array_like=True, tag="not-drawn"):
    """A document that was not drawn, and what its sender may correct."""

    why: Undrawable
    number: _Number = 0
    width: _Number = 0
    height: _Number = 0


RenderAnswer: TypeAlias = DrawnDots | NotDrawn

_ENCODER: Final = msgspec.msgpack.Encoder()
_REQUESTS: Final = msgspec.msgpack.Decoder(RenderRequest)
_ANSWERS: Final[msgspec.msgpack.Decoder[RenderAnswer]] = msgspec.msgpack.Decoder(RenderAnswer)


def row_bytes(width: int) -> int:
    """The bytes of a row of `width` dots.

    >>> row_bytes(8), row_bytes(9)
    (1, 2)
    """
    return (width + 7) // 8


def encode_rendering(message: RenderRequest | RenderAnswer) -> bytes:
    """A request or an answer as msgpack."""
    return _ENCODER.encode(message)


def decode_render_request(data: bytes) -> RenderRequest:
    """The inverse of encode_rendering for a request.  Raises ValueError or RecursionError on anything else."""
    return _REQUESTS.decode(data)


def read_rendering(data: bytes, request: RenderRequest) -> tuple[bytes, ...]:
    """The pages of an answer to `request`, each of the size of the sheet.

    Raises:
        PassbookError: `pdf-not-readable`, `pdf-encrypted`, `pdf-too-many-pages`, `pdf-page-too-large` or
            `pdf-too-costly` for a document that was not drawn; `renderer-failed` for what is no answer to the request.
    """
    try:
        answer = _ANSWERS.decode(data)
    except (ValueError, RecursionError):
        raise PassbookError("renderer-failed", why="its answer cannot be read") from None
    if isinstance(answer, NotDrawn):
        raise _refusal(answer, request)
    if not 1 <= len(answer.pages) <= request.most_pages:
        raise PassbookError("renderer-failed", why="its answer has another number of pages")
    unused = (1 << (-request.width % 8)) - 1
    for page in answer.pages:
        is_sheet = len(page) == request.row_bytes * request.height
        if not is_sheet or any(last & unused for last in page[request.row_bytes - 1 :: request.row_bytes]):
            raise PassbookError("renderer-failed", why="its answer has a page of another size")
    return answer.pages


def _refusal(answer: NotDrawn, request: RenderRequest) -> PassbookError:
    match answer.why:
        case Undrawable.DAMAGED:
            return PassbookError("pdf-not-readable")
        case Undrawable.ENCRYPTED:
            return PassbookError("pdf-encrypted")
        case Undrawable.TOO_MANY_PAGES:
            return PassbookError("pdf-too-many-pages", pages=answer.number, most=request.most_pages)
        case Undrawable.PAGE_TOO_LARGE:
            sheet = _millimetres(request.width * request.across, request.height * request.down)
            page = _millimetres(answer.width, answer.height)
            return PassbookError("pdf-page-too-large", page=answer.number, size=page, sheet=sheet)
        case Undrawable.TIME:
            return PassbookError("pdf-too-costly", limit=f"{CPU_SECONDS} seconds")
        case Undrawable.MEMORY:
            return PassbookError("pdf-too-costly", limit=f"{MEMORY_BYTES // 1024**2} MiB of memory, or is damaged")


def _millimetres(width: int, height: int) -> str:
    return f"{width * MM_PER_UNIT:.0f} x {height * MM_PER_UNIT:.0f} mm"
