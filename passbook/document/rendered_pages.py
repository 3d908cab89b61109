"""What the renderer is asked and what it answers: pages or texts as dots, one bit each; pure rules.

The renderer reads documents of strangers, and shapes scripts with a font, so its answer is judged as the input of a
peer.
"""

from __future__ import annotations

from collections.abc import Sequence
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
MOST_FONT: Final = 8 * 1024 * 1024
"""Bytes of a font: those of most scripts have a few hundred thousand."""
MOST_TEXTS: Final = 2000
"""Texts of one request: more than the longest book has lines."""
LONGEST_TEXT: Final = 400
"""Characters of a text that is drawn; no line of a layout holds more."""
MOST_REQUEST: Final = MOST_FONT + 4 * 1024 * 1024
"""Bytes of a request: a document of the largest size, or a font and the longest texts."""
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


class RenderRequest(Confidential, frozen=True, array_like=True, tag="pages"):
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


class TextRequest(Confidential, frozen=True, array_like=True, tag="texts"):
    """Draw each text in one line with a font, as large as the rows allow.

    Attributes:
        font: the file of a TrueType or OpenType font.
        across: the distance of two dots of a row in 1/2160 inch.
        down: the distance of two rows in 1/2160 inch.
        above: rows above the base line.
        below: rows below it.
    """

    font: bytes
    texts: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)], ...], msgspec.Meta(max_length=MOST_TEXTS)
    ]
    across: _Length
    down: _Length
    above: Annotated[int, msgspec.Meta(ge=1, le=64)]
    below: Annotated[int, msgspec.Meta(ge=1, le=64)]

    @property
    def rows(self) -> int:
        """The rows of a text."""
        return self.above + self.below


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
    NO_FONT = "no-font"
    """The font cannot be read."""
    NO_GLYPH = "no-glyph"
    """The font has no picture for character `width` of text `number`, both counted from 1."""
    NO_SHAPING = "no-shaping"
    """The library cannot join or order the letters of text `number`, which its script needs."""


class DrawnDots(Confidential, frozen=True, array_like=True, tag="drawn"):
    """The pages in order: rows from the top, bits from the left with the highest first, 1 is ink."""

    pages: tuple[bytes, ...]


class NotDrawn(msgspec.Struct, frozen=True, array_like=True, tag="not-drawn"):
    """A document that was not drawn, and what its sender may correct."""

    why: Undrawable
    number: _Number = 0
    width: _Number = 0
    height: _Number = 0


class TextPicture(Confidential, frozen=True, array_like=True):
    """One text: dots of a row, and rows from the top, bits from the left with the highest first, 1 is ink."""

    width: Annotated[int, msgspec.Meta(ge=0, le=MOST_DOTS)]
    dots: bytes


class DrawnTexts(Confidential, frozen=True, array_like=True, tag="texts"):
    """The texts in order."""

    texts: tuple[TextPicture, ...]


RenderAnswer: TypeAlias = DrawnDots | NotDrawn | DrawnTexts

_ENCODER: Final = msgspec.msgpack.Encoder()
_REQUESTS: Final[msgspec.msgpack.Decoder[RenderRequest | TextRequest]] = msgspec.msgpack.Decoder(
    RenderRequest | TextRequest
)
_ANSWERS: Final[msgspec.msgpack.Decoder[RenderAnswer]] = msgspec.msgpack.Decoder(RenderAnswer)


def row_bytes(width: int) -> int:
    """The bytes of a row of `width` dots.

    >>> row_bytes(8), row_bytes(9)
    (1, 2)
    """
    return (width + 7) // 8


def encode_rendering(message: RenderRequest | TextRequest | RenderAnswer) -> bytes:
    """A request or an answer as msgpack."""
    return _ENCODER.encode(message)


def decode_render_request(data: bytes) -> RenderRequest | TextRequest:
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
    if isinstance(answer, DrawnTexts) or not 1 <= len(answer.pages) <= request.most_pages:
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
        case Undrawable.TIME | Undrawable.MEMORY:
            seconds, memory = f"{CPU_SECONDS} seconds", f"{MEMORY_BYTES // 1024**2} MiB of memory, or is damaged"
            return PassbookError("pdf-too-costly", limit=seconds if answer.why is Undrawable.TIME else memory)
        case _:
            return PassbookError("renderer-failed", why="its answer is about texts, and pages were asked for")


def read_texts(data: bytes, request: TextRequest, places: Sequence[str]) -> tuple[TextPicture, ...]:
    """The pictures of an answer to `request`; `places` name its texts in an error.

    Raises:
        PassbookError: `font-not-readable`, `font-lacks-character` or `text-too-costly` for texts that were not drawn;
            `renderer-failed` for what is no answer to the request.
    """
    try:
        answer = _ANSWERS.decode(data)
    except (ValueError, RecursionError):
        raise PassbookError("renderer-failed", why="its answer cannot be read") from None
    if isinstance(answer, NotDrawn):
        raise _text_refusal(answer, request, places)
    if not isinstance(answer, DrawnTexts) or len(answer.texts) != len(request.texts):
        raise PassbookError("renderer-failed", why="its answer has another number of texts")
    for picture in answer.texts:
        unused, size = (1 << (-picture.width % 8)) - 1, row_bytes(picture.width)
        ends = picture.dots[size - 1 :: size] if size else b""
        if len(picture.dots) != size * request.rows or any(last & unused for last in ends):
            raise PassbookError("renderer-failed", why="its answer has a text of another size")
    return answer.texts


def _text_refusal(answer: NotDrawn, request: TextRequest, places: Sequence[str]) -> PassbookError:
    known = {
        Undrawable.NO_FONT: PassbookError("font-not-readable"),
        Undrawable.TIME: PassbookError("text-too-costly", limit=f"{CPU_SECONDS} seconds"),
        Undrawable.MEMORY: PassbookError("text-too-costly", limit=f"{MEMORY_BYTES // 1024**2} MiB of memory"),
    }
    if answer.why in known:
        return known[answer.why]
    if not 1 <= answer.number <= len(request.texts):
        return PassbookError("renderer-failed", why="its answer is not about the texts that were asked for")
    place, length = places[answer.number - 1], len(request.texts[answer.number - 1])
    if answer.why is Undrawable.NO_GLYPH and 1 <= answer.width <= length:
        return PassbookError("font-lacks-character", where=place, number=answer.width)
    why = f"it has no Raqm with FriBidi, which the script of {place} needs"
    if answer.why is not Undrawable.NO_SHAPING:
        why = "its answer is not about the texts that were asked for"
    return PassbookError("renderer-failed", why=why)


def _millimetres(width: int, height: int) -> str:
    return f"{width * MM_PER_UNIT:.0f} x {height * MM_PER_UNIT:.0f} mm"
