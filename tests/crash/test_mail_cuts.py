"""P1, P2, P3, P4, P10, R2, R4, F5: the power goes at any sync of a broadcast, or of a job that goes to a substitute."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from passbook.job.choice import Side
from tests.crash.errand import judge_end, judge_store, lines_on
from tests.crash.mail_errand import MailErrand
from tests.crash.mail_side import MailFlow, MailSide
from tests.crash.sides import MEMORY
from tests.crash.troubles_of_sides import Left, Trouble, Where
from tests.terminal.conftest import Branch

WAIT: Final = 40.0
"""Seconds after which a mail whose jobs have not all ended never will be over."""
BROADCAST: Final = MailFlow(drops_doubles=False)
MOVE: Final = MailFlow(drops_doubles=False, moves=True)
FLOWS: Final = (BROADCAST, MailFlow(drops_doubles=True), MOVE, MailFlow(drops_doubles=True, moves=True))
IN_HAND: Final = 4
"""The number of a sync behind that of the acceptance."""
IN_PRINT: Final = 9
"""The number of a sync behind those of the next hop."""
FEWEST: Final = {False: 20, True: 8}
"""Syncs that a mail has at least, by whether it is moved."""


@pytest.fixture(scope="module")
def office_branch() -> Iterator[Branch]:
    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as folder:
        yield Branch(Path(folder))


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    chosen: int = pytestconfig.option.seed
    return chosen


def run_mail(branch: Branch, flow: MailFlow, *troubles: Trouble, seed: int) -> int:
    """Send a mail, and run to its last notification with these troubles; how many of them there were."""
    where = f"{flow}: {', '.join(map(str, troubles))}"

    async def run(folder: Path) -> tuple[int, list[str]]:
        office = MailSide(branch, folder, troubles, f"{seed} {where}", flow)
        try:
            office.build(on_network=False)
            await office.begin()
            office.arm()
            returning = asyncio.create_task(office.bring_back())
            errand = MailErrand(office)
            try:
                async with asyncio.timeout(WAIT):
                    await errand.run_to_end()
            except TimeoutError:
                pytest.fail(f"{where}: it never ends; {errand.describe()}; {office.faults}")
            returning.cancel()
            await office.close()
        finally:
            office.leave()
        faults = office.judge_mails()
        if flow.moves:
            faults += office.faults
            faults += ["R4: a job that was moved is on paper here"] if lines_on(folder) else []
        else:
            faults += judge_end(office)
        return office.happened, faults

    with tempfile.TemporaryDirectory(prefix="pb-", dir=MEMORY) as name:
        folder = Path(name)
        happened, faults = asyncio.run(run(folder))
        faults += judge_store(folder / Side.APPLIANCE.value)
    assert not faults, f"{where}: {faults}"
    return happened


def cut_everywhere(branch: Branch, flow: MailFlow, lefts: Iterator[Left], seed: int) -> int:
    """Cut at the first sync, the second one and so on, until a mail runs through; how many were cut."""
    for number in itertools.count(1):
        if not run_mail(branch, flow, Trouble(Where.APPLIANCE, number, next(lefts)), seed=seed):
            return number - 1
    raise AssertionError("numbers do not end")


def test_an_appliance_is_cut_while_it_takes_a_mail(office_branch: Branch, seed: int) -> None:
    for number in range(1, IN_HAND + 1):
        assert run_mail(office_branch, BROADCAST, Trouble(Where.APPLIANCE, number, Left.SYNCED), seed=seed)


@pytest.mark.long
def test_an_appliance_is_cut_at_every_sync_of_a_move(office_branch: Branch, seed: int) -> None:
    assert cut_everywhere(office_branch, MOVE, itertools.cycle(Left), seed) > FEWEST[True]


@pytest.mark.long
def test_an_appliance_is_cut_while_the_next_hop_takes_a_mail(office_branch: Branch, seed: int) -> None:
    for flow in FLOWS[:2]:
        for number in range(IN_HAND + 1, IN_PRINT):
            assert run_mail(office_branch, flow, Trouble(Where.APPLIANCE, number), seed=seed)


@pytest.mark.long
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_an_appliance_is_cut_at_some_syncs_of_a_mail(office_branch: Branch, seed: int, flow: MailFlow) -> None:
    chance = random.Random(f"{seed} {flow}")
    assert run_mail(office_branch, flow, seed=seed) == 0
    for _ in range(3):
        number, left = chance.randint(1, FEWEST[flow.moves]), chance.choice(list(Left))
        assert run_mail(office_branch, flow, Trouble(Where.APPLIANCE, number, left), seed=seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("left", Left)
@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_an_appliance_is_cut_at_every_sync_of_a_mail(
    office_branch: Branch, seed: int, flow: MailFlow, left: Left
) -> None:
    assert cut_everywhere(office_branch, flow, itertools.repeat(left), seed) > FEWEST[flow.moves]
