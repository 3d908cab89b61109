"""`make fresh`: the project on bare Debian systems, with what README promises and nothing that this machine has."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.fresh import bare, sources

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / "build" / "fresh"
_SKIPPED: Final = re.compile(r"SKIPPED \[\d+\] [^:]+(?::\d+)?: (.*)")
_NAMES_WHAT_IS_MISSING: Final = re.compile(r"the Debian package \S+ is missing|this machine ")


class Try(NamedTuple):
    """One command on a bare system; `skips` says whether tests may skip there."""

    command: str
    with_apt: bool
    skips: bool


TOOLS: Final = "PYTEST_EXTRA='--forbid-skips tests/deploy tests/crash/test_faults.py tests/scenarios/test_clocks.py'"
"""The tests that need programs of Debian packages, which the system installs by itself where it may."""
SYSTEMS: Final = {
    "bookworm": (
        Try("make demo", with_apt=False, skips=True),
        Try("make test PYTEST_EXTRA=-rs", with_apt=False, skips=True),
        Try(f"make check {TOOLS}", with_apt=True, skips=False),
    ),
    "trixie": (
        Try("make demo", with_apt=False, skips=True),
        Try("make quick PYTEST_EXTRA=-rs", with_apt=False, skips=True),
    ),
}
"""Code name of a Debian -> what is tried there, in order."""


def main(names: list[str]) -> int:
    """Try the systems of these names, or all; 0 when everything that was promised is so."""
    why = _cannot()
    if why or (names and not set(names) <= SYSTEMS.keys()):
        print(why or f"known systems are {', '.join(SYSTEMS)}", file=sys.stderr)
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    wrong = [sentence for name in names or SYSTEMS for sentence in _try(name)]
    for sentence in wrong:
        print(f"WRONG  {sentence}")
    print("A bare system has everything that it needs." if not wrong else "A bare system lacks something.")
    return 1 if wrong else 0


def _cannot() -> str:
    if os.geteuid() != 0:
        return "Only root can make a bare system; try again as root."
    if shutil.which("mmdebstrap") is None:
        return "There is no mmdebstrap; install it (apt-get install mmdebstrap), then try again."
    return "" if sources.code_name() else "This machine is no Debian, so it has no sources of Debian to hand on."


def _try(name: str) -> list[str]:
    """Make the system, try everything in it, and take it away; what is wrong."""
    with tempfile.TemporaryDirectory(prefix="fresh-", dir="/var/tmp") as place:  # on a disk
        folder = Path(place) / name
        began = time.monotonic()
        bare.make(folder, name)
        bare.clone(ROOT, folder)
        print(f"{name}: made in {time.monotonic() - began:.0f} s", flush=True)
        wrong = []
        for one in SYSTEMS[name]:
            began = time.monotonic()
            print(f"{name}: {one.command}{'' if one.with_apt else ', without apt-get'}", flush=True)
            ended = bare.run(folder, one.command, CACHE, with_apt=one.with_apt)
            print(f"{name}: ended with {ended.returncode} after {time.monotonic() - began:.0f} s", flush=True)
            if ended.returncode != 0:
                wrong.append(f"{name}: {one.command} ended with {ended.returncode}")
            wrong += [
                f"{name}: a skip does not name what is missing: {reason}" for reason in unnamed_skips(ended.stdout)
            ]
        return wrong


def unnamed_skips(said: str) -> list[str]:
    """Reasons of skips, as `pytest -rs` shows them, that say neither which package is missing nor what is not let."""
    return [reason for reason in _SKIPPED.findall(said) if not _NAMES_WHAT_IS_MISSING.search(reason)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
