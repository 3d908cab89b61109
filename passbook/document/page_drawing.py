"""The pages of a placed document as they will look: text at its place, the rules of the page, and its fold; pure rules.

Lengths are in 1/2160 inch from the top or left edge of the page, as in a plan.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import msgspec

from passbook.document.layout import BookLayout
from passbook.document.plan import NUMBER_MARK, Line, Plan, Sheet
from passbook.protocol.confidential import Confidential


class PlacedText(Confidential, frozen=True, rename="camel"):
    """Text at a place.

    Attributes:
        y: its base line.
        column: its first cell, from 1.
        cpi: cells to the inch.
        left: the beginning of cell 1.
        times: how often there was a strike on this line.
    """

    y: int
    column: int
    text: str
    cpi: float = 10.0
    left: int = 0
    times: int = 1


class Rule(NamedTuple):
    """A line of a page: its number from 1, and its base line."""

    line: int
    y: int


class DrawnPage(msgspec.Struct, frozen=True, rename="camel"):
    """One page.

    Attributes:
        number: of the page; 1 for a sheet.
        width: of the paper; 0 if it is not known.
        height: likewise.
        rules: its lines from the top.
        fold: the distance of its fold from the top; None for a page without one, or where it is not known.
        is_layout_changed: the layout of that name is not the one by which the document was placed.
    """

    number: int
    rules: tuple[Rule, ...]
    texts: tuple[PlacedText, ...]
    fold: int | None = None
    width: int = 0
    height: int = 0
    is_layout_changed: bool = False


def drawn_pages(plan: Plan, sheet: Sheet, layout: BookLayout | None) -> tuple[DrawnPage, ...]:
    """The pages that the plan prints on, in its order; `sheet` are the measures by which the document was placed.

    The layout gives rules and width.  One that was changed since is passed over; then the rules are those of the
    printed lines alone.
    """
    lines = [step for step in plan if isinstance(step, Line)]
    is_same = layout is not None and layout.sheet == sheet and all(_is_placed_by(line, layout) for line in lines)
    known = layout if is_same else None
    return tuple(_page(number, list(group), sheet, known) for number, group in groupby(lines, key=lambda one: one.page))


def _is_placed_by(line: Line, layout: BookLayout) -> bool:
    return layout.has(line.page, line.line) and layout.line_y(line.line) == line.y


def _page(number: int, lines: list[Line], sheet: Sheet, layout: BookLayout | None) -> DrawnPage:
    if layout is None:
        rules, width = tuple(Rule(line.line, line.y) for line in lines), 0
    else:
        rules = tuple(Rule(line, layout.line_y(line)) for line in range(1, layout.lines_per_page + 1))
        width = layout.page_width
    texts = [
        PlacedText(line.y, run.column, run.text.replace(NUMBER_MARK, "#"), float(sheet.cpi), sheet.left)
        for line in lines
        for run in line.runs
    ]
    fold = sheet.fold or None
    return DrawnPage(number, rules, tuple(texts), fold, width, sheet.height, is_layout_changed=layout is None)
