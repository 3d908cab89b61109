"""What one thing takes of the store is counted, so a test may hold it."""

from __future__ import annotations

from pathlib import Path

from bench.statements import MOST, counted


def test_nothing_takes_more_statements_than_it_may(tmp_path: Path) -> None:
    found = {name: count.statements for name, count in counted(tmp_path).items()}
    assert found.keys() == MOST.keys()
    assert {name: run for name, run in found.items() if len(run) > MOST[name]} == {}
    assert all(found.values()), "each of them asks the store"


def test_the_memory_of_books_takes_no_statement_at_an_acceptance_and_one_at_a_stop(tmp_path: Path) -> None:
    found = {name: len(count.statements) for name, count in counted(tmp_path).items()}
    assert found["acceptance for a known book"] == found["acceptance"]
    assert found["stop in a known book"] == found["stop"] + 1
