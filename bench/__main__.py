"""Every measurement in one run: `python -m bench [--quick] [--only PART ...]`; the results go into docs.

Progress goes to standard error, tables to standard output.  `--quick` measures the least that gives every figure; with
it or `--only` docs stay unchanged.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Final

from bench.machine import describe
from bench.plot import svg
from bench.report import PICTURES, Results, markdown, say, table
from demo.world import PROJECT

PARTS: Final = (
    *("acceptance", "statements", "slow_flush", "memory", "slow_peers", "selection", "power_on", "long_life"),
    "two_spools",
    "mail",
    "link_speed",
    "documents",
    "browser_page",
)
"""Modules of this folder, in the order of the page."""
PAGE: Final = PROJECT / "docs" / "performance.md"
BEGIN: Final = "<!-- what make bench found: begin -->"
END: Final = "<!-- what make bench found: end -->"


def main(argv: list[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure speed and memory.")
    parser.add_argument("--quick", action="store_true", help="the least that gives every figure; for tests")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args(argv)
    found = []
    with tempfile.TemporaryDirectory(prefix="pb-") as folder:
        machine = describe(Path(folder))
        print(machine, end="\n\n")
        for part in options.only:
            say(f"{part} ...")
            found.append(run(part, Path(folder) / part, quick=options.quick))
            print(table(found[-1]), end="\n\n", flush=True)
    if not options.quick and len(found) == len(PARTS):
        write_down(machine, found)
    return 0


def run(part: str, folder: Path, *, quick: bool) -> Results:
    """The results of one part; `folder` is made for it."""
    folder.mkdir()
    results = import_module(f"bench.{part}").measure(folder, quick=quick)
    if not isinstance(results, Results):
        raise TypeError(f"bench.{part} gave no results")
    return results


def write_down(machine: str, found: list[Results], page: Path = PAGE) -> None:
    """The page between its marks, and the plots beside it."""
    for results in found:
        for curve in results.curves:
            (page.parent / PICTURES / f"{curve.name}.svg").write_text(svg(curve))
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [BEGIN, "", machine, ""]
    for results in found:
        lines += markdown(results)
    page.write_text(before + "\n".join([*lines, END]) + after)


if __name__ == "__main__":
    sys.exit(main())
