"""The harness judged on a toy: a mutant counts as killed only when its tests saw the damage by themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT, own_environment
from tests.mutants.__main__ import show
from tests.mutants.damage import Change, Tree
from tests.mutants.harness import Mutant, Result, Verdict, damageable, try_mutant
from tests.mutants.table import MUTANTS

TILL = """\
def total(amounts):
    return sum(amounts)


def greeting():
    return "hello"
"""

TEST_TILL = """\
import pytest
import till


@pytest.mark.parametrize("amounts", [(), (1, 2)])
def test_total(amounts):
    assert till.total(amounts) == (3 if amounts else 0)


def test_empty():
    assert till.total([]) == 0


def test_that_never_passes():
    assert till.total([]) == 1
"""


SUM = Change("total", "sum(amounts)", "sum(amounts[1:])")
NAMES_NOTHING = Change("total", "return sum(amounts)", "return add(amounts)")
IS_NO_PYTHON = Change("total", "return sum(amounts)", "return sum(amounts")
CANNOT_BE_IMPORTED = Change(
    "total", "def total(amounts): return sum(amounts)", "def total(amounts: Amounts): return sum(amounts)"
)
FITS_NOWHERE = Change("total", "return sum(prices)", "return 0")
TOTAL, EMPTY = "test_till.py::test_total", "test_till.py::test_empty"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A project of one module, one file of tests and a repository."""
    root = tmp_path / "toy"
    root.mkdir()
    (root / "till.py").write_text(TILL)
    (root / "test_till.py").write_text(TEST_TILL)
    (root / "pytest.ini").write_text("[pytest]\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, env=own_environment(), check=True)
    return root


def judged(toy: Path, change: Change, *tests: str) -> Result:
    """What the harness says of one mutant of the toy; the toy itself must stay as it was."""
    result = try_mutant(Mutant("P0", "P0-broken", tests, "It is broken.", (change,)), toy)
    assert (toy / "till.py").read_text() == TILL
    return result


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "tests", "verdict"),
    [
        (SUM, [TOTAL], Verdict.KILLED),
        (SUM, [f"{TOTAL}[amounts1]"], Verdict.KILLED),
        (SUM, [TOTAL, EMPTY], Verdict.SURVIVED),
        (NAMES_NOTHING, [TOTAL], Verdict.BROKEN),
        (IS_NO_PYTHON, [TOTAL], Verdict.BROKEN),
        (CANNOT_BE_IMPORTED, [TOTAL], Verdict.BROKEN),
        (FITS_NOWHERE, [TOTAL], Verdict.NOT_APPLICABLE),
        (SUM, ["test_till.py::test_that_never_passes"], Verdict.FAILS_ANYWAY),
        (SUM, ["test_till.py::test_of_another_name"], Verdict.FAILS_ANYWAY),
    ],
    ids=["seen", "one case", "half seen", "undefined name", "syntax", "import", "other tree", "failing", "missing"],
)
def test_verdict(toy: Path, change: Change, tests: list[str], verdict: Verdict) -> None:
    result = judged(toy, change, *tests)
    assert result.verdict is verdict, result.detail
    assert (result.detail == "") is (verdict is Verdict.KILLED)


def test_the_rows_and_the_reasons_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    killed = Result(Mutant("P1", "P1-one", (), "It forgets.", ()), Verdict.KILLED)
    survived = Result(Mutant("P2", "P2-two", (), "It repeats.", ()), Verdict.SURVIVED, "2 passed")
    assert show([killed])
    assert not show([survived, killed])
    shown = capsys.readouterr().out
    assert "It forgets." in shown
    assert "P2-two: SURVIVED\n2 passed" in shown


def test_every_mutant_has_a_name_of_its_own_under_its_promise() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert [mutant for mutant in MUTANTS if not mutant.name.startswith(f"{mutant.promise}-")] == []
    assert [mutant for mutant in MUTANTS if not mutant.tests or not mutant.says or not mutant.changes] == []


@pytest.fixture(scope="module")
def tree() -> Tree:
    return damageable(ROOT)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_still_fits(tree: Tree, mutant: Mutant) -> None:
    assert tree.damaged(mutant.changes)
