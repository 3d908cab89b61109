"""An update over several books, judged by its entries and balances alone."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.documents import Entry, PassbookUpdate, StartLine
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.document.layout_parts import FixedText, Overflow, PageLines
from passbook.document.next_book import MOST_BOOKS
from passbook.document.page_drawing import drawn_pages
from passbook.document.placing import place
from passbook.document.plan import (
    BookNumber,
    Eject,
    Line,
    NextBook,
    Plan,
    Turn,
    book_number,
    books_of,
    decode_plan,
    encode_plan,
    is_outline,
    outline,
)
from passbook.errors import PassbookError
from tests.house import ROOT
from tests.passbook.strategies import SAVINGS, books

DAY = datetime.date(2026, 3, 2)
OPENING = 100_000
"""The balance before the first entry of every update, in cents."""
FILE = ROOT / "demo" / "layouts" / "savings-goes-on.toml"
GOES_ON = parse_layout("savings-goes-on", FILE.read_bytes(), FILE.name)
FOUR_LINES = PageLines(1620, 540, 4, None, (1, 4))
CARRIED, HEAD, BROUGHT = "Carried to the next book", "Continued from the book before", "Brought forward"


def entries(count: int) -> tuple[Entry, ...]:
    """Entry n takes n cents, and says the balance after it."""
    return tuple(Entry(DAY, f"e{n}", n, None, OPENING - n * (n + 1) // 2) for n in range(1, count + 1))


def shown(balance: int) -> str:
    sign = "-" if balance < 0 else ""
    return f"{sign}{abs(balance) // 100}.{abs(balance) % 100:02}"


def balance_after(number: int) -> str:
    return shown(OPENING - number * (number + 1) // 2)


def update(layout: BookLayout, page: int, line: int, *given: Entry) -> PassbookUpdate:
    return PassbookUpdate(layout.name, "4711", "EUR", StartLine(page, line), given)


def placed(document: PassbookUpdate, layout: BookLayout = GOES_ON) -> Plan:
    return place(document, layout, codec="cp858", code_page="858")


def refusal(document: PassbookUpdate, layout: BookLayout = GOES_ON) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        placed(document, layout)
    return caught.value


class Struck(NamedTuple):
    """A line on paper."""

    book: int
    page: int
    line: int
    text: str
    balance: str


def on_paper(plan: Plan, layout: BookLayout = GOES_ON) -> list[Struck]:
    """The printed lines, by the columns for text and balance."""
    text, balance = layout.column("text"), layout.column("balance")
    assert text is not None
    assert balance is not None
    return [
        Struck(
            book,
            step.page,
            step.line,
            "".join(run.text for run in step.runs if text.start <= run.column <= text.end),
            "".join(run.text for run in step.runs if balance.start <= run.column <= balance.end),
        )
        for book, step in zip(books_of(plan), plan, strict=True)
        if isinstance(step, Line)
    ]


def test_a_full_book_carries_the_balance_into_a_new_one_and_the_entries_go_on_there() -> None:
    plan = placed(update(GOES_ON, 16, 22, *entries(5)))
    assert on_paper(plan) == [
        Struck(1, 16, 22, "e1", balance_after(1)),
        Struck(1, 16, 23, "e2", balance_after(2)),
        Struck(1, 16, 24, CARRIED, balance_after(2)),
        Struck(2, 1, 1, HEAD, ""),
        Struck(2, 1, 2, BROUGHT, balance_after(2)),
        Struck(2, 1, 3, "e3", balance_after(3)),
        Struck(2, 1, 4, "e4", balance_after(4)),
        Struck(2, 1, 5, "e5", balance_after(5)),
    ]
    assert [step for step in plan if not isinstance(step, Line)] == [NextBook(1), Eject(1)]


def test_an_update_that_just_fits_carries_nothing() -> None:
    plan = placed(update(GOES_ON, 16, 22, *entries(3)))
    assert [line.text for line in on_paper(plan)] == ["e1", "e2", "e3"]
    assert plan[-1] == Eject(16)


def test_five_hundred_entries_go_over_two_books() -> None:
    plan = placed(update(GOES_ON, 1, 1, *entries(500)))
    lines = on_paper(plan)
    assert [line.text for line in lines if line.text.startswith("e")] == [f"e{n}" for n in range(1, 501)]
    assert [line for line in lines if line.text in {CARRIED, HEAD, BROUGHT}] == [
        Struck(1, 16, 24, CARRIED, balance_after(383)),
        Struck(2, 1, 1, HEAD, ""),
        Struck(2, 1, 2, BROUGHT, balance_after(383)),
    ]
    assert sum(isinstance(step, Turn) for step in plan) == 15 + 4


def test_on_the_last_line_the_balance_before_the_update_is_carried() -> None:
    plan = placed(update(GOES_ON, 16, 24, *entries(2)))
    assert [(line.text, line.balance) for line in on_paper(plan)] == [
        (CARRIED, shown(OPENING)),
        (HEAD, ""),
        (BROUGHT, shown(OPENING)),
        ("e1", balance_after(1)),
        ("e2", balance_after(2)),
    ]


def test_the_line_behind_the_last_one_says_that_the_book_is_full() -> None:
    plan = placed(update(GOES_ON, 17, 1, *entries(1)))
    assert plan[0] == NextBook(1)
    assert [(line.book, line.line, line.text, line.balance) for line in on_paper(plan)] == [
        (2, 1, HEAD, ""),
        (2, 2, BROUGHT, shown(OPENING)),
        (2, 3, "e1", balance_after(1)),
    ]
    assert refusal(update(GOES_ON, 17, 2, *entries(1))).code == "start-not-in-book"
    assert refusal(update(SAVINGS, 17, 1, *entries(1)), SAVINGS).code == "start-not-in-book"


def test_a_full_book_without_room_to_carry_stays_as_it_was() -> None:
    two = replace(GOES_ON, carried=("See the next book", CARRIED))
    plan = placed(update(two, 16, 24, *entries(2)), two)
    assert plan[0] == NextBook(1)
    assert {line.book for line in on_paper(plan)} == {2}


def test_a_deposit_is_taken_off_the_balance_before_the_update_and_a_withdrawal_is_added() -> None:
    for entry, before in (
        (Entry(DAY, "x", None, 250, 1_000), "7.50"),
        (Entry(DAY, "x", 250, None, 1_000), "12.50"),
        (Entry(DAY, "x", None, 2_500, 1_000), "-15.00"),
    ):
        assert on_paper(placed(update(GOES_ON, 17, 1, entry)))[1].balance == before


def test_a_balance_that_was_not_given_is_found_from_the_amounts_or_asked_for() -> None:
    first, second, third = entries(3)
    silent = replace(second, balance=None)
    plan = placed(update(GOES_ON, 16, 22, first, silent, third, third))
    assert on_paper(plan)[2].balance == balance_after(2)
    error = refusal(update(GOES_ON, 16, 24, *(replace(one, balance=None) for one in (first, second))))
    assert (error.code, error.facts) == ("balance-not-known", {"where": "entry 1", "page": 16, "line": 24})
    error = refusal(update(GOES_ON, 17, 1, replace(first, balance=None)))
    assert (error.code, error.facts) == ("balance-not-known", {"where": "entry 1", "page": 16, "line": 24})


def test_a_layout_without_the_texts_refuses_as_before_and_the_error_says_what_to_do() -> None:
    error = refusal(update(SAVINGS, 16, 24, *entries(3)), SAVINGS)
    assert (error.code, error.facts) == ("past-last-line", {"page": 16, "line": 24, "left": 2})
    assert "keys carried and brought" in str(error)


def test_no_job_goes_over_more_books_than_a_person_waits_for() -> None:
    small = replace(GOES_ON, pages=(1, 1), usual_page=FOUR_LINES)
    # The first book has 3 lines beside the carrying one, each in the middle 1, and the last one 2.
    room = 3 + (MOST_BOOKS - 2) + 2
    assert books_of(placed(update(small, 1, 1, *entries(room)), small))[-1] == MOST_BOOKS
    error = refusal(update(small, 1, 1, *entries(room + 3)), small)
    assert (error.code, error.facts["left"]) == ("past-last-line", 3)
    assert f"one job goes over at most {MOST_BOOKS} books" in str(error)


def test_a_balance_too_wide_for_its_column_is_refused_at_its_line() -> None:
    error = refusal(update(GOES_ON, 17, 1, Entry(DAY, "x", None, 99_999_999, -99_999_999)))
    assert (error.code, error.facts["where"]) == ("column-overflow", "layout savings-goes-on, brought 2")


def test_a_text_of_the_layout_that_the_code_page_lacks_is_refused_by_its_place() -> None:
    error = refusal(update(replace(GOES_ON, carried=("中",)), 16, 24, *entries(2)), replace(GOES_ON, carried=("中",)))
    assert (error.code, error.facts["where"]) == ("not-in-code-page", "layout savings-goes-on, carried 1, text")


TOML = FILE.read_text()
BALANCE = TOML.index('[[columns]]\nname = "balance"')


@pytest.mark.parametrize(
    ("old", "new", "where", "why"),
    [
        ('carried = ["Carried to the next book"]\n', "", "brought", "it stands alone; allowed are carried and brought"),
        (
            '"Continued from the book before", "Brought forward"',
            "",
            "carried",
            "it stands alone; allowed are carried and",
        ),
        ("Carried to the next book", "x" * 36, "carried, text 1", "it has 36 characters; allowed are 35"),
        ("Continued from the book before", "x" * 46, "brought, text 1", "it has 46 characters; allowed are 45"),
        ("Brought forward", "x\\u0007", "brought, text 2", "it holds a control character, the 2. one"),
        (TOML[BALANCE:], "", "carried", "it needs the column balance; allowed is no such key without it"),
        (
            'lines_per_page = 24\nfold = { after = 12, gap = "1 in" }\npages = { first = 1, last = 16 }',
            "lines_per_page = 3\npages = { first = 1, last = 1 }",
            "brought",
            "carried and brought have 3 lines; allowed are 2, so that a book has one entry",
        ),
    ],
)
def test_an_impossible_text_is_refused_with_its_place_and_what_is_allowed(
    old: str, new: str, where: str, why: str
) -> None:
    assert TOML.count(old) == 1
    text = TOML.replace(old, new)
    with pytest.raises(PassbookError) as caught:
        parse_layout("book", text.encode(), "book.toml")
    assert (caught.value.code, caught.value.facts["where"]) == ("layout-malformed", where)
    assert why in str(caught.value.facts["why"])


def test_pages_of_two_books_are_drawn_apart_also_where_they_have_the_same_number() -> None:
    small = replace(GOES_ON, pages=(1, 1), usual_page=FOUR_LINES)
    plan = placed(update(small, 1, 3, *entries(3)), small)
    pages = drawn_pages(plan, small.sheet, small)
    assert [(page.book, page.number, len({text.y for text in page.texts})) for page in pages] == [(1, 1, 2), (2, 1, 4)]


def test_a_person_is_told_which_book_is_needed() -> None:
    steps = outline(placed(update(GOES_ON, 16, 23, *entries(3))))
    change = next(n for n, step in enumerate(steps, 1) if step.kind.traits.opens_book)
    assert book_number(steps, 0) == book_number(steps, change - 1) == BookNumber(1, 2)
    assert book_number(steps, change) == book_number(steps, len(steps) - 1) == BookNumber(2, 2)
    assert book_number(outline(placed(update(GOES_ON, 1, 1, *entries(3)))), 2) == BookNumber()


def test_a_heading_stands_above_the_balance_that_was_brought_and_pages_carry_theirs_besides() -> None:
    """Two pages of four lines: a heading, and a carried balance at the end of each page."""
    page = PageLines(1620, 540, 4, None, (2, 4), (FixedText(1, 12, "Page {page}"),))
    layout = replace(GOES_ON, pages=(1, 2), usual_page=page, page_carried="C/F", brought=(BROUGHT,))
    plan = placed(update(layout, 2, 2, *entries(3)), layout)
    assert on_paper(plan, layout) == [
        Struck(1, 2, 1, "Page 2", ""),
        Struck(1, 2, 2, "e1", balance_after(1)),
        Struck(1, 2, 3, CARRIED, balance_after(1)),
        Struck(1, 2, 4, "C/F", balance_after(1)),
        Struck(2, 1, 1, "Page 1", ""),
        Struck(2, 1, 2, BROUGHT, balance_after(1)),
        Struck(2, 1, 3, "e2", balance_after(2)),
        Struck(2, 1, 4, "C/F", balance_after(2)),
        Struck(2, 2, 1, "Page 2", ""),
        Struck(2, 2, 2, "e3", balance_after(3)),
    ]


def test_an_entry_of_several_lines_is_not_cut_by_the_change() -> None:
    columns = tuple(replace(one, overflow=Overflow.WRAP) if one.name == "text" else one for one in GOES_ON.columns)
    layout = replace(GOES_ON, columns=columns)
    first, second = entries(2)
    plan = placed(update(layout, 16, 22, first, replace(second, text="a very long text of it")), layout)
    assert [(line.book, line.line, line.text) for line in on_paper(plan, layout)] == [
        (1, 22, "e1"),
        (1, 23, "a very long"),
        (1, 24, "text of it"),
    ]
    third = Entry(DAY, "e3", 3, None, OPENING - 6)
    plan = placed(update(layout, 16, 22, first, replace(second, text="a very long text of it"), third), layout)
    assert [(line.book, line.line, line.text) for line in on_paper(plan, layout)] == [
        (1, 22, "e1"),
        (1, 23, CARRIED),
        (2, 1, HEAD),
        (2, 2, BROUGHT),
        (2, 3, "a very long"),
        (2, 4, "text of it"),
        (2, 5, "e3"),
    ]


# Any book, any place in it


@st.composite
def going_on(draw: st.DrawFn) -> BookLayout:
    """A book of any geometry that goes on in a new one."""
    layout = draw(books())
    all_lines = layout.lines_left(layout.pages[0], 1)
    carried = draw(st.integers(1, max(1, min(3, all_lines - 2))))
    brought = draw(st.integers(1, max(1, min(3, all_lines - 1 - carried))))
    if all_lines < 3:
        layout = replace(layout, pages=(layout.pages[0], layout.pages[0] + 2))
    return replace(layout, carried=("to next",) * carried, brought=("from last",) * brought)


@given(st.data(), going_on())
def test_every_entry_is_on_paper_once_in_order_and_every_book_says_where_it_came_from(
    data: st.DataObject, layout: BookLayout
) -> None:
    page, line = data.draw(st.integers(*layout.pages)), data.draw(st.integers(1, layout.lines_per_page))
    if data.draw(st.booleans()):
        page, line = layout.place_after(layout.pages[1], layout.lines_per_page, 1)
    count = data.draw(st.integers(1, 60))
    document = update(layout, page, line, *entries(count))
    try:
        plan = placed(document, layout)
    except PassbookError as error:
        assert error.code == "past-last-line"
        fits = count - int(error.facts["left"])
        plan = placed(replace(document, entries=document.entries[:fits]), layout)
        count = fits
    lines = on_paper(plan, layout)
    assert [one.text for one in lines if one.text.startswith("e")] == [f"e{n}" for n in range(1, count + 1)]
    places = [(one.book, one.page, one.line) for one in lines]
    assert places == sorted(set(places))
    assert all(layout.has(page, line) for _, page, line in places)
    judge_books(lines, layout, page, line)
    assert [isinstance(step, NextBook) for step in plan].count(True) == books_of(plan)[-1] - 1
    assert is_outline(outline(plan))
    assert decode_plan(encode_plan(plan)) == plan


def judge_books(lines: list[Struck], layout: BookLayout, page: int, line: int) -> None:
    """Each book is filled without a gap, and says at its edges which balance goes over."""
    written = 0
    for book in range(1, lines[-1].book + 1):
        mine = [one for one in lines if one.book == book]
        at = (page, line) if book == 1 else (layout.pages[0], 1)
        assert [(one.page, one.line) for one in mine] == [layout.place_after(*at, n) for n in range(len(mine))]
        edge = shown(OPENING) if written == 0 else balance_after(written)
        if book > 1:
            head = mine[: len(layout.brought)]
            assert [one.text for one in head] == list(layout.brought)
            assert [one.balance for one in head] == [*[""] * (len(head) - 1), edge]
        written += sum(one.text.startswith("e") for one in mine)
        if book < lines[-1].book and mine:
            tail = mine[-len(layout.carried) :]
            assert [one.text for one in tail] == list(layout.carried)
            assert tail[-1].balance == (shown(OPENING) if written == 0 else balance_after(written))
            assert (mine[-1].page, mine[-1].line) == (layout.pages[1], layout.lines_per_page)


@given(st.data(), going_on())
def test_going_on_at_any_line_of_any_book_prints_the_rest_as_it_was_placed(
    data: st.DataObject, layout: BookLayout
) -> None:
    """The outline that a person sees names the same place as the plan, and the book that it is in."""
    page, line = data.draw(st.integers(*layout.pages)), data.draw(st.integers(1, layout.lines_per_page))
    document = update(layout, page, line, *entries(data.draw(st.integers(1, 12))))
    try:
        plan = placed(document, layout)
    except PassbookError as error:
        assert error.code == "past-last-line"
        return
    shown_steps = outline(plan)
    k = data.draw(st.sampled_from([n for n, step in enumerate(plan) if isinstance(step, Line)]))
    number = book_number(shown_steps, k)
    assert (number.book or 1) == books_of(plan)[k]
    assert (number.books or 1) == books_of(plan)[-1]
