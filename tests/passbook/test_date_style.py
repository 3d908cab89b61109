from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.date_style import MONTHS, Calendar, DateStyle, date_faults, print_date

READ = {
    "YYYY": "(?P<year>[0-9]{4})",
    "YY": "(?P<short>[0-9]{2})",
    "Y": "(?P<era_year>[0-9]{1,2})",
    "G": "(?P<era>[MTSHR])",
    "MMM": "(?P<name>[A-Z]{3})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "DD": "(?P<day>[0-9]{2})",
    "D": "(?P<day>[0-9]{1,2})",
}
"""Each part of a pattern -> how a person reads it."""
FIRST_YEARS = {"R": 2019, "H": 1989, "S": 1926, "T": 1912, "M": 1868}
YEARS = {Calendar.GREGORIAN: ["YYYY", "YY"], Calendar.BUDDHIST: ["YYYY", "YY"], Calendar.JAPANESE: ["GY", "GYY", "G.Y"]}
days = st.dates(date(1873, 1, 1), date(2117, 12, 31))


@st.composite
def styles(draw: st.DrawFn) -> DateStyle:
    calendar = draw(st.sampled_from(Calendar))
    kinds = (YEARS[calendar], ["MMM", "MM", "M"], ["DD", "D"])
    parts = [draw(st.sampled_from(kind)) for kind in kinds]
    mark = draw(st.sampled_from([".", "-", "/", " ", "年"]))
    return DateStyle(mark.join(draw(st.permutations(parts))), calendar)


def read(text: str, style: DateStyle) -> dict[str, str]:
    pattern = re.sub(r"YYYY|YY|Y|MMM|MM|M|DD|D|G|.", lambda part: READ.get(part[0], re.escape(part[0])), style.pattern)
    found = re.fullmatch(pattern, text)
    assert found is not None
    return found.groupdict()


THAI = (
    *("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย."),
    *("ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
)


@given(styles(), days)
def test_a_day_goes_through_any_style_and_back(style: DateStyle, day: date) -> None:
    assert list(date_faults(style)) == []
    said = read(print_date(style, day), style)
    month = MONTHS.index(said["name"]) + 1 if "name" in said else int(said["month"])
    assert (month, int(said["day"])) == (day.month, day.day)
    more = 543 if style.calendar is Calendar.BUDDHIST else 0
    if "era" in said:
        assert FIRST_YEARS[said["era"]] + int(said.get("era_year") or said["short"]) - 1 == day.year
    elif "year" in said:
        assert int(said["year"]) - more == day.year
    else:
        assert (int(said["short"]) - more) % 100 == day.year % 100


@given(days, days)
def test_eras_follow_each_other_as_days_do(one: date, other: date) -> None:
    style = DateStyle("GYY.MM.DD", Calendar.JAPANESE)
    order = "MTSHR"
    first, second = (print_date(style, day) for day in sorted((one, other)))
    assert (order.index(first[0]), first) <= (order.index(second[0]), second)


@pytest.mark.parametrize(
    ("day", "printed"),
    [
        (date(2026, 1, 5), "R8.1.5"),
        (date(2019, 5, 1), "R1.5.1"),
        (date(2019, 4, 30), "H31.4.30"),
        (date(1989, 1, 8), "H1.1.8"),
        (date(1989, 1, 7), "S64.1.7"),
        (date(1926, 12, 25), "S1.12.25"),
        (date(1926, 12, 24), "T15.12.24"),
        (date(1912, 7, 30), "T1.7.30"),
        (date(1912, 7, 29), "M45.7.29"),
        (date(1873, 1, 1), "M6.1.1"),
    ],
)
def test_the_first_and_last_days_of_each_era(day: date, printed: str) -> None:
    assert print_date(DateStyle("GY.M.D", Calendar.JAPANESE), day) == printed


@pytest.mark.parametrize(
    ("day", "calendar"),
    [
        (date(1872, 12, 31), Calendar.JAPANESE),
        (date(2118, 1, 1), Calendar.JAPANESE),
        (date(9457, 1, 1), Calendar.BUDDHIST),
    ],
)
def test_a_day_without_a_year_in_its_calendar_is_refused(day: date, calendar: Calendar) -> None:
    with pytest.raises(ValueError, match=r"first era|more digits"):
        print_date(DateStyle("YY.M.D", calendar), day)


@pytest.mark.parametrize(
    ("style", "printed"),
    [
        (DateStyle(), "2026-01-05"),
        (DateStyle("DD.MM.YY"), "05.01.26"),
        (DateStyle("D/M/YYYY"), "5/1/2026"),
        (DateStyle("DD-MMM-YYYY"), "05-JAN-2026"),
        (DateStyle("DDMM"), "0501"),
        (DateStyle("DD/MM/YYYY", Calendar.BUDDHIST), "05/01/2569"),
        (DateStyle("DD/MM/YY", Calendar.BUDDHIST), "05/01/69"),
        (DateStyle("YY-MM-DD", Calendar.JAPANESE), "08-01-05"),
        (DateStyle("GGY年M月D日", Calendar.JAPANESE), "令和8年1月5日"),
        (DateStyle("DD MMM", months=tuple("abcdefghijkl")), "05 a"),
        (DateStyle("D MMM YY", Calendar.BUDDHIST, THAI), "5 ม.ค. 69"),
    ],
)
def test_each_pattern_prints_what_a_book_of_its_country_shows(style: DateStyle, printed: str) -> None:
    assert list(date_faults(style)) == []
    assert print_date(style, date(2026, 1, 5)) == printed


@pytest.mark.parametrize(
    "style",
    [
        *map(
            DateStyle, ("MM.YYYY", "DD.YYYY", "DD.MM.DD", "DDD.MM", "DD.MM.YYYY.YY", "DD.MM.yyyy", "dd", "DD.MM.20YY")
        ),
        *map(DateStyle, ("DMM", "DDM", "DD.MM.Y", "G.DD.MM", "DD\x07MM")),
        DateStyle("DD.MM.YYYY", Calendar.JAPANESE),
        DateStyle("DD MMM", months=("JAN",) * 12),
        DateStyle("DD MMM", months=("1", *MONTHS[1:])),
        *(DateStyle("DD MMM", months=(bad, *MONTHS[1:])) for bad in ("", ".", "J 1", "\u0e35ม", "J\x07", "J\u202e")),
    ],
)
def test_a_pattern_that_could_be_read_in_two_ways_is_refused(style: DateStyle) -> None:
    faults = list(date_faults(style))
    assert {key for key, _ in faults} <= {"pattern", "months"}
    assert "allowed" in faults[0][1]


@given(st.text("YMDG./- x1", max_size=12), st.sampled_from(Calendar), days, days)
def test_no_pattern_without_a_fault_prints_two_days_of_a_century_alike(
    pattern: str, calendar: Calendar, one: date, other: date
) -> None:
    style = DateStyle(pattern, calendar)
    if not pattern or list(date_faults(style)):
        return
    printed = {print_date(style, day) for day in (one, other)}
    parts = re.findall("YYYY|YY|Y|G", pattern)
    is_whole = "YYYY" in parts or ({"G"} & set(parts) and {"YY", "Y"} & set(parts))
    if (one.month, one.day) != (other.month, other.day) or (is_whole and one != other):
        assert len(printed) == 2
