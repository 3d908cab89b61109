"""The text of a document's bytes: by its mark, else in the encoding that is named."""

from __future__ import annotations

import codecs
from typing import Final

from passbook.document.import_profile import CODECS, Encoding
from passbook.errors import PassbookError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8", Encoding.UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16-le", Encoding.UTF_16),
    (codecs.BOM_UTF16_BE, "utf-16-be", Encoding.UTF_16),
)
"""Byte order mark -> the codec that it says."""
_ZEROS_OF_UTF_16: Final = 4
"""A text of Western letters in UTF-16 has a zero in each second byte; one zero in so many bytes tells of it."""
_END_OF_FILE: Final = b"\x1a"
"""The end of a file of DOS; the rest of its last block is full of them, or of zeros."""
_BEHIND_THE_END: Final = b"\x1a\0\r\n"
_HAS_PAIRS: Final = frozenset({Encoding.SHIFT_JIS, Encoding.TIS_620})
"""Encodings in which two letters may be a letter of UTF-8 of two bytes; hardly ever three are one of three."""
_FIRST_OF_THREE_BYTES: Final = "\u0800"


def decoded_text(data: bytes, encoding: Encoding = Encoding.UTF_8) -> str:
    """The text without its byte order mark and without the ends of file of DOS behind it.

    A mark wins over the named encoding, since the file itself says it.  Raises PassbookError `document-malformed`.
    """
    codec = CODECS[encoding]
    for mark, marked, name in _MARKS:
        if data.startswith(mark):
            data, codec, encoding = data[len(mark) :], marked, name
            break
    data = data if encoding is Encoding.UTF_16 else _without_end(data)
    if encoding is not Encoding.UTF_16 and data.count(0) * _ZEROS_OF_UTF_16 >= len(data) > 0:
        why = "it has zero bytes, as a UTF-16 file has whose byte order mark is missing"
        how = "Save it as UTF-8, or as UTF-16 with its mark"
        raise PassbookError("document-malformed", where="the whole file", why=why, how=how)
    if encoding not in {Encoding.UTF_8, Encoding.UTF_16} and _is_utf_8(data, encoding):
        why = f"its letters are those of UTF-8, and the import profile says {encoding.value}"
        how = f"Save it as {encoding.value}, or as UTF-8 with its byte order mark"
        raise PassbookError("document-malformed", where="the whole file", why=why, how=how)
    try:
        return data.decode(codec).rstrip(_END_OF_FILE.decode())
    except UnicodeDecodeError as error:
        at = error.start
    line = data.count(b"\n", 0, at) + 1
    if encoding is Encoding.UTF_8:
        how = "Save it as UTF-8; for a CSV file an import profile can name its encoding (--import)"
    else:
        how = "Save it as UTF-8, or name an import profile with the encoding that it has (--import)"
    raise PassbookError(
        "document-malformed", where=f"byte {at + 1}, in line {line}", why=f"it is not {encoding.value.upper()}", how=how
    )


def _without_end(data: bytes) -> bytes:
    """The bytes up to an end of file of DOS behind which nothing stands."""
    at = data.find(_END_OF_FILE)
    return data if at < 0 or data[at:].strip(_BEHIND_THE_END) else data[:at]


def _is_utf_8(data: bytes, encoding: Encoding) -> bool:
    """Whether all letters beyond ASCII are letters of UTF-8, which texts in that encoding hardly ever are."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return max(text, default="") >= (_FIRST_OF_THREE_BYTES if encoding in _HAS_PAIRS else "\x80")
