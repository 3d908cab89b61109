"""Which open questions are over: nothing stays for ever, and nothing ends by a clock that is not trusted (F4, N4)."""

from __future__ import annotations

import datetime

from passbook.record import Record


def business_date(local: datetime.datetime, day_ends: datetime.timedelta) -> str:
    """The ISO date of the business day of a moment in local time; a day ends at `day_ends` after its midnight."""
    return (local - day_ends).date().isoformat()


def is_over(record: Record, today: str) -> bool:
    """Whether an open question is of an earlier business day than `today`, and nothing of its job was ever sent.

    What an operator holds waits for a person, however long.

    Both dates must be of a trusted clock: the record's says so itself, `today` is only asked for under one.
    """
    asked_of_people = record.is_open and not record.held_by_operator
    return asked_of_people and record.untouched and record.clock_trusted and record.business_date < today


def is_undated(record: Record, today: str) -> bool:
    """Whether an open question has no date that can be believed: of a clock not trusted, or after `today`."""
    return record.is_open and not (record.clock_trusted and record.business_date <= today)
