"""The end of open questions: none stays for ever, and none ends by a clock that is not trusted (F4, N4)."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from msgspec.structs import replace

from passbook.job.choice import Side
from passbook.job.print_right import RightState
from passbook.job.record import Change, HistoryKind, Outcome, Record, entry_of


def business_date(local: datetime.datetime, day_ends: datetime.timedelta) -> str:
    """The ISO date of the business day of a moment in local time; a day ends at `day_ends` after its midnight."""
    return (local - day_ends).date().isoformat()


class Day(NamedTuple):
    """The business day of a question, and whether the clock was trusted when it was written."""

    date: str
    trusted: bool

    def is_believed(self, today: str) -> bool:
        """Whether this day is credible: told by a trusted clock, and not after `today`."""
        return self.trusted and self.date <= today

    def is_past(self, today: str) -> bool:
        """Whether this day is credible, and earlier than `today`."""
        return self.trusted and self.date < today


def day_of(record: Record) -> Day:
    """The business day of a record."""
    return Day(record.business_date, record.clock_trusted)


def is_over(record: Record, today: str) -> bool:
    """Whether an open question is of an earlier business day than `today`, and nothing of its job was ever sent.

    A job that an operator holds waits for a person without end.

    Both dates must be of a trusted clock: the record says so of its own, and the caller asks with `today` only under
    one.
    """
    asked_of_people = record.is_open and not record.held_by_operator
    # The spool with the print right may have printed it.
    is_here = record.right.state is RightState.HERE
    return asked_of_people and is_here and record.untouched and day_of(record).is_past(today)


def keeps_content(record: Record) -> bool:
    """Whether an open question still has content, and its job never expires whole.

    So it is with a job of which a step was sent, with one whose print right is elsewhere, and with a terminal's copy.
    """
    is_elsewhere = record.right.state is not RightState.HERE or record.side is Side.TERMINAL
    return record.is_open and (is_elsewhere or not record.untouched) and not record.content_gone


def is_content_over(record: Record, before: str) -> bool:
    """Whether that content is of a business day earlier than `before`, by a trusted clock, also under a hold."""
    return keeps_content(record) and day_of(record).is_past(before)


def is_undated(record: Record, today: str) -> bool:
    """Whether an open question has no credible date: of a clock not trusted, or after `today`."""
    return record.is_open and not day_of(record).is_believed(today)


def redate(today: str) -> Change:
    """Give a record without a credible date the date of today, by a trusted clock; change no other record (N4)."""

    def change(record: Record) -> Outcome:
        dated = replace(record, business_date=today, clock_trusted=True)
        return Outcome(dated if is_undated(record, today) else record)

    return change


def destroy_content(today: str, before: str, at: str) -> Change:
    """Take the content of a question of a business day earlier than `before`; from then on it can only be closed (F4).

    `today` is the business date by a trusted clock; a question without a credible date is of today (N4).
    """

    def change(record: Record) -> Outcome:
        if keeps_content(record) and is_undated(record, today):
            return redate(today)(record)
        if not is_content_over(record, before):
            return Outcome(record)
        gone = replace(record, content_gone=True, proposed=None)
        return Outcome(gone, entry_of(HistoryKind.CONTENT_DESTROYED, gone, at), wraps=())

    return change


def is_end_undated(record: Record) -> bool:
    """Whether the stamp of an end is not credible: of a clock not trusted, or before the job's own day.

    One day of difference is allowed: the stamp is in UTC, and the date in the appliance's own time zone.
    """
    ended = datetime.date.fromisoformat(record.changed_at[:10])
    earliest = ended + datetime.timedelta(days=1)
    return not record.clock_trusted or earliest.isoformat() < record.business_date
