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
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from passbook.job.choice import IfApart, Keep, Side
from passbook.job.print_right import PrintRight
from passbook.job.states import JobState
from spooler.news import JobChanged
from tests.crash.errand import Errand, Flow, judge_end, judge_histories, judge_store
from tests.crash.sides import MEMORY, TwoSides
from tests.crash.troubles_of_sides import Left, Trouble, Where
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
SIDES: Final = (Where.TERMINAL, Where.APPLIANCE)
SOME: Final = 24
"""Syncs among which the short form of a test chooses one; a flow has so many, or more."""
IN_PRINT: Final = 10
"""The number of a sync at an appliance that prints."""
FEWEST: Final = 2
"""Syncs that each flow has at either side, or more: a terminal that keeps no copy has so few."""


@pytest.fixture(scope="module")
def office_branch() -> Iterator[Branch]:
    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as folder:
        yield Branch(Path(folder))


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    chosen: int = pytestconfig.option.seed
    return chosen


def run_flow(branch: Branch, flow: Flow, *troubles: Trouble, seed: int) -> int:
    """Run a whole flow with these troubles, one after the other, and judge it; how many of them there were."""
    where = f"{flow}: {', '.join(map(str, troubles))}"

    async def run(folder: Path) -> tuple[int, list[str]]:
        office = TwoSides(branch, folder, troubles, f"{seed} {where}")
        try:
            office.build(on_network=flow.on_network)
            await office.begin()
            office.arm()
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
        return office.happened, [*faults, *judge_end(office)]

    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as name:
        folder = Path(name)
        happened, faults = asyncio.run(run(folder))
        for side in Side:
            faults += judge_store(folder / side.value)
    assert not faults, f"{where}: {faults}"
    return happened


def cut_everywhere(branch: Branch, flow: Flow, at: Where, lefts: Iterator[Left], seed: int) -> int:
    """Cut at the first sync, the second one and so on, until a flow runs through; how many were cut."""
    for number in itertools.count(1):
        if not run_flow(branch, flow, Trouble(at, number, next(lefts)), seed=seed):
            return number - 1
    raise AssertionError("numbers do not end")


def test_news_of_a_change_that_a_closing_door_ordered_ends_no_side(office_branch: Branch) -> None:
    async def run(folder: Path) -> list[str]:
        office = TwoSides(office_branch, folder, (), "news at the end")
        try:
            office.build(on_network=HANDED.on_network)
            await office.begin()
            await Errand(office, HANDED).run()
            asked = {"valid": False, "asked": True, "confirmed": 1, "state": JobState.PROCESSING_STOPPED}
            told = {
                side: JobChanged(replace(one.spool.history(office.job)[-1].entry.record, right=PrintRight(), **asked))
                for side, one in office.sides.items()
            }
            await office.close()
            for side, news in told.items():
                office.sides[side].tell(news)
            await asyncio.sleep(0)
        finally:
            office.leave()
        return office.faults

    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as name:
        assert asyncio.run(run(Path(name))) == []


@pytest.mark.long
def test_an_agent_that_drives_the_printer_is_cut_at_every_sync(office_branch: Branch, seed: int) -> None:
    assert cut_everywhere(office_branch, HANDED, Where.TERMINAL, itertools.cycle(Left), seed) >= IN_PRINT


def test_an_appliance_that_is_cut_while_it_prints_prints_nothing_before_a_person_says_so(
    office_branch: Branch, seed: int
) -> None:
    assert run_flow(office_branch, WIRED, Trouble(Where.APPLIANCE, IN_PRINT), seed=seed)


@pytest.mark.long
def test_the_first_job_of_an_agent_is_there_after_a_cut(office_branch: Branch, seed: int) -> None:
    for number in range(3, 9):
        assert run_flow(office_branch, WIRED, Trouble(Where.TERMINAL, number, Left.SYNCED), seed=seed)


@pytest.mark.parametrize("at", SIDES)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_side_is_cut_at_some_sync(office_branch: Branch, seed: int, flow: Flow, at: Where) -> None:
    chance = random.Random(f"{seed} {flow} {at.value}")
    run_flow(office_branch, flow, Trouble(at, chance.randint(1, SOME), chance.choice(list(Left))), seed=seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("left", Left)
@pytest.mark.parametrize("at", SIDES)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_a_side_is_cut_at_every_sync(office_branch: Branch, seed: int, flow: Flow, at: Where, left: Left) -> None:
    assert cut_everywhere(office_branch, flow, at, itertools.repeat(left), seed) >= FEWEST


_SOAK: Final = settings().max_examples > 100
TROUBLES: Final = st.lists(
    st.builds(Trouble, st.sampled_from(Where), st.integers(1, 40), st.sampled_from(Left)), min_size=2, max_size=5
)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(
    max_examples=settings().max_examples // 10,
    phases=[phase for phase in Phase if _SOAK or phase not in {Phase.shrink, Phase.explain}],
)
@given(flow=st.sampled_from(FLOWS), troubles=TROUBLES, chance=st.integers(0, 1000))
def test_whatever_goes_wrong_one_after_the_other_the_job_is_printed_once_and_ends(
    office_branch: Branch, flow: Flow, troubles: list[Trouble], chance: int
) -> None:
    run_flow(office_branch, flow, *troubles, seed=chance)
