"""Dates as files write them, read to a day: never guessed.

Without a rule only a date whose year stands first is read. The others have an order that nothing says; so a file is
read on each day of a month or on none.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from passbook.document.date_style import ERAS, Calendar
from passbook.document.reading_rules import CORRECT_OR_IMPORT, STRICT_DATES, DateOrder, DateRule
from passbook.document.shape import shape_of
from passbook.errors import PassbookError

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
"""The years of a book's entries; a year outside is one of another calendar, or was typed wrong."""
BUDDHIST_YEARS: Final = 543
"""The Buddhist year less the common year."""
_EXAMPLES: Final = {DateOrder.YMD: "{}-01-05", DateOrder.DMY: "05-01-{}", DateOrder.MDY: "01-05-{}"}

_LONGEST_DATE: Final = 40
_SHORT: Final = 2
_LONG: Final = 4
_CENTURY: Final = 2000
_FIRST_MEIJI_YEAR: Final = 1868
_FIRST_OF_ERA: Final = "元"
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"(.*[0-9])[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?")
_ZONED: Final = re.compile(r".*[0-9][T ][0-9:.,]+ ?(?:Z|[+-][0-9:]{2,5})")
_PARTS: Final = re.compile(r"([0-9]{1,4})([-/. ])([0-9]{1,2})\2([0-9]{1,4})")
_ORDERS: Final = {DateOrder.YMD: (0, 1, 2), DateOrder.DMY: (2, 1, 0), DateOrder.MDY: (2, 0, 1)}
"""Order -> the places of year, month and day."""
_RUN: Final = re.compile(r"[0-9]{8}|[0-9]{6}")
_ERA: Final = re.compile(
    r"([MTSHRmtshr]|明治|大正|昭和|平成|令和) ?([0-9]{1,2}|元)[-/. 年]([0-9]{1,2})[-/. 月]([0-9]{1,2})日?"
)
_WIDE: Final = {0xFF10 + n: str(n) for n in range(10)} | {0xFF0E: ".", 0xFF0F: "/", 0xFF0D: "-"}


class _Cell(NamedTuple):
    """A date with its place, and the rule by which it is read; None when nothing says it."""

    text: str
    where: str
    rule: DateRule | None

    @property
    def example(self) -> str:
        """How it must be written."""
        if self.rule is None or self.rule.calendar is Calendar.GREGORIAN:
            year = "26" if self.rule is not None and self.rule.short_years else "2026"
        elif self.rule.calendar is Calendar.JAPANESE:
            return "R8.1.5"
        else:
            year = str(2026 + BUDDHIST_YEARS)
        return _EXAMPLES[DateOrder.YMD if self.rule is None else self.rule.order].format(year)

    def not_valid(self, why: str) -> PassbookError:
        """The error for a cell that is no day."""
        return PassbookError(
            "date-not-valid",
            where=self.where,
            found=shape_of(self.text),
            why=why,
            example=self.example,
            how=CORRECT_OR_IMPORT,
        )

    def two_readings(self, first: str, second: str) -> PassbookError:
        """The error for a cell that has two readings."""
        return PassbookError(
            "two-readings",
            where=self.where,
            column="date",
            found=shape_of(self.text),
            first=first,
            second=second,
            example=self.example,
        )


def read_day(text: str, rule: DateRule | None, where: str) -> date:
    """The day that a cell names; a time of day behind it says nothing.

    Args:
        text: the cell.
        rule: how the file writes dates; None when nothing says it.
        where: the place that an error names.

    Raises:
        PassbookError: `date-not-valid` or `two-readings`; neither repeats the date.
    """
    cell = _Cell(text, where, rule)
    if _ISO.fullmatch(text) and (rule is None or rule == STRICT_DATES):
        return _common_day(text[:4], text[5:7], text[8:], cell)
    clean = _without_time(cell)
    if rule is not None and rule.calendar is Calendar.JAPANESE:
        return _era_day(clean, cell)
    parts = _parts(clean, cell)
    if rule is None:
        _must_say_order(clean, parts, cell)
    year, month, day = (parts[place] for place in _ORDERS[DateOrder.YMD if rule is None else rule.order])
    if rule is not None and rule.short_years and len(year) == _SHORT:
        year = f"20{year}"
    if len(year) != _LONG or len(month) > _SHORT or len(day) > _SHORT:
        digits = "two" if rule is not None and rule.short_years else "four"
        raise cell.not_valid(f"its parts are not a year of {digits} digits, a month and a day")
    if rule is not None and rule.calendar is Calendar.BUDDHIST:
        return _day(int(year) - BUDDHIST_YEARS, month, day, cell)
    return _common_day(year, month, day, cell)


def _without_time(cell: _Cell) -> str:
    text = cell.text
    if len(text) > _LONGEST_DATE:
        raise cell.not_valid("it is too long")
    clean = text.translate(_WIDE).strip(" \t")
    if _ZONED.fullmatch(clean):
        raise cell.not_valid("its time names a zone, and in another zone the day is another one")
    timed = _TIME.fullmatch(clean)
    return timed[1] if timed is not None else clean


def _parts(clean: str, cell: _Cell) -> tuple[str, str, str]:
    """The three parts in the order in which they stand."""
    found = _PARTS.fullmatch(clean)
    if found is not None:
        return found[1], found[3], found[4]
    if _RUN.fullmatch(clean):
        year_first = cell.rule is None or cell.rule.order is DateOrder.YMD
        ends = (len(clean) - 4, len(clean) - 2) if year_first else (2, 4)
        return clean[: ends[0]], clean[ends[0] : ends[1]], clean[ends[1] :]
    raise cell.not_valid(_cause(clean))


def _cause(clean: str) -> str:
    if not clean:
        return "an entry with a withdrawal or deposit, or without a text, needs its day"
    if _ERA.fullmatch(clean):
        return "its year is that of an era, which only the calendar japanese reads"
    if clean.isdecimal():
        return "it is a number of days, as spreadsheets count them"
    return "it is not three numbers with one mark between them"


def _must_say_order(clean: str, parts: tuple[str, str, str], cell: _Cell) -> None:
    """Refuse a date whose order nothing says."""
    year_first = len(parts[0]) == _LONG
    if year_first and not clean.isdecimal():
        return
    # A run of digits that has a year at its front may have one at its end too.
    cut = (clean[:2], clean[2:4], clean[4:]) if year_first else parts
    ways = [DateOrder.YMD] if _is_way(parts, DateOrder.YMD) else []
    ways += [order for order in (DateOrder.DMY, DateOrder.MDY) if _is_way(cut, order)]
    if year_first and ways in ([], [DateOrder.YMD]):
        return
    first, second = [*ways, *(one for one in (DateOrder.DMY, DateOrder.MDY) if one not in ways)][:2]
    raise cell.two_readings(first.value, second.value)


def _is_way(parts: tuple[str, str, str], order: DateOrder) -> bool:
    """Whether the parts are a day of a book in this order; a year of two digits is one of this century."""
    year, month, day = (parts[place] for place in _ORDERS[order])
    if len(year) not in {_SHORT, _LONG}:
        return False
    number = int(year) + (_CENTURY if len(year) == _SHORT else 0)
    return FIRST_YEAR <= number <= LAST_YEAR and _found(number, month, day) is not None


def _common_day(year: str, month: str, day: str, cell: _Cell) -> date:
    """The day of the common era; a year of Buddhist books is refused with both readings where nothing says the era."""
    if cell.rule is None and FIRST_YEAR <= int(year) - BUDDHIST_YEARS <= LAST_YEAR:
        raise cell.two_readings("a year of the common era", "a year of the Buddhist era")
    return _day(int(year), month, day, cell)


def _day(year: int, month: str, day: str, cell: _Cell) -> date:
    found = _found(year, month, day)
    if found is None:
        raise cell.not_valid("the calendar has no such day")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise cell.not_valid(f"its year is not one of {FIRST_YEAR} to {LAST_YEAR}")
    return found


def _found(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None


def _era_day(clean: str, cell: _Cell) -> date:
    found = _ERA.fullmatch(clean)
    if found is None:
        raise cell.not_valid("it is not an era, its year, a month and a day, such as R8.1.5")
    place = next(n for n, era in enumerate(ERAS) if found[1].upper() in era[1:])
    first, letter, _ = ERAS[place]
    last = ERAS[place - 1][0] - timedelta(days=1) if place else date(LAST_YEAR, 12, 31)
    first_year = first.year if place + 1 < len(ERAS) else _FIRST_MEIJI_YEAR
    year = first_year - 1 + (1 if found[2] == _FIRST_OF_ERA else int(found[2]))
    day = _found(year, found[3], found[4])
    if day is None or not first <= day <= last or year < FIRST_YEAR:
        raise cell.not_valid(f"the era {letter} has no such day")
    return day
