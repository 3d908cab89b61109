from __future__ import annotations

import io
import json
import re
import traceback
import unicodedata
from csv import writer
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.characters import control_position
from passbook.document.documents import (
    FORMATS,
    Document,
    Entry,
    PassbookUpdate,
    PdfDocument,
    StartLine,
    TextDocument,
    parse_document,
)
from passbook.document.json_text import DEEPEST
from passbook.errors import PassbookError
from tests.passbook.test_layout import mutations

PRIVATE = "Geheimnis"
HEAD = "# layout: savings-24\n# account: 4711\n# currency: EUR\n# start: page 3 line 15\n"
HEADER = "date,text,withdrawal,deposit,balance\n"
ROW = "2026-03-02,Miete Müller,845.00,,9067.95\n"
CSV = (HEAD + HEADER + ROW + '2026-03-03,"Café, ""Noir""",,12.5,9080.45\n').encode()
JSON = json.dumps(
    {
        "layout": "savings-24",
        "account": "4711",
        "currency": "EUR",
        "start": {"page": 3, "line": 15},
        "entries": [
            {"date": "2026-03-02", "text": "Miete Müller", "withdrawal": "845.00", "balance": "9067.95"},
            {"date": "2026-03-03", "text": 'Café, "Noir"', "deposit": "12.5", "balance": "9080.45"},
        ],
    }
).encode()
TEXT = "Hinweis\r\n\nFür Sie: 5 €\n".encode()
FORM = json.dumps(
    {"form": "certificate", "fields": {"holder": "Müller", "amount": "12.5"}, "copies": 2}, ensure_ascii=False
).encode()
SAMPLES = {
    "passbook-update+csv": CSV,
    "passbook-update+json": JSON,
    "pdf": b"%PDF-1.4\n",
    "text": TEXT,
    "form": FORM,
}


def update(format_name: str, data: bytes) -> PassbookUpdate:
    document = parse_document(format_name, data)
    assert isinstance(document, PassbookUpdate)
    return document


def csv_refusal(text: str) -> PassbookError:
    return refusal("passbook-update+csv", text.encode())


def json_refusal(**changes: object) -> PassbookError:
    """The refusal of the sample with keys changed, or taken away when the change is None."""
    changed = {key: value for key, value in (json.loads(JSON) | changes).items() if value is not None}
    return refusal("passbook-update+json", json.dumps(changed).encode())


def refusal(format_name: str, data: bytes) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        parse_document(format_name, data)
    assert PRIVATE not in "".join(traceback.format_exception(caught.value))
    return caught.value


def test_csv_says_what_its_rows_say() -> None:
    document = update("passbook-update+csv", CSV)
    assert (document.layout, document.account, document.currency) == ("savings-24", "4711", "EUR")
    assert document.start == StartLine(3, 15)
    assert document.entries == (
        Entry(date(2026, 3, 2), "Miete Müller", 84500, None, 906795),
        Entry(date(2026, 3, 3), 'Café, "Noir"', None, 1250, 908045),
    )


def test_json_says_the_same_as_csv() -> None:
    assert update("passbook-update+json", JSON) == update("passbook-update+csv", CSV)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_byte_order_mark_changes_nothing(format_name: str) -> None:
    data = SAMPLES[format_name]
    assert parse_document(format_name, b"\xef\xbb\xbf" + data) == parse_document(format_name, data)


def test_line_ends_of_any_kind_and_blank_rows_change_nothing() -> None:
    for ends in (b"\r\n", b"\r", b"\n\n"):
        data = CSV.replace(b"\n", ends) if ends != b"\n\n" else CSV + b"\n\n"
        assert update("passbook-update+csv", data) == update("passbook-update+csv", CSV)


def test_a_start_to_be_asked_for_is_none() -> None:
    for head in (HEAD.replace("page 3 line 15", "ask"), HEAD.replace("# start: page 3 line 15\n", "")):
        assert update("passbook-update+csv", (head + HEADER + ROW).encode()).start is None
    for start in ("ask", None):
        changed = json.loads(JSON) | {"start": start}
        if start is None:
            del changed["start"]
        assert update("passbook-update+json", json.dumps(changed).encode()).start is None


def test_letters_are_composed_and_blanks_at_the_end_dropped() -> None:
    row = ROW.replace("Müller", "Mu\u0308ller  ")
    assert update("passbook-update+csv", (HEAD + HEADER + row).encode()).entries[0].text == "Miete Müller"


def test_text_keeps_its_lines() -> None:
    assert parse_document("text", TEXT) == TextDocument(("Hinweis", "", "Für Sie: 5 €", ""))


@pytest.mark.parametrize("data", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_text_without_text_is_empty(data: bytes) -> None:
    assert refusal("text", data).code == "document-empty"


def test_an_update_without_entries_is_empty() -> None:
    assert csv_refusal(HEAD + HEADER).code == "document-empty"
    assert json_refusal(entries=[]).code == "document-empty"


@pytest.mark.parametrize("name", ["docx", "", "passbook-update", "a\nb", "Geheimnis" * 9])
def test_an_unknown_format_is_refused_with_those_that_are_known(name: str) -> None:
    error = refusal(name, b"")
    assert error.code == "unknown-format"
    assert error.facts["known"] == "passbook-update+csv, passbook-update+json, pdf, text, form"
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        (HEADER + ROW, "the lines above the header"),
        (HEAD.replace("# layout: savings-24\n", "") + HEADER + ROW, "the lines above the header"),
        (HEAD.replace("4711", "") + HEADER + ROW, "the lines above the header"),
        (HEAD + f"# {PRIVATE}: 1\n" + HEADER + ROW, "line 5"),
        (HEAD + f"# {PRIVATE}\n" + HEADER + ROW, "line 5"),
        (HEAD + "# layout: other\n" + HEADER + ROW, "line 5"),
        (HEAD.replace("3", PRIVATE) + HEADER + ROW, "start"),
        (HEAD.replace("page 3", "page 0") + HEADER + ROW, "start"),
        (HEAD.replace("savings-24", f"../{PRIVATE}") + HEADER + ROW, "layout"),
        (HEAD.replace("4711", PRIVATE * 9) + HEADER + ROW, "account"),
        (HEAD.replace("4711", f"{PRIVATE}\x1b") + HEADER + ROW, "account"),
        (HEAD + ROW, "line 5"),
        (HEAD, "line 5"),
        (HEAD + HEADER.replace("text", PRIVATE) + ROW, "line 5"),
        (HEAD + HEADER + ROW + f"2026-03-02,{PRIVATE},1,2\n", "entry 2 (line 7)"),
        (HEAD + HEADER + ROW + f"2026-03-02,{PRIVATE},1,2,3,4\n", "entry 2 (line 7)"),
        (HEAD + HEADER + ROW + f'2026-03-02,"{PRIVATE}" x,1,2,3\n', "line 7"),
        (HEAD + HEADER + ROW + f'2026-03-02,"{PRIVATE}', "line 7"),
        (HEAD + HEADER + ROW + f"2026-03-02,{PRIVATE * 20000},1,2,3\n", "line 7"),
    ],
)
def test_malformed_csv_is_refused_where_it_is(text: str, where: str) -> None:
    error = csv_refusal(text)
    assert (error.code, error.facts["where"]) == ("document-malformed", where)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"layout": None}, "the top level"),
        ({"entries": None}, "the top level"),
        ({PRIVATE: 1}, "the top level"),
        ({"layout": 5}, "layout"),
        ({"layout": "Sparbuch"}, "layout"),
        ({"account": ""}, "account"),
        ({"account": "  "}, "account"),
        ({"start": PRIVATE}, "start"),
        ({"start": {"page": 0, "line": 1}}, "start, page"),
        ({"start": {"page": 1, "line": "1"}}, "start, line"),
        ({"start": {"page": 1, "line": 1, PRIVATE: 1}}, "start"),
        ({"entries": {PRIVATE: 1}}, "entries"),
        ({"entries": [{"date": "2026-03-02"}, PRIVATE]}, "entry 2"),
        ({"entries": [{"date": "2026-03-02", PRIVATE: "1"}]}, "entry 1"),
        ({"entries": [{"text": PRIVATE}]}, "entry 1"),
        ({"entries": [{"date": "2026-03-02", "text": 5}]}, "entry 1, text"),
    ],
)
def test_malformed_json_is_refused_where_it_is(changes: dict[str, object], where: str) -> None:
    error = json_refusal(**changes)
    place, _, spot = str(error.facts["where"]).partition(" (")
    assert (error.code, place) == ("document-malformed", where)
    assert not spot or re.fullmatch(r"line 1, character [0-9]+\)", spot)


@pytest.mark.parametrize("value", [12.5, 12, None, ["1"], True])
def test_an_amount_that_is_a_number_of_json_is_refused(value: object) -> None:
    error = json_refusal(entries=[{"date": "2026-03-02"}, {"date": "2026-03-02", "deposit": value}])
    assert (error.code, error.facts["column"]) == ("amount-not-decimal", "deposit")
    assert str(error.facts["where"]).startswith("entry 2, deposit (line 1, character ")


@pytest.mark.parametrize("format_name", sorted(FORMATS.keys() - {"pdf"}))
def test_bytes_that_are_not_utf8_are_refused_by_their_number(format_name: str) -> None:
    error = refusal(format_name, PRIVATE.encode() + b"\xff")
    assert error.code == "document-malformed"
    if format_name in {"passbook-update+csv", "text"}:
        assert error.facts["where"] == f"byte {len(PRIVATE) + 1}, in line 1"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (f"2026-02-30,{PRIVATE},,1,1", "date-not-valid"),
        (f"02.03.2026,{PRIVATE},,1,1", "two-readings"),
        (f"31.03.2026,{PRIVATE},,1,1", "two-readings"),
        (f"2569-03-02,{PRIVATE},,1,1", "two-readings"),
        (f"2026-03-02,{PRIVATE},1.234,,1", "two-readings"),
        (f"2026-03-02T23:30:00Z,{PRIVATE},,1,1", "date-not-valid"),
        (f"{PRIVATE},{PRIVATE},,1,1", "date-not-valid"),
        (f",{PRIVATE},,1,1", "date-not-valid"),
        (f"2026-03-02,x,{PRIVATE},1,1", "amount-not-decimal"),
        (f"2026-03-02,{PRIVATE},,1.0055,1", "amount-too-fine"),
        (f"2026-03-02,{PRIVATE}\x1b0,,1,1", "control-byte"),
        (f'2026-03-02,"{PRIVATE}\n",,1,1', "control-byte"),
        (f"2026-03-02,{PRIVATE}\u202e,,1,1", "control-byte"),
    ],
)
def test_a_wrong_field_is_refused_by_its_entry(row: str, code: str) -> None:
    error = csv_refusal(HEAD + HEADER + ROW + row + "\n")
    assert error.code == code
    assert str(error.facts["where"]).split(",")[0] == "entry 2 (line 7)"


def test_a_control_in_a_text_is_refused_by_its_line() -> None:
    error = refusal("text", f"eins\n{PRIVATE}\x0c".encode())
    assert (error.code, error.facts["where"], error.facts["number"]) == ("control-byte", "line 2", len(PRIVATE) + 1)
    assert error.facts["found"] == "a form feed (U+000C)"


@given(st.lists(st.sampled_from(["a", " ", "\r", "\n", "\r\n", "ü", "u\u0308", "\xa0", "\x0c"])), st.integers(0, 9))
def test_a_text_is_its_lines_one_by_one_and_a_count_of_those_behind(parts: list[str], most: int) -> None:
    data = "".join(parts).encode()
    whole = data.decode() if b"\n" in data else data.decode().replace("\r", "\n")
    lines = [unicodedata.normalize("NFC", line.removesuffix("\r").rstrip(" ")) for line in whole.split("\n")]
    wrong = ((n, line) for n, line in enumerate(lines, 1) if control_position(line))
    for n, line in wrong:
        error = refusal("text", data)
        assert error.code == "control-byte"
        assert (error.facts["where"], error.facts["number"]) == (f"line {n}", control_position(line))
        return
    if not any(lines):
        assert refusal("text", data).code == "document-empty"
        return
    behind = sum(1 for line in lines[most:] if line)
    assert parse_document("text", data, most) == TextDocument(tuple(lines[:most]), more=behind)
    assert parse_document("text", data) == TextDocument(tuple(lines))


@pytest.mark.parametrize("format_name", ["passbook-update+csv", "passbook-update+json"])
def test_entries_that_no_book_has_room_for_are_only_counted(format_name: str) -> None:
    whole = update(format_name, SAMPLES[format_name])
    wrong = SAMPLES[format_name].replace(b"2026-03-03", b"2026-99-99")
    assert refusal(format_name, wrong).code == "date-not-valid"
    cut = parse_document(format_name, wrong, 1)
    assert cut == msgspec.structs.replace(whole, entries=whole.entries[:1], more=1)


def test_an_unknown_currency_is_refused_without_repeating_it() -> None:
    assert csv_refusal(HEAD.replace("EUR", PRIVATE) + HEADER + ROW).code == "unknown-currency"


def test_a_currency_without_a_minor_unit_is_refused_by_its_code() -> None:
    refused = csv_refusal(HEAD.replace("EUR", "XAU") + HEADER + ROW)
    assert (refused.code, refused.facts["currency"]) == ("currency-without-digits", "XAU")


def test_a_document_shows_nothing_of_itself_but_its_type() -> None:
    document = update("passbook-update+csv", CSV)
    shown = repr(document) + repr(document.entries) + repr(parse_document("text", TEXT))
    assert not [word for word in ("4711", "Müller", "845", "savings", "Hinweis") if word in shown]


@pytest.mark.parametrize(
    "entry",
    [
        {"date": "2026-03-02", "deposit": "12,50"},
        {"date": "2026-03-02", "deposit": "12.50CR"},
        {"date": "2026-03-02", "deposit": 12.5},
        {"date": "R8.3.2", "text": "Miete"},
    ],
)
def test_a_refusal_of_json_speaks_of_no_import_profile(entry: dict[str, object]) -> None:
    error = json_refusal(entries=[entry])
    assert error.code in {"amount-not-decimal", "date-not-valid"}
    assert str(error).endswith("Nothing was accepted; correct it and send again.")
    assert "import" not in str(error)


def test_an_unknown_field_of_an_entry_is_named_with_those_that_are_known() -> None:
    error = json_refusal(entries=[{"date": "2026-03-02", "txt": PRIVATE}])
    known = "date, text, withdrawal, deposit, balance, others"
    assert error.facts["why"] == f"it has txt, which is no field of the format; known: {known}"
    assert str(error.facts["where"]).startswith("entry 1 (")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format_name", "begin", "end", "where"),
    [
        ("passbook-update+json", b'{"account":', b"}", "account"),
        ("passbook-update+json", b'{"entries":[{"date":', b"}]}", "date"),
        ("form", b'{"form":"a","fields":{},"copies":', b"}", "copies"),
    ],
)
def test_json_of_any_depth_is_refused_by_the_name_below_which_it_is_deep(
    format_name: str, begin: bytes, end: bytes, where: str
) -> None:
    # Near 1000 Python's own parser comes to the end of its stack, at a depth that hangs on its callers.
    for depth in (*range(1, 1101), 30_000):
        error = refusal(format_name, begin + b"[" * depth + b"]" * depth + end)
        assert error.code == "document-malformed"
        assert depth < DEEPEST or error.facts["where"] == where
    assert refusal(format_name, begin + b"[" * 60_000).facts["where"] == where


def test_a_deep_text_is_refused_without_a_word_of_it() -> None:
    error = refusal("passbook-update+json", b'{"text":["mustermann",' + b"[" * 50)
    assert (error.facts["where"], "mustermann" in str(error)) == ("text", False)


ALLOWED = {"document-malformed", "document-empty", "amount-not-decimal", "amount-too-fine", "two-readings"} | {
    "unknown-import",
    "unknown-currency",
    "currency-without-digits",
    "date-not-valid",
    "control-byte",
    "pdf-not-readable",
}


@pytest.mark.parametrize("format_name", FORMATS)
@given(st.data())
def test_any_bytes_are_a_document_or_refused_with_a_code(format_name: str, data: st.DataObject) -> None:
    document = data.draw(st.binary() | mutations(SAMPLES[format_name]))
    try:
        parse_document(format_name, document)
    except PassbookError as error:
        assert error.code in ALLOWED


@given(st.text("αβγδ", min_size=3, max_size=20), st.integers(0, 4))
def test_no_error_repeats_a_field(field: str, column: int) -> None:
    fields = ["2026-03-02", "x", "1", "2", "3"]
    fields[column] = field + "\x07"
    out = io.StringIO()
    writer(out).writerow(fields)
    with pytest.raises(PassbookError) as caught:
        parse_document("passbook-update+csv", (HEAD + HEADER + out.getvalue()).encode())
    assert field not in "".join(traceback.format_exception(caught.value))


def test_every_kind_of_document_name_their_layout() -> None:
    documents: list[Document] = [parse_document(name, SAMPLES[name]) for name in FORMATS]
    layouts = ["savings-24", "savings-24", "sheet", "sheet", "certificate"]
    assert [document.layout for document in documents] == layouts


def test_a_pdf_is_told_by_its_head_alone() -> None:
    assert parse_document("pdf", b"\0" * 1000 + b"%PDF-1.7\xff") == PdfDocument(b"\0" * 1000 + b"%PDF-1.7\xff")
    for data in (b"", b"%!PS", b"\0" * 1024 + b"%PDF-1.7"):
        assert refusal("pdf", data).code == "pdf-not-readable"
