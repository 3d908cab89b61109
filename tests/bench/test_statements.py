"""What one thing takes of the store is counted, so a test may hold it."""

from __future__ import annotations

from pathlib import Path

from bench.statements import MOST, counted


def test_nothing_takes_more_statements_than_it_may(tmp_path: Path) -> None:
    found = {name: count.statements for name, count in counted(tmp_path).items()}
    assert found.keys() == MOST.keys()
    assert {name: run for name, run in found.items() if len(run) > MOST[name]} == {}
    assert all(found.values()), "each of them asks the store"
