from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.amount_reading import read_amount
from passbook.document.amount_style import AmountStyle, print_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.reading_rules import STRICT_AMOUNTS
from passbook.errors import PassbookError


@pytest.mark.parametrize(
    ("text", "currency", "minor", "printed"),
    [
        ("12.5", "EUR", 1250, "12.50"),
        ("12", "USD", 1200, "12.00"),
        ("+007.50", "EUR", 750, "7.50"),
        ("-0.5", "EUR", -50, "-0.50"),
        ("-0.00", "EUR", 0, "0.00"),
        ("0", "JPY", 0, "0"),
        ("-1200", "JPY", -1200, "-1200"),
        ("1.5", "KWD", 1500, "1.500"),
        ("999999999999999.99", "EUR", 99999999999999999, "999999999999999.99"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(text: str, currency: str, minor: int, printed: str) -> None:
    assert read_amount(text, currency, STRICT_AMOUNTS, "entry 1", "deposit") == minor
    assert print_amount(AmountStyle(), minor, MINOR_DIGITS[currency]) == printed


@pytest.mark.parametrize(
    "text",
    [
        "1,50",
        "1.",
        ".5",
        "1e3",
        "NaN",
        "inf",
        "1\n",
        "--1",
        "0x1",
        "1_0",
        "\u0661",
        "1" * 16,
        "1.2.3",
    ],
)
def test_what_is_not_decimal_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(PassbookError) as caught:
        read_amount(text, "EUR", STRICT_AMOUNTS, "entry 7", "balance")
    assert caught.value.code == "amount-not-decimal"
    assert (caught.value.facts["where"], caught.value.facts["column"]) == ("entry 7", "balance")


@pytest.mark.parametrize(("text", "currency"), [("1.005", "EUR"), ("1.001", "USD"), ("1.5", "JPY")])
def test_an_amount_is_never_rounded(text: str, currency: str) -> None:
    with pytest.raises(PassbookError) as caught:
        read_amount(text, currency, STRICT_AMOUNTS, "entry 7", "balance")
    assert caught.value.code == "amount-too-fine"
    assert text not in str(caught.value)


@given(st.decimals(-(10**15) + 1, 10**15 - 1, places=2), st.sampled_from(["EUR", "USD", "KWD"]))
def test_printing_keeps_the_value(amount: Decimal, currency: str) -> None:
    minor = read_amount(f"{amount:f}", currency, STRICT_AMOUNTS, "entry 1", "deposit")
    printed = print_amount(AmountStyle(), minor, MINOR_DIGITS[currency])
    assert Decimal(printed) == amount
    assert re.fullmatch(rf"-?(0|[1-9]\d*)\.\d{{{MINOR_DIGITS[currency]}}}", printed)
    assert read_amount(printed, currency, STRICT_AMOUNTS, "entry 1", "deposit") == minor
