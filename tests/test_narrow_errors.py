"""Errors on a screen of 40 columns: no row of their sentence is wider, in any letters."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import unicodedata

import pytest

from passbook.screen.columns import LEAST_WIDTH
from tests.house import ROOT
from tests.test_commands import MODULES, WAIT


def on_screen(command: str, *words: str) -> list[str]:
    """The rows of standard error when that is a screen."""
    ours, theirs = pty.openpty()
    try:
        # The result fits into the buffer of the screen, so the process ends before it is read.
        subprocess.run(
            [sys.executable, "-m", MODULES[command], *words],
            cwd=ROOT,
            env=os.environ | {"COLUMNS": str(LEAST_WIDTH), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            check=False,
            timeout=WAIT,
        )
        return os.read(ours, 4096).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("teller", ("jobs", "一二三四五六七八九十" * 3)),
        ("teller", ("print", "x.csv", "--priority", "one hundred and one")),
        ("passbookctl", ("history", "--since", "some other day than the one before yesterday")),
        ("passbookctl", ("--control", "/nowhere/通帳/socket", "status")),
        ("passbookctl", ("layout", "show", "nowhere/通帳記帳依頼書兼確認票通帳記帳依頼書兼確認票.toml")),
    ],
)
def test_an_error_fits_the_narrowest_screen(command: str, words: tuple[str, ...]) -> None:
    rows = on_screen(command, *words)
    first = next(place for place, row in enumerate(rows) if row.startswith(command))
    # The usage above it is the interpreter's own.
    for row in rows[first:]:
        assert sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in row) <= LEAST_WIDTH, row
