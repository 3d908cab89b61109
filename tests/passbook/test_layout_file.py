"""Layout files: what is refused is named by its key, with what was found and what is allowed."""

from __future__ import annotations

import pytest

from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.document.layout_parts import Fold
from passbook.errors import PassbookError
from tests.passbook.strategies import layout_bytes, shipped

SAVINGS_TEXT = layout_bytes("savings-24").decode()
FOLD = 'fold = { after = 12, gap = "1 in" }'
FIRST_KEY = "lines_per_page = 24"


def read(text: str) -> BookLayout:
    return parse_layout("mine", text.encode(), "mine.toml")


def refusal(text: str) -> str:
    with pytest.raises(PassbookError) as caught:
        read(text)
    assert caught.value.code == "layout-malformed"
    return str(caught.value)


def with_keys(*lines: str) -> str:
    """The savings book with keys at its top level."""
    return SAVINGS_TEXT.replace(FIRST_KEY, "\n".join((FIRST_KEY, *lines)), 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "passbook"', 'kind = "book"', "kind: it is book; it must be one of passbook, text, form"),
        ('kind = "passbook"', "", "the top level: kind is missing; it must be one of passbook, text, form"),
        ('left = "3 mm"', "", "the top level: left is missing"),
        ("cpi = 10", "cpi = 11.5", "cpi: 11.5 is no pitch; it must be one of 10, 12, 15, 16.7, 17.1, 20"),
        ("cpi = 10", 'cpi = "10"', "cpi: it is the text 10; it must be a number"),
        ("width = 14", "width = 0", "column 2, width: it is 0; it must be a whole number of at least 1"),
        ("width = 14", "width = 401", "column 2, width: it is 401; it must be a whole number of at most 400"),
        ("width = 14", "width = [14]", "column 2, width: it is a list; it must be a whole number"),
        ('align = "right"', 'align = "middle"', "column 3, align: it is middle; it must be one of left, right"),
        ("width = 14", 'width = 14\noverflow = "fold"', "overflow: it is fold; it must be one of refuse, cut, wrap"),
        ('pitch = "1/4 in"', 'pitch = "6 pt"', 'pitch: it is 6 pt; it is not a length such as "21.2 mm" or "1/6 in"'),
        ('pitch = "1/4 in"', 'pitch = "2 mm"', "the lines would overlap: it is 2 mm; allowed is 2.47 mm or more"),
        ('first_line = "3/4 in"', 'first_line = "1 mm"', "it is 1 mm; allowed is 2.47 mm or more"),
        ("lines_per_page = 24", "lines_per_page = 30", "line 30 ends 228.6 mm below the top edge; allowed is 210"),
        ("last = 16", "last = 0", "pages, last: it is 0; it must be a whole number of at least 1"),
        ("first = 1,", "first = 17,", "the last page, 16, comes before the first, 17; allowed is 17 or later"),
        ("start = 47", "start = 50", "cell 59 is the last one; allowed are 57 cells of 10 to the inch"),
        ("start = 12", "start = 10", "date and text overlap: cell 10 is one of both; allowed is a start after cell 10"),
        (
            'name = "text"',
            'name = "texts"',
            "column texts, name: there is no such part of an entry; it must be one of date",
        ),
        ('name = "text"', 'name = "text"\nown = true', "column text, own: text has a meaning of its own"),
        (
            'name = "balance"',
            'name = "amount"',
            "amount stands beside deposit and withdrawal; allowed is amount or the two",
        ),
        ("width = 10\n", "width = 8\n", "column date, width: it is 8; allowed are 10 or more"),
        (
            'name = "date"',
            'name = "date"\noverflow = "cut"',
            "column date, overflow: cut is for texts; allowed is refuse",
        ),
        (
            'name = "date"',
            'name = "date"\nsign = "minus"',
            "column date, sign: it is for amounts; allowed in withdrawal",
        ),
        ('name = "balance"', 'name = "balance"\noverflow = "wrap"', "column balance, overflow: wrap is for texts"),
        ('name = "balance"', 'name = "balance"\nfill = "."', "column balance, fill: it is a mark among the digits too"),
        (
            'width = 9\nalign = "right"',
            'width = 9\nfill = "*"',
            'column withdrawal, fill: * fills the cells to the left; allowed beside align = "right"',
        ),
    ],
)
def test_a_fault_is_told_with_what_was_found_and_what_is_allowed(old: str, new: str, said: str) -> None:
    assert old in SAVINGS_TEXT
    assert said in refusal(SAVINGS_TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("fold", "said"),
    [
        ("{ after = 12 }", "fold: it has after; allowed are after and gap (the fold lies between two lines), or first"),
        ("{}", "fold: it has neither; allowed are"),
        ('{ after = 12, gap = "1 in", last = 14 }', "fold: it has after and gap and last; allowed are"),
        ('{ after = 24, gap = "1 in" }', "no line is below the fold: it is 24; allowed are 1 to 23"),
        ("{ first = 12, last = 24 }", "fold, last: no line is below the fold: it is 24; allowed are 1 to 23"),
        ("{ first = 12, last = 10 }", "fold, last: it is 10, above the first line on the fold, 12"),
        ("{ first = 12, last = 11 }", "fold, last: it is 11, above the first line on the fold, 12"),
        ('{ after = 12, gap = "0 in" }', "the fold has no gap: it is 0 mm; allowed is more"),
        ('{ after = 12, gap = "1 in", at = "87 mm" }', "the fold goes through line 12 or lies beyond it: it is 87 mm"),
        (
            '{ after = 12, gap = "1 in", at = "119 mm" }',
            "allowed are 88.9 mm to 118.18 mm, between the lines 12 and 13",
        ),
        ('{ first = 11, last = 14, at = "76 mm" }', "the fold goes through line 10 or lies beyond it"),
    ],
)
def test_a_fold_through_a_line_is_refused(fold: str, said: str) -> None:
    assert said in refusal(SAVINGS_TEXT.replace(FOLD, f"fold = {fold}"))


def test_a_fold_stands_where_it_was_measured() -> None:
    assert read(SAVINGS_TEXT.replace("gap = ", 'at = "105 mm", gap = ')).sheet.fold == 8929
    assert read(SAVINGS_TEXT).sheet.fold == 1620 + 11 * 540 + (540 + 2160) // 2


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            'heading = [{ line = 25, start = 1, text = "x" }]',
            "heading 1, line: it is 25; allowed are the lines 1 to 24",
        ),
        (
            'heading = [{ line = 1, start = 1, text = "{pag}" }]',
            "heading 1, text: there is no fact {pag}; it must be one of {page}, {account}, {currency}",
        ),
        (
            'heading = [{ line = 1, start = 1, text = "x\\u0007" }]',
            "heading 1: it holds a control character, the 2. one",
        ),
        (
            'heading = [{ line = 1, start = 1, text = "xxx" }, { line = 1, start = 3, text = "y" }]',
            "heading 2: it begins at cell 3 over heading 1; allowed is a cell after 3",
        ),
        (
            'footer = [{ line = 1, start = 1, text = "x" }]',
            "heading, footer and fold leave 0 lines for entries; allowed are 1",
        ),
        (
            'heading = [{ line = 1, start = 1, text = "x" }]\nentries = { first = 1, last = 24 }',
            "heading 1, line: it stands on line 1 among the entries; allowed are lines above 1",
        ),
        ("entries = { first = 20, last = 25 }", "entries: they end on line 25; allowed are the lines 1 to 24"),
        ("entries = { first = 20, last = 19 }", "heading, footer and fold leave 0 lines for entries"),
        ('page_brought = "BALANCE BROUGHT FORWARD"', "page_brought: it takes 23 cells; allowed are 14"),
        ('staggering = ["0 mm", "26 mm"]', "staggering: the last line would be off the page: line 24 ends 216.5 mm"),
        ('staggering = ["-1 mm"]', "staggering, page 1: it is -1 mm; it is not a length"),
        ('first_page = { first_line = "200 mm" }', "first_page, lines_per_page: the last line would be off the page"),
        ("first_page = { lins = 3 }", "first_page: there is no key lins; known: first_line, lines_per_page"),
        ('amounts = { decimal = ";;" }', "amounts, decimal: it is ;;; it must be a text with at most 1 character"),
        ('amounts = { decimal = "5" }', "amounts, decimal: it is 5; allowed is one character that is no letter, digit"),
        ('amounts = { grouping = "crore" }', "amounts, grouping: it is crore; it must be one of none, thousands, lakh"),
        (
            'amounts = { sign = "plus" }',
            "amounts, sign: it is plus; it must be one of minus, trailing-minus, plus-minus",
        ),
        ('dates = { pattern = "DD.MM.JJJJ" }', "dates, pattern: JJJJ stands for no part of a day; allowed are YYYY"),
        (
            'dates = { calendar = "thai" }',
            "dates, calendar: it is thai; it must be one of gregorian, buddhist, japanese",
        ),
        (
            'dates = { pattern = "DD.MM.YYYY", calendar = "japanese" }',
            "YYYY is no year of the japanese calendar; allowed are YY, Y, G, GG",
        ),
    ],
)
def test_a_key_that_cannot_be_is_told_with_what_is_allowed(key: str, said: str) -> None:
    assert said in refusal(with_keys(key))


def test_a_carried_balance_needs_its_columns() -> None:
    without = SAVINGS_TEXT.replace('name = "balance"', 'name = "initials"\nown = true')
    said = refusal(without.replace(FIRST_KEY, f'{FIRST_KEY}\npage_carried = "C/F"', 1))
    assert "page_carried: it needs the columns text and balance; allowed is no such line without them" in said


def test_entries_stand_between_heading_and_footer_unless_the_file_says_otherwise() -> None:
    texts = ('heading = [{ line = 2, start = 1, text = "x" }]', 'footer = [{ line = 24, start = 1, text = "y" }]')
    assert read(with_keys(*texts)).usual_page.entries == (3, 23)
    assert read(with_keys(*texts, "entries = { first = 5, last = 20 }")).usual_page.entries == (5, 20)


def test_a_first_page_says_only_what_differs() -> None:
    as_usual = read(with_keys("first_page = { entries = { first = 13, last = 24 } }")).first_page
    assert as_usual is not None
    assert (as_usual.fold, as_usual.count, as_usual.first_y) == (Fold(12, 12, 2160), 24, 1620)
    own = read(with_keys('first_page = { first_line = "110 mm", lines_per_page = 10 }')).first_page
    assert own is not None
    assert (own.fold, own.count, own.entries) == (None, 10, (1, 10))


def test_lines_on_the_fold_keep_their_numbers() -> None:
    landp = shipped("landp-23")
    assert landp.entry_lines(1) == (*range(1, 11), *range(15, 24))
    assert landp.lines_left(1, 1) == 19 * 12
    assert landp.line_y(1, 15) == 2160 * 22 // 6


def test_the_owners_book_of_19_lines_has_them_at_the_same_places() -> None:
    """A file that counts only printed lines is as right as landp-23, which counts those on the fold too."""
    text = layout_bytes("landp-23").decode().replace("lines_per_page = 23", "lines_per_page = 19")
    counted = read(text.replace("{ first = 11, last = 14 }", '{ after = 10, gap = "4/6 in" }'))
    landp = shipped("landp-23")
    assert [counted.line_y(1, one) for one in counted.entry_lines(1)] == [
        landp.line_y(1, one) for one in landp.entry_lines(1)
    ]


@pytest.mark.parametrize("name", ["savings-24", "landp-23", "japan-24", "india-36", "thai-24"])
@pytest.mark.parametrize("step", [180, 216, 240, 360])
def test_every_line_of_a_shipped_book_lies_on_a_whole_step_of_every_dialect(name: str, step: int) -> None:
    layout = shipped(name)
    lines = [(page, line) for page in layout.pages for line in layout.page_lines(page).numbers()]
    assert {layout.line_y(page, line) % (2160 // step) for page, line in lines} == {0}


@pytest.mark.parametrize(
    ("cpi", "cells"), [("10", 56), ("12", 67), ("15", 84), ("16.7", 93), ("17.1", 96), ("20", 112)]
)
def test_each_pitch_has_its_cells_on_a_page(cpi: str, cells: int) -> None:
    """141.9 mm hold 55.9 cells of 1/10 inch, and as many more as the pitch is narrower."""
    sheet = layout_bytes("sheet").decode().replace("cpi = 10", f"cpi = {cpi}").replace('"210 mm"', '"152.3 mm"')
    assert read(sheet.replace("width = 75", f"width = {cells}")).columns_total == cells
    assert f"allowed are {cells} cells of {cpi} to the inch" in refusal(
        sheet.replace("width = 75", f"width = {cells + 1}")
    )
