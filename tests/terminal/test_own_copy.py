from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.documents import FORMATS, parse_document
from passbook.document.placing import place
from passbook.document.plan import Line, outline
from passbook.errors import PassbookError
from passbook.protocol.messages import Question
from terminal.own_copy import SUFFIXES, format_of, texts_of
from terminal.picture import picture
from tests.passbook.strategies import SAVINGS, SHEET
from tests.terminal.samples import question, stopped

CSV = b"""# layout: savings-24
# account: 4711
# currency: EUR
# start: page 3 line 23
date,text,withdrawal,deposit,balance
2026-05-04,salary,,1500.00,2000.00
2026-05-05,rent,700.00,,1300.00
2026-05-06,grocer,31.50,,1268.50
"""


def test_the_suffix_tells_the_format() -> None:
    assert set(SUFFIXES.values()) == set(FORMATS)
    assert format_of(PurePath("a/statement.CSV")) == "passbook-update+csv"
    for name in ("statement", "statement.docx", ".csv"):
        with pytest.raises(PassbookError) as caught:
            format_of(PurePath(name))
        assert caught.value.code == "format-not-given"


def asked_about(format: str, data: bytes) -> Question:  # noqa: A002
    document = parse_document(format, data)
    layout = SHEET if format == "text" else SAVINGS
    return question(stopped(1, 2), outline(place(document, layout, codec="cp858", code_page="cp858")))


def test_the_own_copy_of_an_update_stands_in_the_picture() -> None:
    drawn = picture(asked_about("passbook-update+csv", CSV), texts_of("passbook-update+csv", CSV))
    assert "2026-05-04 salary" in drawn[3]
    assert "1.268,50" in drawn[-1] or "1268.50" in drawn[-1]
    assert not [row for row in drawn if "##" in row or "??" in row]


def test_the_own_copy_of_a_text_skips_lines_that_print_nothing() -> None:
    text = b"Closing time\n\n   \nis 16:00.\n"
    drawn = picture(asked_about("text", text), texts_of("text", text))
    assert [row.split("|")[1].rstrip() for row in drawn[3:]] == ["Closing time", "is 16:00."]


@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=100))
def test_what_cannot_be_read_here_has_no_texts(format: str, data: bytes) -> None:  # noqa: A002
    try:
        parse_document(format, data)
    except PassbookError:
        assert texts_of(format, data) is None
    else:
        assert texts_of(format, data) is not None


@given(st.text(st.characters(codec="cp858", categories=["L", "N", "Zs"]) | st.just("\n"), max_size=80))
def test_texts_and_printed_lines_are_equally_many(text: str) -> None:
    data = text.encode()
    try:
        document = parse_document("text", data)
        plan = place(document, SHEET, codec="cp858", code_page="cp858")
    except PassbookError:
        return
    printed = [[run.text for run in step.runs] for step in plan if isinstance(step, Line)]
    assert texts_of("text", data) == printed
