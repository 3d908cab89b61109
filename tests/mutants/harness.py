"""Break a copy of the tree with a few changes, and see whether the named tests notice.

A mutant is killed when its tests pass in the copy as it is and each of them fails, by its own assertion or an
exception of the code under test, in the damaged copy.  Code that cannot be imported proves nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.house import own_environment, project_files
from tests.mutants.damage import Change, DoesNotFitError, Tree

RUN_SECONDS: Final = 600
_OUTCOME: Final = re.compile(r"^(PASSED|FAILED|ERROR) (\S.*)$", re.MULTILINE)
_PROVES_NOTHING: Final = re.compile(r"(ImportError|ModuleNotFoundError|SyntaxError|IndentationError|NameError)\b")


@dataclass(frozen=True)
class Mutant:
    """One way to break a promise.

    Attributes:
        promise: its id in the design.
        name: the promise and, in a few words, the damage.
        tests: pytest node ids; each must fail.
        says: one sentence: what the broken code does.
        changes: the damage.
    """

    promise: str
    name: str
    tests: tuple[str, ...]
    says: str
    changes: tuple[Change, ...]


class Verdict(Enum):
    """What became of a mutant; only the first is good."""

    KILLED = "killed"
    """Every named test failed by itself."""
    SURVIVED = "SURVIVED"
    """At least one named test did not fail."""
    NOT_APPLICABLE = "DOES NOT APPLY"
    """A change does not fit the tree any more."""
    BROKEN = "PROVES NOTHING"
    """The damaged code cannot be imported, or a test failed because of that."""
    FAILS_ANYWAY = "FAILS ANYWAY"
    """A named test does not exist, or does not pass in the tree as it is."""


@dataclass(frozen=True)
class Result:
    """A mutant's verdict, with what a person needs to see why."""

    mutant: Mutant
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class _Run:
    exit_code: int
    output: str

    def outcomes(self, node: str) -> list[tuple[str, str]]:
        """(outcome, reason) of each test that `node` names: a function with parameters is many tests."""
        summary = self.output.rpartition("short test summary info")[2]
        own = re.compile(re.escape(node) + r"(?:\[.*?\]|::.*?)?(?: - (.*))?$")
        matches = ((outcome, own.match(rest)) for outcome, rest in _OUTCOME.findall(summary))
        return [(outcome, match.group(1) or "") for outcome, match in matches if match]


def damageable(root: Path) -> Tree:
    """What mutants may change in the tree at `root`: everything but tests."""
    return Tree(
        root, [path for path in project_files(root) if not path.name.startswith("test_") and path.parts[0] != "tests"]
    )


def try_mutant(mutant: Mutant, root: Path, options: Sequence[str] = ()) -> Result:
    """Judge one mutant of the tree at `root` in a temporary copy; `options` are given to pytest."""
    with TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        _copy_tree(root, copy)
        clean = _run(copy, mutant.tests, options)
        if clean.exit_code != 0 or any(_others(clean, node, "PASSED") for node in mutant.tests):
            return Result(mutant, Verdict.FAILS_ANYWAY, clean.output)
        try:
            texts = damageable(root).damaged(mutant.changes)
        except DoesNotFitError as error:
            return Result(mutant, Verdict.NOT_APPLICABLE, str(error))
        for path, text in texts.items():
            (copy / path).write_text(text, "utf-8")
        if unreadable := _unreadable(texts):
            return Result(mutant, Verdict.BROKEN, unreadable)
        return _judge(mutant, _run(copy, mutant.tests, options))


def _judge(mutant: Mutant, run: _Run) -> Result:
    # 1 is pytest's "some tests failed"; the others are its own troubles, as a module that cannot be collected.
    if run.exit_code not in {0, 1}:
        return Result(mutant, Verdict.BROKEN, run.output)
    reasons = [reason for node in mutant.tests for _, reason in run.outcomes(node)]
    if any(_PROVES_NOTHING.match(reason) for reason in reasons):
        return Result(mutant, Verdict.BROKEN, run.output)
    noticed = all("FAILED" in dict(run.outcomes(node)) for node in mutant.tests)
    return Result(mutant, Verdict.KILLED if noticed else Verdict.SURVIVED, "" if noticed else run.output)


def _others(run: _Run, node: str, wanted: str) -> bool:
    """Whether `node` named no test, or one whose outcome is not `wanted`."""
    return {outcome for outcome, _ in run.outcomes(node)} != {wanted}


def _copy_tree(root: Path, copy: Path) -> None:
    for path in project_files(root):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, copy / path, follow_symlinks=False)
    # With a repository of its own the copy is judged alone, wherever the temporary folder lies.
    for command in (("init", "--quiet"), ("add", "--all")):
        _git(copy, *command).check_returncode()


def _git(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=copy, env=own_environment(), capture_output=True, check=False, text=True)


def _unreadable(texts: Mapping[Path, str]) -> str:
    """The first syntax error in the modules that were changed, or nothing."""
    for path, text in texts.items():
        if path.suffix == ".py":
            try:
                compile(text, str(path), "exec")
            except SyntaxError as error:
                return f"{path}:{error.lineno}: {error.msg}"
    return ""


def _run(copy: Path, nodes: Sequence[str], options: Sequence[str]) -> _Run:
    environment = own_environment() | {
        # The copy's modules come before an installed tree's, in processes that a test starts too.
        "PYTHONPATH": str(copy),
        # A damaged module may have the size and the second of the one before it, which is all that a cache compares.
        "PYTHONDONTWRITEBYTECODE": "1",
        # Wide enough that no node id is cut.
        "COLUMNS": "200",
    }
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "PYTHONSAFEPATH"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *options, *nodes]
    ended = subprocess.run(
        command,
        cwd=copy,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=RUN_SECONDS,
        check=False,
        text=True,
    )
    return _Run(ended.returncode, ended.stdout)
