"""Fuzz every target, two at a time, from the kept inputs: `make fuzz`.

What is found by the way is kept below build/fuzz and is the start of the next run; without it, SEED repeats a run.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from tests.fuzz.targets import CORPUS, TARGETS, check_of
from tests.house import ROOT

AT_ONCE: Final = 2
FOUND: Final = ROOT / "build" / "fuzz"
SLOWEST: Final = 20
"""Seconds that one input may take: bad input is never a wait without end."""
SEED_LIMIT: Final = 2**32


class Result(NamedTuple):
    """How one target came out; `told` is the end of what was said."""

    target: str
    good: bool
    told: str


def fuzz(target: str, seconds: int, seed: int, found: Path = FOUND) -> Result:
    """Fuzz one target for so many seconds; an input that breaks its sentence is left in `found`/TARGET.

    The same code, `seed` (at least 1, below SEED_LIMIT) and folder give the same inputs in the same order.
    """
    folder = found / target
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        "-verbosity=0",
        f"-seed={seed}",
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST}",
        f"-artifact_prefix={folder}/finding-",
    ]
    command = [sys.executable, "-m", f"{__package__}.one", target, *options, str(folder), str(CORPUS / target)]
    # The order of a set decides which lines are reached first, and so what is tried next.
    variables = os.environ | {"PYTHONHASHSEED": "0"}
    ended = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, errors="replace", check=False
    )
    return Result(target, ended.returncode == 0, (ended.stdout + ended.stderr)[-4000:])


def show(results: Sequence[Result]) -> bool:
    """Print a row for each target, and after them why any failed; whether none did."""
    for result in results:
        sentence = " ".join((check_of(result.target).__doc__ or "").split())
        print(f"{result.target:<16}{'held' if result.good else 'BROKEN':<8}{sentence}")
    bad = [result for result in results if not result.good]
    for result in bad:
        print(f"\n{result.target}: keep the input as a seed in {CORPUS.relative_to(ROOT) / result.target}, then mend")
        print(result.told)
    return not bad


def main(argv: list[str] | None = None) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, help="repeat the run that printed this number")
    parser.add_argument("targets", nargs="*", help="all when none is named")
    options = parser.parse_args(argv)
    seed = options.seed or secrets.randbelow(SEED_LIMIT - 1) + 1
    print(f"seed: {seed} (repeat with SEED={seed} where build/fuzz is empty)", flush=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        good = show(list(pool.map(lambda one: fuzz(one, options.seconds, seed), options.targets or TARGETS)))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
