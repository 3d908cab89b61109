from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passbook.errors import PassbookError
from spooler import hardening

HARDENED = "from spooler.hardening import harden\nharden()\n"


def core_allowed() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def child(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """A process that might leave a core file in `folder` if nothing forbade it."""
    return subprocess.run(
        [sys.executable, "-c", body],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=core_allowed,
    )


def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    done = child(tmp_path, HARDENED + "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert done.returncode == -signal.SIGSEGV
    assert list(tmp_path.iterdir()) == []


SHOW = """
import ctypes, os
from spooler.hardening import harden
if os.getuid() == 0:
    os.setresuid(4242, 4242, 4242)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
print(os.stat("/proc/self/limits").st_uid == os.getuid())
harden()
print(os.stat("/proc/self/limits").st_uid)
print(open("/proc/self/limits").read())
"""


def test_the_kernel_shows_the_limit_and_that_nobody_may_attach(tmp_path: Path) -> None:
    """The /proc files of a process that cannot be dumped belong to root, whoever it runs as (proc(5))."""
    done = child(tmp_path, SHOW)
    before, owner, *limits = done.stdout.splitlines()
    assert (before, owner) == ("True", "0"), done.stderr
    (core,) = [line.split() for line in limits if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]


def test_new_files_are_for_the_process_alone(tmp_path: Path) -> None:
    child(tmp_path, HARDENED + "open('made', 'w').close()")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("stays", ["RLIMIT_CORE", "PR_SET_DUMPABLE"])
def test_what_is_not_in_effect_stops_the_start(monkeypatch: pytest.MonkeyPatch, stays: str) -> None:
    class Libc:
        def prctl(self, *_arguments: int) -> int:
            return 1 if stays == "PR_SET_DUMPABLE" else 0

    limit = (5, 5) if stays == "RLIMIT_CORE" else (0, 0)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_a, **_k: Libc())
    monkeypatch.setattr(resource, "setrlimit", lambda *_a: None)
    monkeypatch.setattr(resource, "getrlimit", lambda *_a: limit)
    before = os.umask(0o022)
    try:
        with pytest.raises(PassbookError) as caught:
            hardening.harden()
    finally:
        os.umask(before)
    assert (caught.value.code, caught.value.facts["what"]) == ("hardening-failed", stays)
