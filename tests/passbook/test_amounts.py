from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.amounts import render_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.errors import PassbookError


@pytest.mark.parametrize(
    ("text", "currency", "printed"),
    [
        ("12.5", "EUR", "12.50"),
        ("12", "USD", "12.00"),
        ("+007.50", "EUR", "7.50"),
        ("-0.5", "EUR", "-0.50"),
        ("-0.00", "EUR", "0.00"),
        ("0", "JPY", "0"),
        ("-1200", "JPY", "-1200"),
        ("1.5", "KWD", "1.500"),
        ("1.5", "CLF", "1.5000"),
        ("7", "UYI", "7"),
        ("999999999999999.99", "EUR", "999999999999999.99"),
    ],
)
def test_an_amount_is_printed_with_the_digits_of_its_currency(text: str, currency: str, printed: str) -> None:
    assert render_amount(text, currency, "entry 1", "deposit") == printed


@pytest.mark.parametrize(
    "text",
    [
        "1,50",
        "1.",
        ".5",
        "1e3",
        "NaN",
        "inf",
        " 1",
        "1 ",
        "1\n",
        "--1",
        "0x1",
        "1_0",
        "\u0661",
        "\uff11",
        "1" * 16,
        "1.2.3",
    ],
)
def test_what_is_not_decimal_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(PassbookError) as caught:
        render_amount(text, "EUR", "entry 7", "balance")
    assert caught.value.code == "amount-not-decimal"
    assert caught.value.facts == {"where": "entry 7", "column": "balance"}


@pytest.mark.parametrize(("text", "currency"), [("1.005", "EUR"), ("1.000", "USD"), ("1.0", "JPY")])
def test_an_amount_is_never_rounded(text: str, currency: str) -> None:
    with pytest.raises(PassbookError) as caught:
        render_amount(text, currency, "entry 7", "balance")
    assert caught.value.code == "amount-too-fine"
    assert text not in str(caught.value)


@given(st.decimals(-(10**15) + 1, 10**15 - 1, places=2), st.sampled_from(["EUR", "USD", "KWD"]))
def test_printing_keeps_the_value(amount: Decimal, currency: str) -> None:
    printed = render_amount(f"{amount:f}", currency, "entry 1", "deposit")
    assert Decimal(printed) == amount
    assert re.fullmatch(rf"-?(0|[1-9]\d*)\.\d{{{MINOR_DIGITS[currency]}}}", printed)
    assert render_amount(printed, currency, "entry 1", "deposit") == printed
