"""Rows as comma-separated values (RFC 4180), which no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The beginning of a cell that a spreadsheet may calculate; the last four are full-width forms."""


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Headings and rows, each line ended by CR LF; an apostrophe before a cell keeps it text in a spreadsheet.

    >>> csv_text(["name"], [["=1+1"], ["a, b"]]).splitlines()
    ['name', "'=1+1", '"a, b"']
    """
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[_as_text(cell) for cell in row] for row in (headings, *rows)])
    return text.getvalue()


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
