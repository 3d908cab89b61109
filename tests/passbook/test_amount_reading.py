from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.amount_reading import read_amount
from passbook.document.currencies import MINOR_DIGITS
from passbook.document.reading_rules import AmountRule, DecimalMark, GroupMark, WrittenSign
from passbook.errors import PassbookError

GERMAN = AmountRule(DecimalMark.COMMA, GroupMark.POINT)


def refused(text: str, currency: str = "EUR", rule: AmountRule | None = None, column: str = "deposit") -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        read_amount(text, currency, rule, "entry 7", column)
    assert caught.value.facts["where"] == "entry 7"
    return caught.value


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("2500", "EUR", 250000),
        ("2500,5", "EUR", 250050),
        ("1.234,50", "EUR", 123450),
        ("1,234.50", "EUR", 123450),
        ("1.234.567", "EUR", 123456700),
        ("1,25,000.00", "INR", 12500000),
        ("12,34,567", "INR", 123456700),
        ("1'234.50", "CHF", 123450),
        ("1\u2019234,50", "CHF", 123450),
        ("1 234,50", "NOK", 123450),
        ("1\u00a0234\u00a0567", "NOK", 123456700),
        ("1\u202f234,5", "EUR", 123450),
        ("0,500", "KWD", 500),
        ("1234.567", "KWD", 1234567),
        ("12.3400", "EUR", 1234),
        ("12.00", "JPY", 12),
        ("\uff11\uff12\uff0c\uff13\uff14\uff15\uff0c\uff16\uff17\uff18", "JPY", 12345678),
        ("  12.40 ", "EUR", 1240),
        ("-12.40", "EUR", -1240),
        ("\u221212.40", "EUR", -1240),
        ("12.40-", "EUR", -1240),
        ("12.40 -", "EUR", -1240),
        ("+12.40", "EUR", 1240),
        ("(12.40)", "EUR", -1240),
    ],
)
def test_an_amount_with_one_reading_is_read(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, currency, None, "entry 1", "deposit") == minor


@pytest.mark.parametrize(
    ("text", "currency", "first", "second"),
    [
        ("1.234", "EUR", "9999", "9.999"),
        ("1,234", "EUR", "9999", "9.999"),
        ("12.345", "KWD", "99999", "99.999"),
        ("-1,234", "JPY", "9999", "9.999"),
    ],
)
def test_an_amount_with_two_readings_is_refused_with_both(text: str, currency: str, first: str, second: str) -> None:
    error = refused(text, currency)
    assert (error.code, error.facts["first"], error.facts["second"]) == ("two-readings", first, second)
    for example in str(error.facts["example"]).split(" or "):
        assert read_amount(example, currency, None, "entry 7", "deposit")


@pytest.mark.parametrize("text", ["12.345", "12,345"])
def test_the_refusal_of_three_digits_says_how_each_reading_is_written(text: str) -> None:
    assert "It must be written as 12.3450 or 12345.000." in str(refused(text, "KWD"))
    assert read_amount("12.3450", "KWD", None, "entry 1", "deposit") == 12345
    assert read_amount("12345.000", "KWD", None, "entry 1", "deposit") == 12345000
    assert read_amount("12.345", "KWD", AmountRule(), "entry 1", "deposit") == 12345


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1.234", 123400), ("1.234,5", 123450), ("1234", 123400), ("-0,05", -5), ("1.234.567,00", 123456700)],
)
def test_the_rule_of_a_file_says_which_mark_is_which(text: str, minor: int) -> None:
    assert read_amount(text, "EUR", GERMAN, "entry 1", "deposit") == minor


@pytest.mark.parametrize("text", ["1,234.50", "1 234,50", "12.40-", "(12,40)", "12,40DR", "1.23", "1,2,3"])
def test_an_amount_that_is_not_written_by_its_rule_is_refused(text: str) -> None:
    assert refused(text, rule=GERMAN).code == "amount-not-decimal"


@pytest.mark.parametrize(
    ("sign", "text"),
    [
        (WrittenSign.MINUS, "-12.40"),
        (WrittenSign.TRAILING_MINUS, "12.40-"),
        (WrittenSign.BRACKETS, "(12.40)"),
        (WrittenSign.CR_DR, "12.40 Dr"),
        (WrittenSign.CR_DR, "12.40DR."),
    ],
)
def test_an_amount_below_zero_is_signed_by_its_rule_alone(sign: WrittenSign, text: str) -> None:
    assert read_amount(text, "EUR", AmountRule(sign=sign), "entry 1", "balance") == -1240
    for other in set(WrittenSign) - {sign}:
        error = refused(text, rule=AmountRule(sign=other))
        assert (error.code, sign.value in str(error), other.value in str(error)) == ("amount-not-decimal", True, True)


def test_credit_and_debit_are_a_sign_of_the_balance_alone_where_nothing_says_so() -> None:
    assert read_amount("1340221.50Cr", "INR", None, "entry 1", "balance") == 134022150
    assert read_amount("12.00 DR", "INR", None, "entry 1", "balance") == -1200
    assert refused("12.00DR", column="withdrawal").code == "amount-not-decimal"


def test_credit_and_debit_are_the_direction_of_a_withdrawal_and_of_a_deposit() -> None:
    rule = AmountRule(grouping=GroupMark.COMMA, sign=WrittenSign.CR_DR)
    assert read_amount("2,000.00Dr", "INR", rule, "entry 1", "withdrawal") == 200000
    assert read_amount("2,000.00 CR", "INR", rule, "entry 1", "deposit") == 200000
    assert read_amount("2,000.00Dr", "INR", rule, "entry 1", "balance") == -200000
    assert read_amount("2,000.00Dr", "INR", rule, "entry 1", "amount") == -200000


@pytest.mark.parametrize(("text", "column"), [("12.00Cr", "withdrawal"), ("12.00Dr", "deposit")])
def test_a_word_that_contradicts_the_column_of_an_amount_is_refused(text: str, column: str) -> None:
    error = refused(text, rule=AmountRule(sign=WrittenSign.CR_DR), column=column)
    assert (error.code, error.facts["example"]) == ("amount-not-decimal", "2500.00")
    assert "contradicts its column" in str(error)


@pytest.mark.parametrize("column", ["withdrawal", "deposit", "balance"])
def test_a_word_for_credit_is_refused_where_the_rule_has_another_sign(column: str) -> None:
    error = refused("12.00CR", rule=AmountRule(), column=column)
    assert "its sign is written cr-dr, and it must be written minus" in str(error)
    assert error.facts["example"] == "-2500.00"


@pytest.mark.parametrize(
    ("sign", "example"),
    [
        (WrittenSign.TRAILING_MINUS, "2500.00-"),
        (WrittenSign.BRACKETS, "(2500.00)"),
        (WrittenSign.CR_DR, "2500.00 DR"),
    ],
)
def test_the_example_for_a_sign_of_another_style_has_that_sign(sign: WrittenSign, example: str) -> None:
    assert refused("-5.00", rule=AmountRule(sign=sign)).facts["example"] == example


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("75.", "its end may be missing"),
        (".50", "its beginning may be missing"),
        ("1.25E+05", "a spreadsheet shortened it"),
        ("\u20ac12.40", "other characters"),
        ("", "it has no digits"),
        ("--1", "two signs"),
        ("-1-", "two signs"),
        ("1.2.3", "its marks"),
        ("1,23,45", "its marks"),
        ("1 2", "its marks"),
        ("9" * 16, "more than 15 digits"),
        ("9" * 61, "too long"),
        ("1" + " " * 100_000 + "x", "too long"),
        ("\u0661", "no digits"),
    ],
)
def test_the_refusal_says_why_and_shows_the_shape_alone(text: str, why: str) -> None:
    error = refused(text)
    assert error.code == "amount-not-decimal"
    if text != "\u0661":
        assert why in str(error)
    assert error.facts["example"] == "2500.00"
    assert not any(digit in str(error.facts["found"]).split(" and ")[0] for digit in "12345678")
    assert len(str(error.facts["found"])) < 60


@pytest.mark.parametrize(("text", "currency"), [("0.055", "EUR"), ("1,2345", "KWD"), ("1.5", "JPY")])
def test_an_amount_is_never_rounded(text: str, currency: str) -> None:
    error = refused(text, currency)
    assert (error.code, error.facts["digits"]) == ("amount-too-fine", MINOR_DIGITS[currency])


@given(
    st.integers(1 - 10**15, 10**15 - 1),
    st.sampled_from(["EUR", "JPY", "KWD", "INR"]),
    st.sampled_from(list(DecimalMark)),
    st.sampled_from(list(GroupMark)),
    st.sampled_from(list(WrittenSign)),
)
def test_an_amount_that_is_written_by_a_rule_is_read_by_it(
    minor: int, currency: str, decimal: DecimalMark, grouping: GroupMark, sign: WrittenSign
) -> None:
    if grouping.value == decimal.value:
        return
    digits = MINOR_DIGITS[currency]
    whole, fraction = divmod(abs(minor), 10**digits)
    text = f"{whole:,}".replace(",", "" if grouping is GroupMark.NONE else grouping.value)
    text += f"{decimal.value}{fraction:0{digits}}" if digits else ""
    if minor < 0:
        text = {
            WrittenSign.MINUS: f"-{text}",
            WrittenSign.TRAILING_MINUS: f"{text}-",
            WrittenSign.BRACKETS: f"({text})",
            WrittenSign.CR_DR: f"{text} DR",
        }[sign]
    rule = AmountRule(decimal, grouping, sign)
    assert read_amount(text, currency, rule, "entry 1", "balance") == minor
    try:
        assert read_amount(text, currency, None, "entry 1", "balance") == minor
    except PassbookError as error:
        assert error.code == "two-readings"
