"""P1, P3, P4, P10, P13: the power of an appliance or of an agent goes at any sync of a whole job of two spools."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from passbook.job.choice import IfApart, Keep, Side
from tests.crash.errand import Errand, Flow, judge_end, judge_histories, judge_store
from tests.crash.sides import MEMORY, Left, TwoSides
from tests.terminal.conftest import Branch

WAIT: Final = 20.0
NEVER: Final = 0


@pytest.fixture(scope="module")
def office_branch() -> Iterator[Branch]:
    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as folder:
        yield Branch(Path(folder))


def run_flow(branch: Branch, flow: Flow, at: Side, nth: int, left: Left, seed: str) -> bool:
    """Run a whole flow with a cut of one side at its n-th sync; whether there was one."""

    async def run(folder: Path) -> bool:
        office = TwoSides(branch, folder, left, f"{seed} {flow} {at.value} {nth}")
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
                pytest.fail(f"{flow}, {at.value} cut at sync {nth}: it never ends; {errand.describe()}")
            faults = judge_histories(office, flow)
            returning.cancel()
            await office.close()
        finally:
            office.leave()
        faults += judge_end(office, flow)
        for side in Side:
            faults += judge_store(folder / side.value)
        assert not faults, f"{flow}, {at.value} cut at sync {nth}: {faults}"
        return office.cuts > 0

    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as folder:
        return asyncio.run(run(Path(folder)))


def test_one(office_branch: Branch) -> None:
    assert not run_flow(office_branch, Flow(Keep.BOTH, Side.APPLIANCE, IfApart.ASK), Side.APPLIANCE, NEVER, Left.ALL, "1")
