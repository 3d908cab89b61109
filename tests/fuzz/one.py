"""Fuzz one target in this process: `python -m tests.fuzz.one TARGET` and options of libFuzzer."""

from __future__ import annotations

import importlib
import importlib.util
import sys

from tests.fuzz.targets import check_of
from tests.house import PACKAGES

MISSING = "There is no atheris for this machine (it comes for Linux on x86_64); make test runs the same checks."


def main() -> None:
    """Run until libFuzzer ends the process: with 0 after the given time, with another number at a finding."""
    if importlib.util.find_spec("atheris") is None:
        sys.exit(MISSING)
    atheris = importlib.import_module("atheris")

    target = sys.argv.pop(1)
    with atheris.instrument_imports(include=["tomllib", *PACKAGES]):
        check = check_of(target)
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
