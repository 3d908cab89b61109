"""Durable, encrypted acceptance through the terminal door, against the least that disk and network allow."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench import cups, load
from bench.bare_commit import Commits, commits
from bench.branch import measured
from bench.load import JOB_BYTES, LINES, Load
from bench.report import Bound, Figure, Reach, Results, say
from demo.world import PROJECT, World
from terminal.home import Home

COUNTS: Final = (1, 8, 64)
ROUNDS: Final = 3
"""Repetitions, one kind after the other, so that other work of the machine meets all kinds alike."""
SECONDS: Final = 2.0
"""Seconds of one measurement."""


class Round(NamedTuple):
    """One measurement of each kind with the same number of peers."""

    commit: Commits
    echo: Load
    accept: Load
    cups: Load | None


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure acceptance; see bench.report."""
    counts, rounds, seconds = ((1, 2), 1, 0.2) if quick else (COUNTS, ROUNDS, SECONDS)
    found: dict[int, list[Round]] = {count: [] for count in counts}
    with measured(folder / "w", max(counts)) as (world, homes), echo_server(world) as (port, server):
        for number in range(rounds):
            for count in counts:
                say(f"  round {number + 1}, {count} terminals")
                found[count].append(_round(folder, world, homes[:count], (port, server), seconds))
    figures = [figure for count in counts for figure in _figures(count, found[count])]
    return Results("Acceptance", tuple(figures), notes=_LEFT_OUT + _NOTES if cups.missing() else _NOTES)


@contextmanager
def echo_server(world: World) -> Iterator[tuple[int, int]]:
    """Port and process id of a bare echo server with the certificates of the appliance."""
    command = [sys.executable, "-m", "bench.bare_echo", str(world.config_file.parent)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ours
        try:
            if server.stdout is None:
                raise RuntimeError("no standard output")
            yield int(server.stdout.readline()), server.pid
        finally:
            server.kill()


def accept(world: World, homes: list[Home], seconds: float) -> Load:
    """Send jobs from these terminals to the running appliance."""
    return load.run(_plan("jobs", homes, str(homes[0].address()), world.appliance_pid, seconds))


def _plan(kind: str, homes: list[Home], address: str, server: int, seconds: float) -> load.Plan:
    terminals = tuple(str(home.folder) for home in homes)
    name = homes[0].address().server_name
    return load.Plan("jobs" if kind == "jobs" else "echo", terminals, address, name, server, seconds)


def _of_cups(folder: Path, count: int, seconds: float) -> Load | None:
    """Send jobs to a new cupsd each time, since it becomes slower with each job that it keeps."""
    if cups.missing():
        return None
    with tempfile.TemporaryDirectory(dir=folder) as place, cups.running(Path(place)) as (port, server):
        return cups.accept(port, server, count, seconds)


def _round(folder: Path, world: World, homes: list[Home], echo: tuple[int, int], seconds: float) -> Round:
    return Round(
        commits(folder, group=len(homes), row_bytes=JOB_BYTES, seconds=seconds / 2),
        load.run(_plan("echo", homes, f"127.0.0.1:{echo[0]}", echo[1], seconds)),
        accept(world, homes, seconds),
        _of_cups(folder, len(homes), seconds),
    )


def _figures(count: int, rounds: list[Round]) -> Iterator[Figure]:
    """Every ratio is the median of the ratios of the rounds."""

    def middle(values: list[float]) -> float:
        return statistics.median(values)

    peers = f"{count} terminal{'s' if count > 1 else ''}"
    commit, echo = middle([one.commit.rate for one in rounds]), middle([one.echo.rate for one in rounds])
    rate = middle([one.accept.rate for one in rounds])
    yield Figure(f"bare commits of {count} rows: rows", commit, "/s")
    yield Figure(f"bare echo, {peers}: messages", echo, "/s")
    ratio = middle([one.accept.rate / min(one.commit.rate, one.echo.rate) for one in rounds])
    yield Figure(f"acceptance, {peers}: jobs", rate, "/s", "the slower of commits and echo", ratio)
    theirs = [one.cups.rate for one in rounds if one.cups is not None]
    if theirs:
        yield Figure(f"cupsd, {peers}: jobs", middle(theirs), "/s")
        ratio = middle([one.accept.rate / one.cups.rate for one in rounds if one.cups is not None])
        reach = Reach(Bound.LEAST, 2.0)
        yield Figure(f"acceptance, {peers}: jobs, beside cupsd", rate, "/s", "cupsd", ratio, reach)
    median = middle([one.accept.median for one in rounds])
    ratio = middle([one.accept.median / (one.commit.median + one.echo.median) for one in rounds])
    yield Figure(f"acceptance, {peers}: median", median * 1000, "ms", "one bare commit and one echo", ratio)
    for name, which in (("appliance", "server_cpu"), ("terminals", "client_cpu")):
        cpu = middle([getattr(one.accept, which) for one in rounds])
        other = middle([getattr(one.echo, which) for one in rounds])
        yield Figure(
            f"processor time of {name} for a job, {peers}",
            cpu * 1e6,
            "us",
            f"of an echo ({other * 1e6:.0f} us)",
            cpu / other,
        )


_LEFT_OUT: Final = ("**cupsd was left out**: it is missing here (Debian's cups-daemon), or this is not root.",)
_NOTES: Final = (
    (
        f"Jobs are texts of {JOB_BYTES} bytes on {LINES} lines, each under a key of its terminal and the branch's "
        "recovery key; acceptance is counted when its completion has arrived. Appliance, echo server, cupsd and "
        "terminals are processes of their own; all terminals are one process, the same for jobs and echoes, and each "
        "has its own certificate. An echo sends the same message back once; a job is answered by three smaller ones. "
        f"Kinds follow each other {ROUNDS} times; values and ratios are medians over these rounds."
    ),
    (
        "Bare commits are rows of the same size in transactions of as many rows as there are terminals, with the "
        "pragmas of an area. cupsd has `DirtyCleanInterval 0` and `SyncOnClose Yes` and a stopped printer, and is new "
        "in every round; it encrypts nothing and does not sync the document."
    ),
)
