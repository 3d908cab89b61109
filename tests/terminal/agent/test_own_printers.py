"""How often the agent speaks of a job that it prints on a printer of the appliance."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

from passbook.protocol.two_spools import AgentWelcome
from terminal.agent.known_appliance import KnownAppliance
from terminal.agent.own_printers import OwnPrinters
from tests.firmware.branch import StandingClock


class Lease:
    """A printer that is here until the third word about its job."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.feeding = self
        self.is_over = False
        self.words = 0

    async def tell_now(self, _job: str) -> None:
        self.words += 1
        if self.words == 3:
            self.left.set()


def test_the_appliance_hears_of_a_job_before_it_asks_people_about_the_silence(tmp_path: Path) -> None:
    known = KnownAppliance(tmp_path / "appliance.json", StandingClock(), "here")
    known.learn(AgentWelcome("branch", "boot", 10.0, 0.3, (), ()))

    async def story() -> None:
        lease = cast("Any", Lease())
        printers = OwnPrinters(cast("Any", None), known, lease, (), is_apart=lambda: False, tell=lambda _news: None)
        async with asyncio.timeout(20.0):
            await printers._until_over("j1", lease)
        assert lease.words == 3

    asyncio.run(story())
