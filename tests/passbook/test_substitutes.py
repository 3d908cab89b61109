"""Typographic characters: printed as they are, replaced as the layout declares, or refused by name; never silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.document.characters import CodePageText
from passbook.document.documents import Document, TextDocument, parse_document
from passbook.document.form_document import FormDocument
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.document.layout_parts import Overflow
from passbook.document.placing import place
from passbook.document.plan import Line
from passbook.document.substitutes import TextSubstitutes
from passbook.document.typography import character_name
from passbook.errors import PassbookError
from tests.passbook.strategies import SAVINGS, SHEET, layout_bytes, shipped

CP858 = CodePageText("cp858", "cp858")
DECLARED = replace(SHEET, substitutes={"\u2019": "'", "\u2013": "-", "\u2026": "...", "\u202f": " ", "€": "EUR"})
CSV = """# layout: savings-24
# account: DE-1
# currency: EUR
# start: page 3 line 1
date,text,withdrawal,deposit,balance
2026-03-01,Joe\u2019s \u2013 Bar,1.00,,1.00
2026-03-02,Miete,1.00,,0.00
"""


def substituted(layout: BookLayout, page: CodePageText, *texts: str, draws: bool = False) -> tuple[list[str], int]:
    work = TextSubstitutes(layout, page, draws=draws)
    found = [work.text(text, f"line {number}, text") for number, text in enumerate(texts, 1)]
    return found, work.replaced


def refusal(*texts: str, layout: BookLayout = SHEET) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        place(TextDocument(texts), layout, codec="cp858", code_page="cp858")
    return caught.value


def lines(document: Document, layout: BookLayout) -> tuple[list[str], int]:
    work = TextSubstitutes(layout, CP858)
    plan = place(document, layout, codec="cp858", code_page="cp858", substitutes=work)
    return [run.text for one in plan if isinstance(one, Line) for run in one.runs], work.replaced


def test_declared_characters_are_replaced_and_counted() -> None:
    document = TextDocument(("Joe\u2019s \u2013 Bar\u2026", "", "5\u202f€"))
    assert lines(document, DECLARED) == (["Joe's - Bar...", "5 €"], 4)


def test_a_character_that_the_printer_has_is_printed_as_it_is() -> None:
    assert substituted(DECLARED, CodePageText("cp1252", "x"), "5 €", "a\u2013b") == (["5 €", "a\u2013b"], 0)


def test_a_longer_substitute_must_fit_its_column() -> None:
    found = refusal("x" * 73 + "\u2026", layout=DECLARED)
    assert (found.code, found.facts["length"], found.facts["width"]) == ("column-overflow", 76, 75)


@pytest.mark.parametrize(
    ("overflow", "text", "printed"),
    [
        (Overflow.CUT, "1234567890123\u2026", ["1234567890123."]),
        (Overflow.CUT, "12345678901\u2026", ["12345678901..."]),
        (Overflow.WRAP, "123 567 90123\u2026", ["123 567", "90123..."]),
    ],
)
def test_substitutes_stand_in_a_text_before_it_is_cut_or_wrapped(
    overflow: Overflow, text: str, printed: list[str]
) -> None:
    columns = tuple(replace(one, overflow=overflow) if one.name == "text" else one for one in SAVINGS.columns)
    layout = replace(SAVINGS, columns=columns, substitutes=DECLARED.substitutes)
    update = parse_document("passbook-update+csv", CSV.replace("Joe\u2019s \u2013 Bar", text).encode())
    work = TextSubstitutes(layout, CP858)
    plan = place(update, layout, codec="cp858", code_page="cp858", substitutes=work)
    runs = [run for one in plan if isinstance(one, Line) for run in one.runs]
    assert [run.text for run in runs if run.column == 12][: len(printed)] == printed
    assert work.replaced == 1


def test_entries_and_fields_are_replaced_too() -> None:
    update = parse_document("passbook-update+csv", CSV.encode())
    printed, count = lines(update, replace(SAVINGS, substitutes=DECLARED.substitutes))
    assert (printed[1], count) == ("Joe's - Bar", 2)
    fields = {"holder": "O\u2019Brien", "account": "1", "amount": "1", "until": "", "note": ""}
    form = FormDocument("certificate", tuple(fields.items()))
    printed, count = lines(form, replace(shipped("certificate"), substitutes=DECLARED.substitutes))
    assert ("O'Brien" in printed, count) == (True, 1)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u2019", "RIGHT SINGLE QUOTATION MARK (U+2019)"),
        ("\u2013", "EN DASH (U+2013)"),
        ("\u202f", "NARROW NO-BREAK SPACE (U+202F)"),
        ("\u2212", "MINUS SIGN (U+2212)"),
        ("₺", "TURKISH LIRA SIGN (U+20BA)"),
    ],
)
def test_without_a_declaration_the_refusal_names_character_place_and_key(character: str, name: str) -> None:
    found = refusal("ok", f"Frau Müller{character}")
    assert found.code == "needs-substitute"
    assert str(found).startswith(f"line 2, text: character 12 is {name}, which code page cp858 lacks.")
    assert "in the key substitutes of layout sheet" in str(found)
    assert "Müller" not in str(found)


def test_the_example_of_the_refusal_is_a_line_that_a_layout_takes() -> None:
    example = str(refusal("\u2013").facts["example"])
    layout = parse_layout("sheet", layout_bytes("sheet") + b"\n[substitutes]\n" + example.encode(), "sheet.toml")
    assert substituted(layout, CP858, "a\u2013b") == (["a-b"], 1)


def test_letters_are_never_named_nor_replaced() -> None:
    found = refusal("\u2019 Łódź", layout=DECLARED)
    assert found.code == "not-in-code-page"
    assert (found.facts["where"], found.facts["number"]) == ("line 1, text", 3)
    assert substituted(DECLARED, CP858, "\u2019 Łódź", draws=True) == (["\u2019 Łódź"], 0)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"Ł": "L"}, "its key is not one character"),
        ({"ab": "c"}, "its key is not one character"),
        ({"": "c"}, "its key is not one character"),
        ({"-": "+"}, "its key is not one character"),
        ({"\u0301": "'"}, "its key is not one character"),
        ({"\u202e": "'"}, "its key is not one character"),
        ({"\u2019": ""}, "1 to 3 printable characters of ASCII"),
        ({"\u2019": "\u00b4"}, "1 to 3 printable characters of ASCII"),
        ({"\u2026": "...."}, "1 to 3 printable characters of ASCII"),
        ({"\u2026": "\x1b"}, "1 to 3 printable characters of ASCII"),
    ],
)
@pytest.mark.parametrize("shipped", ["sheet", "savings-24", "certificate"])
def test_a_layout_declares_only_typographic_characters(shipped: str, table: dict[str, str], why: str) -> None:
    text = "\n[substitutes]\n" + "\n".join(f'"{_escaped(key)}" = "{_escaped(value)}"' for key, value in table.items())
    data = layout_bytes(shipped) + text.encode()
    with pytest.raises(PassbookError, match=why) as caught:
        parse_layout(shipped, data, "one.toml")
    key = next(iter(table))
    assert (
        caught.value.facts["where"]
        == f"substitutes, {(key or 'no character') if len(key) != 1 else character_name(key)}"
    )


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(one):04x}" for one in text)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.sampled_from(["cp858", "cp437", "cp1252", "cp866"]))
def test_only_declared_characters_change_and_each_is_counted(texts: list[str], codec: str) -> None:
    page = CodePageText(codec, codec)
    try:
        found, count = substituted(DECLARED, page, *texts)
    except PassbookError as error:
        assert error.code in {"needs-substitute", "not-in-code-page"}
        return
    changed = 0
    for before, after in zip(texts, found, strict=True):
        if before != after:
            replaced = [one for one in before if not page.has(one)]
            assert set(replaced) <= set(DECLARED.substitutes)
            assert after == "".join(DECLARED.substitutes[one] if one in replaced else one for one in before)
            changed += len(replaced)
    assert changed == count
