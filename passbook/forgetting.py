"""Which ended jobs may be forgotten (P8, P10): by a date that can be believed, or far back among many (N4)."""

from __future__ import annotations

import datetime
from typing import Final

from passbook.record import Record

_ZONES: Final = datetime.timedelta(days=1)
"""A business day is local and a stamp is in UTC: they differ by a day at most."""


def may_be_forgotten(record: Record, *, recent: bool, by_word: bool) -> bool:
    """Whether an ended job may go whose stamp is old enough.

    `recent`: it is one of the last of its requester, which can still repeat that request.  `by_word`: only an
    operator says what day it is.
    """
    if is_dated(record) and not by_word:
        return True
    return not recent and record.acknowledged is not None


def is_dated(record: Record) -> bool:
    """Whether the stamp of its end can be believed: not earlier than a day that a trusted clock gave the job."""
    if not record.clock_trusted:
        return False
    day = datetime.date.fromisoformat(record.business_date) - _ZONES
    return record.changed_at[:10] >= day.isoformat()
