from __future__ import annotations

import traceback
from collections import Counter
from datetime import date
from itertools import groupby, pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.documents import Document, Entry, PassbookUpdate, StartLine, TextDocument
from passbook.document.layout import CAPITAL_HEIGHT, BookLayout
from passbook.document.placing import place
from passbook.document.plan import Eject, Line, Plan, Run, Turn, decode_plan, encode_plan, outline
from passbook.errors import PassbookError
from tests.passbook.strategies import SAVINGS, SHEET, books, fold_band, shipped, texts, updates

LINE_15 = StartLine(3, 15)
DAY = date(2026, 3, 2)
BLANK = Entry(None, "", None, None, None)
ENTRY = Entry(DAY, "Miete Müller", 84500, None, 906795)


def placed(document: Document, layout: BookLayout, start: StartLine | None = None) -> Plan:
    return place(document, layout, codec="cp858", code_page="858", start=start)


def update(*entries: Entry, start: StartLine | None = LINE_15) -> PassbookUpdate:
    return PassbookUpdate("savings-24", "4711", "EUR", start, entries)


def refusal(document: Document, layout: BookLayout, start: StartLine | None = None) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        placed(document, layout, start)
    return caught.value


def lines_of(plan: Plan) -> list[Line]:
    return [step for step in plan if isinstance(step, Line)]


def test_an_entry_stands_in_its_columns() -> None:
    runs = (Run(1, "2026-03-02"), Run(12, "Miete Müller"), Run(30, "845.00"), Run(50, "9067.95"))
    assert placed(update(ENTRY), SAVINGS) == (Line(3, 15, 11340, runs), Eject(3))


def test_a_full_page_is_turned_before_the_next_line_and_not_after_the_last() -> None:
    plan = placed(update(ENTRY, ENTRY, ENTRY, start=StartLine(3, 23)), SAVINGS)
    assert [type(step) for step in plan] == [Line, Line, Turn, Line, Eject]
    assert [(line.page, line.line) for line in lines_of(plan)] == [(3, 23), (3, 24), (4, 1)]
    assert plan[2] == Turn(4)
    assert placed(update(ENTRY, ENTRY, start=StartLine(3, 23)), SAVINGS)[-1] == Eject(3)


def test_a_blank_line_of_text_only_moves_on() -> None:
    plan = placed(TextDocument(("eins", "", "   ", "vier", "")), SHEET)
    assert plan == (Line(1, 1, 2160, (Run(1, "eins"),)), Line(1, 4, 3240, (Run(1, "vier"),)), Eject(1))


def test_what_a_person_says_goes_before_what_the_document_says() -> None:
    assert lines_of(placed(update(ENTRY), SAVINGS, StartLine(5, 2)))[0].page == 5
    assert lines_of(placed(TextDocument(("eins",)), SHEET, StartLine(1, 9)))[0].line == 9


def test_a_start_that_nobody_gives_is_asked_for() -> None:
    assert refusal(update(ENTRY, start=None), SAVINGS).code == "start-not-given"


@pytest.mark.parametrize("start", [StartLine(0, 1), StartLine(17, 1), StartLine(1, 0), StartLine(1, 25)])
def test_a_start_outside_of_the_book_is_refused(start: StartLine) -> None:
    for error in (refusal(update(ENTRY, start=start), SAVINGS), refusal(update(ENTRY), SAVINGS, start)):
        assert (error.code, error.facts["page"], error.facts["line"]) == ("start-not-in-book", start.page, start.line)
        page = {0: 1, 17: 16}.get(start.page, start.page)
        assert f": its pages are 1 to 16, and page {page} has the lines 1 to 24. " in str(error)


def test_a_start_on_the_lines_of_a_fold_is_told_which_lines_these_are() -> None:
    error = refusal(update(ENTRY, start=StartLine(2, 12)), shipped("landp-23"))
    assert "page 2 has the lines 1 to 23, of which 11 to 14 lie on the fold. " in str(error)


def test_a_book_that_is_full_is_not_printed_on() -> None:
    error = refusal(update(ENTRY, ENTRY, ENTRY, start=StartLine(16, 24)), SAVINGS)
    assert (error.code, error.facts) == ("past-last-line", {"page": 16, "line": 24, "left": 2})
    assert placed(update(ENTRY, start=StartLine(16, 24)), SAVINGS)[-1] == Eject(16)


def test_a_sheet_is_never_turned() -> None:
    assert len(lines_of(placed(TextDocument(("x",) * 60 + ("",) * 5), SHEET))) == 60
    error = refusal(TextDocument(("x",) * 60 + ("", "y", "")), SHEET)
    assert (error.code, error.facts) == ("past-last-line", {"page": 1, "line": 60, "left": 1})


@pytest.mark.parametrize(("document", "layout"), [(update(ENTRY), SHEET), (TextDocument(("x",)), SAVINGS)])
def test_a_document_on_the_wrong_kind_of_paper_is_refused(document: Document, layout: BookLayout) -> None:
    assert refusal(document, layout).code == "layout-unfit"


@pytest.mark.parametrize(
    ("document", "layout"), [(update(), SAVINGS), (update(BLANK), SAVINGS), (TextDocument(("", " ")), SHEET)]
)
def test_a_document_without_a_line_is_refused(document: Document, layout: BookLayout) -> None:
    assert refusal(document, layout).code == "document-empty"


@pytest.mark.parametrize(
    ("column", "value", "text", "width"),
    [
        ("text", "Miete Müller GmbH", "Miete Müller GmbH", 14),
        ("withdrawal", 100_000_000, "1000000.00", 9),
        ("balance", -1_000_000_000, "-10000000.00", 10),
    ],
)
def test_a_field_wider_than_its_column_is_refused(column: str, value: object, text: str, width: int) -> None:
    error = refusal(update(ENTRY, msgspec.structs.replace(ENTRY, **{column: value})), SAVINGS)
    how = "shorten it" if column == "text" else "the operator can mend it, in the layout"
    facts = {"where": "entry 2", "column": column, "length": len(text), "width": width, "how": how}
    assert (error.code, error.facts) == ("column-overflow", facts)
    assert text not in "".join(traceback.format_exception(error))


def test_a_field_whose_column_the_book_does_not_have_is_refused() -> None:
    narrow = msgspec.structs.replace(SAVINGS, columns=SAVINGS.columns[:2])
    error = refusal(update(ENTRY), narrow)
    assert (error.code, error.facts["column"], error.facts["width"]) == ("column-overflow", "withdrawal", 0)
    assert str(error).endswith("leave it out, or let the operator give the layout a column for it.")


def test_a_line_wider_than_the_sheet_is_refused() -> None:
    assert lines_of(placed(TextDocument(("x" * 75,)), SHEET))
    error = refusal(TextDocument(("", "x" * 76)), SHEET)
    facts = {"where": "line 2", "column": "text", "length": 76, "width": 75, "how": "shorten it"}
    assert (error.code, error.facts) == ("column-overflow", facts)


@pytest.mark.parametrize(
    ("text", "code"), [("a\x1b0", "control-byte"), ("a\u2067", "control-byte"), ("a中", "not-in-code-page")]
)
def test_a_character_that_cannot_be_struck_is_refused_by_its_number(text: str, code: str) -> None:
    error = refusal(update(ENTRY, msgspec.structs.replace(ENTRY, text=text)), SAVINGS)
    assert (error.code, error.facts["where"], error.facts["number"]) == (code, "entry 2, text", 2)
    error = refusal(TextDocument(("", text)), SHEET)
    assert (error.code, error.facts["where"], error.facts["number"]) == (code, "line 2, text", 2)
    assert text not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("wrong", ["中", "x" * 999, "\x1b"])
def test_what_there_is_no_room_for_is_refused_before_its_lines_are_looked_at(wrong: str) -> None:
    error = refusal(TextDocument((wrong,) * 61), SHEET)
    assert (error.code, error.facts["left"]) == ("past-last-line", 1)
    entry = msgspec.structs.replace(ENTRY, text=wrong)
    error = refusal(update(entry, entry, entry, start=StartLine(16, 24)), SAVINGS)
    assert (error.code, error.facts["left"]) == ("past-last-line", 2)
    assert refusal(update(entry, start=StartLine(17, 1)), SAVINGS).code == "start-not-in-book"


def test_what_was_only_counted_is_left_over_too() -> None:
    error = refusal(TextDocument(("x",) * 59 + ("", "y", ""), more=7), SHEET)
    assert (error.code, error.facts["left"]) == ("past-last-line", 8)
    counted = msgspec.structs.replace(update(ENTRY, ENTRY, start=StartLine(16, 24)), more=7)
    assert refusal(counted, SAVINGS).facts["left"] == 8


def test_no_start_is_asked_for_where_the_whole_book_has_too_few_lines() -> None:
    all_lines = SAVINGS.lines_left(SAVINGS.pages[0], 1)
    assert refusal(update(*[ENTRY] * all_lines, start=None), SAVINGS).code == "start-not-given"
    error = refusal(update(*[ENTRY] * (all_lines + 3), start=None), SAVINGS)
    assert (error.code, error.facts["left"]) == ("past-last-line", 3)


def test_everything_is_judged_before_the_start_is_asked_for() -> None:
    wrong = msgspec.structs.replace(ENTRY, text="中")
    assert refusal(update(wrong, start=None), SAVINGS).code == "not-in-code-page"


def assert_on_paper(plan: Plan, layout: BookLayout) -> None:
    """Every line within the page and off the fold, from top to bottom, each place once, one turn between pages."""
    lines = lines_of(plan)
    assert max(Counter((line.page, line.line) for line in lines).values()) == 1
    for line in lines:
        assert layout.has(line.page, line.line)
        assert line.y == layout.line_y(line.page, line.line)
        assert CAPITAL_HEIGHT <= line.y <= layout.page_height
        assert line.y not in fold_band(layout)
        assert all(1 <= run.column <= run.column + len(run.text) - 1 <= layout.columns_total for run in line.runs)
        ends = [(run.column, run.column + len(run.text)) for run in line.runs]
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))
    pages = [page for page, _ in groupby(line.page for line in lines)]
    assert pages == list(range(pages[0], pages[-1] + 1))
    for page in pages:
        ys = [line.y for line in lines if line.page == page]
        assert ys == sorted(set(ys))
    expected: list[type] = []
    for page in pages:
        expected += [Turn] * (page != pages[0]) + [Line] * sum(line.page == page for line in lines)
    assert [type(step) for step in plan] == [*expected, Eject]
    assert [step.page for step in plan if isinstance(step, Turn)] == pages[1:]
    assert plan[-1] == Eject(pages[-1])


@given(st.data(), books())
def test_a_planned_update_lies_on_the_paper(data: st.DataObject, layout: BookLayout) -> None:
    document = data.draw(updates(layout))
    plan = placed(document, layout)
    assert_on_paper(plan, layout)
    assert len(lines_of(plan)) == len(document.entries)


@given(st.data(), books())
def test_the_paper_reads_what_the_document_says(data: st.DataObject, layout: BookLayout) -> None:
    document = data.draw(updates(layout))
    for line, entry in zip(lines_of(placed(document, layout)), document.entries, strict=True):
        fields = msgspec.structs.asdict(entry)
        for column in layout.columns:
            struck = [run.text for run in line.runs if column.start <= run.column <= column.end]
            value = fields[column.name]
            assert struck == ([] if value in {None, ""} else [str(value)])


@given(st.data(), books())
def test_going_on_at_line_k_lands_exactly_on_line_k(data: st.DataObject, layout: BookLayout) -> None:
    document = data.draw(updates(layout))
    plan = placed(document, layout)
    k = data.draw(st.integers(0, len(document.entries) - 1))
    first = lines_of(plan)[k]
    tail = msgspec.structs.replace(document, entries=document.entries[k:], start=StartLine(first.page, first.line))
    assert placed(tail, layout) == plan[plan.index(first) :]


@given(st.data(), books())
def test_one_line_too_many_is_always_refused(data: st.DataObject, layout: BookLayout) -> None:
    page, line = data.draw(st.integers(*layout.pages)), data.draw(st.integers(1, layout.lines_per_page))
    room, more = layout.lines_left(page, line), data.draw(st.integers(1, 3))
    short = Entry(DAY, "", None, None, 1)
    error = refusal(update(*[short] * (room + more), start=StartLine(page, line)), layout)
    assert (error.code, error.facts["left"]) == ("past-last-line", more)


@given(texts)
def test_a_planned_text_lies_on_the_sheet(document: TextDocument) -> None:
    plan = placed(document, SHEET)
    assert_on_paper(plan, SHEET)
    assert [(line.line, line.runs[0].text) for line in lines_of(plan)] == [
        (number, text) for number, text in enumerate(document.lines, 1) if text
    ]


@given(st.data(), books())
def test_a_plan_survives_its_encoding(data: st.DataObject, layout: BookLayout) -> None:
    plan = placed(data.draw(updates(layout)), layout)
    assert decode_plan(encode_plan(plan)) == plan


@given(st.data(), books())
def test_an_outline_shows_bars_where_the_text_is_and_no_text(data: st.DataObject, layout: BookLayout) -> None:
    plan = placed(data.draw(updates(layout)), layout)
    for step, shown in zip(plan, outline(plan), strict=True):
        assert shown.page == step.page
        runs = step.runs if isinstance(step, Line) else ()
        assert [(bar.column, bar.width) for bar in shown.bars] == [(run.column, len(run.text)) for run in runs]
    strings = {str(value) for value in flat(msgspec.to_builtins(outline(plan))) if isinstance(value, str)}
    assert strings <= {"line", "turn", "eject"}


def flat(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flat(item)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


@given(st.text(max_size=20))
def test_any_text_is_placed_or_refused_with_a_code(text: str) -> None:
    try:
        plan = placed(TextDocument((text,)), SHEET)
    except PassbookError as error:
        assert error.code in {"control-byte", "not-in-code-page", "needs-substitute", "document-empty"}
    else:
        assert lines_of(plan)[0].runs == (Run(1, text.rstrip(" ")),)
