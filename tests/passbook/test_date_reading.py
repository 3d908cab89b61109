from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.date_reading import read_day
from passbook.document.date_style import Calendar, DateStyle, print_date
from passbook.document.reading_rules import DateOrder, DateRule
from passbook.errors import PassbookError

DAY = date(2026, 1, 5)
DMY = DateRule(DateOrder.DMY)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def refused(text: str, rule: DateRule | None = None) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        read_day(text, rule, "entry 7, date")
    assert caught.value.facts["where"] == "entry 7, date"
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-05", "2026-1-5", "2026/01/05", "2026.01.05", "20260105", " 2026-01-05 "),
        *("2026-01-05T00:00:00", "2026-01-05 23:59", "2026-01-05T10:11:12.345"),
        "\uff12\uff10\uff12\uff16\uff0f\uff10\uff11\uff0f\uff10\uff15",
    ],
)
def test_a_date_whose_year_stands_first_has_one_reading(text: str) -> None:
    assert read_day(text, None, "entry 1") == DAY


@pytest.mark.parametrize("text", ["05.01.2026", "1/5/2026", "25-04-2026", "04/25/2026", "05-01-26", "260105"])
def test_a_date_whose_order_nothing_says_is_refused_with_two_readings(text: str) -> None:
    error = refused(text)
    assert error.code == "two-readings"
    assert {error.facts["first"], error.facts["second"]} < {one.value for one in DateOrder}


def test_a_run_of_digits_with_its_year_at_the_end_is_refused() -> None:
    error = refused("20012002")
    assert (error.code, error.facts["first"], error.facts["second"]) == ("two-readings", DateOrder.DMY, DateOrder.MDY)


def test_a_year_of_buddhist_books_is_refused_with_both_eras() -> None:
    error = refused("2569-01-05")
    assert (error.code, "Buddhist" in str(error)) == ("two-readings", True)
    assert read_day("2569-01-05", DateRule(calendar=Calendar.BUDDHIST), "entry 1") == DAY
    assert refused("2569-01-05", DateRule()).code == "date-not-valid"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "needs its day"),
        ("2026-02-30", "no such day"),
        ("2026-00-10", "no such day"),
        ("1899-12-31", "not one of 1900 to 2199"),
        ("46027", "as spreadsheets count them"),
        ("R8.1.5", "calendar japanese"),
        ("2026-01-05T10:11:12Z", "names a zone"),
        ("2026-01-05T10:11:12+09:00", "names a zone"),
        ("January", "not three numbers"),
        ("2026-01/05", "not three numbers"),
        ("9" * 41, "too long"),
        ("2026-01-05" + " " * 100_000, "too long"),
    ],
)
def test_the_refusal_says_why_and_shows_the_shape_alone(text: str, why: str) -> None:
    error = refused(text)
    assert (error.code, error.facts["example"]) == ("date-not-valid", "2026-01-05")
    assert why in str(error)
    assert not any(digit in str(error.facts["found"]).split(" and ")[0] for digit in "012345678")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (DMY, "05.01.2026"),
        (DMY, "5/1/2026"),
        (DMY, "05012026"),
        (DMY, "05-01-2026 10:30"),
        (DateRule(DateOrder.MDY), "01/05/2026"),
        (DateRule(DateOrder.MDY), "01052026"),
        (DateRule(DateOrder.DMY, short_years=True), "05-01-26"),
        (DateRule(DateOrder.DMY, short_years=True), "050126"),
        (DateRule(DateOrder.YMD, short_years=True), "26-01-05"),
        (DateRule(DateOrder.DMY, Calendar.BUDDHIST), "05/01/2569"),
        (DateRule(calendar=Calendar.JAPANESE), "R8.1.5"),
        (DateRule(calendar=Calendar.JAPANESE), "R08/01/05"),
        (DateRule(calendar=Calendar.JAPANESE), "令和8年1月5日"),
    ],
)
def test_the_rule_of_a_file_says_the_order_and_the_years(rule: DateRule, text: str) -> None:
    assert read_day(text, rule, "entry 1") == DAY


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("H1.1.8", date(1989, 1, 8)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("S64.1.7", date(1989, 1, 7)),
        ("R1.5.1", date(2019, 5, 1)),
        ("T1.7.30", date(1912, 7, 30)),
        ("M45.7.29", date(1912, 7, 29)),
    ],
)
def test_a_year_of_an_era_is_counted_from_its_first_one(text: str, day: date) -> None:
    assert read_day(text, DateRule(calendar=Calendar.JAPANESE), "entry 1") == day


@pytest.mark.parametrize("text", ["H31.5.1", "S64.1.8", "R1.4.30", "X1.1.1", "R8.2.30", "2026-01-05"])
def test_a_day_that_its_era_does_not_have_is_refused(text: str) -> None:
    error = refused(text, DateRule(calendar=Calendar.JAPANESE))
    assert (error.code, error.facts["example"]) == ("date-not-valid", "R8.1.5")


@pytest.mark.parametrize(
    ("rule", "text", "example"),
    [
        (DMY, "2026-01-05", "05-01-2026"),
        (DateRule(DateOrder.MDY), "13/01/2026", "01-05-2026"),
        (DateRule(DateOrder.DMY, short_years=True), "05-01-126", "05-01-26"),
        (DateRule(DateOrder.DMY, Calendar.BUDDHIST), "05/01/2026", "05-01-2569"),
    ],
)
def test_the_refusal_shows_how_the_rule_has_it(rule: DateRule, text: str, example: str) -> None:
    error = refused(text, rule)
    assert (error.code, error.facts["example"]) == ("date-not-valid", example)


@given(DAYS)
def test_a_day_that_is_printed_in_a_calendar_is_read_in_it(day: date) -> None:
    for calendar, pattern in ((Calendar.BUDDHIST, "DD/MM/YYYY"), (Calendar.GREGORIAN, "DD.MM.YYYY")):
        text = print_date(DateStyle(pattern, calendar), day)
        assert read_day(text, DateRule(DateOrder.DMY, calendar), "entry 1") == day
    if day < date(2118, 1, 1):
        text = print_date(DateStyle("GY.M.D", Calendar.JAPANESE), day)
        assert read_day(text, DateRule(calendar=Calendar.JAPANESE), "entry 1") == day


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{1,4}[-/.][0-9]{1,4}[-/.][0-9]{1,4}", fullmatch=True))
def test_any_text_is_a_day_of_a_book_or_refused_with_a_code(text: str) -> None:
    for rule in (None, DMY, DateRule(), DateRule(calendar=Calendar.JAPANESE)):
        try:
            day = read_day(text, rule, "entry 1")
        except PassbookError as error:
            assert error.code in {"date-not-valid", "two-readings"}
        else:
            assert 1900 <= day.year <= 2199
