"""Judge mutants, two at a time, and end with 0 only when all were killed: python -m tests.mutants [BEGINNING ...]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.house import ROOT
from tests.mutants.harness import Mutant, Result, Verdict, try_mutant
from tests.mutants.table import MUTANTS

AT_ONCE = 2
# The same choices before and after the damage, so that only the damage can make the difference.
OPTIONS = ("--seed=1", "--forbid-skips")


def _judge(mutant: Mutant) -> Result:
    return try_mutant(mutant, ROOT, OPTIONS)


def show(results: Iterable[Result]) -> bool:
    """Print one row for each result as it comes, and after them why any is not good; return whether all are."""
    bad = []
    for result in results:
        mutant = result.mutant
        print(f"{mutant.promise:<4}{mutant.name:<34}{result.verdict.value:<16}{mutant.says}", flush=True)
        if result.verdict is not Verdict.KILLED:
            bad.append(result)
    for result in bad:
        print(f"\n{result.mutant.name}: {result.verdict.value}\n{result.detail}")
    return not bad


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the mutants whose names begin with one of the words, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Break promises, and see tests fail.")
    parser.add_argument("beginnings", nargs="*", metavar="BEGINNING", help="of names: P7, P1-reply")
    beginnings = tuple(parser.parse_args(argv).beginnings) or ("",)
    chosen = [mutant for mutant in MUTANTS if mutant.name.startswith(beginnings)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        good = show(pool.map(_judge, chosen)) and bool(chosen)
    print(f"{len(chosen)} mutants, {'all killed' if good else 'NOT all killed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
