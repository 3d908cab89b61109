"""The parameters of RCPT by which an appliance is asked for what a document needs."""

from __future__ import annotations

import pytest

from passbook.mail.smtp_envelope import Misread, Need, need_parameters, read_recipient

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
