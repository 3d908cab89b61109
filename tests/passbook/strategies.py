"""What the tests of documents, layouts and plans draw from, and the layouts that come with the appliance."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

from hypothesis import strategies as st

from passbook.document.documents import Entry, PassbookUpdate, StartLine, TextDocument
from passbook.document.layout import CAPITAL_HEIGHT, BookLayout, LayoutKind
from passbook.document.layout_file import parse_layout
from passbook.document.layout_parts import Align, Column, ColumnName, Fold, PageLines


def shipped(name: str) -> BookLayout:
    return parse_layout(name, layout_bytes(name), f"{name}.toml")


def layout_bytes(name: str) -> bytes:
    return files("passbook.layouts").joinpath(f"{name}.toml").read_bytes()


PARTS = [one for one in ColumnName if one is not ColumnName.AMOUNT]
"""The columns of most books."""
SAVINGS = shipped("savings-24")
SHEET = shipped("sheet")

printable = st.text(st.characters(codec="cp858", categories=["L", "N", "P", "S"]), max_size=14)
digits = st.none() | st.integers(0, 9_999_999)
entries = st.builds(
    Entry, date=st.just(date(2026, 3, 2)), text=printable, withdrawal=digits, deposit=digits, balance=digits
)
lines = st.text(st.characters(codec="cp858", categories=["L", "N", "P", "S"]), max_size=30)


def fold_band(layout: BookLayout) -> range:
    """The distances from the top edge that no base line may have because the fold is there; empty without a fold."""
    fold = layout.usual_page.fold
    if fold is None:
        return range(0)
    above = layout.line_y(layout.pages[1], fold.after)
    return range(above + 1, above + fold.gap_units + CAPITAL_HEIGHT)


@st.composite
def books(draw: st.DrawFn) -> BookLayout:
    """A book of any possible geometry whose columns hold every drawn entry."""
    lines_per_page = draw(st.integers(1, 30))
    fold = draw(st.none() | st.integers(1, lines_per_page - 1)) if lines_per_page > 1 else None
    first_page = draw(st.integers(1, 3))
    gap = draw(st.integers(1, 3000)) if fold else 0
    first_y, pitch = draw(st.integers(210, 3000)), draw(st.integers(210, 800))
    return BookLayout(
        name="drawn",
        kind=LayoutKind.PASSBOOK,
        page_width=14000,
        page_height=first_y + pitch * (lines_per_page - 1) + gap + draw(st.integers(0, 500)),
        usual_page=PageLines(
            first_y, pitch, lines_per_page, Fold(fold, fold, gap) if fold else None, (1, lines_per_page)
        ),
        pages=(first_page, first_page + draw(st.integers(0, 5))),
        cpi=10,
        left_units=draw(st.integers(0, 500)),
        columns_total=60,
        columns=tuple(
            Column(name, start, 14 if name is ColumnName.TEXT else 10, draw(st.sampled_from(Align)))
            for name, start in zip(PARTS, (1, 12, 27, 38, 49), strict=True)
        ),
    )


@st.composite
def updates(draw: st.DrawFn, layout: BookLayout) -> PassbookUpdate:
    """An update that fits into the book, wherever it starts."""
    page = draw(st.integers(*layout.pages))
    line = draw(st.integers(1, layout.lines_per_page))
    room = layout.lines_left(page, line)
    return PassbookUpdate(
        layout=layout.name,
        account="0815",
        currency="JPY",
        start=StartLine(page, line),
        entries=tuple(draw(st.lists(entries, min_size=1, max_size=min(room, 40)))),
    )


texts = st.lists(lines, min_size=1, max_size=SHEET.lines_per_page).filter(any).map(lambda ls: TextDocument(tuple(ls)))
