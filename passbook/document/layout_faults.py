"""What is impossible about a layout: each fault with its place, what was found, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from passbook.document.amount_style import amount_faults
from passbook.document.characters import control_position, usual_cells
from passbook.document.date_style import date_faults, print_date
from passbook.document.layout import CAPITAL_HEIGHT, BookLayout, LayoutKind
from passbook.document.layout_parts import Align, Column, ColumnName, FixedText, Overflow, PageLines
from passbook.document.lengths import shown_length
from passbook.document.next_book import next_book_faults
from passbook.document.pitches import PITCHES, pitch_names
from passbook.document.typography import substitute_faults

PAGE_WORDS: Final = ("page", "account", "currency")
"""The words in braces in a heading or footer that stand for facts of a document."""
_WORD: Final = re.compile(r"\{([^{}]*)\}")
_AMOUNTS: Final = frozenset({ColumnName.WITHDRAWAL, ColumnName.DEPOSIT, ColumnName.BALANCE, ColumnName.AMOUNT})
_DAYS: Final = tuple(date(1985, month, 28) for month in range(1, 13))
"""Days that take the most cells in any pattern: two digits of an era, of a day, and each month."""


class Fault(NamedTuple):
    """The place of a fault (`column 2, width`), and its cause with what is allowed; both without a full stop."""

    where: str
    why: str


class _Taken(NamedTuple):
    """A place on a line that something is printed on."""

    line: int
    start: int
    end: int
    what: str


def layout_faults(layout: BookLayout) -> Iterator[Fault]:
    """Every fault of a layout whose numbers are in themselves right."""
    if layout.cpi not in PITCHES:
        yield Fault("cpi", f"{layout.cpi} is no pitch; it must be one of {pitch_names()}")
        return
    yield from _page_faults(layout)
    yield from _edge_faults(layout)
    yield from (Fault(where, why) for where, why, wrong in substitute_faults(layout.substitutes) if wrong)
    if layout.kind is LayoutKind.FORM:
        yield from _form_faults(layout)
    if layout.kind is LayoutKind.PASSBOOK:
        yield from _column_faults(layout)
        yield from _balance_faults(layout)
        yield from (Fault(where, why) for where, why in next_book_faults(layout))
        for key, texts in (("carried", layout.carried), ("brought", layout.brought)):
            for number, text in enumerate(texts, 1):
                yield from _control_faults(f"{key}, text {number}", text)
        yield from (Fault(f"amounts, {key}", why) for key, why in amount_faults(layout.amounts))
        yield from (Fault(f"dates, {key}", why) for key, why in date_faults(layout.dates))


def _page_faults(layout: BookLayout) -> Iterator[Fault]:
    first, last = layout.pages
    if last < first:
        yield Fault("pages", f"the last page, {last}, comes before the first, {first}; allowed is {first} or later")
        return
    for key, lines in (("", layout.usual_page), ("first_page, ", layout.first_page)):
        if lines is None:
            continue
        faults = list(_line_faults(lines, layout))
        yield from (Fault(key + one.where, one.why) for one in faults)
        if faults:
            return


def _line_faults(lines: PageLines, layout: BookLayout) -> Iterator[Fault]:
    """The faults of the lines of one page."""
    if lines.first_y < CAPITAL_HEIGHT:
        why = f"the tops of line 1 would be off the page: it is {shown_length(lines.first_y)}"
        yield Fault("first_line", f"{why}; allowed is {shown_length(CAPITAL_HEIGHT)} or more")
    if lines.pitch_units < CAPITAL_HEIGHT:
        why = f"the lines would overlap: it is {shown_length(lines.pitch_units)}"
        yield Fault("pitch", f"{why}; allowed is {shown_length(CAPITAL_HEIGHT)} or more")
    yield from _fold_faults(lines)
    lowest, lower = lines.y(lines.count), max(layout.staggering, default=0)
    if lowest + lower > layout.page_height:
        key = "lines_per_page" if lowest > layout.page_height else "staggering"
        why = (
            f"the last line would be off the page: line {lines.count} ends {shown_length(lowest + lower)} below the top"
        )
        yield Fault(key, f"{why} edge; allowed is {shown_length(layout.page_height)}, the height of the page")
    first, last = lines.entries
    for key, texts in (("heading", lines.heading), ("footer", lines.footer)):
        for number, text in enumerate(texts, 1):
            yield from _page_text_faults(f"{key} {number}", text, lines)
            if (text.line >= first) if key == "heading" else (text.line <= last):
                allowed = f"above {first}" if key == "heading" else f"below {last}"
                why = f"it stands on line {text.line} among the entries; allowed are lines {allowed}"
                yield Fault(f"{key} {number}, line", why)
    yield from _overlaps(
        [
            _taken(f"{key} {n}", one)
            for key, texts in (("heading", lines.heading), ("footer", lines.footer))
            for n, one in enumerate(texts, 1)
        ]
    )
    yield from _entry_span_faults(lines, layout)


def _entry_span_faults(lines: PageLines, layout: BookLayout) -> Iterator[Fault]:
    first, last = lines.entries
    if last > lines.count:
        yield Fault("entries", f"they end on line {last}; allowed are the lines 1 to {lines.count}")
    free = sum(not lines.is_on_fold(line) for line in range(first, min(last, lines.count) + 1))
    needed = 1 + bool(layout.page_brought) + bool(layout.page_carried)
    if free < needed:
        yield Fault("entries", f"heading, footer and fold leave {free} lines for entries; allowed are {needed} or more")


def _fold_faults(lines: PageLines) -> Iterator[Fault]:
    fold = lines.fold
    if fold is None:
        return
    if fold.last >= lines.count:
        on = fold.after if fold.last == fold.after else fold.last
        key = "after" if fold.last == fold.after else "last"
        yield Fault(f"fold, {key}", f"no line is below the fold: it is {on}; allowed are 1 to {lines.count - 1}")
        return
    if fold.last == fold.after and fold.gap_units == 0:
        yield Fault("fold, gap", "the fold has no gap: it is 0 mm; allowed is more")
    above, top = lines.y(fold.after), lines.y(fold.last + 1) - CAPITAL_HEIGHT
    if fold.at is not None and not above <= fold.at <= top:
        through = fold.after if fold.at < above else fold.last + 1
        yield Fault(
            "fold, at",
            f"the fold goes through line {through} or lies beyond it: it is {shown_length(fold.at)}; allowed are "
            f"{shown_length(above)} to {shown_length(top)}, between the lines {fold.after} and {fold.last + 1}",
        )


def _edge_faults(layout: BookLayout) -> Iterator[Fault]:
    right = layout.left_units + layout.columns_total * layout.cell_units
    if right > layout.page_width:
        where = "columns" if layout.columns else "width"
        room = int((layout.page_width - layout.left_units) / layout.cell_units)
        why = f"it reaches over the right edge: cell {layout.columns_total} is the last one"
        yield Fault(where, f"{why}; allowed are {max(room, 0)} cells of {layout.cpi} to the inch")


def _column_faults(layout: BookLayout) -> Iterator[Fault]:
    names = [column.name for column in layout.columns]
    if len(set(names)) < len(names):
        yield Fault("columns", f"two have the same name: {', '.join(names)}; allowed is one of each")
    for left_one, right_one in pairwise(layout.columns):
        if left_one.end >= right_one.start:
            why = f"{left_one.name} and {right_one.name} overlap: cell {right_one.start} is one of both"
            yield Fault("columns", f"{why}; allowed is a start after cell {left_one.end}")
    for column in layout.columns:
        yield from (Fault(f"column {column.name}, {key}", why) for key, why in _one_column(column, layout))
    split = {ColumnName.WITHDRAWAL.value, ColumnName.DEPOSIT.value} & set(names)
    if ColumnName.AMOUNT in names and split:
        yield Fault("columns", f"amount stands beside {' and '.join(sorted(split))}; allowed is amount or the two")


def _one_column(column: Column, layout: BookLayout) -> Iterator[tuple[str, str]]:
    """The faults of one column: key, and cause with what is allowed."""
    known = [one.value for one in ColumnName]
    if column.own and column.name in known:
        yield "own", f"{column.name} has a meaning of its own; allowed is own = true for other names"
    if not column.own and column.name not in known:
        yield (
            "name",
            (
                f"there is no such part of an entry; it must be one of {', '.join(known)}, "
                "or any other name beside own = true"
            ),
        )
    is_text = column.own or column.name == ColumnName.TEXT
    is_amount = column.name in _AMOUNTS
    if not is_text and column.overflow is not Overflow.REFUSE:
        yield "overflow", f"{column.overflow} is for texts; allowed is refuse, since part of it would be wrong"
    for key, value in (("sign", column.sign), ("fill", column.fill)):
        if value is not None and not is_amount:
            yield key, f"it is for amounts; allowed in {', '.join(one for one in known if one in _AMOUNTS)}"
    if column.name == ColumnName.DATE and not any(date_faults(layout.dates)):
        longest = max(usual_cells(print_date(layout.dates, day)) for day in _DAYS)
        if longest > column.width:
            yield "width", f"it is {column.width}; allowed are {longest} or more, as many as a day takes in the pattern"
    style = layout.amounts.of(column.sign, column.fill)
    if is_amount and style.fill and column.align is not Align.RIGHT:
        yield "fill", f'{style.fill} fills the cells to the left; allowed beside align = "right"'
    if column.fill is not None or column.sign is not None:
        yield from amount_faults(style)


def _balance_faults(layout: BookLayout) -> Iterator[Fault]:
    """The faults of the lines that carry a balance."""
    text, balance = layout.column(ColumnName.TEXT), layout.column(ColumnName.BALANCE)
    for key, words in (("page_brought", layout.page_brought), ("page_carried", layout.page_carried)):
        if not words:
            continue
        if text is None or balance is None:
            yield Fault(key, "it needs the columns text and balance; allowed is no such line without them")
        elif usual_cells(words) > text.width:
            why = f"it takes {usual_cells(words)} cells; allowed are {text.width}, the width of the column text"
            yield Fault(key, why)
        yield from _control_faults(key, words)


def _page_text_faults(where: str, text: FixedText, lines: PageLines) -> Iterator[Fault]:
    if text.line > lines.count:
        yield Fault(f"{where}, line", f"it is {text.line}; allowed are the lines 1 to {lines.count}")
    elif lines.is_on_fold(text.line):
        yield Fault(f"{where}, line", f"line {text.line} lies on the fold; allowed is any other line")
    for word in _WORD.findall(text.text):
        if word not in PAGE_WORDS:
            allowed = ", ".join(f"{{{one}}}" for one in PAGE_WORDS)
            yield Fault(f"{where}, text", f"there is no fact {{{word}}}; it must be one of {allowed}")
    yield from _control_faults(where, text.text)


def _form_faults(layout: BookLayout) -> Iterator[Fault]:
    """The faults of the fields and texts of a form."""
    if not layout.fields and not layout.texts:
        yield Fault("fields", "it has neither fields nor texts; allowed is one or more")
    names = [field.name for field in layout.fields]
    if len(set(names)) < len(names):
        yield Fault("fields", f"two have the same name; allowed is one of each: {', '.join(names)}")
    if layout.number and not layout.form:
        yield Fault("number", "it draws from no stock; allowed is a number beside a key form")
    taken = [
        *(_Taken(one.line, one.start, one.end, f"field {one.name}") for one in layout.fields),
        *(_taken(f"text {n}", one) for n, one in enumerate(layout.texts, 1)),
        *((_Taken(layout.number.line, layout.number.start, layout.number.end, "number"),) if layout.number else ()),
    ]
    last, width = layout.lines_per_page, layout.columns_total
    for one in taken:
        if one.line > last:
            yield Fault(one.what, f"it stands on line {one.line}; allowed are the lines 1 to {last}")
        if one.end > width:
            yield Fault(one.what, f"it ends at cell {one.end}; allowed are the cells 1 to {width}")
    yield from _overlaps(taken)
    for field in layout.fields:
        if field.overflow is Overflow.WRAP:
            yield Fault(f"field {field.name}, overflow", "wrap is for columns of a book; allowed are refuse, cut")
    for n, text in enumerate(layout.texts, 1):
        yield from _control_faults(f"text {n}", text.text)


def _overlaps(taken: Sequence[_Taken]) -> Iterator[Fault]:
    for one, other in pairwise(sorted(taken)):
        if one.line == other.line and one.end >= other.start:
            why = f"it begins at cell {other.start} over {one.what}; allowed is a cell after {one.end}"
            yield Fault(other.what, why)


def _taken(what: str, text: FixedText) -> _Taken:
    return _Taken(text.line, text.start, text.end, what)


def _control_faults(where: str, text: str) -> Iterator[Fault]:
    number = control_position(text)
    if number is not None:
        yield Fault(where, f"it holds a control character, the {number}. one; allowed are printable ones")
