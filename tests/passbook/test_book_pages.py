"""What stands on the pages of a book beside its entries, and that every layout prints each thing once at its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.amount_style import AmountStyle, SignStyle
from passbook.document.date_style import Calendar, DateStyle
from passbook.document.documents import Entry, PassbookUpdate, StartLine
from passbook.document.layout import CAPITAL_HEIGHT, BookLayout, LayoutKind
from passbook.document.layout_faults import layout_faults
from passbook.document.layout_parts import Align, Column, FixedText, Fold, Overflow, PageLines
from passbook.document.placing import place
from passbook.document.plan import Line, Plan, Turn
from passbook.errors import PassbookError

DAY = date(2026, 3, 2)
COLUMNS = (
    Column("date", 1, 10),
    Column("text", 12, 14),
    Column("withdrawal", 27, 12, Align.RIGHT),
    Column("deposit", 40, 12, Align.RIGHT),
    Column("balance", 53, 14, Align.RIGHT),
)
REFUSALS = {"past-last-line", "column-overflow", "balance-not-known", "start-not-for-entries", "start-not-in-book"}


def book(**changes: object) -> BookLayout:
    """A book of three pages of six lines with a heading, a footer, and balances carried."""
    lines = PageLines(
        720,
        360,
        6,
        None,
        (2, 5),
        (FixedText(1, 1, "Page {page}"), FixedText(1, 30, "{account}")),
        (FixedText(6, 1, "{currency}"),),
    )
    usual: dict[str, object] = {
        "name": "small",
        "kind": LayoutKind.PASSBOOK,
        "page_width": 15000,
        "page_height": 4000,
        "usual_page": lines,
        "pages": (1, 3),
        "cpi": 10,
        "left_units": 0,
        "columns_total": 66,
        "columns": COLUMNS,
        "page_brought": "B/F",
        "page_carried": "C/F",
    }
    layout = BookLayout(**(usual | changes))  # type: ignore[arg-type]
    assert list(layout_faults(layout)) == []
    return layout


def deposits(*amounts: int, before: int = 0) -> tuple[Entry, ...]:
    """An entry for each amount, with the balance behind it."""
    balances = [before + sum(amounts[: n + 1]) for n in range(len(amounts))]
    return tuple(
        Entry(DAY, f"E{n}", None, one, balance)
        for n, (one, balance) in enumerate(zip(amounts, balances, strict=True), 1)
    )


def update(entries: Sequence[Entry], page: int = 1, line: int = 1) -> PassbookUpdate:
    return PassbookUpdate("small", "4711", "EUR", StartLine(page, line), tuple(entries))


def placed(document: PassbookUpdate, layout: BookLayout) -> Plan:
    return place(document, layout, codec="cp858", code_page="858")


def rows(plan: Plan) -> list[tuple[int, int, str]]:
    """Page, line and text of each line, with its runs joined."""
    return [(one.page, one.line, "|".join(run.text for run in one.runs)) for one in plan if isinstance(one, Line)]


def refusal(document: PassbookUpdate, layout: BookLayout) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        placed(document, layout)
    return caught.value


def test_a_page_has_heading_and_footer_and_the_balance_goes_from_page_to_page() -> None:
    plan = placed(update(deposits(100, 200, 300, 400)), book())
    assert rows(plan) == [
        (1, 1, "Page 1|4711"),
        (1, 2, "2026-03-02|E1|1.00|1.00"),
        (1, 3, "2026-03-02|E2|2.00|3.00"),
        (1, 4, "2026-03-02|E3|3.00|6.00"),
        (1, 5, "C/F|6.00"),
        (1, 6, "EUR"),
        (2, 1, "Page 2|4711"),
        (2, 2, "B/F|6.00"),
        (2, 3, "2026-03-02|E4|4.00|10.00"),
    ]
    assert plan[6] == Turn(2)


def test_a_page_that_is_left_in_its_middle_goes_on_there_without_a_second_heading() -> None:
    assert rows(placed(update(deposits(100, before=500), 2, 4), book())) == [
        (2, 4, "2026-03-02|E1|1.00|6.00"),
        (2, 5, "C/F|6.00"),
        (2, 6, "EUR"),
    ]


def test_the_balance_before_an_update_is_brought_to_a_page_that_it_begins() -> None:
    found = rows(placed(update(deposits(100, 50, before=700), 2, 1), book()))
    assert found[:2] == [(2, 1, "Page 2|4711"), (2, 2, "B/F|7.00")]
    without = [replace(one, balance=None) for one in deposits(100, before=700)]
    late = [*without, Entry(DAY, "E2", 30, None, 770)]
    assert rows(placed(update(late, 2, 1), book()))[1] == (2, 2, "B/F|7.00")


def test_a_balance_that_no_entry_gives_is_not_invented() -> None:
    entries = [replace(one, balance=None) for one in deposits(100, 200, 300)]
    error = refusal(update(entries), book())
    assert (error.code, error.facts) == ("balance-not-known", {"where": "entry 3", "page": 1, "line": 5})
    assert len(rows(placed(update(entries[:2]), book()))) == 3


@pytest.mark.parametrize(
    ("page", "line", "code"),
    [
        (1, 5, "start-not-for-entries"),
        (2, 6, "start-not-for-entries"),
        (2, 7, "start-not-in-book"),
        (4, 1, "start-not-in-book"),
    ],
)
def test_a_line_that_is_not_for_entries_is_no_start(page: int, line: int, code: str) -> None:
    assert refusal(update(deposits(1), page, line), book()).code == code


def test_the_begin_of_a_page_is_any_line_above_its_entries() -> None:
    starts = [rows(placed(update(deposits(1, before=5), 2, line), book())) for line in (1, 2, 3)]
    assert starts[0] == starts[1] == starts[2]
    assert starts[0][2][:2] == (2, 3)


def test_the_first_page_may_be_of_its_own() -> None:
    first = PageLines(2160, 360, 3, None, (2, 3), (FixedText(1, 5, "{account}"),))
    layout = book(first_page=first, page_brought="", page_carried="")
    plan = placed(update(deposits(1, 2, 3)), layout)
    assert [(one.page, one.line, one.y) for one in plan if isinstance(one, Line)] == [
        (1, 1, 2160),
        (1, 2, 2520),
        (1, 3, 2880),
        (2, 1, 720),
        (2, 2, 1080),
    ]
    assert rows(plan)[0] == (1, 1, "4711")
    assert refusal(update(deposits(1), 1, 4), layout).code == "start-not-in-book"


def test_no_line_is_printed_on_lines_that_the_fold_takes() -> None:
    lines = PageLines(720, 360, 8, Fold(3, 5), (1, 8))
    layout = book(usual_page=lines, page_brought="", page_carried="")
    found = rows(placed(update(deposits(*range(1, 8))), layout))
    assert [(page, line) for page, line, _ in found] == [(1, 1), (1, 2), (1, 3), (1, 6), (1, 7), (1, 8), (2, 1)]
    assert refusal(update(deposits(1), 1, 4), layout).code == "start-not-in-book"


def test_pages_may_lie_lower_one_after_the_other() -> None:
    layout = book(staggering=(0, 90), page_brought="", page_carried="", usual_page=PageLines(720, 360, 2, None, (1, 2)))
    plan = placed(update(deposits(1, 2, 3, 4, 5)), layout)
    assert [(one.page, one.y) for one in plan if isinstance(one, Line)] == [
        (1, 720),
        (1, 1080),
        (2, 810),
        (2, 1170),
        (3, 720),
    ]


def with_columns(*columns: Column, **changes: object) -> BookLayout:
    return book(
        columns=columns,
        columns_total=columns[-1].end,
        page_brought="",
        page_carried="",
        usual_page=PageLines(720, 360, 6, None, (1, 6)),
        **changes,
    )


def test_a_text_that_wraps_goes_on_below_and_takes_lines_of_its_own() -> None:
    layout = with_columns(Column("text", 1, 10, overflow=Overflow.WRAP), Column("balance", 12, 8, Align.RIGHT))
    long = Entry(None, "NEFT CR-HDFC0001234-ACME LTD", None, None, 310000)
    found = rows(placed(update([long, Entry(None, "x", None, None, 1)]), layout))
    assert found == [(1, 1, "NEFT|3100.00"), (1, 2, "CR-HDFC000"), (1, 3, "1234-ACME"), (1, 4, "LTD"), (1, 5, "x|0.01")]
    error = refusal(update([long] * 5), layout)
    assert (error.code, error.facts["left"]) == ("past-last-line", 2)


def test_a_text_that_is_cut_loses_its_end_and_one_that_is_refused_names_its_widths() -> None:
    cut = with_columns(Column("text", 1, 6, overflow=Overflow.CUT))
    assert rows(placed(update([Entry(None, "Sample text", None, None, None)]), cut)) == [(1, 1, "Sample")]
    refuse = with_columns(Column("text", 1, 6))
    facts = {"where": "entry 1", "column": "text", "length": 11, "width": 6, "how": "shorten it"}
    assert refusal(update([Entry(None, "Sample text", None, None, None)]), refuse).facts == facts


@pytest.mark.parametrize("overflow", [Overflow.CUT, Overflow.WRAP])
def test_a_control_character_is_refused_also_in_the_part_that_is_cut(overflow: Overflow) -> None:
    layout = with_columns(Column("text", 1, 6, overflow=overflow))
    assert refusal(update([Entry(None, "Sample te\x1bxt", None, None, None)]), layout).code == "control-byte"


def test_one_column_holds_both_directions() -> None:
    layout = with_columns(Column("amount", 1, 9, Align.RIGHT, sign=SignStyle.TRAILING_PLUS_MINUS))
    entries = [Entry(None, "", 1250, None, None), Entry(None, "", None, 99, None), Entry(None, "", 0, 5, None)]
    assert [text for _, _, text in rows(placed(update(entries), layout))] == ["12.50-", "0.99+", "0.05+"]
    assert refusal(update([Entry(None, "", 1, 2, None)]), layout).code == "two-amounts"


def test_digits_stand_below_each_other_where_a_sign_stands_behind_them() -> None:
    layout = with_columns(Column("balance", 1, 12, Align.RIGHT, sign=SignStyle.BRACKETS))
    plan = placed(update([Entry(None, "", None, None, -1250), Entry(None, "", None, None, 1250)]), layout)
    runs = [one.runs[0] for one in plan if isinstance(one, Line)]
    assert [(run.column, run.text) for run in runs] == [(6, "(12.50)"), (7, "12.50")]


def test_a_zero_is_left_out_where_the_layout_says_so_but_for_a_balance() -> None:
    layout = with_columns(*COLUMNS, amounts=AmountStyle(blank_zeros=True))
    assert rows(placed(update([Entry(DAY, "x", 0, 0, 0)]), layout)) == [(1, 1, "2026-03-02|x|0.00")]


def test_a_column_of_its_own_takes_the_text_that_the_document_has_for_it() -> None:
    layout = with_columns(Column("text", 1, 10), Column("cheque", 12, 6, own=True))
    entry = Entry(None, "x", None, None, None, (("cheque", "001234"),))
    assert rows(placed(update([entry]), layout)) == [(1, 1, "x|001234")]
    other = replace(entry, others=(("teller", "7"),))
    error = refusal(update([other]), layout)
    assert (error.facts["where"], error.facts["column"], error.facts["width"]) == ("entry 1", "teller", 0)


def test_a_day_without_a_year_in_the_calendar_of_the_book_is_refused_by_its_entry() -> None:
    layout = with_columns(Column("date", 1, 8), dates=DateStyle("YY-MM-DD", Calendar.JAPANESE))
    error = refusal(update([Entry(date(1800, 1, 1), "", None, None, None)]), layout)
    assert (error.code, error.facts) == ("date-not-in-calendar", {"where": "entry 1", "calendar": "japanese"})


def test_a_fact_that_has_no_room_in_a_heading_is_refused() -> None:
    document = replace(update(deposits(1)), account="4" * 40)
    error = refusal(document, book())
    assert (error.code, error.facts["how"]) == ("column-overflow", "the operator can mend it, in the layout")


@st.composite
def layouts(draw: st.DrawFn) -> BookLayout:
    """A book with any of heading, footer, carried balances, a first page, a fold of either kind and staggering."""
    page, first = draw(pages()), draw(st.none() | pages())
    layout = BookLayout(
        name="drawn",
        kind=LayoutKind.PASSBOOK,
        page_width=15000,
        page_height=16000,
        usual_page=page,
        pages=(2, draw(st.integers(2, 5))),
        cpi=10,
        left_units=0,
        columns_total=66,
        columns=COLUMNS,
        first_page=first,
        page_brought=draw(st.sampled_from(["", "B/F"])),
        page_carried=draw(st.sampled_from(["", "C/F"])),
        staggering=draw(st.sampled_from([(), (0, 90), (30, 0, 60)])),
    )
    assume(not list(layout_faults(layout)))
    return layout


@st.composite
def pages(draw: st.DrawFn) -> PageLines:
    count = draw(st.integers(3, 9))
    heading = draw(st.sampled_from([(), (FixedText(1, 1, "H{page}"),)]))
    footer = draw(st.sampled_from([(), (FixedText(count, 1, "F"), FixedText(count, 20, "{account}"))]))
    folds = st.sampled_from([None, Fold(2, 2, 500), Fold(1, 2), Fold(2, 3)])
    return PageLines(
        draw(st.integers(210, 900)),
        draw(st.integers(210, 500)),
        count,
        draw(folds),
        (1 + len(heading), count - bool(footer)),
        heading,
        footer,
    )


@given(st.data(), layouts())
def test_any_update_on_any_layout_lands_once_at_its_place_or_is_refused(
    data: st.DataObject, layout: BookLayout
) -> None:
    entries = deposits(*data.draw(st.lists(st.integers(1, 999), min_size=1, max_size=30)), before=1000)
    start = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 10))
    try:
        plan = placed(update(entries, *start), layout)
    except PassbookError as error:
        assert error.code in REFUSALS
        assert error.code != "past-last-line" or layout.lines_left(*layout.start_at(*start) or (1, 1)) < len(entries)
        return
    lines = [one for one in plan if isinstance(one, Line)]
    places = [(one.page, one.line) for one in lines]
    assert places == sorted(set(places))
    for one, below in pairwise(lines):
        assert one.page != below.page or one.y + CAPITAL_HEIGHT <= below.y
    for one in lines:
        form = layout.page_lines(one.page)
        assert 1 <= one.line <= form.count
        assert CAPITAL_HEIGHT <= one.y <= layout.page_height
        assert form.fold is None or not form.fold.after < one.line <= form.fold.last
    printed = {(page, line): text for page, line, text in rows(plan)}
    at = [place for place, text in printed.items() if "|E" in text]
    assert [printed[place].split("|")[1] for place in at] == [one.text for one in entries]
    assert all(line in layout.entry_lines(page) for page, line in at)
    for page in {page for page, _ in places}:
        free, form = layout.entry_lines(page), layout.page_lines(page)
        begins, ends = (page, free[0]) in at, (page, free[-1]) in at
        texts = [text for (one, _), text in printed.items() if one == page and "|E" not in text]
        expected = [f"H{page}"] * (begins and bool(form.heading))
        before = [one for one in at if one < (page, free[0])]
        if begins and layout.page_brought and page != layout.pages[0]:
            expected.append(f"B/F|{10 + sum(one.deposit or 0 for one in entries[: len(before)]) / 100:.2f}")
        if ends and layout.page_carried:
            done = len([one for one in at if one <= (page, free[-1])])
            expected.append(f"C/F|{10 + sum(one.deposit or 0 for one in entries[:done]) / 100:.2f}")
        assert texts == [*expected, *["F|4711"] * (ends and bool(form.footer))]


@given(st.data(), layouts())
def test_two_updates_one_behind_the_other_print_what_one_prints(data: st.DataObject, layout: BookLayout) -> None:
    """Heading, footer and balances carried follow from places alone, so no update prints them twice, or not at all."""
    page = layout.pages[0]
    room = layout.lines_left(page, 1)
    amounts = data.draw(st.lists(st.integers(1, 999), min_size=2, max_size=30))[:room]
    assume(len(amounts) > 1)
    entries = deposits(*amounts, before=1000)
    cut = data.draw(st.integers(1, len(entries) - 1))
    place_of_first = layout.entry_lines(page)[0]
    at = layout.place_after(page, place_of_first, cut)
    one, other = placed(update(entries[:cut], page), layout), placed(update(entries[cut:], *at), layout)
    assert rows(one) + rows(other) == rows(placed(update(entries, page), layout))


@given(layouts(), st.data())
def test_places_are_counted_as_they_are_listed(layout: BookLayout, data: st.DataObject) -> None:
    page = data.draw(st.integers(*layout.pages))
    line = data.draw(st.sampled_from(layout.entry_lines(page)))
    listed = list(layout.places_from(page, line))
    assert layout.lines_left(page, line) == len(listed)
    assert [layout.place_after(page, line, count) for count in range(len(listed))] == listed
    assert layout.place_after(page, line, len(listed))[0] == layout.pages[1] + 1
