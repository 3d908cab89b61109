"""The parameters of RCPT by which an appliance is asked for what a document needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.mail.smtp_envelope import Misread, Need, need_parameters, read_recipient, read_xtext, xtext

RCPT = "TO:<window-1@branch.example>"
NEEDS = [
    Need(),
    Need(form="certificate", sheets=2),
    Need("text"),
    Need("passbook-update+csv", "savings-24"),
    Need("form", "certificate", "certificate", 20),
]


@pytest.mark.parametrize("need", NEEDS)
def test_a_need_is_read_as_it_was_asked(need: Need) -> None:
    asked = " ".join([RCPT, *need_parameters(need, lambda _word: True)])
    assert read_recipient(asked).need == need
    assert need_parameters(need, lambda _word: False) == []


def test_the_words_are_those_of_the_documentation() -> None:
    told = read_recipient(f"{RCPT} XFORM=certificate:2 XFORMAT=form:certificate")
    assert told.need == Need("form", "certificate", "certificate", 2)


@pytest.mark.parametrize(
    "value",
    [
        *("XFORM=certificate", "XFORM=certificate:", "XFORM=certificate:x", "XFORM=certificate:99999"),
        *("XFORM=Certificate:1", "XFORM=a b:1", "XFORM=-a:1"),
        *("XFORMAT=", "XFORMAT=text:", "XFORMAT=text:A", "XFORMAT=Text", "XFORMAT=text:a:b", "XFORMAT"),
        f"XFORMAT={'x' * 41}",
    ],
)
def test_a_need_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(Misread):
        read_recipient(f"{RCPT} {value}")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_what_is_written_as_xtext_is_read_as_the_same(text: str) -> None:
    assert read_xtext(xtext(text)) == text


@given(st.text(st.characters(max_codepoint=0x2FF), min_size=1, max_size=20))
def test_any_text_is_taken_as_the_original_address_once_it_is_xtext(text: str) -> None:
    original = f"rfc822;{xtext(text)}"
    assert read_recipient(f"{RCPT} ORCPT={original}").original == original


@pytest.mark.parametrize(
    "value", ["a+2", "a+2b", "+", "a=b", "a b", "+0D+0ATo:+20x", "+00", "a+7F", "+C3+BC", "a\r\nb"]
)
def test_a_value_that_is_no_xtext_or_says_no_printable_text_stays_as_it_stands(value: str) -> None:
    assert read_xtext(value) == value
