"""The harness judged on a toy: a mutant counts as killed only when its tests saw the damage by themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT, own_environment
from tests.mutants.__main__ import show
from tests.mutants.harness import Mutant, Result, Verdict, try_mutant
from tests.mutants.table import MUTANTS

PATCHES = Path(__file__).parent

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


def change(old: str, new: str) -> str:
    """A patch of the first two lines of the till."""
    removed = "".join(f"-{line}\n" for line in old.splitlines())
    added = "".join(f"+{line}\n" for line in new.splitlines())
    return f"--- a/till.py\n+++ b/till.py\n@@ -1,4 +1,4 @@\n{removed}{added} \n \n"


SOUND = "def total(amounts):\n    return sum(amounts)"
LOSES_THE_FIRST = change(SOUND, "def total(amounts):\n    return sum(amounts[1:])")
NAMES_NOTHING = change(SOUND, "def total(amounts):\n    return add(amounts)")
IS_NO_PYTHON = change(SOUND, "def total(amounts):\n    return sum(amounts")
CANNOT_BE_IMPORTED = change(SOUND, "def total(amounts: Amounts):\n    return sum(amounts)")
FITS_NOWHERE = change("def total(prices):\n    return sum(prices)", "def total(prices):\n    return 0")
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


def judged(toy: Path, patch: str, *tests: str) -> Result:
    """What the harness says of one mutant of the toy; the toy itself must stay as it was."""
    (toy.parent / "the.patch").write_text(patch)
    result = try_mutant(Mutant("P0", "the.patch", tests, "It is broken."), toy, toy.parent)
    assert (toy / "till.py").read_text() == TILL
    return result


@pytest.mark.parametrize(
    ("patch", "tests", "verdict"),
    [
        (LOSES_THE_FIRST, [TOTAL], Verdict.KILLED),
        (LOSES_THE_FIRST, [f"{TOTAL}[amounts1]"], Verdict.KILLED),
        (LOSES_THE_FIRST, [TOTAL, EMPTY], Verdict.SURVIVED),
        (NAMES_NOTHING, [TOTAL], Verdict.BROKEN),
        (IS_NO_PYTHON, [TOTAL], Verdict.BROKEN),
        (CANNOT_BE_IMPORTED, [TOTAL], Verdict.BROKEN),
        (FITS_NOWHERE, [TOTAL], Verdict.NOT_APPLICABLE),
        (LOSES_THE_FIRST, ["test_till.py::test_that_never_passes"], Verdict.FAILS_ANYWAY),
        (LOSES_THE_FIRST, ["test_till.py::test_of_another_name"], Verdict.FAILS_ANYWAY),
    ],
    ids=["seen", "one case", "half seen", "undefined name", "syntax", "import", "other tree", "failing", "missing"],
)
def test_verdict(toy: Path, patch: str, tests: list[str], verdict: Verdict) -> None:
    result = judged(toy, patch, *tests)
    assert result.verdict is verdict, result.detail
    assert (result.detail == "") is (verdict is Verdict.KILLED)


def test_the_rows_and_the_reasons_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    killed = Result(Mutant("P1", "one.patch", (), "It forgets."), Verdict.KILLED)
    survived = Result(Mutant("P2", "two.patch", (), "It repeats."), Verdict.SURVIVED, "2 passed")
    assert show([killed])
    assert not show([survived, killed])
    shown = capsys.readouterr().out
    assert "It forgets." in shown
    assert "two.patch: SURVIVED\n2 passed" in shown


def test_every_patch_is_in_the_table_under_its_promise() -> None:
    assert sorted(mutant.patch for mutant in MUTANTS) == sorted(path.name for path in PATCHES.glob("*.patch"))
    assert [mutant for mutant in MUTANTS if not mutant.patch.startswith(f"{mutant.promise}-")] == []
    assert [mutant for mutant in MUTANTS if not mutant.tests or not mutant.says] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.patch)
def test_every_patch_still_applies(mutant: Mutant) -> None:
    command = ["git", "apply", "--check", str(PATCHES / mutant.patch)]
    checked = subprocess.run(command, cwd=ROOT, env=own_environment(), capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stderr
