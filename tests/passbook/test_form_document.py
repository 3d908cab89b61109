"""Forms: from a document of named fields and a layout to the steps of each copy."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from passbook.document.documents import FormDocument, StartLine, parse_document
from passbook.document.form_document import LONGEST_FIELD, MAX_FORM, MOST_FIELDS
from passbook.document.layout import BookLayout, LayoutKind
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.plan import NUMBER_MARK, Eject, Line, NextSheet, Plan, outline, with_numbers
from passbook.errors import PassbookError
from tests.passbook.strategies import SAVINGS, SHEET, layout_bytes, shipped

CERTIFICATE = shipped("certificate")
FIELDS = {"holder": "Ada Okafor", "account": "4711", "amount": "1,250.00 EUR", "until": "2027-11-29", "note": ""}
PRIVATE = "Okafor"


def form(**changes: Any) -> bytes:
    whole = {"form": "certificate", "fields": FIELDS, "copies": 1} | changes
    return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()


def parsed(data: bytes) -> FormDocument:
    document = parse_document("form", data)
    assert isinstance(document, FormDocument)
    return document


def placed(data: bytes, layout: BookLayout = CERTIFICATE, start: StartLine | None = None) -> Plan:
    return place(parsed(data), layout, codec="cp858", code_page="cp858", start=start)


def refusal(data: bytes, layout: BookLayout = CERTIFICATE, start: StartLine | None = None) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        placed(data, layout, start)
    assert PRIVATE not in str(caught.value)
    return caught.value


def texts(plan: Plan, page: int = 1) -> list[tuple[int, int, str]]:
    return [
        (one.line, run.column, run.text)
        for one in plan
        if isinstance(one, Line) and one.page == page
        for run in one.runs
    ]


def test_each_text_and_field_stands_at_its_place() -> None:
    assert texts(placed(form(fields=FIELDS | {"note": "x"}))) == [
        (1, 1, "CERTIFICATE OF DEPOSIT"),
        (1, 56, "No."),
        (1, 60, NUMBER_MARK * 10),
        (4, 1, "Holder"),
        (4, 16, "Ada Okafor"),
        (6, 1, "Account"),
        (6, 16, "4711"),
        (8, 1, "Amount"),
        (8, 24, "1,250.00 EUR"),
        (10, 1, "Until"),
        (10, 16, "2027-11-29"),
        (12, 1, "Note"),
        (12, 16, "x"),
    ]


def test_each_copy_is_the_same_sheet_again_and_is_given_back_before_the_next_one() -> None:
    one, plan = placed(form()), placed(form(copies=3))
    assert [type(step) for step in plan if not isinstance(step, Line)] == [NextSheet, NextSheet, Eject]
    assert [step.page for step in plan if not isinstance(step, Line)] == [2, 3, 3]
    assert texts(plan, 1) == texts(plan, 2) == texts(plan, 3) == texts(one)
    assert len(plan) == 3 * len(one)


def test_one_copy_is_printed_where_none_are_asked_for() -> None:
    assert placed(form(copies=None)) == placed(form())


def test_a_text_that_is_too_long_is_refused_or_cut_as_the_layout_says() -> None:
    error = refusal(form(fields=FIELDS | {"holder": PRIVATE * 10}))
    assert (error.code, error.facts["where"], error.facts["width"]) == ("column-overflow", "field holder", 50)
    cut = placed(form(fields=FIELDS | {"note": "n" * 56}))
    assert (12, 16, "n" * 55) in texts(cut)


def test_an_unknown_and_a_missing_field_are_named() -> None:
    error = refusal(form(fields=FIELDS | {"holders": PRIVATE}))
    assert (error.code, error.facts["field"]) == ("form-field-unknown", "holders")
    assert error.facts["known"] == "holder, account, amount, until, note"
    for missing in FIELDS:
        error = refusal(form(fields={name: text for name, text in FIELDS.items() if name != missing}))
        assert (error.code, error.facts["field"]) == ("form-field-missing", missing)


def test_more_copies_than_the_layout_allows_are_refused() -> None:
    error = refusal(form(copies=4))
    assert (error.code, error.facts["most"], error.facts["count"]) == ("too-many-copies", 3, 4)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (form(form="../etc"), "form"),
        (form(form=None), "the top level"),
        (form(form=3), "form"),
        (form(fields=None), "the top level"),
        (form(fields=[PRIVATE]), "fields"),
        (form(fields={PRIVATE: "a"}), "fields, name 1"),
        (form(fields=FIELDS | {"holder": 3}), "fields"),
        (form(fields=FIELDS | {"holder": "a" * (LONGEST_FIELD + 1)}), "fields, holder"),
        (form(fields={f"f{n}": "" for n in range(MOST_FIELDS + 1)}), "fields"),
        (form(copies=0), "copies"),
        (form(copies=21), "copies"),
        (form(copies="2"), "copies"),
        (form(copies=True), "copies"),
        (form(account=PRIVATE), "the top level"),
        (b'{"form":"certificate","fields":{"holder":"Okafor","holder":"b"}}', "holder"),
        (b'{"form":"certificate","form":"certificate","fields":{}}', "form"),
        (b'{"x":' + b"[" * 50_000, "x"),
        (b"", "line 1, character 1"),
        (b"[]", "the top level"),
    ],
)
def test_a_document_that_is_no_form_is_refused_where_it_is_not(data: bytes, where: str) -> None:
    error = refusal(data)
    assert (error.code, str(error.facts["where"]).partition(" (")[0]) == ("document-malformed", where)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kopies", "kopies"),
        (f"{PRIVATE} Ada", "a name of 10 characters"),
        # The decoder quotes a name as it stands, and this one looks like a way.
        (f"x - at `$.{PRIVATE}", "x"),
        (f"x` - at `$.fields.{PRIVATE}`", "x"),
    ],
)
def test_an_unknown_field_is_named_with_those_that_are_known(name: str, told: str) -> None:
    error = refusal(json.dumps({"form": "certificate", "fields": {}, name: 2}).encode())
    assert error.facts["why"] == f"it has {told}, which is no field of the format; known: form, fields, copies"
    assert error.facts["where"] == "the top level (line 1, character 1)"


def test_a_control_character_is_refused_by_its_field() -> None:
    error = refusal(form(fields=FIELDS | {"holder": "a\x1b[2J"}))
    assert (error.code, error.facts["where"], error.facts["number"]) == ("control-byte", "fields, holder", 2)


def test_a_character_that_the_printer_does_not_have_is_refused_by_its_field() -> None:
    for text in ("\u03b2\u0416", NUMBER_MARK):
        error = refusal(form(fields=FIELDS | {"account": text}))
        assert (error.code, error.facts["where"]) == ("not-in-code-page", "field account, text")


def test_a_form_larger_than_its_bound_is_refused_unread() -> None:
    assert refusal(form() + b" " * MAX_FORM).code == "document-too-large"


def test_a_form_fits_no_book_and_no_sheet_and_no_place_but_its_own() -> None:
    for layout in (SAVINGS, SHEET):
        assert refusal(form(), layout).code == "layout-unfit"
    text = parse_document("text", b"a\n")
    with pytest.raises(PassbookError) as caught:
        place(text, CERTIFICATE, codec="cp858", code_page="cp858")
    assert caught.value.code == "layout-unfit"
    assert refusal(form(), CERTIFICATE, StartLine(1, 2)).code == "start-not-in-book"
    assert placed(form(), CERTIFICATE, StartLine(1, 1)) == placed(form())


def test_a_form_without_a_text_is_empty() -> None:
    bare = msgspec.structs.replace(CERTIFICATE, texts=())
    assert refusal(form(fields=dict.fromkeys(FIELDS, " ")), bare).code == "document-empty"


def test_the_shipped_certificate_is_what_its_file_says() -> None:
    assert (CERTIFICATE.kind, CERTIFICATE.form, CERTIFICATE.pages) == (LayoutKind.FORM, "certificate", (1, 3))
    assert [field.name for field in CERTIFICATE.fields] == list(FIELDS)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('name = "account"', 'name = "holder"', "fields"),
        ('name = "account"', 'name = "the account"', "field 2, name"),
        ("line = 6\nstart = 16", "line = 19\nstart = 16", "field account"),
        ("start = 16\nwidth = 50", "start = 27\nwidth = 50", "field holder"),
        ("start = 16\nwidth = 50", "start = 5\nwidth = 50", "field holder"),
        ("start = 56", "start = 22", "text 2"),
        ("number = { line = 1, start = 60, width = 10 }", "number = { line = 1, start = 57 }", "number"),
        ("width = 10 }", "width = 9 }", "number, width"),
        ('form = "certificate"', "", "number"),
        ('form = "certificate"', 'form = "Certificate"', "form"),
        ('overflow = "cut"', 'overflow = "wrap"', "field note, overflow"),
        ("copies = 3", "copies = 0", "copies"),
        ('text = "Note"', 'text = ""', "text 7, text"),
        ('text = "Note"', 'text = "No\\u0007te"', "text 7"),
        ('kind = "form"', 'kind = "text"', "the top level"),
        ("width = 75", "width = 90", "width"),
        ("lines_per_page = 18", "lines_per_page = 40", "lines_per_page"),
    ],
)
def test_a_form_layout_that_contradicts_itself_is_named_by_its_key(old: str, new: str, where: str) -> None:
    text = layout_bytes("certificate").decode()
    assert old in text
    with pytest.raises(PassbookError) as caught:
        parse_layout("mine", text.replace(old, new, 1).encode(), "mine.toml")
    assert (caught.value.code, caught.value.facts["file"], caught.value.facts["where"]) == (
        "layout-malformed",
        "mine.toml",
        where,
    )


def test_the_place_of_a_number_is_told_by_its_keys_where_it_is_no_table() -> None:
    text = layout_bytes("certificate").decode()
    place = "number = { line = 1, start = 60, width = 10 }"
    assert place in text
    with pytest.raises(PassbookError, match="number: it is the text x; it must be a table with line, start, width"):
        parse_layout("mine", text.replace(place, 'number = "x"').encode(), "mine.toml")


def test_a_form_of_nothing_is_refused() -> None:
    data = layout_bytes("certificate").decode().partition("[[texts]]")[0]
    with pytest.raises(PassbookError) as caught:
        parse_layout("mine", data.encode(), "mine.toml")
    assert caught.value.facts["where"] == "fields"


def test_the_number_of_its_sheet_stands_on_each_copy() -> None:
    plan = with_numbers(placed(form(copies=2)), {1: 7, 2: 1234567890})
    assert (1, 60, "0000000007") in texts(plan, 1)
    assert (1, 60, "1234567890") in texts(plan, 2)
    assert outline(plan) == outline(placed(form(copies=2)))


def test_a_sheet_without_a_number_keeps_marks_that_no_code_page_has() -> None:
    plan = with_numbers(placed(form(copies=2)), {1: 7})
    assert (1, 60, NUMBER_MARK * 10) in texts(plan, 2)


def test_wide_letters_of_a_form_take_two_cells_each() -> None:
    data = """kind = "form"
page = { width = "210 mm", height = "148 mm" }
first_line = "1 in"
pitch = "1/4 in"
lines_per_page = 18
cpi = 10
left = "10 mm"
width = 75
texts = [{ line = 1, start = 1, text = "残高" }]
fields = [{ name = "holder", line = 1, start = 5, width = 6 },
    { name = "note", line = 2, start = 1, width = 5, overflow = "cut" },
    { name = "amount", line = 3, start = 1, width = 6, align = "right" }]
""".encode()
    layout = parse_layout("certificate", data, "certificate.toml")
    document = FormDocument("certificate", (("holder", "東京1"), ("note", "東京都"), ("amount", "円")))
    plan = place(document, layout, codec="cp932", code_page="shift-jis", has_wide=True)
    lines = [one for one in plan if isinstance(one, Line)]
    assert [[(run.column, run.text, run.wide) for run in one.runs] for one in lines] == [
        [(1, "残高", True), (5, "東京", True), (9, "1", False)],
        [(1, "東京", True)],
        [(5, "円", True)],
    ]
    assert [[(bar.column, bar.width) for bar in one.bars] for one in outline(plan)[:2]] == [
        [(1, 4), (5, 4), (9, 1)],
        [(1, 4)],
    ]
    close = data.replace(b"start = 5", b"start = 4")
    with pytest.raises(PassbookError, match="begins at cell 4 over text 1"):
        parse_layout("certificate", close, "certificate.toml")
