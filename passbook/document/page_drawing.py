"""The pages of a placed document as they will look: text and dots at their places, rules and fold; pure rules.

Lengths are in 1/2160 inch from the top or left edge of the page, as in a plan.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from passbook.document.layout import BookLayout
from passbook.document.pitches import exact_pitch
from passbook.document.plan import NUMBER_MARK, Band, Line, Plan, Sheet, books_of
from passbook.document.rendered_pages import row_bytes
from passbook.protocol.confidential import Confidential


class PlacedText(Confidential, frozen=True, rename="camel"):
    """Text at a place.

    Attributes:
        y: its base line.
        column: its first cell, from 1.
        cpi: cells to the inch.
        left: the beginning of cell 1.
        times: how often there was a strike on this line.
        wide: each letter takes two cells.
    """

    y: int
    column: int
    text: str
    cpi: float = 10.0
    left: int = 0
    times: int = 1
    wide: bool = False

    @property
    def cells(self) -> int:
        """The cells of a letter."""
        return 2 if self.wide else 1


class PlacedDots(Confidential, frozen=True, rename="camel"):
    """A rectangle of dots at a place.

    Attributes:
        y: its top edge.
        x: its left edge.
        width: dots of a row.
        across: the distance of two dots of a row.
        down: the distance of two rows.
        dots: rows from the top, each in whole bytes, from the left with the highest bit first; 1 is ink.
        times: how often it was struck.
    """

    y: int
    x: int
    width: int
    across: int
    down: int
    dots: bytes
    times: int = 1

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.dots) // row_bytes(self.width)


class Rule(NamedTuple):
    """A line of a page: its number from 1, and its base line."""

    line: int
    y: int


class DrawnPage(msgspec.Struct, frozen=True, rename="camel"):
    """One page.

    Attributes:
        number: of the page; 1 for a sheet.
        book: of several books of a job the number of its book, from 1.
        width: of the paper; 0 if it is not known.
        height: likewise.
        rules: its lines from the top.
        fold: the distance of its fold from the top; None for a page without one, or where it is not known.
        dots: the bands of a picture.
        is_layout_changed: the layout of that name is not the one by which the document was placed.
    """

    number: int
    rules: tuple[Rule, ...]
    texts: tuple[PlacedText, ...]
    fold: int | None = None
    width: int = 0
    height: int = 0
    is_layout_changed: bool = False
    dots: tuple[PlacedDots, ...] = ()
    book: int = 1


def drawn_pages(plan: Plan, sheet: Sheet, layout: BookLayout | None) -> tuple[DrawnPage, ...]:
    """The pages that the plan prints on, in its order; `sheet` are the measures by which the document was placed.

    The layout gives rules and width.  One that was changed since is passed over; then the rules are those of the
    printed lines alone.
    """
    steps = [(book, step) for book, step in zip(books_of(plan), plan, strict=True) if isinstance(step, Line | Band)]
    is_same = layout is not None and layout.sheet == sheet and all(_is_placed_by(step, layout) for _, step in steps)
    known = layout if is_same else None
    return tuple(
        replace(_page(number, [step for _, step in group], sheet, known), book=book)
        for (book, number), group in groupby(steps, key=lambda one: (one[0], one[1].page))
    )


def _is_placed_by(step: Line | Band, layout: BookLayout) -> bool:
    """Whether a line stands where the layout has it; bands stand on no line."""
    return isinstance(step, Band) or (
        layout.has(step.page, step.line) and layout.line_y(step.page, step.line) == step.y
    )


def _page(number: int, steps: list[Line | Band], sheet: Sheet, layout: BookLayout | None) -> DrawnPage:
    lines = [step for step in steps if isinstance(step, Line)]
    dots = tuple(
        PlacedDots(step.y, step.x, step.width, step.across, step.down, step.dots)
        for step in steps
        if isinstance(step, Band)
    )
    if layout is None:
        rules, width = tuple(Rule(line.line, line.y) for line in lines), 0
    else:
        ruled = layout.page_lines(number).numbers() if lines else ()
        rules = tuple(Rule(line, layout.line_y(number, line)) for line in ruled)
        width = layout.page_width
    texts = [
        PlacedText(
            line.y, run.column, run.text.replace(NUMBER_MARK, "#"), exact_pitch(sheet.cpi), sheet.left, wide=run.wide
        )
        for line in lines
        for run in line.runs
    ]
    fold = sheet.fold or None
    changed = layout is None
    return DrawnPage(number, rules, tuple(texts), fold, width, sheet.height, is_layout_changed=changed, dots=dots)
