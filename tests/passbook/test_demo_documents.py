"""The documents that the demonstration sends: they fit, and their figures add up."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import demo
from passbook.document.documents import PassbookUpdate, TextDocument, parse_document
from passbook.document.placing import place
from passbook.document.plan import Line, Turn
from tests.passbook.strategies import SAVINGS, SHEET

FOLDER = Path(demo.__file__).parent


def update(name: str) -> PassbookUpdate:
    document = parse_document("passbook-update+csv", (FOLDER / name).read_bytes())
    assert isinstance(document, PassbookUpdate)
    return document


@pytest.mark.parametrize("name", ["statement.csv", "second.csv"])
def test_the_balances_add_up(name: str) -> None:
    entries = update(name).entries
    for before, entry in pairwise(entries):
        change = (entry.deposit or 0) - (entry.withdrawal or 0)
        assert change
        assert before.balance is not None
        assert before.balance + change == entry.balance
        assert before.date is not None
        assert entry.date is not None
        assert before.date <= entry.date


def test_the_statement_fills_a_page_and_goes_on_with_the_next() -> None:
    plan = place(update("statement.csv"), SAVINGS, codec="cp858", code_page="858")
    places = [(step.page, step.line) for step in plan if isinstance(step, Line)]
    assert places == [(3, line) for line in range(15, 25)] + [(4, line) for line in range(1, 11)]
    assert [number for number, step in enumerate(plan, 1) if isinstance(step, Turn)] == [11]


def test_the_statement_needs_its_code_page() -> None:
    said = "".join(entry.text for entry in update("statement.csv").entries)
    assert "€" in said
    assert "Müller" in said


def test_the_second_book_starts_on_its_first_page() -> None:
    first, second = update("statement.csv"), update("second.csv")
    plan = place(second, SAVINGS, codec="cp858", code_page="858")
    places = [(step.page, step.line) for step in plan if isinstance(step, Line)]
    assert places == [(1, line) for line in range(1, 8)]
    assert first.account != second.account


def test_the_notice_fits_on_the_sheet() -> None:
    document = parse_document("text", (FOLDER / "notice.txt").read_bytes())
    assert isinstance(document, TextDocument)
    assert len(place(document, SHEET, codec="cp858", code_page="858")) == 7
