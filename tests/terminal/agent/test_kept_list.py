"""The list of the appliance's jobs that the agent has while the appliance is away."""

from __future__ import annotations

import pytest

from spooler.clock import SystemClock
from terminal.agent.kept_list import KeptList
from tests.terminal.samples import view

ONE, OTHER = "b2a14b9a" + "0" * 24, "b2a17777" + "0" * 24


@pytest.mark.parametrize(
    ("named", "found"),
    [(ONE, ONE), ("b2a14b9a", ONE), ("b2a17", OTHER), ("b2a1", None), ("b2a", None), ("c", None), ("", None)],
)
def test_a_job_is_found_by_the_beginning_of_its_id_as_the_list_shows_it(named: str, found: str | None) -> None:
    kept = KeptList(SystemClock())
    kept.learn([view(job=ONE), view(job=OTHER)])
    job = kept.view(named)
    assert (None if job is None else job.job) == found


def test_too_few_characters_of_an_id_find_no_job() -> None:
    kept = KeptList(SystemClock())
    kept.learn([view(job=ONE)])
    assert kept.view("b2a1") is not None
    assert kept.view("b2a") is None
