"""P1, P3, P4, P10, P13, P15: the power of an appliance or of an agent goes at any sync of a whole job of two spools."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from passbook.job.choice import IfApart, Keep, Side
from tests.crash.errand import Errand, Flow, judge_end, judge_histories, judge_store
from tests.crash.sides import MEMORY, Left, TwoSides
from tests.terminal.conftest import Branch

WAIT: Final = 40.0
"""Seconds after which a job that has not ended never will."""
WIRED: Final = Flow(Keep.BOTH, Side.APPLIANCE, IfApart.ASK)
HANDED: Final = Flow(Keep.BOTH, Side.TERMINAL, IfApart.ASK, on_network=True)
FLOWS: Final = (
    WIRED,
    HANDED,
    Flow(Keep.BOTH, Side.TERMINAL, IfApart.TERMINAL),
    Flow(Keep.BOTH, Side.TERMINAL, IfApart.ASK),
    Flow(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE),
    Flow(Keep.BOTH, Side.APPLIANCE, IfApart.TERMINAL),
    Flow(Keep.TERMINAL, Side.TERMINAL, IfApart.ASK),
    Flow(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL),
    Flow(Keep.APPLIANCE, Side.APPLIANCE, IfApart.ASK),
    Flow(Keep.BOTH, Side.TERMINAL, IfApart.TERMINAL, on_network=True),
    Flow(Keep.TERMINAL, Side.TERMINAL, IfApart.ASK, on_network=True),
    Flow(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL, on_network=True),
)
SOME: Final = 24
"""Syncs among which the short form of a test chooses one; a flow has so many, or more."""
IN_PRINT: Final = 10
"""The number of a sync at an appliance that prints."""


@pytest.fixture(scope="module")
def office_branch() -> Iterator[Branch]:
    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as folder:
        yield Branch(Path(folder))


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    chosen: int = pytestconfig.option.seed
    return chosen


def run_flow(branch: Branch, flow: Flow, at: Side, nth: int, left: Left, seed: int) -> bool:
    """Run a whole flow with a cut of one side at its n-th sync, and judge it; whether there was a cut."""
    where = f"{flow}, {at.value} cut at sync {nth}, left {left.value}"

    async def run(folder: Path) -> tuple[int, list[str]]:
        office = TwoSides(branch, folder, left, f"{seed} {where}")
        try:
            office.build(on_network=flow.on_network)
            await office.begin()
            office.sides[at].log.count(nth)
            returning = asyncio.create_task(office.bring_back())
            errand = Errand(office, flow)
            try:
                async with asyncio.timeout(WAIT):
                    await errand.run()
            except TimeoutError:
                pytest.fail(f"{where}: it never ends; {errand.describe()}; {office.faults}")
            faults = judge_histories(office, flow)
            returning.cancel()
            await office.close()
        finally:
            office.leave()
        return office.cuts, [*faults, *judge_end(office)]

    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as name:
        folder = Path(name)
        cuts, faults = asyncio.run(run(folder))
        for side in Side:
            faults += judge_store(folder / side.value)
    assert not faults, f"{where}: {faults}"
    return cuts > 0


def cut_everywhere(branch: Branch, flow: Flow, at: Side, lefts: Iterator[Left], seed: int) -> int:
    """Cut at the first sync, the second one and so on, until a flow runs through; how many were cut."""
    for number in itertools.count(1):
        if not run_flow(branch, flow, at, number, next(lefts), seed):
            return number - 1
    raise AssertionError("numbers do not end")


def test_an_agent_that_drives_the_printer_is_cut_at_every_sync(office_branch: Branch, seed: int) -> None:
    assert cut_everywhere(office_branch, HANDED, Side.TERMINAL, itertools.cycle(Left), seed) > SOME


def test_an_appliance_that_is_cut_while_it_prints_prints_nothing_before_a_person_says_so(
    office_branch: Branch, seed: int
) -> None:
    assert run_flow(office_branch, WIRED, Side.APPLIANCE, IN_PRINT, Left.ALL, seed)


def test_the_first_job_of_an_agent_is_there_after_a_cut(office_branch: Branch, seed: int) -> None:
    for number in range(3, 9):
        assert run_flow(office_branch, WIRED, Side.TERMINAL, number, Left.SYNCED, seed)


@pytest.mark.parametrize("at", Side)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_side_is_cut_at_some_sync(office_branch: Branch, seed: int, flow: Flow, at: Side) -> None:
    chance = random.Random(f"{seed} {flow} {at.value}")
    run_flow(office_branch, flow, at, chance.randint(1, SOME), chance.choice(list(Left)), seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("left", Left)
@pytest.mark.parametrize("at", Side)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_side_is_cut_at_every_sync(office_branch: Branch, seed: int, flow: Flow, at: Side, left: Left) -> None:
    assert cut_everywhere(office_branch, flow, at, itertools.repeat(left), seed) >= IN_PRINT
