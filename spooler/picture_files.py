"""Pictures of pages as files; a file of another program is never overwritten."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from passbook.errors import PassbookError
from storage import files

_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_MARK: Final = ("Software", "passbook")
_MARKED_WITHIN: Final = 200
"""Bytes of a picture among which its mark stands: Pillow writes it before the dots."""


def save_picture(file: Path, picture: Image.Image, mode: int) -> None:
    """Write a picture with these permissions.

    Raises PassbookError `file-problem`, also where another file is there that is no picture of this software.
    """
    if files.exists(file) and not _is_own(files.read(file)):
        why = "it exists already, is no picture that this software wrote, and is not overwritten; name another file"
        raise PassbookError("file-problem", file=str(file), why=why)
    mark = PngInfo()
    mark.add_text(*_MARK)
    data = BytesIO()
    picture.save(data, "PNG", pnginfo=mark)
    files.save_file(file, data.getvalue(), mode)


def _is_own(data: bytes) -> bool:
    return data.startswith(_HEAD) and "\0".join(_MARK).encode() in data[:_MARKED_WITHIN]
