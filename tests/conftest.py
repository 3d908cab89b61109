"""What every test gets: a seed that is printed, profiles for hypothesis, and a check that it left nothing running."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from tests.house import line_counts

SEED_LIMIT = 2**32
MEMORY = Path("/dev/shm")  # noqa: S108 - memory, so that no test waits for a disk
MEMORY_WANTED = 1 << 30
"""Bytes that must be free in memory before temporary files lie there."""
THREAD_END_SECONDS = 5.0

# No deadline: on a shared machine the clock would decide.  The blob repeats a failure on another machine.  Not
# derandomized, which is what hypothesis chooses by itself where CI is set: every run shall try something new.
settings.register_profile("test", deadline=None, print_blob=True, derandomize=False, max_examples=100)
settings.register_profile("soak", settings.get_profile("test"), max_examples=5000)
settings.register_profile("quick", settings.get_profile("test"), max_examples=10)
settings.load_profile("test")


class Worker(Protocol):
    """What xdist hands over before it starts a worker."""

    config: pytest.Config
    workerinput: dict[str, int]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --seed and --forbid-skips."""
    group = parser.getgroup("passbook")
    group.addoption("--seed", type=int, help="repeat the random choices of the run that printed this number")
    group.addoption("--forbid-skips", action="store_true", help="a skipped test is a failed test")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed, for hypothesis too; a worker is told it by the process that started it."""
    if config.option.seed is None:
        told: dict[str, int] = getattr(config, "workerinput", {})
        config.option.seed = told.get("seed", secrets.randbelow(SEED_LIMIT))
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(config.option.seed)
    _use_memory()
    _hear_keys()


def _hear_keys() -> None:
    """Let Ctrl-C and its like act on all processes of the run: a shell has its jobs in the background ignore them."""
    for number, effect in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, effect)


def _use_memory() -> None:
    """Have temporary files lie in memory, unless TMPDIR names a place or memory has no room for programs and data."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    runs_programs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    if runs_programs and shutil.disk_usage(MEMORY).free >= MEMORY_WANTED:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Worker) -> None:
    """Tell a new worker the seed: it is given the command line, on which there may be none."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_report_header(config: pytest.Config) -> str:
    """Say the seed, and how much is tested by how much."""
    code, tests = line_counts()
    return f"seed: {config.option.seed} (repeat with --seed)\nlines: {code} of code, {tests} of tests"


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The number from which a test draws everything that is random in it: random.Random(seed)."""
    value: int = pytestconfig.option.seed
    return value


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the seed with every failure that it can repeat, and turn skips into failures when they are forbidden."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _forbid_skip(item.config, report)
    is_random = "seed" in getattr(item, "fixturenames", ()) or item.get_closest_marker("hypothesis")
    if report.failed and is_random:
        report.sections.append(("seed", f"repeat with --seed={item.config.option.seed}"))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself as a whole."""
    report = yield
    if report.skipped:
        _forbid_skip(collector.config, report)
    return report


def _forbid_skip(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    if config.option.forbid_skips:
        report.outcome = "failed"
        report.longrepr = f"skipped, and --forbid-skips was given: {report.longrepr}"


def _children() -> set[int]:
    """Processes that this one started and has not waited for, ended ones among them."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        # There is none, as before and after most tests, and nothing is read for them.
        return set()
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end between the listing and the reading.
        with suppress(FileNotFoundError, ProcessLookupError):
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(after_name[1]) == os.getpid():
                found.add(int(folder.name))
    return found


def _name(pid: int) -> str:
    with suppress(OSError):
        return f"process {pid} ({(Path('/proc') / str(pid) / 'comm').read_text().strip()})"
    return f"process {pid}"


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail a test that leaves a child process that it did not wait for, or a thread that is not a daemon."""
    processes, threads = _children(), set(threading.enumerate())
    yield
    new = _children() - processes
    left = [_name(pid) for pid in new]
    for pid in new:
        os.kill(pid, signal.SIGKILL)
    for thread in set(threading.enumerate()) - threads:
        if not thread.daemon:
            thread.join(THREAD_END_SECONDS)
            left += [f"thread {thread.name}"] if thread.is_alive() else []
    assert not left, f"still running after the test: {', '.join(sorted(left))}"
