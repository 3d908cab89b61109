"""Which ended jobs may be forgotten: pure rules."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from passbook.forgetting import is_dated, may_be_forgotten
from passbook.record import Acknowledged, Record
from tests.passbook.test_changes_promises import NEW

DATED = replace(
    NEW,
    clock_trusted=True,
    business_date="2026-03-02",
    changed_at="2026-03-02T09:30:00",
    acknowledged=Acknowledged("t", ""),
)
UNDATED = replace(DATED, clock_trusted=False)


@pytest.mark.parametrize(
    ("stamp", "believed"),
    [
        ("1970-01-01T00:05:00", False),
        ("2026-02-28T23:59:59", False),
        ("2026-03-01T14:00:00", True),
        ("2026-03-02T09:30:00", True),
        ("2026-07-01T09:30:00", True),
    ],
)
def test_a_stamp_is_believed_when_it_is_not_before_a_day_that_surely_was(stamp: str, believed: bool) -> None:
    """A business day in the far east begins while it is the day before in UTC."""
    assert is_dated(replace(DATED, changed_at=stamp)) is believed
    assert not is_dated(replace(UNDATED, changed_at=stamp))


def test_by_a_date_that_can_be_believed_every_end_goes_when_it_is_old_enough() -> None:
    for recent in (True, False):
        assert may_be_forgotten(DATED, recent=recent, by_word=False)
        assert may_be_forgotten(replace(DATED, acknowledged=None), recent=recent, by_word=False)


@pytest.mark.parametrize(("record", "by_word"), [(DATED, True), (UNDATED, True), (UNDATED, False)])
def test_otherwise_only_what_was_noted_and_lies_far_back(record: Record, by_word: bool) -> None:
    assert may_be_forgotten(record, recent=False, by_word=by_word)
    assert not may_be_forgotten(record, recent=True, by_word=by_word)
    assert not may_be_forgotten(replace(record, acknowledged=None), recent=False, by_word=by_word)
