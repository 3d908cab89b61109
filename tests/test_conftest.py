"""What the tests' own set-up does, seen from a second run of pytest on a file of one test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import conftest
from tests.house import ROOT

SKIPPED = "import pytest\ndef test_it():\n    pytest.skip('not here')\n"
SKIPPED_MODULE = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test_it():\n    assert False\n"
LEAVES_PROCESS = "import subprocess\ndef test_it():\n    global left\n    left = subprocess.Popen(['sleep', '60'])\n"
LEAVES_ENDED = "import os\ndef test_it():\n    if os.fork() == 0:\n        os._exit(0)\n"
LEAVES_THREAD = """
import threading
import tests.conftest
tests.conftest.THREAD_END_SECONDS = 0.1
ended = threading.Event()
def test_it():
    threading.Thread(target=ended.wait, name="reader").start()
def test_next():
    ended.set()
"""
TIDY = """
import subprocess, threading
def test_it():
    subprocess.run(['true'])
    threading.Thread(target=print).start()
"""
DRAWS = "def test_it(seed):\n    assert seed == 0\n"
PROPERTY = """
from hypothesis import given, strategies
@given(strategies.integers())
def test_it(number):
    assert number == number
"""


FINDS = PROPERTY.replace("number == number", "number < 1000")
NOTES = """
from hypothesis import given, strategies
@given(strategies.integers())
def test_it(number):
    with open("drawn", "a") as drawn:
        print(number, file=drawn)
"""


def pytest_says(folder: Path, source: str, *options: str) -> tuple[int, str]:
    """Exit code and output of pytest for a file with `source`, set up by this project's conftest."""
    (folder / "test_toy.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = ignore\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", *options, "test_toy.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, text=True)
    return ended.returncode, ended.stdout


@pytest.mark.long
@pytest.mark.parametrize("source", [SKIPPED, SKIPPED_MODULE], ids=["test", "module"])
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_skip_fails_where_it_is_forbidden(tmp_path: Path, source: str, workers: tuple[str, ...]) -> None:
    code, output = pytest_says(tmp_path, source, "--forbid-skips", *workers)
    assert code != 0
    assert "--forbid-skips was given" in output
    assert "1 skipped" not in output


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    code, output = pytest_says(tmp_path, SKIPPED)
    assert code == 0
    assert "1 skipped" in output


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    code, output = pytest_says(tmp_path, EXPECTED_FAILURE, "--forbid-skips")
    assert code == 0
    assert "1 xfailed" in output


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "left"),
    [(LEAVES_PROCESS, "(sleep)"), (LEAVES_ENDED, "process "), (LEAVES_THREAD, "thread reader")],
    ids=["process", "ended process", "thread"],
)
def test_a_test_that_leaves_something_running_fails(tmp_path: Path, source: str, left: str) -> None:
    code, output = pytest_says(tmp_path, source)
    assert code == 1
    assert "still running after the test" in output
    assert left in output


@pytest.mark.long
@pytest.mark.parametrize("source", [TIDY, PROPERTY], ids=["tidy", "property"])
def test_a_tidy_test_passes(tmp_path: Path, source: str) -> None:
    code, output = pytest_says(tmp_path, source)
    assert code == 0, output


@pytest.mark.long
@pytest.mark.parametrize("source", [DRAWS, FINDS], ids=["fixture", "hypothesis"])
def test_the_seed_is_shown_with_the_failure(tmp_path: Path, source: str) -> None:
    code, output = pytest_says(tmp_path, source, "--seed=7")
    assert code == 1
    assert "seed: 7" in output
    assert "repeat with --seed=7" in output.partition("FAILURES")[2]


@pytest.mark.long
def test_all_workers_have_one_seed(tmp_path: Path) -> None:
    """Without a given seed one is drawn, and the printed one is the one that was used."""
    source = "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it(seed, n):\n    assert seed is None\n"
    _, output = pytest_says(tmp_path, source, "-n", "2")
    drawn = output.partition("seed: ")[2].split()[0]
    assert output.count(f"assert {drawn} is None\n") >= 2


@pytest.mark.long
@pytest.mark.parametrize("ci", ["", "true"], ids=["here", "in CI"])
def test_a_seed_repeats_what_hypothesis_drew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    monkeypatch.setenv("CI", ci)
    drawn = []
    for seed in (7, 7, 8):
        pytest_says(tmp_path, NOTES, f"--seed={seed}")
        drawn.append((tmp_path / "drawn").read_text())
        (tmp_path / "drawn").unlink()
    assert drawn[0] == drawn[1] != drawn[2]


def memory_of(monkeypatch: pytest.MonkeyPatch, folder: Path, wanted: int) -> None:
    """Choose the place of temporary files anew, where `folder` is the memory and nothing is named."""
    monkeypatch.setattr(conftest, "MEMORY", folder)
    monkeypatch.setattr(conftest, "MEMORY_WANTED", wanted)
    monkeypatch.setattr(tempfile, "tempdir", None)
    conftest._use_memory()


def test_temporary_files_lie_in_memory_where_it_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Named and then taken away, so that the end of the test takes away what is set here too.
    monkeypatch.setenv("TMPDIR", "")
    monkeypatch.delenv("TMPDIR")
    memory_of(monkeypatch, tmp_path, 1 << 60)
    assert "TMPDIR" not in os.environ
    memory_of(monkeypatch, tmp_path / "none", 0)
    assert "TMPDIR" not in os.environ
    memory_of(monkeypatch, tmp_path, 0)
    assert (os.environ["TMPDIR"], tempfile.gettempdir()) == (str(tmp_path), str(tmp_path))


def test_a_place_of_temporary_files_that_is_named_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/named")
    memory_of(monkeypatch, tmp_path, 0)
    assert os.environ["TMPDIR"] == "/named"
