"""A page as it will be printed, as lines of text for a screen: one row for each line of the page, and its fold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from passbook.document.page_drawing import DrawnPage, PlacedText
from passbook.document.plan import MM_PER_UNIT
from passbook.screen.columns import harmless
from passbook.screen.screen_cells import cut_to, pad_to, screen_cells

_ROW: Final = "{line:3} |"
_FOLD: Final = "    - - - fold - - -"
_PICTURE: Final = "    | a picture, {top} to {bottom} mm from the top edge (--out PLACE writes it)"
_CUT: Final = "~"
"""The end of a text that is longer than its row."""


def page_rows(page: DrawnPage, width: int | None) -> list[str]:
    """The rows of a page up to its last printed line.

    A row wider than the screen drops blanks between columns; a `width` of None is that of no screen, and nothing drops.
    """
    return list(_rows(page, width))


def _rows(page: DrawnPage, width: int | None) -> Iterator[str]:
    printed = {y: list(texts) for y, texts in groupby(page.texts, key=lambda text: text.y)}
    last = max(printed, default=0)
    if page.dots:
        top, bottom = page.dots[0].y, max(one.y + one.rows * one.down for one in page.dots)
        yield _PICTURE.format(top=round(top * MM_PER_UNIT), bottom=round(bottom * MM_PER_UNIT))
    was_above = True
    for rule in page.rules:
        if rule.y > last:
            break
        if page.fold is not None and was_above and rule.y > page.fold:
            was_above = False
            yield _FOLD
        label = _ROW.format(line=rule.line)
        yield (label + _text(printed.get(rule.y, []), None if width is None else width - len(label))).rstrip()


def _text(texts: list[PlacedText], room: int | None) -> str:
    row = ""
    for text in texts:
        row = pad_to(row, text.column - 1) + harmless(text.text)
    if room is None:
        return row
    if screen_cells(row) > room:
        row = " ".join(harmless(text.text) for text in texts)
    return row if screen_cells(row) <= room else cut_to(row, room - len(_CUT)) + _CUT
