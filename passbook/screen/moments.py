"""Moments that people read and type, by the clock on their wall; messages and records have them in UTC.

A zone of None is that of this machine.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable
from typing import Final

from passbook.errors import PassbookError

_MOMENT: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}(:[0-9]{2}(:[0-9]{2})?)?)?)?)?")
_FIRST: Final = "0001-01-01T00:00:00"
"""The parts that a person omits from a moment are those of this one."""
_WITH_ZONE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:]*)?)(Z|[+-][0-9]{2}:[0-9]{2})")
"""A day or a moment of it that a person typed with its zone."""
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")
_SECONDS: Final = 19
"""Characters of a moment up to its seconds."""

TYPED: Final = (
    "2026-03-02 or 2026-03-02T09:30, by the clock of this machine, or with its zone as 2026-03-02T09:30+01:00"
)
"""The form in which a person types a moment."""


def time_of_day(at: str, today: datetime.date, zone: datetime.tzinfo | None = None) -> str:
    """A stamp (ISO 8601, UTC) in `zone`: the time of day, with the date unless that is `today`.

    Text that is no stamp comes back unchanged.
    """
    try:
        moment = datetime.datetime.fromisoformat(at).astimezone(zone)
    except (ValueError, OverflowError):
        return at
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%Y-%m-%d %H:%M}"


def exact(at: str, zone: datetime.tzinfo | None = None) -> str:
    """A stamp (ISO 8601, UTC) in `zone`, with date and seconds; text that is no stamp comes back unchanged."""
    try:
        moment = datetime.datetime.fromisoformat(at).astimezone(zone)
    except (ValueError, OverflowError):
        return at
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def exact_hour(hour: str, zone: datetime.tzinfo | None = None) -> str:
    """The beginning of an hour, `2026-03-02T09:00` in UTC, in `zone`."""
    return exact(f"{hour}:00+00:00", zone).removesuffix("+00:00").removesuffix(":00")


def each_stamp(text: str, say: Callable[[str], str]) -> str:
    """`text` with the result of `say` in place of each stamp in it."""
    return _STAMP.sub(lambda found: say(found[0]), text)


def is_moment(text: str) -> bool:
    """Whether `text` begins a time of the calendar: a year, a month, a day or a moment of it."""
    try:
        datetime.datetime.fromisoformat(text + _FIRST[len(text) :])
    except ValueError:
        return False
    return _MOMENT.fullmatch(text) is not None


def period(since: str, until: str, zone: datetime.tzinfo | None = None) -> tuple[str, str]:
    """The first and the last moment that a person typed, in UTC and to the second; empty text stays empty.

    A day, a month or a year is meant whole, in its own zone if one was typed, else in `zone`. Raises PassbookError
    `not-a-time` or `times-exchanged`.
    """
    first = _edge("since", since, zone, last=False) if since else ""
    end = _edge("until", until, zone, last=True) if until else ""
    if first and end and first > end:
        raise PassbookError("times-exchanged", since=since, until=until)
    return first, end


def _edge(which: str, text: str, zone: datetime.tzinfo | None, *, last: bool) -> str:
    typed = _WITH_ZONE.fullmatch(text)
    moment = text if typed is None else typed[1]
    if not is_moment(moment):
        raise PassbookError("not-a-time", which=which, how=TYPED)
    whole = datetime.datetime.fromisoformat(moment + _FIRST[len(moment) :])
    if last:
        whole = _end_of(whole, len(moment))
    try:
        # Without a zone it is a time of this machine; an hour that comes twice is meant whole.
        placed = whole.replace(fold=int(last), tzinfo=zone if typed is None else _zone(typed[2]))
        return placed.astimezone(datetime.UTC).isoformat()[:_SECONDS]
    except (ValueError, OverflowError):
        raise PassbookError("not-a-time", which=which, how=TYPED) from None


def _zone(text: str) -> datetime.tzinfo | None:
    return datetime.datetime.fromisoformat(_FIRST + text).tzinfo


def _end_of(moment: datetime.datetime, said: int) -> datetime.datetime:
    """The last second of the year, month, day, hour or minute, by the number of characters that a person typed."""
    if said <= len("2026"):
        moment = moment.replace(month=12)
    if said <= len("2026-03"):
        moment = moment.replace(day=calendar.monthrange(moment.year, moment.month)[1])
    if said <= len("2026-03-02"):
        moment = moment.replace(hour=23)
    if said <= len("2026-03-02T09"):
        moment = moment.replace(minute=59)
    return moment.replace(second=59) if said < _SECONDS else moment
