"""The time of a line beside a bare stream of the same lines into the same simulated printer.

Real processes: an appliance on a disk whose flushes take a given time, and a simulator for each speed of the line and
of the head.  Strikes are seen at the simulator's control socket, for the bare stream and for the appliance alike.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from bench import load
from bench.bare_commit import commits
from bench.branch import measured
from bench.report import Bound, Figure, Reach, Results, say
from bench.slow_disk import NAME, SlowDisk
from client.connection import TerminalClient
from demo.world import PROJECT, World, ruler_of, shipped_layout
from drivers.dialects.dialect import LineBytes
from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.ports.port import open_port
from drivers.simulator.control import SimulatorControl
from drivers.simulator.running import BITS_PER_BYTE
from passbook.document.documents import parse_document
from passbook.document.placing import place
from passbook.document.plan import Line, Sheet
from passbook.job.states import TERMINAL
from passbook.protocol.messages import JobView, SubmitJob
from terminal.home import Home

BAUDS: Final = (9600, 19200, 115200)
STRIKES: Final = (0.1, 0.25)
"""Seconds of a strike."""
FLUSHES: Final = (0.2, 5.0, 20.0)
"""Milliseconds of a flush."""
LOADED: Final = 5.0
"""The flush at which other terminals submit meanwhile."""
TERMINALS: Final = 64
LINES: Final = 24
ANSWERS: Final = 3 * len("\x1br0") + len("\x1bB52\x1bZ")
"""Bytes of the answers about a line."""
WITHIN: Final = Reach(Bound.MOST, 1.05)
LOAD_SECONDS: Final = 8.0
"""Seconds for which other terminals submit; longer than a page takes."""
PATIENCE: Final = 60.0
"""Seconds for an event."""

_TEXT: Final = "{:02}.05.26  posting {:02} at the counter     {:02}00.00"
_LAYOUT: Final = "sheet"
_CODE_PAGE: Final = "cp858"


class Page(NamedTuple):
    """A document and its lines, as they go over the line."""

    document: bytes
    sheet: Sheet
    lines: tuple[LineBytes, ...]

    @property
    def text(self) -> float:
        """Bytes of a line that may not leave before its order."""
        return statistics.mean(len(line.text + line.strike) for line in self.lines)


class Times(NamedTuple):
    """Seconds of a line, and from the beginning to the first strike."""

    line: float
    first: float


def page_of(lines: int) -> Page:
    """A page of so many lines."""
    document = "".join(_TEXT.format(number, number, number) + "\n" for number in range(1, lines + 1)).encode()
    layout = shipped_layout(_LAYOUT)
    dialect = Pr2(builtin_pr2())
    sheet = Sheet(layout.page_height, layout.cpi, layout.left_units)
    plan = place(parse_document("text", document, lines), layout, codec=_CODE_PAGE, code_page=_CODE_PAGE, start=None)
    encoded = tuple(dialect.encode_line(sheet, _CODE_PAGE, step, None) for step in plan if isinstance(step, Line))
    return Page(document, sheet, encoded)


@dataclass
class Mechanism:
    """A simulator, and a person at it."""

    name: str
    baud: int
    strike: float
    url: str
    control: SimulatorControl

    def wire(self, count: float) -> float:
        """Seconds of so many bytes on the line."""
        return count * BITS_PER_BYTE / self.baud

    def await_sheet(self) -> None:
        """Put a sheet in when one is wanted."""
        self.control.wait("document-wanted", PATIENCE)
        self.control.insert("sheet", 1, ruler_of(shipped_layout(_LAYOUT)))

    def see(self, lines: int, began: float) -> Times:
        """See each strike, and take the sheet out."""
        struck = []
        for _ in range(lines):
            self.control.wait("struck", PATIENCE)
            struck.append(time.perf_counter())
        self.control.wait("ejected", PATIENCE)
        self.control.take()
        return Times(statistics.median(after - before for before, after in pairwise(struck)), struck[0] - began)

    def stream(self, page: Page) -> Times:
        """Send the page without a pause and without a question."""
        dialect = Pr2(builtin_pr2())
        port = open_port(self.url)
        began = time.perf_counter()
        port.write(dialect.set_up(page.sheet, _CODE_PAGE))
        self.await_sheet()
        port.write(b"".join(line.position + line.text + line.strike for line in page.lines))
        port.write(dialect.profile.commands.eject.encode())
        times = self.see(len(page.lines), began)
        port.close()
        return times

    def print(self, home: Home, page: Page) -> Times:
        """Have the appliance print the page, for a terminal."""
        began = time.perf_counter()
        with ThreadPoolExecutor(1) as person:
            ended = person.submit(asyncio.run, _print(home, self.name, page))
            self.await_sheet()
            times = self.see(len(page.lines), began)
            ended.result()
        return times


async def _print(home: Home, printer: str, page: Page) -> None:
    """Submit the page and wait until it was printed."""
    request = SubmitJob(
        secrets.token_hex(8), printer, "text", document=page.document, key=bytes(32), key_ref="k1", layout=_LAYOUT
    )
    async with TerminalClient(home.address(), home.context()) as client, asyncio.timeout(PATIENCE):
        job = (await client.submit(request)).job
        async for event in client.events():
            if isinstance(event.what, JobView) and event.what.job == job and event.what.state in TERMINAL:
                break


@contextmanager
def simulated(folder: Path, baud: int, strike: float) -> Iterator[Mechanism]:
    """A simulator at the pace of a real mechanism."""
    name = f"p-{baud}-{round(strike * 1000)}"
    control = folder / name
    command = [sys.executable, "-m", "drivers.simulator", "run", "--listen", "tcp://127.0.0.1:0"]
    command += ["--paper", str(folder / f"{name}.json"), "--control", str(control)]
    command += ["--baud", str(baud), "--line-seconds", str(strike)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            if process.stdout is None:
                raise RuntimeError("no standard output")
            url = process.stdout.readline().split()[-1]
            yield Mechanism(name, baud, strike, url, SimulatorControl(control))
        finally:
            process.terminate()


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure the time of a line; see bench.report."""
    bauds, strikes, flushes = ((115200,), (0.02,), (LOADED,)) if quick else (BAUDS, STRIKES, FLUSHES)
    page = page_of(4 if quick else LINES)
    figures: list[Figure] = []
    with ExitStack() as stack:
        pairs = [(baud, strike) for baud in bauds for strike in strikes]
        mechanisms = [stack.enter_context(simulated(folder, *pair)) for pair in pairs]
        say("  the bare streams")
        bare = {mechanism.name: mechanism.stream(page) for mechanism in mechanisms}
        for mechanism in mechanisms:
            what = f"{_speed(mechanism)}: bare stream"
            figures.append(Figure(f"{what}: a line", bare[mechanism.name].line * 1000, "ms"))
            figures.append(Figure(f"{what}: first strike", bare[mechanism.name].first * 1000, "ms"))
        for flush in flushes:
            say(f"  flushes of {flush:g} ms")
            terminals = (2 if quick else TERMINALS) if flush == LOADED else 1
            figures += _figures(folder, flush, mechanisms, bare, page, terminals)
    return Results("Link speed", tuple(figures), notes=_NOTES)


def _figures(
    folder: Path, flush: float, mechanisms: Sequence[Mechanism], bare: dict[str, Times], page: Page, terminals: int
) -> Iterator[Figure]:
    disk = SlowDisk(flush / 1000, alone=True)
    commit = commits(folder, group=1, row_bytes=load.JOB_BYTES, seconds=1.0, vfs=NAME).median
    disk.unregister()
    yield Figure(f"flushes of {flush:g} ms: one commit", commit * 1000, "ms")
    program = ("-m", "bench.even_appliance", str(flush / 1000))
    printers = "".join(f'[[printer]]\nname = "{one.name}"\nport = "{one.url}"\n' for one in mechanisms)
    with measured(folder / f"w{flush:g}", terminals, program, printers) as (world, homes):
        for mechanism in mechanisms:
            what = f"{_speed(mechanism)}, flushes of {flush:g} ms"
            times = mechanism.print(homes[0], page)
            yield from _beside(what, times, mechanism, bare[mechanism.name], page, commit)
        if terminals > 1:
            quickest = [one for one in mechanisms if one.strike == mechanisms[0].strike]
            yield from _loaded(world, homes, flush, quickest, bare, page, commit)


def _loaded(
    world: World,
    homes: Sequence[Home],
    flush: float,
    mechanisms: Sequence[Mechanism],
    bare: dict[str, Times],
    page: Page,
    commit: float,
) -> Iterator[Figure]:
    """The same while each of the terminals submits one job after the other to a printer without paper."""
    for mechanism in mechanisms:
        address = homes[0].address()
        folders = tuple(str(home.folder) for home in homes)
        seconds = LOAD_SECONDS * len(page.lines) / LINES
        plan = load.Plan("jobs", folders, str(address), address.server_name, world.appliance_pid, seconds)
        with ThreadPoolExecutor(1) as others:
            submitting = others.submit(load.run, plan)
            time.sleep(load.WARM_UP)
            times = mechanism.print(homes[0], page)
            submitting.result()
        what = f"{_speed(mechanism)}, flushes of {flush:g} ms, {len(homes)} terminals submit"
        yield from _beside(what, times, mechanism, bare[mechanism.name], page, commit)


def _beside(what: str, times: Times, mechanism: Mechanism, bare: Times, page: Page, commit: float) -> Iterator[Figure]:
    least = bare.line + mechanism.wire(ANSWERS + page.text) + commit
    yield Figure(f"{what}: a line", times.line * 1000, "ms", f"{least * 1000:.0f} ms", times.line / least, WITHIN)
    yield Figure(f"{what}: submit to first strike", times.first * 1000, "ms", "bare", times.first / bare.first)


def _speed(mechanism: Mechanism) -> str:
    return f"{mechanism.baud} baud, strikes of {mechanism.strike * 1000:.0f} ms"


_NOTES: Final = (
    (
        f"A page of {LINES} lines on the simulated PR2, which receives while it strikes and paces both directions. The "
        "time of a line is the median between two strikes. It is compared with the sum of the bare stream's time of a "
        f"line, {ANSWERS} bytes of answers and the line's text at the speed of the line, and one commit: no text goes "
        "ahead of its order on a PR2. A commit is one transaction of a bare database on the same disk, where a flush "
        "takes the given time and nothing else (`bench/slow_disk.py`)."
    ),
    (
        "Before the first strike the appliance also accepts the job, commits three times around the sheet, and looks "
        "for it. A person puts the sheet in at once, also for the bare stream."
    ),
)
