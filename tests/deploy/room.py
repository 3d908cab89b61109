"""Programs of a Debian system, run where they can harm nothing: in a mount namespace of their own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT

PRIVATE = ("unshare", "--map-root-user", "--mount")


def need(program: str) -> None:
    """Skip the test where `program` is missing; `make test` installs what Debian has of them, where it may."""
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here (make test installs its Debian package where it may)")


def private(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script whose mounts nobody else sees; it stops at the first failure, and so does the test."""
    need("unshare")
    if subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine gives nobody a mount namespace of his own")
    command = [*PRIVATE, "sh", "-eu", "-c", script, "sh", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done
