from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.amount_style import AmountStyle, DigitGroups, SignStyle, amount_faults, print_amount

styles = st.builds(
    AmountStyle,
    decimal=st.sampled_from(".,·"),
    grouping=st.sampled_from(DigitGroups),
    group=st.sampled_from(",.' ·"),
    sign=st.sampled_from(SignStyle),
    credit=st.sampled_from(["CR", "Cr", "H", ""]),
    debit=st.sampled_from(["DR", "Dr", "S"]),
    lead=st.sampled_from(["", "*", "¥", "Rs"]),
    fill=st.sampled_from(["", "*", "#", "="]),
).filter(lambda style: not list(amount_faults(style)))
amounts = st.integers(-(10**17) + 1, 10**17 - 1)


def value_of(printed: str, style: AmountStyle) -> int:
    """The amount that a person reads: all digits, and whether a sign says that it is negative."""
    has_word = style.sign is SignStyle.CR_DR
    negative = printed.rstrip(" ").endswith(style.debit) if has_word else bool(re.search(r"[-(]", printed))
    value = int("".join(re.findall("[0-9]", printed)))
    return -value if negative else value


@given(styles, amounts, st.sampled_from([0, 2, 3]), st.integers(0, 40))
def test_an_amount_goes_through_any_style_and_back(style: AmountStyle, minor: int, digits: int, width: int) -> None:
    printed = print_amount(style, minor, digits, width)
    assert value_of(printed, style) == minor
    assert (style.decimal in re.sub("[^0-9.,·]", "", printed)) >= bool(digits)
    natural = len(print_amount(style, minor, digits))
    assert len(printed) == (max(natural, width) if style.fill else natural)
    assert set(printed[: len(printed) - natural]) <= {style.fill}


@given(styles, amounts)
def test_digits_stand_in_groups_that_a_person_counts(style: AmountStyle, minor: int) -> None:
    number = re.sub(r"[^0-9]*([0-9].*[0-9]|[0-9])[^0-9]*", r"\1", print_amount(style, minor, 2))
    whole, fraction = number[:-3], number[-2:]
    assert fraction.isdecimal()
    mark = re.escape(style.group)
    groups = {
        DigitGroups.NONE: r"[0-9]+",
        DigitGroups.THOUSANDS: rf"[0-9]{{1,3}}({mark}[0-9]{{3}})*",
        DigitGroups.LAKH: rf"([0-9]{{1,2}}{mark})?([0-9]{{2}}{mark})*[0-9]{{3}}|[0-9]{{1,3}}",
    }
    assert re.fullmatch(groups[style.grouping], whole)


@given(styles, amounts, amounts)
def test_digits_of_any_two_amounts_end_in_the_same_cell(style: AmountStyle, one: int, other: int) -> None:
    """What stands behind the digits takes the same cells whatever the sign is."""
    behind = {len(re.sub(r".*[0-9]", "", print_amount(style, minor, 2))) for minor in (one, other)}
    assert len(behind) == 1


@pytest.mark.parametrize(
    ("style", "minor", "digits", "width", "printed"),
    [
        (AmountStyle(), -90, 2, 0, "-0.90"),
        (AmountStyle(decimal=",", grouping=DigitGroups.THOUSANDS, group="."), 123456789, 2, 0, "1.234.567,89"),
        (AmountStyle(grouping=DigitGroups.LAKH), 134022150, 2, 0, "13,40,221.50"),
        (AmountStyle(grouping=DigitGroups.LAKH), 1000, 0, 0, "1,000"),
        (AmountStyle(sign=SignStyle.TRAILING_MINUS), -5977850, 2, 0, "59778.50-"),
        (AmountStyle(sign=SignStyle.TRAILING_MINUS), 5977850, 2, 0, "59778.50 "),
        (AmountStyle(sign=SignStyle.PLUS_MINUS), 0, 0, 0, "+0"),
        (AmountStyle(sign=SignStyle.TRAILING_PLUS_MINUS, decimal=","), 1250, 2, 0, "12,50+"),
        (AmountStyle(sign=SignStyle.BRACKETS), -1250, 2, 0, "(12.50)"),
        (AmountStyle(sign=SignStyle.BRACKETS, fill="*"), -1250, 2, 10, "***(12.50)"),
        (AmountStyle(sign=SignStyle.CR_DR), 1250, 2, 0, "12.50 CR"),
        (AmountStyle(sign=SignStyle.CR_DR, credit="", debit="OD"), 1250, 2, 0, "12.50   "),
        (AmountStyle(sign=SignStyle.CR_DR, credit="H", debit="S", decimal=","), -1250, 2, 0, "12,50 S"),
        (AmountStyle(grouping=DigitGroups.THOUSANDS, lead="*"), 250000, 0, 0, "*250,000"),
        (AmountStyle(grouping=DigitGroups.THOUSANDS, fill="*"), 250000, 2, 12, "****2,500.00"),
        (AmountStyle(), 1500, 3, 0, "1.500"),
    ],
)
def test_each_style_prints_what_a_book_of_its_country_shows(
    style: AmountStyle, minor: int, digits: int, width: int, printed: str
) -> None:
    assert print_amount(style, minor, digits, width) == printed


@pytest.mark.parametrize(
    ("style", "key"),
    [
        (AmountStyle(decimal="5"), "decimal"),
        (AmountStyle(decimal="-"), "decimal"),
        (AmountStyle(decimal=" "), "decimal"),
        (AmountStyle(group="a"), "group"),
        (AmountStyle(group=".", grouping=DigitGroups.THOUSANDS), "group"),
        (AmountStyle(fill="0"), "fill"),
        (AmountStyle(fill="."), "fill"),
        (AmountStyle(fill="\x1b"), "fill"),
        (AmountStyle(lead="-"), "lead"),
        (AmountStyle(credit="1"), "credit"),
        (AmountStyle(sign=SignStyle.CR_DR, credit="X", debit="X"), "debit"),
        (AmountStyle(sign=SignStyle.CR_DR, credit="C", debit="C "), "debit"),
        (AmountStyle(sign=SignStyle.CR_DR, credit=" ", debit=""), "debit"),
        (AmountStyle(sign=SignStyle.CR_DR, credit="", debit=""), "debit"),
    ],
)
def test_a_style_that_could_be_read_in_two_ways_is_refused(style: AmountStyle, key: str) -> None:
    assert [found for found, _ in amount_faults(style)][:1] == [key]
