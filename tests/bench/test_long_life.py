"""A month of work leaves files as they were after its second week; judged by sizes and counts, never by time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.counting_disk import CountingDisk
from bench.filling import LIMITS
from bench.long_life import KEPT_DAYS, QUOTA, live
from storage.area.capacity import Division

DAYS, JOBS = 3 * KEPT_DAYS, 12


@pytest.mark.soak
def test_what_a_day_writes_and_leaves_does_not_grow(tmp_path: Path) -> None:
    disk = CountingDisk()
    days = list(live(tmp_path, disk, DAYS, JOBS))
    disk.unregister()
    early, late = days[KEPT_DAYS + 1], days[-1]
    assert late.database <= 1.1 * early.database
    assert late.written <= 1.1 * early.written
    assert max(day.log for day in days) <= 2 * Division.of(QUOTA, LIMITS.job_bytes).log
    # The first days had less to carry, so the comparison above is not one of nothing with nothing.
    assert days[0].database < early.database
