from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import Result, fuzz, show
from tests.fuzz.one import MISSING
from tests.house import ROOT

HAS_ATHERIS = importlib.util.find_spec("atheris") is not None


@pytest.mark.long
def test_a_target_that_holds_is_good_and_one_that_breaks_leaves_its_input(tmp_path: Path) -> None:
    held, broken = fuzz("frames", 1, 1, tmp_path), fuzz("planted", 20, 1, tmp_path)
    fuzz("planted", 20, 1, tmp_path / "again")
    if HAS_ATHERIS:
        assert held.good, held.told
        assert not broken.good
        (finding,) = (tmp_path / "planted").glob("finding-crash-*")
        assert b"*" in finding.read_bytes()
        (found_again,) = (tmp_path / "again" / "planted").glob("finding-crash-*")
        assert found_again.name == finding.name, "a seed repeats a run"
    else:
        assert MISSING in held.told
        assert not held.good


def test_a_broken_sentence_is_shown_with_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert show([Result("frames", good=True, told="")])
    assert not show([Result("frames", good=True, told=""), Result("rows", good=False, told="how it broke")])
    shown = capsys.readouterr().out
    assert re.search(r"^rows +BROKEN", shown, re.MULTILINE)
    assert "how it broke" in shown


def test_make_fuzz_takes_a_minute_for_each_target_and_ci_runs_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "SECONDS ?= 60\n" in makefile
    assert "-m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed=$(SEED)) $(TARGETS)" in makefile
    assert "make fuzz" in (ROOT / ".ci" / "run").read_text()
    assert len(targets.TARGETS) / 2 < 15, "minutes in CI"
