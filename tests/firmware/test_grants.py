"""Grants of previews: for one job, until its end, and not without bound (C7)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from firmware.people.grants import MOST_GRANTS, Grants
from passbook.job.states import JobState
from tests.passbook.test_changes_promises import NEW

JOB = NEW.job_id


def test_a_grant_is_for_one_terminal_and_one_job() -> None:
    grants = Grants()
    grants.give(JOB, "till-2")
    assert grants.has(JOB, "till-2")
    assert not grants.has(JOB, "till-3")
    assert not grants.has("ff", "till-2")


@pytest.mark.parametrize("end", [{"state": JobState.CANCELED}, {"content_gone": True, "valid": False}])
def test_grants_go_with_their_content(end: dict[str, object]) -> None:
    grants = Grants()
    grants.give(JOB, "till-2")
    grants.note(NEW)
    assert grants.has(JOB, "till-2")
    grants.note(replace(NEW, **end))
    assert not grants.has(JOB, "till-2")


def test_of_too_many_grants_the_oldest_gives_way() -> None:
    grants = Grants()
    for number in range(MOST_GRANTS + 1):
        grants.give(JOB, "till-0")
        grants.give(JOB, f"till-{number}")
    assert [number for number in range(MOST_GRANTS + 1) if not grants.has(JOB, f"till-{number}")] == [1]
