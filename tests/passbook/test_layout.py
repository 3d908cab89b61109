from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.layout import CAPITAL_HEIGHT, BookLayout, LayoutKind
from passbook.document.layout_file import parse_layout
from passbook.document.layout_parts import Align, Column, ColumnName, Fold
from passbook.document.lengths import parse_length, to_units
from passbook.errors import PassbookError
from tests.passbook.strategies import PARTS, SAVINGS, SHEET, books, fold_band, layout_bytes


def savings_with(old: str, new: str) -> bytes:
    text = layout_bytes("savings-24").decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def refusal(data: bytes) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        parse_layout("mine", data, "mine.toml")
    assert caught.value.code == "layout-malformed"
    assert caught.value.facts["file"] == "mine.toml"
    return caught.value


def test_the_savings_book_is_what_its_file_says() -> None:
    assert SAVINGS.name == "savings-24"
    assert SAVINGS.kind is LayoutKind.PASSBOOK
    assert SAVINGS.pages == (1, 16)
    assert (SAVINGS.lines_per_page, SAVINGS.usual_page.fold) == (24, Fold(12, 12, 2160))
    assert (SAVINGS.first_y, SAVINGS.pitch_units) == (1620, 540)
    assert (SAVINGS.columns_total, SAVINGS.cpi) == (56, 10)
    assert SAVINGS.cell_units == 216
    assert [column.name for column in SAVINGS.columns] == PARTS


def test_lines_are_counted_from_the_top_edge_and_skip_the_fold() -> None:
    assert SAVINGS.line_y(3, 1) == 1620
    assert SAVINGS.line_y(3, 12) == 1620 + 11 * 540
    assert SAVINGS.line_y(3, 13) == 1620 + 12 * 540 + 2160
    assert SAVINGS.line_y(3, 24) == 1620 + 23 * 540 + 2160


def test_the_savings_book_is_printed_around_its_fold() -> None:
    fold = to_units(parse_length("105 mm"))
    assert SAVINGS.line_y(3, 12) < fold < SAVINGS.line_y(3, 13) - CAPITAL_HEIGHT


@pytest.mark.parametrize("step", [180, 216, 240, 360])
def test_every_line_of_the_savings_book_lies_on_a_whole_step_of_every_dialect(step: int) -> None:
    assert {SAVINGS.line_y(3, line) % (2160 // step) for line in range(1, 25)} == {0}


def test_the_savings_book_fits_at_both_pitches() -> None:
    assert parse_layout("mine", savings_with("cpi = 10", "cpi = 12"), "mine.toml").cell_units == 180


def test_the_sheet_has_one_page_and_no_columns() -> None:
    assert (SHEET.kind, SHEET.pages, SHEET.columns) == (LayoutKind.TEXT, (1, 1), ())
    assert (SHEET.columns_total, SHEET.lines_per_page, SHEET.usual_page.fold) == (75, 60, None)


def test_columns_are_kept_from_left_to_right() -> None:
    swapped = savings_with("start = 1\n", "start = 47\n").replace(
        b"start = 47\nwidth = 10\nalign", b"start = 1\nwidth = 10\nalign"
    )
    starts = [column.start for column in parse_layout("mine", swapped, "mine.toml").columns]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('first_line = "3/4 in"', 'first_line = "1/12 in"', "first_line"),
        ('pitch = "1/4 in"', 'pitch = "1/12 in"', "pitch"),
        ('pitch = "1/4 in"', 'pitch = "1/2 in"', "lines_per_page"),
        ("lines_per_page = 24", "lines_per_page = 40", "lines_per_page"),
        ("lines_per_page = 24", "lines_per_page = 0", "lines_per_page"),
        ("lines_per_page = 24", 'lines_per_page = "24"', "lines_per_page"),
        ("lines_per_page = 24", "lines_per_page = 24.0", "lines_per_page"),
        ("lines_per_page = 24", "lines_per_pag = 24", "the top level"),
        ("after = 12", "after = 24", "fold, after"),
        ("after = 12", "after = 0", "fold, after"),
        ('gap = "1 in"', 'gap = "0 in"', "fold, gap"),
        ('gap = "1 in"', "gap = 1", "fold, gap"),
        ('gap = "1 in"', 'gap = "4 in"', "lines_per_page"),
        ("first = 1,", "first = 17,", "pages"),
        ("first = 1,", "first = 0,", "pages, first"),
        ("cpi = 10", "cpi = 17", "cpi"),
        ('left = "3 mm"', 'left = "30 mm"', "columns"),
        ('left = "3 mm"', 'left = "-3 mm"', "left"),
        ('left = "3 mm"', "", "the top level"),
        ('width = "148 mm"', 'width = "148"', "page, width"),
        ("start = 12", "start = 10", "columns"),
        ("start = 47", "start = 50", "columns"),
        ("start = 12", "start = 0", "column 2, start"),
        ("width = 14", "width = 0", "column 2, width"),
        ('name = "text"', 'name = "texts"', "column texts, name"),
        ('name = "text"', 'name = "date"', "columns"),
        ('name = "text"', 'name = "text"\nalgin = "left"', "column 2"),
        ('align = "right"', 'align = "middle"', "column 3, align"),
        ('kind = "passbook"', 'kind = "text"', "the top level"),
        ('kind = "passbook"', 'kind = "book"', "kind"),
        ('kind = "passbook"', "", "the top level"),
        ('kind = "passbook"', "kind = ", "kind"),
        ("cpi = 10", "cpi = 10\ncpi = 12", "cpi"),
        ('left = "3 mm"', 'left = "3 mm"\nimport = "A"', "import"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is(old: str, new: str, where: str) -> None:
    error = refusal(savings_with(old, new))
    assert error.facts["where"] == where
    assert not str(error.facts["why"]).endswith(".")


def test_a_sheet_wider_than_its_page_is_refused() -> None:
    assert refusal(layout_bytes("sheet").replace(b"width = 75", b"width = 90")).facts["where"] == "width"


@pytest.mark.parametrize(
    ("old", "fits", "off"),
    [
        ('height = "210 mm"', 'height = "7.5 in"', 'height = "7.4996 in"'),
        ('width = "148 mm"', 'width = "5.6 in"', 'width = "5.5996 in"'),
        ('first_line = "3/4 in"', 'first_line = "7/72 in"', 'first_line = "209/2160 in"'),
    ],
)
def test_a_book_may_reach_its_edges_and_not_beyond(old: str, fits: str, off: str) -> None:
    inches = savings_with('left = "3 mm"', 'left = "0 in"').decode()
    assert_possible(parse_layout("mine", inches.replace(old, fits).encode(), "mine.toml"))
    refusal(inches.replace(old, off).encode())


def test_a_book_without_columns_is_refused() -> None:
    data = layout_bytes("savings-24").split(b"[[columns]]")[0] + b"columns = []"
    assert refusal(data).facts["where"] == "columns"


def mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with a piece replaced by any other."""
    cuts = st.tuples(st.integers(0, len(data)), st.integers(0, 30), st.binary(max_size=8))
    return cuts.map(lambda cut: data[: cut[0]] + cut[2] + data[cut[0] + cut[1] :])


WRITTEN = [layout_bytes(name) for name in ("savings-24", "sheet", "india-36", "thai-24", "landp-23")]


@given(st.binary() | st.sampled_from(WRITTEN).flatmap(mutations))
def test_any_bytes_are_a_possible_layout_or_refused(data: bytes) -> None:
    try:
        layout = parse_layout("mine", data, "mine.toml")
    except PassbookError as error:
        assert error.code == "layout-malformed"
    else:
        assert_possible(layout)


@pytest.mark.parametrize("data", [b"a=" + b"[" * 100_000, b"a=1" + b"0" * 5000, b"\xff"])
def test_bytes_made_to_hurt_the_parser_are_refused(data: bytes) -> None:
    assert refusal(data).facts["where"] == "the top level"


def assert_possible(layout: BookLayout) -> None:
    ys = [layout.line_y(layout.pages[1], line) for line in range(1, layout.lines_per_page + 1)]
    assert min(ys) >= CAPITAL_HEIGHT
    assert max(ys) <= layout.page_height
    assert all(after - before >= CAPITAL_HEIGHT for before, after in pairwise(ys))
    assert layout.left_units + layout.columns_total * layout.cell_units <= layout.page_width
    cells = [cell for column in layout.columns for cell in range(column.start, column.end + 1)]
    assert len(cells) == len(set(cells))


@given(books())
def test_no_line_of_any_book_lies_on_its_fold(layout: BookLayout) -> None:
    assert_possible(layout)
    band = fold_band(layout)
    assert not [line for line in range(1, layout.lines_per_page + 1) if layout.line_y(layout.pages[1], line) in band]


@given(books(), st.data())
def test_the_lines_left_are_those_that_the_book_has(layout: BookLayout, data: st.DataObject) -> None:
    page = data.draw(st.integers(*layout.pages))
    line = data.draw(st.integers(1, layout.lines_per_page))
    left = layout.lines_left(page, line)
    assert layout.has(*layout.place_after(page, line, left - 1))
    assert not layout.has(*layout.place_after(page, line, left))
    assert layout.place_after(page, line, 0) == (page, line)


@given(st.integers(1, 50), st.integers(1, 50), st.sampled_from(Align), st.data())
def test_a_text_that_fits_stays_in_its_column(start: int, width: int, align: Align, data: st.DataObject) -> None:
    column = Column(ColumnName.TEXT, start, width, align)
    length = data.draw(st.integers(1, width))
    first = column.first_cell(length)
    assert start <= first <= first + length - 1 <= column.end
    assert column.first_cell(width) == start
    assert (first == start) if align is Align.LEFT else (first + length - 1 == column.end)


def test_a_word_that_is_not_allowed_is_told_with_those_that_are() -> None:
    text = layout_bytes("savings-24").decode()
    for old, new, words in (
        ("cpi = 10", "cpi = 17", "it must be one of 10, 12, 15, 16.7, 17.1, 20."),
        (
            'name = "text"',
            'name = "cheque"',
            "it must be one of date, text, withdrawal, deposit, balance, amount, or any other name beside own = true.",
        ),
    ):
        with pytest.raises(PassbookError) as caught:
            parse_layout("mine", text.replace(old, new).encode(), "mine.toml")
        assert words in str(caught.value)
