from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.mutated import fuzz
from tests.fuzz.targets import CORPUS, TARGETS, check_of, seeds

HELPERS = {"__init__", "__main__", "growth", "memory", "mutated", "one", "planted", "targets"}


@pytest.mark.parametrize("target", TARGETS)
@given(draw=st.data())
def test_the_sentence_of_a_target_is_true_for(target: str, draw: st.DataObject) -> None:
    check_of(target)(draw.draw(fuzz(seeds(target))))


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_seed_holds(target: str) -> None:
    assert seeds(target)
    for seed in seeds(target):
        check_of(target)(seed)


def test_every_target_is_listed_and_says_its_sentence() -> None:
    modules = {path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("test_")}
    assert modules - HELPERS == set(TARGETS)
    assert {folder.name for folder in CORPUS.iterdir()} == {*TARGETS, "planted"}
    assert all(check_of(target).__doc__ for target in TARGETS)
