"""Memory of the appliance: idle, for each connected terminal, and for pending jobs."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from bench.acceptance import accept
from bench.branch import measured
from bench.process import memory
from bench.report import Bound, Curve, Figure, Line, Reach, Results, say
from client.connection import TerminalClient
from demo.world import World
from terminal.home import Home

TERMINALS: Final = 200
PENDING: Final = 10_000
SENDERS: Final = 8
SECONDS: Final = 2.0
"""Seconds of sending between two looks."""

Points = list[tuple[float, float]]


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure memory; see bench.report."""
    terminals, pending, seconds = (4, 20, 0.1) if quick else (TERMINALS, PENDING, SECONDS)
    with measured(folder / "w", terminals) as (world, homes):
        idle = memory(world.appliance_pid)
        say(f"  {terminals} terminals")
        connected = asyncio.run(_connect(world, homes))
        # Memory that many connections left free would hide the memory of jobs.
        world.stop_appliance()
        world.start_appliance()
        say(f"  {pending} pending jobs")
        jobs = _fill(world, homes[:SENDERS], pending, seconds)
    figures = (
        Figure("idle: resident", idle.resident / 1024, "MiB", reach=Reach(Bound.MOST, 45)),
        Figure("idle: of that its share where pages are shared", idle.proportional / 1024, "MiB"),
        Figure("a connected terminal", _slope(connected), "KiB", reach=Reach(Bound.MOST, 100)),
        Figure("10000 pending jobs of 4 KiB", _slope(jobs) * 10_000 / 1024, "MiB"),
    )
    curves = (_curve("terminals", "connected terminals", connected), _curve("pending", "pending jobs", jobs))
    return Results("Memory", figures, curves, _NOTES)


async def _connect(world: World, homes: list[Home]) -> Points:
    """Resident KiB by connected terminals that have asked for a status."""
    points = [(0.0, float(memory(world.appliance_pid).resident))]
    async with contextlib.AsyncExitStack() as clients:
        for number, home in enumerate(homes, 1):
            client = await clients.enter_async_context(TerminalClient(home.address(), home.context()))
            await client.status()
            if number % max(1, len(homes) // 8) == 0:
                points.append((float(number), float(memory(world.appliance_pid).resident)))
    return points


def _fill(world: World, homes: list[Home], pending: int, seconds: float) -> Points:
    """Resident KiB by pending jobs."""
    accept(world, homes, seconds)
    points: Points = []
    while not points or points[-1][0] < pending:
        jobs = sum(area["records"] for area in world.ctl("areas"))
        points.append((float(jobs), float(memory(world.appliance_pid).resident)))
        accept(world, homes, seconds)
    return points


def _slope(points: Points) -> float:
    """The cost of one more, from the first point to the last."""
    (first, low), (last, high) = points[0], points[-1]
    return (high - low) / max(1.0, last - first)


def _curve(name: str, across: str, points: Points) -> Curve:
    line = Line("resident", tuple((x, y / 1024) for x, y in points))
    return Curve(f"memory-{name}", f"Memory of the appliance by {across}", across, "MiB", (line,))


_NOTES: Final = (
    (
        "Resident memory is what the kernel counts for the process, pages that other processes have too among it. A "
        "terminal has a TLS connection, has asked for a status, and is silent."
    ),
)
