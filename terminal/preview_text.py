"""A page as it will be printed, as lines of text for a screen: one row for each line of the page, and its fold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from passbook.document.page_drawing import DrawnPage, PlacedText
from passbook.document.plan import MM_PER_UNIT
from passbook.screen.columns import harmless, short
from terminal.picture import USUAL_WIDTH

_ROW: Final = "{line:3} |"
_FOLD: Final = "    - - - fold - - -"
_PICTURE: Final = "    | a picture, {top} to {bottom} mm from the top edge (--out PLACE writes it)"
_CUT: Final = "~"
"""The end of a text that is longer than its row."""


def caption(job: str, layout: str, page: DrawnPage, following: DrawnPage | None) -> str:
    """The job and its page, and the page to which a person turns then; None for the last one."""
    then = ""
    if following is not None:
        is_new = following.book != page.book
        then = f"; then a new book, page {following.number}" if is_new else f"; then turn to page {following.number}"
    changed = " (changed since: without its rules and edges)" if page.is_layout_changed else ""
    book = f", book {page.book}" if page.book > 1 else ""
    return f"Job {short(job)}, {layout}{changed}{book}, page {page.number}{then}"


def page_rows(page: DrawnPage, width: int | None) -> list[str]:
    """The rows of a page up to its last printed line; a row wider than the screen drops blanks between columns."""
    return list(_rows(page, width or USUAL_WIDTH))


def _rows(page: DrawnPage, width: int) -> Iterator[str]:
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
        yield (label + _text(printed.get(rule.y, []), width - len(label))).rstrip()


def _text(texts: list[PlacedText], room: int) -> str:
    row = ""
    for text in texts:
        row = row.ljust(text.column - 1) + harmless(text.text)
    if len(row) > room:
        row = " ".join(harmless(text.text) for text in texts)
    return row if len(row) <= room else row[: room - len(_CUT)] + _CUT
