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
_END_OF_FILE: Final = "\x1a"
"""The end of a file of DOS; the rest of its last block is full of them."""


def decoded_text(data: bytes, encoding: Encoding = Encoding.UTF_8) -> str:
    """The text without its byte order mark and without the ends of file of DOS behind it.

    A mark wins over the named encoding, since the file itself says it.  Raises PassbookError `document-malformed`.
    """
    codec = CODECS[encoding]
    for mark, marked, name in _MARKS:
        if data.startswith(mark):
            data, codec, encoding = data[len(mark) :], marked, name
            break
    if encoding is not Encoding.UTF_16 and data.count(0) * _ZEROS_OF_UTF_16 >= len(data) > 0:
        why = "it has zero bytes, as a UTF-16 file has whose byte order mark is missing"
        how = "Save it as UTF-8, or as UTF-16 with its mark"
        raise PassbookError("document-malformed", where="the whole file", why=why, how=how)
    try:
        return data.decode(codec).rstrip(_END_OF_FILE)
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
