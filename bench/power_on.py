"""The time of a boot with many pending jobs, from the process to its open doors, beside a bare UPDATE."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.branch import measured
from bench.filling import AT, fill, open_store
from bench.process import memory
from bench.report import Bound, Curve, Figure, Line, Reach, Results, say
from demo.world import World
from passbook.job.states import Reason
from storage.tables import schema

SIZES: Final = (1_000, 10_000, 100_000)
QUOTA: Final = 8 << 30
TIMES: Final = 1.5
MORE: Final = 0.5
"""A boot may take so many times the bare UPDATE, and so many seconds more."""
UPDATE: Final = "UPDATE job SET valid = 0, state = 'pending-held', version = version + 1"

Points = list[tuple[float, float]]


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure starts; see bench.report."""
    sizes = (20, 60) if quick else SIZES
    starts: Points = []
    updates: Points = []
    with measured(folder / "w", 1) as (world, _homes):
        world.stop_appliance()
        starts.append((0.0, _start(world)))
        there = 0
        for pending in sizes:
            say(f"  {pending} pending jobs")
            _fill(world, pending - there, there)
            there = pending
            updates.append((pending, _bare_update(world.data, folder / "copy")))
            starts.append((pending, _start(world)))
        world.start_appliance()
        resident = memory(world.appliance_pid).resident / 1024
    (size, update), (_, start), (_, empty) = updates[-1], starts[-1], starts[0]
    more = max(start - empty, 0.001)
    allowed = TIMES * update + MORE
    figures = (
        Figure("start with an empty store", empty, "s"),
        Figure(f"start with {size:.0f} pending jobs", start, "s"),
        Figure(f"bare UPDATE of {size:.0f} records", update, "s"),
        Figure(
            f"what {size:.0f} pending jobs add to a start",
            more,
            "s",
            f"{TIMES} times the UPDATE and {MORE} s",
            more / allowed,
            Reach(Bound.MOST, 1),
        ),
        Figure(f"resident after a boot with {size:.0f} pending jobs", resident, "MiB"),
    )
    lines = (Line("start", tuple(starts)), Line("bare UPDATE", tuple(updates)))
    curve = Curve("power-on", "A start by jobs pending", "pending jobs", "s", lines)
    return Results("Power-on", figures, (curve,), _NOTES)


def _fill(world: World, jobs: int, there: int) -> None:
    key = (world.config_file.parent / "appliance.key").read_bytes()
    spool = open_store(world.data, quota=QUOTA, appliance="demo-appliance", key=key, state=world.state)
    spool.power_on(Reason.RESTART, AT)
    spool.upkeep.settle()
    fill(spool, jobs, first=there)
    spool.close()


def _start(world: World) -> float:
    """Seconds from the process to the doors; kill it then, while it still writes into the records."""
    began = time.perf_counter()
    world.start_appliance()
    seconds = time.perf_counter() - began
    world.kill_appliance()
    return seconds


def _bare_update(data: Path, copy: Path) -> float:
    """Seconds that one statement in each area takes, on a copy."""
    shutil.copytree(data, copy)
    seconds = 0.0
    for folder in sorted(path.parent for path in copy.glob(f"*/{schema.DATABASE}")):
        with closing(schema.open_database(folder, vfs=None)) as connection:
            began = time.perf_counter()
            connection.execute(UPDATE)
            seconds += time.perf_counter() - began
    shutil.rmtree(copy)
    return seconds


_NOTES: Final = (
    (
        "A start is measured from outside: from the process to the moment when it tells systemd that it is ready, with "
        "Python's own start in it. By then every area was checked (SQLite's structure, the sum of all rows), every "
        "record of an earlier boot is invalid, and the doors are open. Records and history say so themselves a little "
        "later."
    ),
)
