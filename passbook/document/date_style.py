"""Days as a book prints them: by a pattern, in the calendar of a country."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from passbook.document.characters import control_position
from passbook.errors import shown


class Calendar(StrEnum):
    """The count of years."""

    GREGORIAN = "gregorian"
    """2026"""
    BUDDHIST = "buddhist"
    """2569: 543 more, as in Thailand"""
    JAPANESE = "japanese"
    """R8: years of an era"""


_BUDDHIST_YEARS: Final = 543
_LAST_YEARS: Final = MappingProxyType({Calendar.GREGORIAN: 9999, Calendar.BUDDHIST: 9999, Calendar.JAPANESE: 99})
ERAS: Final = (
    (date(2019, 5, 1), "R", "令和"),
    (date(1989, 1, 8), "H", "平成"),
    (date(1926, 12, 25), "S", "昭和"),
    (date(1912, 7, 30), "T", "大正"),
    (date(1873, 1, 1), "M", "明治"),
)
"""The first day, letter and name of each era, the newest first; from 1873 on Japan counts days as others do."""
_FIRST_MEIJI_YEAR: Final = 1868
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
TOKENS: Final = MappingProxyType(
    {
        "YYYY": "the year in four digits",
        "YY": "its last two digits, or the year of an era in two",
        "Y": "the year of an era",
        "GG": "the name of an era",
        "G": "the letter of an era",
        "MMM": "the short name of the month",
        "MM": "the month in two digits",
        "M": "the month",
        "DD": "the day in two digits",
        "D": "the day",
    }
)
"""The parts of a pattern; anything else that is no letter from A to Z and no digit stands for itself."""
_PART: Final = re.compile(r"YYYY|YY|Y|GG|G|MMM|MM|M|DD|D|[^A-Za-z0-9]")
_OF_YEARS: Final = MappingProxyType(
    {
        Calendar.GREGORIAN: ("YYYY", "YY"),
        Calendar.BUDDHIST: ("YYYY", "YY"),
        Calendar.JAPANESE: ("YY", "Y", "G", "GG"),
    }
)
"""The parts of a pattern for years that each calendar has."""
_LOOSE: Final = frozenset({"Y", "M", "D"})
_NUMBERS: Final = frozenset({"YYYY", "YY", "MM", "DD"}) | _LOOSE


class DateStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a layout prints days.

    Attributes:
        months: the twelve short names for MMM.
    """

    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "YYYY-MM-DD"
    calendar: Calendar = Calendar.GREGORIAN
    months: Annotated[tuple[str, ...], msgspec.Meta(min_length=12, max_length=12)] = MONTHS


def print_date(style: DateStyle, day: date) -> str:
    """The day in the style of a layout, in whose pattern `date_faults` finds nothing wrong.

    Raises ValueError for a day before the first era of the calendar, or of a year with more digits than a book prints.

    >>> print_date(DateStyle("DD.MM.YY"), date(2026, 3, 2))
    '02.03.26'
    >>> print_date(DateStyle("GYY.MM.DD", Calendar.JAPANESE), date(2026, 3, 2))
    'R08.03.02'
    """
    era = year = 0
    match style.calendar:
        case Calendar.GREGORIAN:
            year = day.year
        case Calendar.BUDDHIST:
            year = day.year + _BUDDHIST_YEARS
        case Calendar.JAPANESE:
            era = _era_of(day)
            first = ERAS[era][0].year if era + 1 < len(ERAS) else _FIRST_MEIJI_YEAR
            year = day.year - first + 1
    if year > _LAST_YEARS[style.calendar]:
        raise ValueError("the year has more digits than a book prints")
    return "".join([printer(style, day, year, era) for printer in _printers(style.pattern)])


def date_faults(style: DateStyle) -> Iterator[tuple[str, str]]:
    """What is wrong with a style: the key, and the cause with what is allowed."""
    rest = _PART.sub("", style.pattern)
    if rest or control_position(style.pattern) is not None:
        yield (
            "pattern",
            f"{shown(rest or style.pattern)} stands for no part of a day; allowed are {', '.join(TOKENS)} and marks",
        )
        return
    parts = [part for part in _PART.findall(style.pattern) if part in TOKENS]
    for letter, what in (("D", "day"), ("M", "month"), ("Y", "year"), ("G", "era")):
        found = [part for part in parts if part[0] == letter]
        if len(found) > 1 or (not found and letter in "DM"):
            allowed = " or ".join(token for token in TOKENS if token[0] == letter)
            yield "pattern", f"it has {len(found)} parts for the {what}; allowed is one of {allowed}"
    years = _OF_YEARS[style.calendar]
    for part in parts:
        if part[0] in "YG" and part not in years:
            yield "pattern", f"{part} is no year of the {style.calendar} calendar; allowed are {', '.join(years)}"
    for one, other in pairwise(_PART.findall(style.pattern)):
        if {one, other} <= _NUMBERS and {one, other} & _LOOSE:
            yield (
                "pattern",
                f"{one} and {other} stand side by side, and one has no fixed width; allowed is a mark between",
            )
    names = style.months
    if len(set(names)) < len(names) or not all(map(_is_word, names)):
        yield "months", "they are not twelve different words; allowed are letters and points, such as JAN or ม.ค."


def _is_word(name: str) -> bool:
    """Whether a short name has letters with their marks, and points, alone: a digit would read as part of a day."""
    kinds = [unicodedata.category(one)[0] for one in name if one != "."]
    return kinds[:1] == ["L"] and set(kinds) <= {"L", "M"}


def _era_of(day: date) -> int:
    for number, (first, _, _) in enumerate(ERAS):
        if day >= first:
            return number
    raise ValueError("the day is before the first era of the calendar")


_Printer = Callable[[DateStyle, date, int, int], str]
_PRINTERS: Final[MappingProxyType[str, _Printer]] = MappingProxyType(
    {
        "YYYY": lambda _style, _day, year, _era: f"{year:04}",
        "YY": lambda _style, _day, year, _era: f"{year % 100:02}",
        "Y": lambda _style, _day, year, _era: str(year),
        "GG": lambda _style, _day, _year, era: ERAS[era][2],
        "G": lambda _style, _day, _year, era: ERAS[era][1],
        "MMM": lambda style, day, _year, _era: style.months[day.month - 1],
        "MM": lambda _style, day, _year, _era: f"{day.month:02}",
        "M": lambda _style, day, _year, _era: str(day.month),
        "DD": lambda _style, day, _year, _era: f"{day.day:02}",
        "D": lambda _style, day, _year, _era: str(day.day),
    }
)


def _itself(text: str) -> _Printer:
    return lambda _style, _day, _year, _era: text


@lru_cache(maxsize=64)
def _printers(pattern: str) -> tuple[_Printer, ...]:
    return tuple(_PRINTERS.get(part) or _itself(part) for part in _PART.findall(pattern))
