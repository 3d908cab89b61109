"""`make crash`: the states in which power cuts can leave the disk of a store, tried at length."""

from __future__ import annotations

import argparse
import secrets
import sys

from tests.crash.stories import explore


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--states", type=int, default=100_000, help="states of stories to be tried")
    parser.add_argument("--seed", type=int, help="repeat the stories of the run that printed this number")
    arguments = parser.parse_args()
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    sys.stdout.write(f"seed: {seed} (repeat with --seed)\n")
    total = explore(arguments.states, seed)
    sys.stdout.write("".join(f"{finding.fault.value}: {finding.what}\n" for finding in total.findings))
    return 1 if total.findings else 0


if __name__ == "__main__":
    sys.exit(main())
