"""Programs of a Debian system, run where they can harm nothing: in a mount namespace of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.needed import need

PRIVATE = ("unshare", "--map-root-user", "--mount")


def private(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script whose mounts nobody else sees; it stops at the first failure, and so does the test."""
    need("unshare")
    if subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine gives nobody a mount namespace of his own")
    command = [*PRIVATE, "sh", "-eu", "-c", script, "sh", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done
