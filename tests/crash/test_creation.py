from __future__ import annotations

from tests.crash.day import explore_creation


def test_a_first_start_that_was_cut_off_anywhere_is_done_again(seed: int) -> None:
    explored = explore_creation(limit=200, seed=seed)
    assert explored.findings == []
    assert explored.images > 50
